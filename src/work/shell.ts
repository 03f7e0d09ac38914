import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '../platform/log.ts';
import { sleep } from '../platform/sleep.ts';
import { startDoorbellWorker } from '../queue/bullmq-doorbell.ts';
import type { QueueBackend } from '../queue/connection.ts';
import {
  alongside,
  type Doorbell,
  type DoorbellAnswerer,
  type KindName,
  type Room,
  type WakeUpHandler,
} from '../queue/doorbell.ts';
import { FencedError, type Lease, type LeasedStore } from '../store/leases.ts';
import type { News } from '../store/news.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { startReconciler } from './reconciler.ts';

/** Work that this process holds. */
export interface Held {
  readonly lease: Lease;
  /** Prolongs the lease once a third of it has passed since it was asked for, or since `savedAt`, when a save did so. Throws FencedError. */
  keep(savedAt?: number): Promise<void>;
}

/**
 * Works on what is held until nothing is left to do now, or the signal stops it. Resolves with the milliseconds after which
 * somebody should look again, or null when that is only when rung for.
 */
export type LeasedWork = (held: Held, signal: AbortSignal) => Promise<number | null>;

export interface ShellOptions {
  readonly store: Pick<LeasedStore, 'claim' | 'renew' | 'release'>;
  /** What is worked on, for the log. */
  readonly what: KindName;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long the work of a dead process stays untouched. */
  readonly leaseMs: number;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly onClaimed?: () => void;
  readonly onOutcome?: (outcome: 'worked' | 'held_elsewhere' | 'fenced' | 'failed', seconds: number) => void;
}

const databaseRetryMs = 2000;
const afterFailureMs = 5000;
const databaseAway = Symbol('the database is away');

/**
 * What a worker does on a wake-up, whatever it works on: takes the lease, does the work, gives the lease back. Any number of
 * workers may be called with one id: the lease lets one of them through.
 */
export function underLease(options: ShellOptions, work: LeasedWork): WakeUpHandler {
  const { store, what, log, now, sleep, leaseMs } = options;
  const owner = options.owner ?? `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

  async function claim(id: string): Promise<Lease | null> {
    const lease = await store.claim(id, owner, leaseMs);
    if (lease) options.onClaimed?.();
    else options.onOutcome?.('held_elsewhere', 0);
    return lease;
  }

  function hold(lease: Lease): Held {
    let keptAt = now();
    return {
      lease,
      async keep(savedAt = keptAt) {
        keptAt = Math.max(keptAt, savedAt);
        // A clock that was set back says nothing of how long ago it was.
        if (Math.abs(now() - keptAt) <= leaseMs / 3) return;
        await store.renew(lease);
        keptAt = now();
      },
    };
  }

  async function workUntilAway(
    lease: Lease,
    signal: AbortSignal,
  ): Promise<number | null | typeof databaseAway> {
    const startedAt = now();
    const outcome = (name: 'worked' | 'fenced' | 'failed') =>
      options.onOutcome?.(name, (now() - startedAt) / 1000);
    const fields = { [`${what}Id`]: lease.id };
    try {
      const again = await work(hold(lease), signal);
      await store.release(lease);
      outcome('worked');
      return again;
    } catch (error) {
      if (error instanceof FencedError) {
        outcome('fenced');
        log.warn(fields, `another worker has taken over this ${what}; this worker stops acting on it`);
        return null;
      }
      outcome('failed');
      if (error instanceof StoreUnavailableError) {
        log.error(fields, `${error.message}; the ${what} goes on when the database is back`);
        return databaseAway;
      }
      log.error({ ...fields, err: error }, `work on this ${what} failed; it is tried again in 5 s`);
      await store.release(lease).catch(() => undefined);
      return afterFailureMs;
    }
  }

  /**
   * Once the database is back: gives back the lease under which nobody acts any more, and takes a new lease. So a short
   * absence does not leave the work alone for a whole lease. It does not leave this to a ring, which may be lost with
   * the queue. null = another worker has it, or this worker has to stop.
   */
  async function claimAgain(lost: Lease, signal: AbortSignal): Promise<Lease | null> {
    for (;;) {
      await sleep(databaseRetryMs, signal);
      if (signal.aborted) return null;
      try {
        await store.release(lost);
        return await claim(lost.id);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
      }
    }
  }

  return async (id, signal) => {
    let lease = await claim(id);
    while (lease) {
      const result = await workUntilAway(lease, signal);
      if (result !== databaseAway) return result;
      lease = await claimAgain(lease, signal);
    }
    return signal.aborted ? 0 : null;
  };
}

/**
 * Does work whose turns can take longer than the lease lasts, and prolongs the lease meanwhile. A lease that is lost shows at
 * the next save.
 */
export async function whileKept<T>(
  { keep }: Held,
  leaseMs: number,
  work: () => Promise<T>,
  /** Beside the work, whose own sleep tells of its turns. */
  besides: ShellOptions['sleep'] = sleep,
): Promise<T> {
  const done = new AbortController();
  const beat = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await keep().catch(() => undefined);
      await besides(leaseMs / 4, done.signal);
    }
  };
  void beat();
  try {
    return await work();
  } finally {
    done.abort();
  }
}

/** A wake-up that nobody has followed by then is put back. */
const lostAfterMs = 2000;

export interface Kind {
  readonly name: KindName;
  readonly store: Pick<LeasedStore, 'due' | 'dueInMs' | 'left'>;
  readonly news: News;
  readonly handler: WakeUpHandler;
  readonly queue: QueueBackend;
  readonly doorbell: Doorbell;
  /** How many of them one process works on at the same time. */
  readonly room: Room;
  /** Called for each wake-up that was put back. */
  readonly onReconciled?: () => void;
  readonly log: Pick<Log, 'warn'>;
}

/** Begins to work on everything of one kind: what is rung for, and what is due though no ring came. */
export function startKind(kind: Kind): DoorbellAnswerer {
  const { name, store, news, handler, queue, doorbell, room, onReconciled, log } = kind;
  const trouble = (what: string) => (error: unknown) =>
    log.warn({ err: error }, `trouble with ${what}; it is tried again`);
  const wakeUps = startDoorbellWorker(queue, doorbell, handler, {
    name: `${name}-wake-ups`,
    room,
    onTrouble: trouble(`the queue of ${name}s`),
  });
  const reconciler = startReconciler({
    store,
    doorbell: {
      async ring(id) {
        await doorbell.ringAgain(id);
        onReconciled?.();
      },
    },
    left: { find: (limit) => store.left(limit), takeOver: (id) => wakeUps.takeOver(id) },
    isFull: wakeUps.isFull,
    intervalMs: lostAfterMs,
    watch: (hear) => news.watch('due', (table) => (table === null || table === `${name}s`) && hear()),
    onTrouble: trouble(`the search for ${name}s that are due`),
  });
  return alongside(wakeUps, reconciler);
}
