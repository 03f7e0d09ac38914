/** A node's throttle, borrowed for the time of its full sync. Part of `decide`. */

import type { Join } from '../../model/expansion.ts';
import { because } from '../../model/reasons.ts';
import { advanceBorrowed, borrow, type Lender, mayBorrow } from './borrowed.ts';
import { currentAttempt, isUnderWay } from './join-state.ts';
import { patchJoin, type Turn } from './turn.ts';

const throttleSetting = 'throttle-bytes-per-second';

/** Smaller corrections are not worth a command. */
const leastChange = 0.05;
const leastThrottle = 65_536;
const greatestThrottle = 2_147_483_647;

/** The node as the lender of its throttle. */
export const throttleLender = (join: Join): Lender => ({
  name: join.target.name,
  joinIndex: join.index,
  setting: throttleSetting,
  borrowed: join.borrowed,
  keep: (turn, borrowed) => void patchJoin(turn, join.index, { borrowed }),
  // A full sync writes settings to the node's file (recording 17; pika-facts 1.3), the borrowed one too.
  writesFile: (turn) => turn.expansion.capabilities?.hasReplicationId === true,
});

/** Whether the node still has a setting that this service must put back. */
export const owesSetting = (join: Join): boolean => join.borrowed?.state === 'borrowed';

/** Whether the node's settings need to be read now: not at every look. */
export function wantsConfig(join: Join, borrows: boolean, now: number): boolean {
  const { borrowed } = join;
  if (borrowed?.state === 'borrowed')
    return borrowed.pending !== null || borrowed.restoringSince !== null || now - borrowed.seenAt >= 1000;
  return borrows && (isCopying(join) || isUnderWayBeforeSlaveof(join));
}

const isUnderWayBeforeSlaveof = (join: Join): boolean =>
  isUnderWay(join) && currentAttempt(join)?.step !== 'syncing';

/** Whether the node is about to copy, or copies. */
function isCopying(join: Join): boolean {
  const attempt = currentAttempt(join);
  if (!attempt || !isUnderWay(join) || join.leaving !== null) return false;
  if (attempt.step === 'slaveof') return true;
  return attempt.step === 'syncing' && attempt.tracker !== null && attempt.tracker.upSince === null;
}

/**
 * Brings the node's throttle to what `wanted` makes of its own (bytes a second; null = its own) while it copies, and
 * back afterwards.
 * true = a change is on its way that SLAVEOF should wait for.
 */
export function advanceThrottle(turn: Turn, join: Join, wanted: ((own: number) => number) | null): boolean {
  const lender = throttleLender(join);
  const seen = throttleSeen(turn, join);
  const { borrowed } = join;
  if (borrowed?.state === 'borrowed') {
    if (wanted === null || !isCopying(join))
      return advanceBorrowed(turn, lender, borrowed, {
        seen,
        value: null,
        why: because('copy_over'),
      });
    const value = within(wanted, Number(borrowed.old));
    // What is nearly right already is kept.
    const near = seen !== null && Math.abs(value - Number(seen)) <= Number(seen) * leastChange;
    return advanceBorrowed(turn, lender, borrowed, {
      seen,
      value: near && borrowed.given.includes(seen) ? seen : String(value),
      why: because('share_changed'),
    });
  }
  if (wanted === null || seen === null || !isCopying(join) || !mayBorrow(lender)) return false;
  const own = borrowed?.state === 'lost' ? borrowed.old : seen;
  const value = within(wanted, Number(own));
  if (value >= Number(seen) && own === seen) return false;
  borrow(turn, lender, { seen, value: String(value), why: because('share_of_bandwidth') });
  return true;
}

function throttleSeen(turn: Turn, join: Join): string | null {
  const look = turn.nodeLooks.get(join.index);
  const value = look?.kind === 'answered' ? look.facts.config?.throttleBytesPerSecond : undefined;
  return value == null ? null : String(value);
}

/** Never above the node's own throttle, and never so low that nothing moves. */
const within = (wanted: (own: number) => number, own: number): number =>
  Math.min(own, greatestThrottle, Math.max(leastThrottle, Math.round(wanted(own))));
