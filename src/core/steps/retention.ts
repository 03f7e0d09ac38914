/** The master's `expire-logs-nums`, borrowed with permission while nodes are synced. Part of `decide`. */

import type { Expansion } from '../../model/expansion.ts';
import type { ConfigFacts } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { type BinlogNeed, binlogNeed, sparesBinlog } from '../plan/kept-binlog.ts';
import { writeRate } from '../plan/write-rate.ts';
import { advanceBorrowed, borrow, type Lender, mayBorrow } from './borrowed.ts';
import { mayBegin } from './hold.ts';
import { isUnderWay } from './join-state.ts';
import { patch, type Turn } from './turn.ts';

const retentionSetting = 'expire-logs-nums';
/** A rate that rose by less is covered by the forecast's upper end. */
const leastRise = 1.25;
const watchEveryMs = 1000;

/** The master as the lender of its binlog's retention. Settable at run time in every version, above 0 (v3.3.6 pika_admin.cc:1662). */
export const retentionLender = ({ master, borrowed, masterTracker }: Expansion): Lender => ({
  name: master.name,
  joinIndex: null,
  setting: retentionSetting,
  borrowed: borrowed ?? null,
  keep: (turn, changed) => patch(turn, { borrowed: changed }),
  // Up to 3.4 only CONFIG REWRITE writes the file, which somebody else must have asked for.
  writesFile: (_turn, changed) => changed.inFile === true,
  restartedAt: masterTracker.restartedAt,
});

/** Whether the master still has a setting that this service must put back. */
export const owesMasterSetting = ({ borrowed }: Expansion): boolean => borrowed?.state === 'borrowed';

/** Whether the policy and the master's version leave anything to be raised. */
const mayRaise = ({ policy, capabilities }: Expansion): boolean =>
  policy.mayRaiseBinlogRetention === true && capabilities !== null && !sparesBinlog(capabilities);

/** Whether the master's settings need to be read at this look. */
export function wantsMasterConfig(expansion: Expansion, now: number): boolean {
  const { borrowed } = expansion;
  if (borrowed?.state !== 'borrowed') return mayRaise(expansion) && expansion.joins.some(isUnderWay);
  return (
    borrowed.pending !== null || borrowed.restoringSince !== null || now - borrowed.seenAt >= watchEveryMs
  );
}

/** Why no node may be attached until the master keeps enough; null = it does, or nothing is to be changed. */
export function retentionGate({ borrowed, master }: Expansion): Reason | null {
  const raising = borrowed?.state === 'borrowed' && borrowed.pending !== null;
  return raising
    ? because('retention_being_raised', { setting: retentionSetting, master: master.name })
    : null;
}

/** Raises the retention while nodes copy or the next may begin, and puts it back as soon as they do not. */
export function holdRetention(turn: Turn): void {
  const { expansion } = turn;
  const config = turn.masterLook?.kind === 'answered' ? turn.masterLook.facts.config : undefined;
  const nums = config?.expireLogsNums ?? null;
  const seen = nums === null ? null : String(nums);
  const lender = retentionLender(expansion);
  const { borrowed } = lender;
  if (borrowed?.state === 'borrowed') {
    const why = because('nobody_synced');
    if (!isNeeded(turn)) advanceBorrowed(turn, lender, borrowed, { seen, value: null, why });
    else advanceBorrowed(turn, lender, borrowed, { seen, ...raisedFurther(turn, config, borrowed) });
    return;
  }
  if (config === undefined || seen === null || !mayRaise(expansion)) return;
  if (!isNeeded(turn) || !mayBorrow(lender)) return;
  const need = needOf(turn, config, borrowed?.state === 'lost' ? Number(borrowed.old) : nums!);
  if (need !== null && need.files > nums!)
    borrow(turn, lender, { seen, value: String(need.files), why: whyRaised(need) });
}

/** Nodes copy, or the next ones are about to. */
function isNeeded({ expansion, now }: Turn): boolean {
  if (expansion.joins.some(isUnderWay)) return true;
  const waits = expansion.joins.some((join) => join.phase === 'waiting' || join.phase === 'preflight');
  return waits && mayBegin(expansion, now);
}

/** What was given, or more where the master writes much more by now; never less. */
function raisedFurther(
  turn: Turn,
  config: ConfigFacts | undefined,
  { given, old }: NonNullable<Expansion['borrowed']>,
): { readonly value: string; readonly why: Reason } {
  const now = Math.max(...given.map(Number));
  const need = needOf(turn, config, Number(old));
  const more = need !== null && need.files > now * leastRise;
  return more
    ? { value: String(need.files), why: whyRaised(need) }
    : { value: String(now), why: because('master_restarted') };
}

/** What is needed at the rate of now or of the plan, whichever is more; `nums`: the master's own setting. */
function needOf(turn: Turn, config: ConfigFacts | undefined, nums: number): BinlogNeed | null {
  const { forecast, masterTracker, binlogFileSizeBytes } = turn.expansion;
  const { samples } = masterTracker;
  const [first, last] = [samples[0], samples.at(-1)];
  const now = first && last ? writeRate(first, last, binlogFileSizeBytes) : null;
  const planned = forecast?.binlog.writeBytesPerSecond ?? 0;
  const bytesPerSecond = Math.max(planned, now?.bytesPerSecond ?? 0);
  const written = forecast?.binlog.duringBatchBytes?.high ?? null;
  const duringSync = written === null || planned <= 0 ? null : written * (bytesPerSecond / planned);
  const databases = Math.max(1, Object.keys(last?.binlog ?? {}).length);
  if (config === undefined) return null;
  return binlogNeed({ ...config, expireLogsNums: nums }, databases, { bytesPerSecond, duringSync });
}

const whyRaised = ({ writeBytesPerSecond, writtenBytes }: BinlogNeed): Reason =>
  because('binlog_would_be_purged', { writeBytesPerSecond, writtenBytes });
