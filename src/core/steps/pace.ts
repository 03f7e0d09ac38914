/** When to look again. Part of `decide`. */
import { type Expansion, isEnded, type Join, needsPerson } from '../../model/expansion.ts';
import { boundReachedInMs } from '../sync/full-sync-pass.ts';
import { lastPass, pairCapabilities } from '../sync/tracker.ts';
import { closedWindow, startsLater } from './hold.ts';
import { currentAttempt, isNextInLine, isUnderWay } from './join-state.ts';
import { owesMasterSetting } from './retention.ts';
import { owesSetting } from './throttle.ts';

const closeLookMs = 100;
/** A control rings by itself; only the window's beginning, or the end of a hold, must not be missed by much. */
const longestLookInClosedWindowMs = 5000;
/**
 * Share of a copy that may pass between two looks. Bytes after the last look inside a copy count only if they cannot be
 * binlog, and the looks must see nine tenths of the snapshot come.
 */
const lookShareOfCopy = 0.025;

/**
 * Milliseconds until the next look, never more than the policy's interval while a node is under way. Looks are close
 * where a state lasts only 100 ms, in a young copy, and in a copy that may soon pass its bound. null = a person must act first.
 */
export function lookAgainIn(expansion: Expansion, now: number): number | null {
  if (isEnded(expansion.state)) return null;
  const underWay = expansion.joins.filter(
    (join) => isUnderWay(join) || join.leaving !== null || owesSetting(join),
  );
  if (underWay.length > 0) {
    const soonest = Math.min(...underWay.map((join) => lookAtNodeIn(expansion, join, now)));
    return Math.min(soonest, expansion.policy.lookIntervalMs);
  }
  if (owesMasterSetting(expansion)) return expansion.policy.lookIntervalMs;
  if (needsPerson(expansion.state)) return null;
  const later = startsLater(expansion, now);
  if (later !== null) return later - now;
  const rest = restUntil(expansion);
  if (rest !== null) return Math.max(0, rest - now);
  if (expansion.state === 'pending') return expansion.waitsFor === null ? 500 : 2000;
  const next = expansion.joins.find((join) => join.phase === 'waiting' && isNextInLine(expansion, join));
  if (next?.waitingFor === null) return 0;
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
  switch (join.phase) {
    case 'attaching':
    case 'snapshotting':
    case 'swapping':
      return closeLookMs;
    case 'transferring':
      return Math.max(
        closeLookMs,
        Math.round(Math.min(lookShareOfCopy * (now - join.phaseSince), boundOfCopyIn(expansion, join))),
      );
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function boundOfCopyIn({ capabilities }: Expansion, join: Join): number {
  const tracker = currentAttempt(join)?.tracker ?? null;
  const wait = tracker && lastPass(tracker);
  if (!wait || !capabilities) return Number.POSITIVE_INFINITY;
  return boundReachedInMs(wait, pairCapabilities(capabilities, tracker)) ?? Number.POSITIVE_INFINITY;
}
