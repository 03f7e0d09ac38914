/** What depth `auto` chooses: every key where that takes no longer than the policy allows, else a sample. Pure. */
import type { ChosenDepth, ComparedBy, ComparisonReport } from '../../model/comparison.ts';
import { note } from '../../model/comparison-texts.ts';
import { autoSampledPerType, type VerifyPolicy } from '../../model/policy.ts';

/**
 * The pace that is assumed of a master that was not compared before. Comparisons of real 3.5.4 and 4.0.1 reached 270,000 to
 * 370,000 keys and members a second on two busy cores (docs/comparison.md), and large values are bound by the network.
 */
const assumed = { keysPerSecond: 100_000, bytesPerSecond: 50e6 } as const;
/** A sample that finds a loss of 0.1 % takes as long: 9 s on real 3.5.4, 16 s and more on 4.0.1, with all types. */
export const sampleTakesMs = 10_000;
/** Of a shorter comparison most time goes into its beginning and its end. */
const tellingMs = 2000;

export interface DepthGrounds {
  readonly policy: Pick<VerifyPolicy, 'fullShare' | 'fullTimeMs' | 'maxOpsPerSecond' | 'maxBytesPerSecond'>;
  /** What the master holds, members of collections counted as keys; null = its version does not tell. */
  readonly size: { readonly keys: number; readonly bytes: number } | null;
  /** How long the node's full sync took, or will take; null = not known yet. */
  readonly copyMs: number | null;
  /** How long comparisons of this master took, as a share of what is assumed; null = it was not compared before. */
  readonly pace: number | null;
}

/** null = it depends on how long the copy takes, which is not known yet. */
export function chooseDepth(grounds: DepthGrounds): ChosenDepth | null {
  const { policy, size, copyMs, pace } = grounds;
  if (size === null)
    return { depth: 'sample', because: note('size_not_told'), limitMs: null, assumedSeconds: null };
  const assumedSeconds = assumedSecondsOf(size, policy);
  const seconds = assumedSeconds * (pace ?? 1);
  const limit = limitOf(policy, copyMs);
  const facts = {
    keys: size.keys,
    seconds,
    measured: pace !== null,
    limitSeconds: limit.ms / 1000,
    limitBy: limit.by,
  };
  if (seconds * 1000 <= limit.ms)
    return { depth: 'full', because: note('full_chosen', facts), limitMs: limit.ms, assumedSeconds };
  if (copyMs === null && seconds * 1000 <= policy.fullTimeMs) return null;
  return { depth: 'sample', because: note('sample_chosen', facts), limitMs: null, assumedSeconds };
}

/** At the assumed pace, and no faster than the policy lets it read. Each key costs a question for its expiry too. */
export function assumedSecondsOf(
  size: NonNullable<DepthGrounds['size']>,
  policy: Pick<VerifyPolicy, 'maxOpsPerSecond' | 'maxBytesPerSecond'>,
): number {
  const keysPerSecond = Math.min(assumed.keysPerSecond, (policy.maxOpsPerSecond ?? Infinity) / 2);
  const bytesPerSecond = Math.min(assumed.bytesPerSecond, policy.maxBytesPerSecond ?? Infinity);
  return Math.max(size.keys / keysPerSecond, size.bytes / bytesPerSecond);
}

type LimitBy = 'share' | 'time' | 'sample';

function limitOf(
  { fullShare, fullTimeMs }: DepthGrounds['policy'],
  copyMs: number | null,
): { readonly ms: number; readonly by: LimitBy } {
  const ofCopyMs = Math.round((copyMs ?? 0) * fullShare);
  if (Math.max(ofCopyMs, sampleTakesMs) >= fullTimeMs) return { ms: fullTimeMs, by: 'time' };
  return ofCopyMs > sampleTakesMs ? { ms: ofCopyMs, by: 'share' } : { ms: sampleTakesMs, by: 'sample' };
}

/** The policy by which a node is compared, once `auto` has chosen. */
export function comparedBy(policy: VerifyPolicy, chosen: ChosenDepth | undefined): ComparedBy {
  const { depth } = policy;
  if (depth !== 'auto') return { ...policy, depth };
  return {
    ...policy,
    depth: chosen?.depth ?? 'sample',
    samplePerType: Math.max(policy.samplePerType, autoSampledPerType),
    ...(chosen && { chosen }),
  };
}

/** The policy by which a sample is taken, where a comparison of every key that `auto` chose could not begin in time. */
export function sampledInstead(by: ComparedBy): ComparedBy {
  const { limitMs, assumedSeconds } = by.chosen!;
  const because = note('full_waited', { limitSeconds: limitMs! / 1000 });
  return { ...by, depth: 'sample', chosen: { depth: 'sample', because, limitMs: null, assumedSeconds } };
}

/**
 * How long a comparison of every key took, as a share of what was assumed; null = the report does not tell. Of a comparison
 * that went on as a sample: how long it would have taken.
 */
export function paceOf(chosen: ChosenDepth | undefined, report: ComparisonReport | null): number | null {
  if (chosen?.depth !== 'full' || !chosen.assumedSeconds || report === null) return null;
  if (report.verdict === 'inconclusive') return null;
  const cut = report.said?.notes.find(({ code }) => code === 'full_cut')?.facts;
  if (report.depth !== 'full' && !cut) return null;
  const tookMs = cut ? (cut as { ms: number }).ms / cutAt(cut) : report.endedAt - report.startedAt;
  return tookMs < tellingMs ? null : tookMs / 1000 / chosen.assumedSeconds;
}

/** The share of the estimated keys that had been compared by then. In reports of earlier releases it is rather more: they do not count members. */
function cutAt({
  keys,
  entries = keys,
  estimatedKeys,
}: {
  readonly keys?: unknown;
  readonly entries?: unknown;
  readonly estimatedKeys?: unknown;
}): number {
  const share = Number(entries) / Number(estimatedKeys);
  return share > 0 && share < 1 ? share : 0.5;
}
