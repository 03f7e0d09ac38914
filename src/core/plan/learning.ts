/** What finished full syncs teach about the next: their rate, and the time around the copy. */

import type { Expansion, Join } from '../../model/expansion.ts';
import type { MeasuredSync } from '../../model/forecast.ts';
import { receivedInPass } from '../sync/full-sync-pass.ts';
import { lastPass } from '../sync/tracker.ts';
import { paceOf } from './depth.ts';

/** Less than this says more of the protocol's talk than of the network. */
const leastBytes = 4 * 1024 * 1024;
const keptSyncs = 20;

/** The full syncs of these expansions from which something can be learnt, the newest first. */
export function measuredSyncs(expansions: readonly Expansion[]): readonly MeasuredSync[] {
  return expansions
    .flatMap((expansion) => expansion.joins.flatMap((join) => measuredSync(expansion, join) ?? []))
    .sort((a, b) => b.at - a.at)
    .slice(0, keptSyncs);
}

/** null = it was not verified, or its way was not seen closely enough. */
export function measuredSync(expansion: Expansion, join: Join): MeasuredSync | null {
  const attempt = join.attempts.at(-1);
  const tracker = attempt?.tracker;
  const wait = tracker ? lastPass(tracker) : null;
  if (join.phase !== 'verified' || !attempt || !tracker || !wait) return null;
  const bytes = receivedInPass(wait);
  const { firstBytesAt, endedAt } = wait;
  const { upSince } = tracker;
  if (bytes === null || bytes < leastBytes || firstBytesAt === null || endedAt === null || upSince === null)
    return null;
  const transferMs = endedAt - firstBytesAt;
  if (wasHeldBack(expansion, firstBytesAt)) return null;
  if (transferMs <= 0 || attempt.endedAt === null) return null;
  return {
    masterHost: expansion.master.seenAs.host,
    masterPort: expansion.master.seenAs.port,
    nodeHost: join.target.seenAs.host,
    bytes,
    bytesPerSecond: (bytes * 1000) / transferMs,
    limitBytesPerSecond: limitOf(expansion, join),
    together: togetherWith(expansion, firstBytesAt, endedAt),
    transferSeconds: transferMs / 1000,
    aroundSeconds: Math.max(0, upSince - tracker.attachedAt - transferMs) / 1000,
    verifySeconds: Math.max(0, attempt.endedAt - (attempt.catchUp?.passedAt ?? upSince)) / 1000,
    pace: paceOf(join.comparison?.chosen, join.comparison?.report ?? null),
    at: attempt.endedAt,
  };
}

/** A copy that the health of its master slowed down tells nothing of what network and disks can do. */
const wasHeldBack = ({ policy, health }: Expansion, since: number): boolean =>
  policy.health !== null && health !== null && (health.level < 1 || health.changedAt > since);

function limitOf(expansion: Expansion, join: Join): number | null {
  const planned = expansion.forecast?.nodes.find((node) => node.node === join.target.name);
  return planned?.throttleBytesPerSecond ?? null;
}

function togetherWith(expansion: Expansion, from: number, to: number): number {
  const half = (to - from) / 2;
  return expansion.joins.filter((join) => {
    const tracker = join.attempts.at(-1)?.tracker;
    const wait = tracker ? lastPass(tracker) : null;
    if (!wait || wait.firstBytesAt === null || wait.endedAt === null) return false;
    return Math.min(to, wait.endedAt) - Math.max(from, wait.firstBytesAt) > half;
  }).length;
}
