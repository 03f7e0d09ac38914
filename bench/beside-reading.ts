/** A comparison beside merely reading both servers, in turn in one run. */
import type { TestServer } from '../test/compare/servers.ts';
import { processorMs } from './processes.ts';

/** Both halves of one round: seconds by the clock, and of processor time here and in the servers. */
export interface Measured {
  readonly seconds: number;
  readonly own: number;
  readonly servers: number;
}

export interface BesideReading {
  readonly reading: Measured;
  readonly comparing: Measured;
  /** Time of reading beside the time of comparing. */
  readonly ratio: number;
  /**
   * The same by processor time, of this program and the servers together. On a machine that does other work, which touches
   * the two halves of a round unequally, it tells more.
   */
  readonly ratioByProcessor: number;
}

/** The medians of some rounds. Which half comes first changes from round to round. */
export async function besideReading(
  servers: readonly TestServer[],
  rounds: number,
  read: () => Promise<unknown>,
  compare: () => Promise<unknown>,
): Promise<BesideReading> {
  const reading: Measured[] = [];
  const comparing: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    const reads = async () => reading.push(await timed(servers, read));
    if (round % 2 === 0) await reads();
    comparing.push(await timed(servers, compare));
    if (round % 2 === 1) await reads();
  }
  const ratioBy = (amount: (one: Measured) => number) =>
    median(comparing.map((one, i) => amount(reading[i]!) / amount(one)));
  return {
    reading: middle(reading),
    comparing: middle(comparing),
    ratio: ratioBy(({ seconds }) => seconds),
    ratioByProcessor: ratioBy(({ own, servers: theirs }) => own + theirs),
  };
}

async function timed(servers: readonly TestServer[], work: () => Promise<unknown>): Promise<Measured> {
  const serversBefore = await processorMsOf(servers);
  const ownBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const own = process.cpuUsage(ownBefore);
  return {
    seconds,
    own: (own.user + own.system) / 1e6,
    servers: ((await processorMsOf(servers)) - serversBefore) / 1000,
  };
}

async function processorMsOf(servers: readonly TestServer[]): Promise<number> {
  const each = await Promise.all(servers.map(({ pid }) => processorMs(pid)));
  return each.reduce((sum, ms) => sum + ms, 0);
}

const middle = (all: readonly Measured[]): Measured => ({
  seconds: median(all.map(({ seconds }) => seconds)),
  own: median(all.map(({ own }) => own)),
  servers: median(all.map(({ servers }) => servers)),
});

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
