/** When to look again: often where much happens, seldom in the middle of a long copy. Part of `decide`. */
import { type Expansion, isEnded, type Join, needsPerson } from '../../model/expansion.ts';
import type { FullSyncPass, SlaveTracker } from '../../model/full-sync.ts';
import type { Policy } from '../../model/policy.ts';
import { boundReachedInMs, copiedBytes, receivedInPass } from '../sync/full-sync-pass.ts';
import { lastPass, pairCapabilities, transferRate } from '../sync/tracker.ts';
import { closedWindow, startsLater } from './hold.ts';
import { currentAttempt, isNextInLine, isUnderWay } from './join-state.ts';
import { owesMasterSetting } from './retention.ts';
import { owesSetting } from './throttle.ts';

const closeLookMs = 100;
/** A control rings by itself; only the window's beginning, or the end of a hold, must not be missed by much. */
const longestLookInClosedWindowMs = 5000;
/** No server is asked meanwhile, only whether the freeze is over; that is known one look later. */
const lookWhileFrozenMs = 500;
/** A state that lasts is looked at less often: after a tenth of the time that it has lasted. */
const shareOfState = 0.1;
/**
 * Share of a copy that may pass between two looks. Bytes after the last look inside a copy count only if they cannot be
 * binlog, and the looks must see nine tenths of the snapshot come.
 */
const lookShareOfCopy = 0.025;
/**
 * Of the time to the expected end of a copy. The end comes when 0.94 of the snapshot have come at the earliest (`completeShare`):
 * from one look before nine tenths the next falls after them.
 */
const lookShareOfRest = 0.3;
/** Of the time that a copy has lasted: its pace says little in its first seconds. */
const lookShareOfYoungCopy = 0.5;
/** A look that comes so much earlier than planned is made all the same: it was planned from the last reply. */
const dueShare = 0.75;

/** Milliseconds until the next look. null = a person must act first. */
export function lookAgainIn(expansion: Expansion, now: number): number | null {
  if (isEnded(expansion.state)) return null;
  const underWay = expansion.joins.filter(
    (join) => isUnderWay(join) || join.leaving !== null || owesSetting(join),
  );
  if (underWay.length > 0) return Math.min(...underWay.map((join) => lookAtNodeIn(expansion, join, now)));
  if (owesMasterSetting(expansion)) {
    // The answer of a slow server waits for the next turn, and must not grow old.
    const isInLine = expansion.joins.some((join) => isNextInLine(expansion, join));
    return isInLine ? Math.min(1000, expansion.policy.lookIntervalMs) : expansion.policy.lookIntervalMs;
  }
  if (needsPerson(expansion.state)) return null;
  const later = startsLater(expansion, now);
  if (later !== null) return later - now;
  const rest = restUntil(expansion);
  if (rest !== null) return Math.max(0, rest - now);
  if (expansion.state === 'pending') return expansion.waitsFor === null ? 500 : 2000;
  const next = expansion.joins.find((join) => join.phase === 'waiting' && isNextInLine(expansion, join));
  if (next?.waitingFor === null) return 0;
  if (next?.waitingFor.code === 'frozen') return lookWhileFrozenMs;
  if (next?.waitingFor.code === 'master_held' || (next && closedWindow(expansion, now) !== null))
    return longestLookInClosedWindowMs;
  return Math.min(1000, Math.max(closeLookMs, expansion.policy.lookIntervalMs));
}

/** Until when the master rests before a pending expansion; null = it does not. */
function restUntil({ state, stateReason }: Expansion): number | null {
  const rests = state === 'pending' && stateReason?.code === 'master_rests';
  return rests ? (stateReason.facts.until as number) : null;
}

function lookAtNodeIn(expansion: Expansion, join: Join, now: number): number {
  const { policy, masterTracker } = expansion;
  const { boundEndsAt = null } = join.progress;
  const unseenMs = unseenSinceNewDumpMs(join, now);
  if (unseenMs !== null) return unseenMs >= 0 && unseenMs < closeLookMs ? 0 : closeLookMs;
  const apartMs = lookApartMs(expansion, join, now);
  const sinceMs = copiesOn(join) ? Math.max(0, sinceLook(join, now)) : 0;
  const ends = [
    apartMs - sinceMs,
    ...(boundEndsAt === null ? [] : [boundEndsAt - now]),
    ...(copiesOn(join) ? [dumpsSeenWithinMs(policy)] : []),
    ...(masterTracker.silentSince === null ? [] : [policy.lookIntervalMs]),
  ];
  return Math.max(Math.min(closeLookMs, policy.lookIntervalMs), Math.min(...ends));
}

/** Whether the node is to be looked at in this turn: a copy goes on unseen for longer than the next look at others takes. */
export function isDue(expansion: Expansion, join: Join, now: number): boolean {
  const { boundEndsAt = null } = join.progress;
  if (
    !copiesOn(join) ||
    unseenSinceNewDumpMs(join, now) !== null ||
    expansion.masterTracker.silentSince !== null
  )
    return true;
  if (boundEndsAt !== null && boundEndsAt - now < closeLookMs) return true;
  const ms = sinceLook(join, now);
  return ms < 0 || ms >= dueShare * lookApartMs(expansion, join, now);
}

/** Time since the last reply of the node; a clock that was set back makes it negative. */
const sinceLook = (join: Join, now: number): number =>
  now - (currentAttempt(join)?.tracker?.lastAnsweredAt ?? now);

/** In a state that lasts, and in the middle of a copy. */
const seldomMs = ({ lookIntervalMs }: Pick<Policy, 'lookIntervalMs'>): number =>
  Math.min(4 * lookIntervalMs, 1000);

/** A dump that replaces the dump that a node copies must be seen before the node takes it over (pika-facts 4.6). */
const dumpsSeenWithinMs = (policy: Pick<Policy, 'lookIntervalMs'>): number =>
  Math.max(policy.lookIntervalMs, seldomMs(policy) / 2);

/** Whether the node copies, and answers. */
function copiesOn(join: Join): boolean {
  const attempt = currentAttempt(join);
  const tracker = attempt?.tracker ?? null;
  if (join.phase !== 'transferring' || join.leaving !== null || attempt?.step !== 'syncing') return false;
  return tracker !== null && tracker.busySince === null && tracker.unreachableSince === null;
}

/**
 * Time since a newer dump was seen at the master; null = the node was seen since. It alone tells whether that is another's, or its own
 * since it was started again.
 */
function unseenSinceNewDumpMs(join: Join, now: number): number | null {
  const tracker = currentAttempt(join)?.tracker ?? null;
  const since = tracker && lastPass(tracker)?.nodeToBeSeenSince;
  return copiesOn(join) && since != null ? now - since : null;
}

/** Time between two looks at a node. */
function lookApartMs(expansion: Expansion, join: Join, now: number): number {
  const { lookIntervalMs } = expansion.policy;
  const seldom = seldomMs(expansion.policy);
  const lastedMs = now - join.phaseSince;
  const tracker = currentAttempt(join)?.tracker ?? null;
  const within = (ms: number, most = seldom): number =>
    Math.round(Math.min(most, Math.max(Math.min(closeLookMs, lookIntervalMs), ms)));
  switch (join.phase) {
    case 'attaching':
      return within(shareOfState * Math.min(lastedMs, sinceCommand(join, now)));
    case 'swapping':
      return within(shareOfState * lastedMs);
    case 'catching_up':
      return within(shareOfState * lastedMs, Math.max(seldom, lookIntervalMs));
    case 'snapshotting':
      return within(shareOfState * (now - Math.max(join.phaseSince, dumpEndedAt(tracker))));
    case 'transferring':
      return within(
        Math.min(copyApartMs(tracker, lastedMs, now, expansion.policy), boundOfCopyIn(expansion, tracker)),
        mostApartInCopyMs(expansion.policy, lastedMs),
      );
    case 'verifying':
      return isSteady(expansion, join) ? Math.max(seldom, lookIntervalMs) : lookIntervalMs;
    default:
      return lookIntervalMs;
  }
}

/** Time since the last command to the node: a full sync of few data begins and ends within a second of SLAVEOF. */
const sinceCommand = (join: Join, now: number): number =>
  now - (currentAttempt(join)?.intents.at(-1)?.endedAt ?? now);

/** Its own dump, once it is seen: the files come at once. */
function dumpEndedAt(tracker: SlaveTracker | null): number {
  const wait = tracker && lastPass(tracker);
  return wait?.endedAt === null && wait.dump !== null && wait.dump.notAfter >= wait.earliestAt
    ? wait.dump.notAfter
    : Number.NEGATIVE_INFINITY;
}

function mostApartInCopyMs(policy: Pick<Policy, 'lookIntervalMs'>, lastedMs: number): number {
  const { lookIntervalMs } = policy;
  const inYoungCopy = Math.max(lookIntervalMs, lookShareOfYoungCopy * lastedMs);
  return Math.max(
    Math.min(seldomMs(policy), inYoungCopy),
    Math.min(lookIntervalMs, lookShareOfCopy * lastedMs),
  );
}

/** Closer towards the end of the copy; where nobody knows when it ends, by the time that it has lasted. */
function copyApartMs(
  tracker: SlaveTracker | null,
  lastedMs: number,
  now: number,
  policy: Pick<Policy, 'lookIntervalMs'>,
): number {
  const wait = tracker && lastPass(tracker);
  const rest = wait && restOfCopyMs(tracker, wait, now);
  if (rest === null) return Math.min(policy.lookIntervalMs, lookShareOfCopy * lastedMs);
  const least = Math.min(policy.lookIntervalMs, lookShareOfCopy * (lastedMs + rest));
  // Where all should have come, it may come to a stand.
  const stillMs = now - (wait?.lastMoveAt ?? now);
  return Math.max(least, lookShareOfRest * rest, shareOfState * stillMs);
}

/** Until the node has the whole snapshot, at the fastest pace of now; null = not known. */
function restOfCopyMs(tracker: SlaveTracker, wait: FullSyncPass, now: number): number | null {
  const { snapshotBytes, snapshotBytesKnown, firstBytesAt, supersededBy } = wait;
  if (!snapshotBytesKnown || snapshotBytes === null || firstBytesAt === null || now <= firstBytesAt)
    return null;
  const copied = supersededBy === null ? (receivedInPass(wait) ?? 0) : copiedBytes(wait);
  const perMs = Math.max(copied / (now - firstBytesAt), (transferRate(tracker) ?? 0) / 1000);
  return perMs > 0 ? Math.max(0, snapshotBytes - copied) / perMs : null;
}

function boundOfCopyIn({ capabilities }: Expansion, tracker: SlaveTracker | null): number {
  const wait = tracker && lastPass(tracker);
  if (!wait || !capabilities) return Number.POSITIVE_INFINITY;
  return boundReachedInMs(wait, pairCapabilities(capabilities, tracker)) ?? Number.POSITIVE_INFINITY;
}

/** Whether nothing but the comparison is awaited: its end ends the wait (work/expansion/session.ts). */
function isSteady({ policy }: Expansion, join: Join): boolean {
  const looks = currentAttempt(join)?.catchUp?.stableLooks ?? 0;
  return looks >= policy.stableLooks && join.comparison?.report === null;
}
