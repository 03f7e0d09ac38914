import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import { isEnded } from '../../model/expansion.ts';
import type { SlotLimits } from '../../model/slots.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { WakeUpHandler } from '../../queue/doorbell.ts';
import { FencedError, type Lease, type Store, StoreUnavailableError } from '../../store/store.ts';
import { lately } from './cached.ts';
import type { ReadFigure } from './health-probe.ts';
import { type Clock, realClock } from './observer.ts';
import { type BeforeBatch, type Compare, createSession } from './session.ts';

export interface WorkerDeps {
  readonly store: Store;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly compare: Compare;
  readonly log: Logger;
  readonly metrics?: Metrics | null;
  readonly beforeBatch?: BeforeBatch;
  readonly clock?: Clock;
  /** Limits on full syncs over all expansions; absent = none. */
  readonly slots?: SlotLimits;
  /** Reads an operator's own figure of health. */
  readonly readFigure?: ReadFigure;
  /** How long a dead worker's expansions stay untouched. */
  readonly leaseMs?: number;
  /** Told of each durable step; default: nothing happens there. */
  readonly crashPoint?: AtCrashPoint;
}

const defaultLeaseMs = 15_000;
const freezeSeenForMs = 300;
const controlsSeenForMs = 400;
/** Share of the time to the next look that is always left to others. */
const leastPause = 0.25;
const databaseRetryMs = 2000;
const databaseAway = Symbol('the database is away');

export interface Worker {
  /** To be given to the doorbell: works on one expansion until there is nothing to do. */
  readonly onWakeUp: WakeUpHandler;
}

/** What a worker does on a wake-up; any number of workers may run, the lease decides who acts. */
export function createWorker(deps: WorkerDeps): Worker {
  const clock = deps.clock ?? realClock;
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const leaseMs = deps.leaseMs ?? defaultLeaseMs;
  // Read often enough that a freeze is obeyed within 1 s.
  const frozen = lately(
    async () => {
      const state = await deps.store.freezeState();
      return state.frozen ? (state.reason ?? 'no reason given') : null;
    },
    freezeSeenForMs,
    clock,
  );
  const withControls = lately(
    async () => new Set(await deps.store.expansionsWithControls()),
    controlsSeenForMs,
    clock,
  );
  const sessionDeps = {
    store: deps.store,
    engine: deps.engine,
    credentials: deps.credentials,
    compare: deps.compare,
    beforeBatch: deps.beforeBatch ?? (async () => null),
    clock,
    ...(deps.slots ? { slots: deps.slots } : {}),
    ...(deps.readFigure ? { readFigure: deps.readFigure } : {}),
    log: deps.log,
    metrics: deps.metrics ?? null,
    controlsWait: async (id: string) => (await withControls.known()).has(id),
    frozen,
    crashPoint: deps.crashPoint ?? passByCrashPoints,
  };

  async function onWakeUp(expansionId: string, signal: AbortSignal): Promise<number | null> {
    let lease = await claim(expansionId);
    while (lease) {
      const result = await workUntilAway(lease, signal);
      if (result !== databaseAway) return result;
      lease = await claimAgain(lease, signal);
    }
    return signal.aborted ? 0 : null;
  }

  async function claim(expansionId: string): Promise<Lease | null> {
    const lease = await deps.store.claim(expansionId, owner, leaseMs);
    if (!lease) deps.metrics?.wakeUp('held_elsewhere', 0);
    else sessionDeps.crashPoint('after_claim');
    return lease;
  }

  async function workUntilAway(
    lease: Lease,
    signal: AbortSignal,
  ): Promise<number | null | typeof databaseAway> {
    const startedAt = clock.now();
    try {
      const again = await work(lease, signal);
      deps.metrics?.wakeUp('worked', (clock.now() - startedAt) / 1000);
      return again;
    } catch (error) {
      return afterError(error, lease, startedAt);
    }
  }

  /**
   * Once the database is back: gives back the lease under which nobody acts any more, and takes a new one, so that a short
   * absence does not leave the expansion alone for a whole lease. It does not leave this to a ring, which may be lost
   * with the queue. null = another worker has it, or this one is told to stop.
   */
  async function claimAgain(lost: Lease, signal: AbortSignal): Promise<Lease | null> {
    for (;;) {
      await clock.sleep(databaseRetryMs, signal);
      if (signal.aborted) return null;
      try {
        await deps.store.release(lost);
        return await claim(lost.expansionId);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
      }
    }
  }

  async function work(lease: Lease, signal: AbortSignal): Promise<number | null> {
    const expansion = await deps.store.get(lease.expansionId);
    if (!expansion || isEnded(expansion.state)) {
      await deps.store.release(lease);
      return null;
    }
    const session = createSession(sessionDeps, lease, expansion);
    let renewedAt = clock.now();
    try {
      while (!signal.aborted) {
        const turnedAt = clock.now();
        const again = await session.turn();
        if (again === null || again > leaseMs) {
          await session.settle();
          await deps.store.release(lease);
          return again;
        }
        // The next look counts from this one's beginning; a slow database must not make the looks rarer.
        const wait = Math.min(again, Math.max(again * leastPause, turnedAt + again - clock.now()));
        const dueAt = clock.now() + wait;
        if (clock.now() - renewedAt > leaseMs / 3) {
          await deps.store.renew(lease);
          renewedAt = clock.now();
        }
        await clock.sleep(wait, signal);
        if (!signal.aborted) deps.metrics?.lookDelay((clock.now() - dueAt) / 1000);
      }
      await session.settle();
      await deps.store.release(lease);
      return 0;
    } finally {
      session.close();
    }
  }

  async function afterError(
    error: unknown,
    lease: Lease,
    startedAt: number,
  ): Promise<number | null | typeof databaseAway> {
    const { expansionId } = lease;
    const seconds = (clock.now() - startedAt) / 1000;
    if (error instanceof FencedError) {
      deps.metrics?.wakeUp('fenced', seconds);
      deps.log.warn(
        { expansionId },
        'another worker has taken over this expansion; this one stops acting on it',
      );
      return null;
    }
    deps.metrics?.wakeUp('failed', seconds);
    if (error instanceof StoreUnavailableError) {
      deps.log.error({ expansionId }, `${error.message}; the expansion goes on when the database is back`);
      return databaseAway;
    }
    deps.log.error({ expansionId, err: error }, 'a turn on this expansion failed; it is tried again in 5 s');
    await deps.store.release(lease).catch(() => undefined);
    return 5000;
  }

  return { onWakeUp };
}
