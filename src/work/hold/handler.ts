import { observe } from '../../admission/observe.ts';
import { heldMasterSections, unsafeBecause } from '../../core/hold/hold.ts';
import { serverKeys } from '../../core/plan/preflight-servers.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import { makeEvent } from '../../model/events.ts';
import type { Look } from '../../model/observation.ts';
import { because, type Reason, sameReason } from '../../model/reasons.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { WakeUpHandler } from '../../queue/doorbell.ts';
import type { HoldStore, StoredHold } from '../../store/holds.ts';
import type { Store } from '../../store/store.ts';
import { type Held, type ShellOptions, underLease } from '../shell.ts';
import { fullSyncsAt } from './full-syncs.ts';

export interface HoldHandlerOptions {
  readonly holds: HoldStore;
  readonly store: Pick<Store, 'get'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly metrics: Pick<Metrics, 'eventsStored' | 'look'> | null;
  readonly lookTimeoutMs: number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a hold belongs to a worker that is silent. */
  readonly leaseMs?: number;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

const lookEveryMs = 1000;
/** While a dump is safe: the holder is at work. */
const seldomEveryMs = 5000;

/**
 * The work on a hold: looks at its master, says when a dump is safe, and notes when its time is over. It only reads.
 * What keeps full syncs away is the hold itself, whether anybody works on it or not.
 */
export function createHoldHandler(options: HoldHandlerOptions): WakeUpHandler {
  const { holds, log, now, sleep, owner, leaseMs = 15_000 } = options;
  const shell: ShellOptions = {
    store: holds,
    what: 'hold',
    log,
    now,
    sleep,
    leaseMs,
    ...(owner ? { owner } : {}),
  };
  return underLease(shell, async (held, signal) => {
    while (!signal.aborted) {
      const hold = await holds.get(held.lease.id);
      if (hold === null || hold.state === 'ended') return null;
      if (hold.state === 'expired') {
        await expire(options, held, hold);
        return null;
      }
      const isSafe = await lookAfter(options, held, hold);
      await held.keep();
      await sleep(Math.min(hold.leftMs, isSafe ? seldomEveryMs : lookEveryMs), signal);
    }
    return 0;
  });
}

/** One look, and what follows from it; whether a dump is safe. */
async function lookAfter(options: HoldHandlerOptions, { lease }: Held, hold: StoredHold): Promise<boolean> {
  const { holds, store, crashPoint = passByCrashPoints } = options;
  const look = await lookAtMaster(options, hold);
  const keys = look.kind === 'answered' ? serverKeys(hold.doc.master, look) : [];
  const fresh = keys.filter((key) => !hold.keys.includes(key));
  if (fresh.length > 0) {
    // Stored before full syncs are asked for: expansions know the master by these keys, too.
    await holds.addKeys(lease, fresh);
    crashPoint('after_hold_keys');
  }
  const syncs = await fullSyncsAt(holds, store, { keys: [...hold.keys, ...fresh] });
  const wasSafe = hold.state === 'safe';
  const why = unsafeBecause(look, syncs, { server: hold.doc.master.name, wasSafe });
  return why === null ? becomeSafe(options, lease, hold) : becomeUnsafe(options, lease, hold, why);
}

async function lookAtMaster(options: HoldHandlerOptions, { doc: { master } }: StoredHold): Promise<Look> {
  const { engine, credentials, lookTimeoutMs: timeoutMs, now, metrics } = options;
  const wanted = { sections: heldMasterSections, timeoutMs };
  const { look } = await observe(engine, credentials, master, wanted, now);
  metrics?.look('master', look.kind, 'tookMs' in look ? look.tookMs / 1000 : 0);
  return look;
}

async function becomeSafe(
  options: HoldHandlerOptions,
  lease: Held['lease'],
  hold: StoredHold,
): Promise<boolean> {
  const { holds, now, metrics, log, crashPoint = passByCrashPoints } = options;
  const { doc } = hold;
  const wasSafe = hold.state === 'safe';
  const events = wasSafe ? [] : [makeEvent('hold.safe', { at: now() }, { master: doc.master.name })];
  crashPoint('before_hold_save');
  const safe = { ...doc, safeSince: doc.safeSince ?? now(), waitingFor: null };
  const change = await holds.save(lease, safe, 'safe', events);
  crashPoint('after_hold_save');
  if (change.outcome === 'other_first')
    return becomeUnsafe(options, lease, hold, because('other_hold_first', { ...change.other }));
  if (change.outcome === 'stored' && !wasSafe) {
    metrics?.eventsStored(events);
    log.info({ holdId: doc.id, master: doc.master.name }, 'a dump of the held master is safe now');
  }
  return change.outcome === 'stored';
}

async function becomeUnsafe(
  options: HoldHandlerOptions,
  lease: Held['lease'],
  { doc, state }: StoredHold,
  reason: Reason,
): Promise<false> {
  const { holds, now, metrics, log, crashPoint = passByCrashPoints } = options;
  const wasSafe = state === 'safe';
  if (!wasSafe && sameReason(doc.waitingFor, reason)) return false;
  const data = { master: doc.master.name, reason };
  const events = wasSafe ? [makeEvent('hold.unsafe', { at: now() }, data)] : [];
  crashPoint('before_hold_save');
  const change = await holds.save(lease, { ...doc, safeSince: null, waitingFor: reason }, 'waiting', events);
  crashPoint('after_hold_save');
  if (wasSafe && change.outcome === 'stored') {
    metrics?.eventsStored(events);
    log.warn({ holdId: doc.id, master: doc.master.name }, `a dump is no longer safe: ${reason.text}`);
  }
  return false;
}

async function expire(options: HoldHandlerOptions, { lease }: Held, { doc }: StoredHold): Promise<void> {
  const { holds, now, metrics, log, crashPoint = passByCrashPoints } = options;
  const events = [makeEvent('hold.expired', { at: now() }, { master: doc.master.name })];
  crashPoint('before_hold_save');
  const noted = await holds.expire(lease, events);
  crashPoint('after_hold_save');
  if (!noted) return;
  metrics?.eventsStored(events);
  log.warn({ holdId: doc.id, master: doc.master.name }, 'the time of a hold is over');
}
