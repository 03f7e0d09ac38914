/** The rules of "verified" (docs/verified.md): each with the facts from which a second program can re-derive it. */

import type { Capabilities } from '../../model/capabilities.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import {
  type CatchUp,
  type Evidence,
  type EvidenceRule,
  isMet,
  type RuleName,
  type Statement,
  type StatementFacts,
  statementText,
} from '../../model/evidence.ts';
import type { FullSyncPass, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import { type BinlogOffset, compareOffsets } from '../../model/observation.ts';
import type { NoFacts } from '../../model/text.ts';
import {
  bytesComplete,
  completeShare,
  dumpIsCertain,
  openedEnough,
  openedShare,
  openedWhole,
  receivedInPass,
  unseenAroundDumpMs,
} from './full-sync-pass.ts';
import { isSizedSince, latestSize } from './master-tracker.ts';
import { isConnected, lastPass, restartedAfterCopy } from './tracker.ts';

type Judged = Omit<EvidenceRule, 'at'>;

/** What was found of a rule; the facts hold all that a second program needs, and what the statement says. */
function found<Name extends RuleName, Code extends Statement<Name>>(
  rule: Name,
  holds: boolean | null,
  statement: Code,
  facts: StatementFacts<Name, Code> extends NoFacts ? object : StatementFacts<Name, Code> & object,
): Judged {
  return {
    rule,
    holds,
    statement,
    text: statementText(rule, statement, facts),
    facts: facts as Judged['facts'],
  };
}

/** Rules 1 to 3 of a full sync: it happened, its bytes came, and one snapshot served it from beginning to end. */
export function fullSyncRules(
  slave: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): readonly Judged[] {
  const wait = lastPass(slave);
  return [
    fullSyncSeen(slave, wait, capabilities),
    bytesReceived(slave, wait, master, capabilities),
    singleSnapshot(slave, wait, master, capabilities),
  ];
}

function fullSyncSeen(slave: SlaveTracker, wait: FullSyncPass | null, { hasLastSave }: Capabilities): Judged {
  const dbs = Object.keys(slave.replication?.binlog ?? {});
  const facts = {
    fullSyncs: slave.waits.length,
    dbsSeenInFullSync: wait?.dbs ?? [],
    dbs,
    startedAt: wait?.startedAt ?? null,
    endedAt: wait?.endedAt ?? null,
    end: wait?.end ?? null,
    offsetsBefore: wait?.offsetsBefore ?? null,
    offsetsAfter: wait?.offsetsAfter ?? null,
    masterOffsetsAtStart: wait?.masterOffsets ?? null,
    restarts: slave.restarts,
  };
  const rule = 'full_sync_seen';
  // Only a dump that LASTSAVE shows tells of a full sync that nobody looked at.
  if (!wait && !hasLastSave && isConnected(slave.replication))
    return found(rule, null, 'perhaps_unseen', facts);
  if (!wait) return found(rule, false, 'none', facts);
  if (wait.endedAt === null) return found(rule, null, 'under_way', facts);
  if (wait.end !== 'swapped') return found(rule, false, 'not_taken_over', facts);
  if (restartedAfterCopy(slave)) return found(rule, false, 'restarted_after', facts);
  const unseen = dbs.filter((db) => !wait.dbs.includes(db) && !offsetMoved(wait, db));
  if (unseen.length > 0) return found(rule, false, 'dbs_unseen', { ...facts, unseen });
  return found(rule, true, wait.startedAt === slave.attachedAt ? 'between_looks' : 'seen', facts);
}

function offsetMoved(wait: FullSyncPass, db: string): boolean {
  const before = wait.offsetsBefore[db];
  const after = wait.offsetsAfter?.[db];
  return before !== undefined && after !== undefined && compareOffsets(before, after) !== 0;
}

function bytesReceived(
  slave: SlaveTracker,
  wait: FullSyncPass | null,
  master: MasterTracker,
  capabilities: Capabilities,
): Judged {
  const masterBytes = latestSize(master.samples);
  const receivedBytes = wait ? receivedInPass(wait) : null;
  const own = slave.ownSstBytes;
  const facts = {
    receivedBytes,
    snapshotBytes: wait?.snapshotBytes ?? null,
    snapshotBytesKnown: wait?.snapshotBytesKnown ?? false,
    requiredShare: completeShare,
    requiredShareAfterSwap: openedShare,
    nodeTableBytesAfterSwap: own,
    masterBytes,
  };
  const rule = 'bytes_received';
  if (!wait || receivedBytes === null) {
    if (capabilities.hasReplByteCounters) return found(rule, null, 'unknown', facts);
    const judged = found(rule, null, 'not_counted', { ...facts, version: capabilities.version });
    // The table of versions says whether the rest is enough.
    return capabilities.canProveFullSync ? { ...judged, leftOut: true } : judged;
  }
  const complete = bytesComplete(wait);
  if (complete !== false && openedEnough(wait, own, masterBytes) === false) {
    const less = { ...facts, receivedBytes, nodeTableBytesAfterSwap: own! };
    return found(rule, isSizedSince(slave, master) ? false : null, 'opened_less', less);
  }
  if (openedWhole(wait, slave, capabilities))
    return found(rule, true, 'opened_whole', { ...facts, receivedBytes, nodeTableBytesAfterSwap: own! });
  if (complete !== null) {
    const sizes = { ...facts, receivedBytes, snapshotBytes: wait.snapshotBytes! };
    return found(rule, complete, complete ? 'enough' : 'too_few', sizes);
  }
  if (own === null) return found(rule, null, 'reused_unknown', facts);
  return found(rule, cameByWire(slave, receivedBytes, own, capabilities), 'reused', {
    ...facts,
    receivedBytes,
    nodeTableBytesAfterSwap: own,
  });
}

/**
 * Nobody knows the size of a dump that the master made before the service watched. The node's own size after the swap remains:
 * these bytes must have come over the wire. On versions that never open a superseded copy, the node's eligible flag must
 * also say that the full sync has finished.
 */
function cameByWire(
  slave: SlaveTracker,
  receivedBytes: number,
  ownBytes: number,
  { hasEligibleFlag }: Capabilities,
): boolean {
  const saysFinished = !hasEligibleFlag || slave.replication?.eligibleForMasterElection === true;
  return receivedBytes >= completeShare * ownBytes && saysFinished;
}

function singleSnapshot(
  slave: SlaveTracker,
  wait: FullSyncPass | null,
  master: MasterTracker,
  capabilities: Capabilities,
): Judged {
  const facts = {
    dump: wait?.dump ?? null,
    bytesAtDump: wait?.bytesAtDump ?? null,
    lastSaveAtStart: wait?.lastSaveAtStart ?? null,
    laterDumps: wait?.laterDumps ?? 0,
    supersededBy: wait?.supersededBy ?? null,
    otherSlave: wait?.otherSlave ?? null,
    masterRestartedAt: slave.masterRestartedAt,
  };
  const rule = 'single_snapshot';
  if (!wait) return found(rule, null, 'no_full_sync', facts);
  if (capabilities.opensSupersededCopy && wait.endedAt !== null && !dumpIsCertain(wait))
    return found(rule, false, 'uncertain_dump', { ...facts, unseenMs: unseenAroundDumpMs(wait) });
  const readLastSave = master.lastSave ?? wait.lastSaveAtStart ?? wait.dump;
  if (wait.supersededBy === null && capabilities.hasLastSave && readLastSave === null)
    return capabilities.opensSupersededCopy
      ? found(rule, null, 'lastsave_unread', facts)
      : found(rule, wait.end === 'swapped' ? true : null, 'lastsave_unread_and_safe', facts);
  if (wait.supersededBy === null)
    return found(rule, true, capabilities.hasLastSave ? 'one_by_lastsave' : 'one_by_slaves', facts);
  const byOther = wait.supersededBy === 'other_full_sync';
  if (byOther && bytesComplete(wait) === true && !dumpedDuring(wait))
    return found(rule, true, 'other_sync_no_dump', facts);
  if (capabilities.opensSupersededCopy) return found(rule, byOther ? null : false, 'replaced', facts);
  return found(rule, wait.end === 'swapped' ? true : null, 'replaced_and_safe', facts);
}

const dumpedDuring = (wait: FullSyncPass): boolean => wait.laterDumps > 0;

/** The report of an agent, with its lists, is under way for as long; the next hash of a table takes longer. */
const awaitedForMs: Partial<Record<Statement<'files_complete'>, number>> = {
  silent_agent: 10_000,
  attempt_unseen: 10_000,
  not_listed: 10_000,
  not_whole: 10_000,
  not_hashed: 60_000,
};

/**
 * The agents show that every file came. A node waits for what nobody can judge if the policy requires agents; else only
 * for the next report of agents that are there.
 */
export function filesRule(slave: SlaveTracker, requireAgent: boolean): Judged {
  const seen = slave.files?.found ?? found('files_complete', null, 'not_opened', {});
  const judged: Judged = { ...seen, rule: 'files_complete' };
  const awaitedMs = awaitedForMs[seen.statement as Statement<'files_complete'>];
  const since = Math.max(lastPass(slave)?.endedAt ?? 0, slave.files?.hashing?.at ?? 0);
  const isAwaited = awaitedMs !== undefined && (slave.lastAnsweredAt ?? 0) - since < awaitedMs;
  return seen.holds === null && !requireAgent && !isAwaited ? { ...judged, leftOut: true } : judged;
}

/** Rules 4 and 5: the node says so, and the master says so. */
export function connectionRules(slave: SlaveTracker, master: MasterTracker): readonly Judged[] {
  const replication = slave.replication;
  const connected = isConnected(replication);
  const { establishedMaster } = slave;
  const intended = slave.foreignMaster === null && establishedMaster !== null;
  const eligible = replication?.eligibleForMasterElection ?? null;
  const listed = slave.listed;
  const inBinlogSync = listed !== null && listedOnEveryDb(listed.lag, Object.keys(replication?.binlog ?? {}));
  const fit = connected && intended && eligible !== false && slave.unreachableSince === null;
  const link = {
    role: replication?.role ?? null,
    masterHost: replication?.masterHost ?? null,
    masterPort: replication?.masterPort ?? null,
    linkStatus: replication?.linkStatus ?? null,
    dbStates: replication?.dbStates ?? {},
    eligibleForMasterElection: eligible,
    follows: `${replication?.masterHost ?? '?'}:${replication?.masterPort ?? '?'}`,
  };
  const lists = inBinlogSync && master.silentSince === null && slave.masterSyncingAt === null;
  return [
    found('role_and_link', fit, fit ? 'connected' : connected ? 'unfit' : 'not_up', link),
    found(
      'listed_by_master',
      lists,
      lists ? 'in_binlog_sync' : inBinlogSync ? 'master_away' : 'not_in_binlog_sync',
      {
        entry: listed,
        masterRole: master.replication?.role ?? null,
        masterLink: master.replication?.linkStatus ?? null,
      },
    ),
  ];
}

const listedOnEveryDb = (lag: Readonly<Record<string, unknown>>, dbs: readonly string[]): boolean =>
  Object.keys(lag).length > 0 &&
  dbs.every((db) => typeof lag[db] === 'number') &&
  Object.values(lag).every((v) => typeof v === 'number');

/** Whether every DB of `offsets` has reached `target`. A DB that only one side has does not count as reached. */
export function hasPassed(
  offsets: Readonly<Record<string, BinlogOffset>>,
  target: Readonly<Record<string, BinlogOffset>>,
): boolean {
  const dbs = Object.keys(target);
  return (
    dbs.length > 0 &&
    dbs.every((db) => offsets[db] !== undefined && compareOffsets(offsets[db], target[db]!) >= 0)
  );
}

function offsetPassed(catchUp: CatchUp | null): Judged {
  if (!catchUp) return found('offset_passed', null, 'not_captured', {});
  const holds = catchUp.passedAt !== null;
  return found('offset_passed', holds, holds ? 'passed' : 'behind', { ...catchUp });
}

const holdsBy = { equal: true, empty: true, different: false, inconclusive: null } as const;

function dataAgrees(report: ComparisonReport | null): Judged {
  if (!report) return found('data_agrees', null, 'not_compared', {});
  const { examples: _examples, ...facts } = report;
  if (outlivesOnly(report)) return found('data_agrees', true, 'outlives', facts);
  return found('data_agrees', holdsBy[report.verdict], report.verdict, facts);
}

/**
 * Whether the data agree in everything but that keys expire later on the slave, or never: SET NX EX counts its expiry from
 * when a slave applies it, and INCR on 3.5.5 takes it away (pika-facts 5.1). No data are missing, and no copy changes it.
 */
export const outlivesOnly = ({ verdict, differencesTotal, differencesBySign }: ComparisonReport): boolean =>
  verdict === 'different' && differencesTotal > 0 && differencesBySign?.outlives === differencesTotal;

const stable = (catchUp: CatchUp | null, required: number): Judged => {
  const looks = catchUp?.stableLooks ?? 0;
  const facts = { looks, required, since: catchUp?.stableSince ?? null };
  return found('stable', looks >= required, 'looks', facts);
};

/** All rules together. `verified` only if every one of them holds. */
export function judge(input: {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  readonly capabilities: Capabilities;
  readonly catchUp: CatchUp | null;
  readonly report: ComparisonReport | null;
  readonly stableLooksRequired: number;
  readonly requireAgent: boolean;
  readonly attempt: number;
  readonly now: number;
}): Evidence {
  const judged = [
    ...fullSyncRules(input.slave, input.master, input.capabilities),
    filesRule(input.slave, input.requireAgent),
    ...connectionRules(input.slave, input.master),
    offsetPassed(input.catchUp),
    dataAgrees(input.report),
    stable(input.catchUp, input.stableLooksRequired),
  ];
  const rules = judged.map((rule) => ({ ...rule, at: input.now }));
  return { verdict: verdictOf(rules), at: input.now, attempt: input.attempt, rules };
}

function verdictOf(rules: readonly EvidenceRule[]): Evidence['verdict'] {
  if (rules.every(isMet)) return 'verified';
  return rules.some((rule) => rule.holds === false) ? 'not_verified' : 'undecided';
}

export interface FullSyncVerdict {
  readonly verdict: 'complete' | 'incomplete' | 'undecided';
  /** The rules that are not met. */
  readonly unmet: readonly Judged[];
}

/**
 * What the protocol alone says of a full sync, without a comparison of the data: for post-mortems of recordings.
 * `complete` only with the byte counters and the dump on its side.
 */
export function fullSyncVerdict(
  slave: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): FullSyncVerdict {
  const rules = [...fullSyncRules(slave, master, capabilities), ...connectionRules(slave, master)];
  const unmet = rules.filter((rule) => !isMet(rule));
  if (unmet.length === 0)
    return { verdict: lastPass(slave)?.snapshotBytesKnown === true ? 'complete' : 'undecided', unmet };
  const decisive = unmet.filter((rule) => rule.rule !== 'role_and_link' && rule.rule !== 'listed_by_master');
  return { verdict: decisive.some((rule) => rule.holds === false) ? 'incomplete' : 'undecided', unmet };
}
