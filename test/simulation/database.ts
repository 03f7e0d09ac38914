import type { Clock as VirtualClock } from '../../src/simulator/clock.ts';
import type { Random } from '../../src/simulator/random.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import type { ServiceProcess } from './process.ts';

/** What may be wrong with the database. */
export interface DatabaseTrouble {
  down: boolean;
  /** Share of calls that are carried out, but whose answer is lost. */
  lostAnswerShare: number;
  slowMs: number;
}

const usualMs: readonly [number, number] = [0.2, 2];

type Method = (...args: unknown[]) => Promise<unknown>;

/** The store as one process reaches it: over a wire that takes time, breaks, and loses answers of what was done. */
export function overWire<S extends object>(
  store: S,
  process: ServiceProcess,
  trouble: DatabaseTrouble,
  time: VirtualClock,
  random: Random,
  stir: () => void,
): S {
  const way = (): number =>
    random.within(usualMs) + (trouble.slowMs > 0 && random.next() < 0.3 ? random.next() * trouble.slowMs : 0);

  const call = (method: Method, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!process.alive) return;
      const fail = (error: unknown): void => {
        time.after(way(), () => process.deliver(() => reject(error), 'reply'));
      };
      const unavailable = (): void =>
        fail(new StoreUnavailableError('the connection to the database was lost'));
      time.after(way(), () => {
        stir();
        if (trouble.down) {
          unavailable();
          return;
        }
        method(...args).then((value) => {
          if (random.next() < trouble.lostAnswerShare) unavailable();
          else time.after(way(), () => process.deliver(() => resolve(value), 'reply'));
        }, fail);
      });
    });

  return new Proxy(store, {
    get:
      (target, name) =>
      (...args: unknown[]) =>
        call((target as unknown as Record<string, Method>)[name as string]!.bind(target), args),
  });
}
