import type { Logger } from 'pino';
import type { ReadAgents } from '../../admission/sights.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import { isEnded } from '../../model/expansion.ts';
import { type Hooks, noHooks } from '../../model/hooks.ts';
import type { SlotLimits } from '../../model/slots.ts';
import type { JoinTarget } from '../../model/targets.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { WakeUpHandler } from '../../queue/doorbell.ts';
import type { HoldStore } from '../../store/holds.ts';
import type { Store } from '../../store/store.ts';
import { type Held, type ShellOptions, underLease } from '../shell.ts';
import { cached } from './cached.ts';
import { gathered } from './gathered.ts';
import type { ReadFigure } from './health-probe.ts';
import { type Clock, realClock } from './observer.ts';
import { type Compare, createSession } from './session.ts';

export interface WorkerDeps {
  readonly store: Store;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly compare: Compare;
  /** What agents tell; absent = none do. */
  readonly agents?: ReadAgents;
  readonly log: Logger;
  readonly metrics?: Metrics | null;
  /** Those who may hold a step; absent = nobody does. */
  readonly hooks?: Hooks;
  readonly clock?: Clock;
  /** Holds of masters; absent = there are none. */
  readonly holds?: Pick<HoldStore, 'active'>;
  /** Limits on full syncs over all expansions; absent = none. */
  readonly slots?: SlotLimits;
  /** Whether the configuration protects a node; absent = it protects none. */
  readonly isProtected?: (node: JoinTarget) => boolean;
  /** Reads an operator's own figure of health. */
  readonly readFigure?: ReadFigure;
  /** Whether one more full sync may begin beside so many; absent = always. */
  readonly mayBegin?: (underWay: number) => boolean;
  /** How long a dead worker's expansions stay untouched. */
  readonly leaseMs?: number;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

const defaultLeaseMs = 15_000;
/** Often enough that a freeze is obeyed within 1 s. */
const ordersSeenForMs = 300;
const hooksSeenForMs = 1000;
const holdsSeenForMs = 1000;
/** Share of the time to the next look that is always left to others. */
const leastPause = 0.25;

export interface Worker {
  /** To be given to the doorbell: works on one expansion until there is nothing to do. */
  readonly onWakeUp: WakeUpHandler;
}

/** What a worker does on a wake-up; any number of workers may run, the lease decides who acts. */
export function createWorker(deps: WorkerDeps): Worker {
  const clock = deps.clock ?? realClock;
  const leaseMs = deps.leaseMs ?? defaultLeaseMs;
  const asked = deps.hooks ?? noHooks;
  const steps = cached(asked.steps, hooksSeenForMs, clock);
  /** Expansions of which a node is under way here, or is about to be. */
  const underWay = new Set<string>();
  const hasRoom = (id: string): boolean => {
    const has = deps.mayBegin?.(underWay.size) ?? true;
    if (has) underWay.add(id);
    return has;
  };
  const activeHolds = async () => (deps.holds ? deps.holds.active() : []);
  const sessionDeps = {
    store: deps.store,
    engine: deps.engine,
    credentials: deps.credentials,
    compare: deps.compare,
    ...(deps.agents ? { agents: gathered(deps.agents, clock) } : {}),
    hooks: { ask: asked.ask, steps: steps.known },
    clock,
    ...(deps.slots ? { slots: deps.slots } : {}),
    ...(deps.isProtected ? { isProtected: deps.isProtected } : {}),
    ...(deps.readFigure ? { readFigure: deps.readFigure } : {}),
    log: deps.log,
    metrics: deps.metrics ?? null,
    orders: cached(() => deps.store.orders(), ordersSeenForMs, clock),
    holds: { known: cached(activeHolds, holdsSeenForMs, clock).known, now: activeHolds },
    crashPoint: deps.crashPoint ?? passByCrashPoints,
  };

  async function work({ lease, keep }: Held, signal: AbortSignal): Promise<number | null> {
    const expansion = await deps.store.get(lease.id);
    if (!expansion || isEnded(expansion.state)) return null;
    const session = createSession({ ...sessionDeps, hasRoom: () => hasRoom(lease.id) }, lease, expansion);
    try {
      while (!signal.aborted) {
        const turnedAt = clock.now();
        const planned = await session.turn();
        if (session.syncing) underWay.add(lease.id);
        else underWay.delete(lease.id);
        // What a comparison has read is lost with the session.
        const again = planned !== null && session.comparing ? Math.min(planned, leaseMs / 3) : planned;
        if (again === null || again > leaseMs) {
          await session.settle();
          return again;
        }
        // The next look counts from this one's beginning; a slow database must not make the looks rarer.
        const wait = Math.min(again, Math.max(again * leastPause, turnedAt + again - clock.now()));
        const dueAt = clock.now() + wait;
        await keep(session.leaseKnownAt);
        await session.rest(wait, signal);
        if (!signal.aborted) deps.metrics?.lookDelay(Math.max(0, clock.now() - dueAt) / 1000);
      }
      await session.settle();
      return 0;
    } finally {
      underWay.delete(lease.id);
      session.close();
    }
  }

  const shell = {
    store: deps.store,
    what: 'expansion',
    log: deps.log,
    now: clock.now,
    sleep: clock.sleep,
    leaseMs,
    onClaimed: () => sessionDeps.crashPoint('after_claim'),
    onOutcome: (outcome, seconds) => deps.metrics?.wakeUp(outcome, seconds),
  } satisfies ShellOptions;
  return { onWakeUp: underLease(shell, work) };
}
