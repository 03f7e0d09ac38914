/** The rules of "verified" (docs/verified.md): each with the facts from which a second program can re-derive it. */

import type { Capabilities } from '../../model/capabilities.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { CatchUp, Evidence, EvidenceRule } from '../../model/evidence.ts';
import type { MasterTracker, SlaveTracker, Wait } from '../../model/full-sync.ts';
import { type BinlogOffset, compareOffsets } from '../../model/observation.ts';
import {
  bytesComplete,
  completeShare,
  dumpIsCertain,
  openedEnough,
  openedShare,
  receivedInWait,
  uncertainDump,
} from './full-sync-pass.ts';
import { isConnected, lastWait, restartedAfterCopy } from './tracker.ts';

type Judged = Omit<EvidenceRule, 'at'>;

/** Rules 1 to 3 of a full sync: it happened, all bytes came, and one snapshot served it from beginning to end. */
export function fullSyncRules(slave: SlaveTracker, capabilities: Capabilities): readonly Judged[] {
  const wait = lastWait(slave);
  return [
    fullSyncSeen(slave, wait),
    bytesReceived(slave, wait, capabilities),
    singleSnapshot(slave, wait, capabilities),
  ];
}

function fullSyncSeen(slave: SlaveTracker, wait: Wait | null): Judged {
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
  if (!wait)
    return {
      rule: 'full_sync_seen',
      holds: false,
      text: 'No DB was seen in full sync since SLAVEOF.',
      facts,
    };
  if (wait.endedAt === null)
    return { rule: 'full_sync_seen', holds: null, text: 'The full sync is still under way.', facts };
  if (wait.end !== 'swapped') {
    return {
      rule: 'full_sync_seen',
      holds: false,
      text: 'The full sync ended without the node taking over a snapshot.',
      facts,
    };
  }
  if (restartedAfterCopy(slave)) {
    return {
      rule: 'full_sync_seen',
      holds: false,
      text: 'The node restarted after it had opened the snapshot: what it had logged and not applied is lost.',
      facts,
    };
  }
  const unseen = dbs.filter((db) => !wait.dbs.includes(db) && !offsetMoved(wait, db));
  if (unseen.length > 0) {
    return {
      rule: 'full_sync_seen',
      holds: false,
      text: `Not every DB was seen in full sync: ${unseen.join(', ')}.`,
      facts,
    };
  }
  return {
    rule: 'full_sync_seen',
    holds: true,
    text:
      wait.startedAt === slave.attachedAt
        ? 'The full sync came and went between two looks: the master made one dump for it, and the node went on from the dump’s offset.'
        : 'Every DB was seen in full sync, and went on with the snapshot’s offset.',
    facts,
  };
}

function offsetMoved(wait: Wait, db: string): boolean {
  const before = wait.offsetsBefore[db];
  const after = wait.offsetsAfter?.[db];
  return before !== undefined && after !== undefined && compareOffsets(before, after) !== 0;
}

function bytesReceived(slave: SlaveTracker, wait: Wait | null, capabilities: Capabilities): Judged {
  const received = wait ? receivedInWait(wait) : null;
  const facts = {
    receivedBytes: received,
    snapshotBytes: wait?.snapshotBytes ?? null,
    snapshotBytesKnown: wait?.snapshotBytesKnown ?? false,
    requiredShare: completeShare,
    requiredShareAfterSwap: openedShare,
    nodeTableBytesAfterSwap: slave.ownSstBytes,
  };
  if (!wait || received === null) {
    const text = capabilities.hasReplByteCounters
      ? 'The bytes received are not known.'
      : `Version ${capabilities.version} does not count replication bytes.`;
    return {
      rule: 'bytes_received',
      holds: capabilities.hasReplByteCounters ? null : unprovableHolds(capabilities),
      text,
      facts,
    };
  }
  const complete = bytesComplete(wait);
  if (complete !== false && openedEnough(wait, slave.ownSstBytes) === false) {
    return {
      rule: 'bytes_received',
      holds: false,
      text: `${received} bytes came, but the node opened tables of ${slave.ownSstBytes} bytes only.`,
      facts,
    };
  }
  if (complete !== null) {
    const word = complete ? 'Enough' : 'Too few';
    return {
      rule: 'bytes_received',
      holds: complete,
      text: `${word} bytes came: ${received} for a snapshot of ${wait.snapshotBytes}; 90 % are required, since both are samples.`,
      facts,
    };
  }
  return reusedDumpBytes(slave, received, capabilities, facts);
}

/** Versions without counters: the rule is left out where the table says that the rest is enough. */
const unprovableHolds = (capabilities: Capabilities): boolean | null =>
  capabilities.canProveFullSync ? true : null;

/**
 * A dump that was made before anybody watched has an unknown size. What is left is the node's own size after the
 * swap: it must have come over the wire. On versions that never open a superseded copy the node's own word for a
 * finished full sync (the eligible flag) stands beside it.
 */
function reusedDumpBytes(
  slave: SlaveTracker,
  received: number,
  capabilities: Capabilities,
  facts: Readonly<Record<string, unknown>>,
): Judged {
  const own = slave.ownSstBytes;
  if (own === null)
    return { rule: 'bytes_received', holds: null, text: 'The size of the reused dump is not known.', facts };
  const cameByWire = received >= completeShare * own;
  const saysFinished = !capabilities.hasEligibleFlag || slave.replication?.eligibleForMasterElection === true;
  return {
    rule: 'bytes_received',
    holds: cameByWire && saysFinished,
    text: `The master reused a dump whose size is not known; ${received} bytes came, and the node's tables held ${own} after the swap.`,
    facts,
  };
}

function singleSnapshot(slave: SlaveTracker, wait: Wait | null, capabilities: Capabilities): Judged {
  const facts = {
    dump: wait?.dump ?? null,
    bytesAtDump: wait?.bytesAtDump ?? null,
    lastSaveAtStart: wait?.lastSaveAtStart ?? null,
    laterDumps: wait?.laterDumps ?? 0,
    supersededBy: wait?.supersededBy ?? null,
    otherSlave: wait?.otherSlave ?? null,
    masterRestartedAt: slave.masterRestartedAt,
  };
  if (!wait) return { rule: 'single_snapshot', holds: null, text: 'There was no full sync to judge.', facts };
  if (capabilities.opensSupersededCopy && wait.endedAt !== null && !dumpIsCertain(wait)) {
    return { rule: 'single_snapshot', holds: false, text: uncertainDump(wait), facts };
  }
  if (wait.supersededBy === null) {
    const seen = capabilities.hasLastSave ? 'LASTSAVE did not change' : 'no other full sync was seen';
    return {
      rule: 'single_snapshot',
      holds: true,
      text: `One snapshot served the whole copy: ${seen} during it.`,
      facts,
    };
  }
  if (wait.supersededBy === 'other_full_sync' && bytesComplete(wait) === true && !dumpedDuring(wait)) {
    return {
      rule: 'single_snapshot',
      holds: true,
      text: 'Another full sync began meanwhile, but no newer dump was made and all bytes came.',
      facts,
    };
  }
  if (capabilities.opensSupersededCopy) {
    const holds = wait.supersededBy === 'other_full_sync' ? null : false;
    return { rule: 'single_snapshot', holds, text: 'A newer dump replaced the one being copied.', facts };
  }
  const swapped = wait.end === 'swapped';
  return {
    rule: 'single_snapshot',
    holds: swapped ? true : null,
    text: 'A newer dump was made meanwhile; this version never opens a copy of an older one.',
    facts,
  };
}

const dumpedDuring = (wait: Wait): boolean => wait.laterDumps > 0;

/** Rules 4 and 5: the node says so, and the master says so. */
export function connectionRules(slave: SlaveTracker, master: MasterTracker): readonly Judged[] {
  const replication = slave.replication;
  const connected = isConnected(replication);
  const intended = slave.foreignMaster === null && slave.establishedMaster !== null;
  const eligible = replication?.eligibleForMasterElection ?? null;
  const listed = slave.listed;
  const inBinlogSync = listed !== null && listedOnEveryDb(listed.lag, Object.keys(replication?.binlog ?? {}));
  return [
    {
      rule: 'role_and_link',
      holds: connected && intended && eligible !== false && slave.unreachableSince === null,
      text: connected
        ? `The node follows ${slave.establishedMaster?.host}:${slave.establishedMaster?.port}, link up, every DB connected.`
        : 'The node’s link is not up on every DB.',
      facts: {
        role: replication?.role ?? null,
        masterHost: replication?.masterHost ?? null,
        masterPort: replication?.masterPort ?? null,
        linkStatus: replication?.linkStatus ?? null,
        dbStates: replication?.dbStates ?? {},
        eligibleForMasterElection: eligible,
      },
    },
    {
      rule: 'listed_by_master',
      holds: inBinlogSync && master.silentSince === null && slave.masterSyncingAt === null,
      text: inBinlogSync
        ? 'The master lists the node in binlog sync on every DB.'
        : 'The master does not list the node in binlog sync.',
      facts: {
        entry: listed,
        masterRole: master.replication?.role ?? null,
        masterLink: master.replication?.linkStatus ?? null,
      },
    },
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
  if (!catchUp)
    return {
      rule: 'offset_passed',
      holds: null,
      text: 'The master’s offset was not captured yet.',
      facts: {},
    };
  const holds = catchUp.passedAt !== null;
  return {
    rule: 'offset_passed',
    holds,
    text: holds
      ? 'The node’s binlog offset has passed the offset that the master had at one moment after the node came up.'
      : 'The node’s binlog offset has not yet reached the captured offset of the master.',
    facts: { ...catchUp },
  };
}

function dataAgrees(report: ComparisonReport | null): Judged {
  if (!report)
    return { rule: 'data_agrees', holds: null, text: 'The data were not compared yet.', facts: {} };
  const { examples: _examples, ...facts } = report;
  const holds =
    report.verdict === 'equal' || report.verdict === 'empty'
      ? true
      : report.verdict === 'different'
        ? false
        : null;
  return { rule: 'data_agrees', holds, text: comparisonWords(report), facts };
}

/** One sentence on a comparison: what was looked at, and what it would have found. */
export function comparisonWords(report: ComparisonReport): string {
  const share = report.share === null ? 'an unknown share' : `${(report.share * 100).toFixed(2)} %`;
  const loss =
    report.smallestLossFound === null
      ? ''
      : `; a loss of ${(report.smallestLossFound * 100).toPrecision(2)} % would have been found`;
  if (report.verdict === 'empty') return 'Both nodes hold no keys.';
  if (report.verdict === 'inconclusive')
    return `The comparison came to no result: ${report.reason ?? 'unknown reason'}.`;
  if (report.verdict === 'different')
    return `${report.differencesTotal} differences among ${report.lookedAtKeys} keys (${share}).`;
  return `${report.lookedAtKeys} keys (${share}) agree by type, value and TTL${loss}.`;
}

function stable(catchUp: CatchUp | null, required: number): Judged {
  const looks = catchUp?.stableLooks ?? 0;
  return {
    rule: 'stable',
    holds: looks >= required,
    text: `${looks} looks in a row held; ${required} are required.`,
    facts: { looks, required, since: catchUp?.stableSince ?? null },
  };
}

/** All rules together. `verified` only if every one of them holds. */
export function judge(input: {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  readonly capabilities: Capabilities;
  readonly catchUp: CatchUp | null;
  readonly report: ComparisonReport | null;
  readonly stableLooksRequired: number;
  readonly attempt: number;
  readonly now: number;
}): Evidence {
  const judged = [
    ...fullSyncRules(input.slave, input.capabilities),
    ...connectionRules(input.slave, input.master),
    offsetPassed(input.catchUp),
    dataAgrees(input.report),
    stable(input.catchUp, input.stableLooksRequired),
  ];
  const rules = judged.map((rule) => ({ ...rule, at: input.now }));
  return { verdict: verdictOf(rules), at: input.now, attempt: input.attempt, rules };
}

function verdictOf(rules: readonly EvidenceRule[]): Evidence['verdict'] {
  if (rules.every((rule) => rule.holds === true)) return 'verified';
  return rules.some((rule) => rule.holds === false) ? 'not_verified' : 'undecided';
}

export type FullSyncVerdict = 'complete' | 'incomplete' | 'undecided';

/**
 * What the protocol alone says of a full sync, without a comparison of the data: for post-mortems of recordings.
 * `complete` only with the byte counters and the dump on its side.
 */
export function fullSyncVerdict(
  slave: SlaveTracker,
  master: MasterTracker,
  capabilities: Capabilities,
): FullSyncVerdict {
  const rules = [...fullSyncRules(slave, capabilities), ...connectionRules(slave, master)];
  if (rules.every((rule) => rule.holds === true)) {
    return lastWait(slave)?.snapshotBytesKnown === true ? 'complete' : 'undecided';
  }
  const decisive = rules.filter((rule) => rule.rule !== 'role_and_link' && rule.rule !== 'listed_by_master');
  return decisive.some((rule) => rule.holds === false) ? 'incomplete' : 'undecided';
}
