/** The rules by which what goes wrong in a full sync is given its name. */

import { anomalyCatalogue, type Remedy } from '../../model/anomalies.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { AnomalyRecord } from '../../model/evidence.ts';
import type { MasterTracker, SlaveTracker, Wait } from '../../model/full-sync.ts';
import { formatAddress } from '../../model/observation.ts';
import { readableBytes, readableSeconds } from '../../model/quantities.ts';
import {
  bytesComplete,
  copiedBytes,
  copyBytesAtMost,
  dumpIsCertain,
  openedEnough,
  receivedInWait,
  trickleBytesPerSecond,
  uncertainDump,
} from './full-sync-pass.ts';
import { latestMost } from './master-tracker.ts';
import { isConnected, lastWait, restartedAfterCopy } from './tracker.ts';

/** How long a symptom must last before it has its name. Milliseconds. */
export interface AnomalyLimits {
  readonly stallMs: number;
  /** How long a dump of the master excuses that nothing is received; one on 3.3.6 can wait for a push that hangs. */
  readonly bgsaveMs: number;
  /** How long a wait whose snapshot was superseded may stand still. */
  readonly supersededStallMs: number;
  /** NoConnect for this long after SLAVEOF: a first try takes under 1 s, one after an early re-attach 10 to 15 s (29). */
  readonly noConnectMs: number;
  readonly notListedMs: number;
  /** No reply for this long is no swap any more. */
  readonly busyMs: number;
  readonly maxWaits: number;
  readonly maxCopiesOfOneDump: number;
  /** How long a copy may take for a hundredth of itself, or go on where the size of its dump is not known. */
  readonly headwayMs: number;
}

export const defaultAnomalyLimits: AnomalyLimits = {
  stallMs: 60_000,
  supersededStallMs: 15_000,
  bgsaveMs: 1_800_000,
  noConnectMs: 25_000,
  notListedMs: 10_000,
  busyMs: 600_000,
  maxWaits: 4,
  maxCopiesOfOneDump: 3,
  headwayMs: 1_800_000,
};

export interface AnomalyInput {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  readonly capabilities: Capabilities;
  readonly limits: AnomalyLimits;
  readonly attempt: number;
  readonly now: number;
}

type Symptom = Omit<AnomalyRecord, 'at' | 'attempt' | 'remedy'> & { readonly remedy?: Remedy };

/** Every anomaly that the facts show at this moment, most decisive first. */
export function detectAnomalies(input: AnomalyInput): readonly AnomalyRecord[] {
  const symptoms = [
    foreignChange(input),
    nodeGone(input),
    superseded(input),
    withoutEnd(input),
    hung(input),
    syncLoop(input),
    skipped(input),
    incomplete(input),
    masterSyncing(input),
    notListed(input),
    neverConnected(input),
    masterRestarted(input),
    nodeRestarted(input),
    begunAgain(input),
  ];
  return symptoms
    .filter((symptom) => symptom !== null)
    .map((symptom) => ({
      ...symptom,
      remedy: symptom.remedy ?? anomalyCatalogue[symptom.code].remedy,
      at: input.now,
      attempt: input.attempt,
    }));
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** What is said once, at the first look, must not tell for ever that it has lasted for 0 s. */
const longEnough = (ms: number, words: (time: string) => string): string =>
  ms < 1000 ? '' : words(seconds(ms));

/** After SLAVEOF was answered OK a node is a slave at once; a master this much later was made one by somebody. */
const detachedForMs = 5000;

function foreignChange({ slave, now }: AnomalyInput): Symptom | null {
  if (slave.foreignMaster !== null) {
    return {
      code: 'foreign_change',
      text: `The node now follows ${slave.foreignMaster} instead of ${slave.master.host}:${slave.master.port}.`,
      facts: { foundMaster: slave.foreignMaster },
    };
  }
  const neverSlave =
    slave.establishedMaster === null &&
    slave.replication?.role === 'master' &&
    slave.lastAnsweredAt !== null &&
    now - slave.attachedAt > detachedForMs;
  if (slave.detachedByOthersAt === null && !neverSlave) return null;
  return {
    code: 'foreign_change',
    text: 'The node was detached (role master) by something else than this expansion.',
    facts: { detachedAt: slave.detachedByOthersAt },
  };
}

function nodeGone({ slave, now, capabilities, limits }: AnomalyInput): Symptom | null {
  if (slave.unreachableSince === null) {
    if (slave.busySince === null || now - slave.busySince < limits.busyMs) return null;
    return {
      code: 'node_unreachable',
      text: `The node takes connections, but has not replied for ${seconds(now - slave.busySince)}: its process runs and hangs. Look at its threads, then restart it.`,
      facts: { busySince: slave.busySince },
      remedy: 'quarantine',
    };
  }
  const wait = lastWait(slave);
  const facts = { unreachableSince: slave.unreachableSince, supersededBy: wait?.supersededBy ?? null };
  const left = wait !== null && wait.end === 'swapped' && !slave.restarts.some((at) => at > wait.startedAt);
  const cut = wait !== null && capabilities.opensSupersededCopy && wait.supersededBy !== null;
  const neverUp = slave.upSince === null && !isConnected(slave.replication);
  if (cut && (wait.endedAt === null || (left && neverUp))) {
    return {
      code: 'died_on_partial_database',
      text: `The node stopped answering${longEnough(now - slave.unreachableSince, (time) => ` ${time} ago`)}, after its snapshot had been superseded.`,
      facts,
    };
  }
  return {
    code: 'node_unreachable',
    text: `The node ${longEnough(now - slave.unreachableSince, (time) => `has not been reachable for ${time}`) || 'cannot be reached'}${slave.unreachableAs ? `: ${slave.unreachableAs}` : ''}.`,
    facts,
  };
}

const supersededWords: Readonly<Record<NonNullable<Wait['supersededBy']>, string>> = {
  later_dump: 'LASTSAVE on the master changed while the node was copying: a newer dump was made',
  bgsave_during_copy: 'the master was seen making another dump while the node was copying',
  other_full_sync:
    'another slave began a full sync while the node was copying, which makes a new dump on this version',
};

function superseded({ slave, capabilities }: AnomalyInput): Symptom | null {
  const wait = lastWait(slave);
  if (!wait || wait.supersededBy === null) return null;
  const remedy = capabilities.opensSupersededCopy ? 'reattach' : 'wait';
  return {
    code: 'snapshot_superseded',
    text: `${supersededWords[wait.supersededBy]}${wait.otherSlave ? ` (${wait.otherSlave})` : ''}.`,
    facts: {
      by: wait.supersededBy,
      otherSlave: wait.otherSlave,
      laterDumps: wait.laterDumps,
      receivedBytes: receivedInWait(wait),
      snapshotBytes: wait.snapshotBytes,
    },
    remedy,
  };
}

/** A dump of unknown size was made before anybody watched, and the master can have been larger then. */
const unknownDumpShare = 3;

function withoutEnd({ slave, master, limits, now }: AnomalyInput): Symptom | null {
  const wait = lastWait(slave);
  if (!wait || wait.endedAt !== null || slave.unreachableSince !== null) return null;
  const copied = copiedBytes(wait);
  const { snapshotBytes, snapshotBytesAtMost = null } = wait;
  const live = latestMost(master.samples);
  const size = snapshotBytesAtMost ?? live;
  if (size === null) return null;
  const share = snapshotBytesAtMost === null ? unknownDumpShare : undefined;
  const limitBytes = Math.round(copyBytesAtMost(wait, size, share));
  const tooLong = now - (wait.firstBytesAt ?? now) >= limits.headwayMs;
  if (copied <= limitBytes || (snapshotBytesAtMost === null && !tooLong)) return null;
  const node = formatAddress(slave.self);
  const of =
    snapshotBytesAtMost === null
      ? `a dump of unknown size (the master holds ${readableBytes(size)} now; BGSAVE on the master makes a dump of known size)`
      : `a snapshot of ${readableBytes(snapshotBytes ?? size)}`;
  return {
    code: 'copy_without_end',
    text: `${node} has received ${readableBytes(copied)} for ${of}, and still copies. The usual cause is a full disk: look at the free space of db-sync-path and db-path on ${node}.`,
    facts: { receivedBytes: copied, snapshotBytes, snapshotBytesAtMost, limitBytes },
  };
}

function hung(input: AnomalyInput): Symptom | null {
  const { slave, limits, now, capabilities, master } = input;
  const wait = lastWait(slave);
  if (slave.unreachableSince !== null || slave.busySince !== null) return null;
  if (!wait || wait.endedAt !== null) return stuckBetween(slave, limits, now);
  const wasCut = wait.supersededAt !== null && capabilities.opensSupersededCopy;
  if (!wasCut && !capabilities.hasReplByteCounters) return tooLongUncounted(wait, input);
  const still = now - wait.lastMoveAt;
  const limit = wasCut ? limits.supersededStallMs : limits.stallMs;
  const since = wasCut ? Math.min(still, now - wait.supersededAt!) : still;
  if (since < limit || (master.bgsaving && since < limits.bgsaveMs)) return noHeadway(wait, input);
  return {
    code: 'hung_in_full_sync',
    text: stillWords(wait, still, now),
    facts: { stillForMs: still, receivedBytes: receivedInWait(wait), snapshotBytes: wait.snapshotBytes },
  };
}

/** More than keep-alives of 16 to 30 bytes a second: questions are answered, and the answer is no. */
const refusedBytesPerSecond = 100;

function stillWords(wait: Wait, still: number, now: number): string {
  const received = receivedInWait(wait) ?? 0;
  const perSecond = (received * 1000) / Math.max(1, now - wait.startedAt);
  if (perSecond < refusedBytesPerSecond || perSecond > trickleBytesPerSecond)
    return `The node has been in WaitDBSync without receiving anything for ${seconds(still)}.`;
  return `The node has been in WaitDBSync for ${seconds(now - wait.startedAt)}, has received ${Math.round(perSecond)} bytes a second and no file: the master refuses its requests. The master’s dump failed or is missing: look at the master’s log, and at the free space of its dump-path.`;
}

/** It moves, and at this pace it never ends. */
function noHeadway(wait: Wait, { limits, now }: AnomalyInput): Symptom | null {
  const { headway, snapshotBytes } = wait;
  if (headway === undefined || now - headway.at < limits.headwayMs) return null;
  const came = copiedBytes(wait) - headway.bytes;
  const of = snapshotBytes === null ? '' : ` of ${readableBytes(snapshotBytes)}`;
  return {
    code: 'hung_in_full_sync',
    text: `Only ${readableBytes(came)}${of} came in the last ${readableSeconds((now - headway.at) / 1000)}: at this pace the copy never ends.`,
    facts: { receivedBytes: receivedInWait(wait), snapshotBytes, headway },
  };
}

/** 3.3 and 3.4 count no bytes: nothing but the time tells whether a copy moves. */
function tooLongUncounted(wait: Wait, { limits, now, slave, master }: AnomalyInput): Symptom | null {
  const since = now - wait.startedAt;
  const limit = Math.max(limits.headwayMs, master.bgsaving ? limits.bgsaveMs : 0);
  if (since < limit) return null;
  return {
    code: 'hung_in_full_sync',
    text: `${formatAddress(slave.self)} has been in WaitDBSync for ${readableSeconds(since / 1000)}. Its version counts no bytes, so the service cannot see whether the copy moves. If copies take longer here, raise the policy’s masterBusyTimeoutMs.`,
    facts: { waitsForMs: since },
  };
}

/**
 * Pika may miss the master's reply on a busy machine (it says WaitReply only after it has asked) and helps itself: its idle
 * connection is closed after 60 s, and it has reconnected after 65 to 80 s (seen on 3.5.4 and 4.0.1). With the usual time-out
 * of 60 s an attempt would be given up just before that, and all DBs be copied again.
 */
const reconnectsWithin = 5 / 3;

/** Neither connected nor copying: for example a reply that never came (WaitReply has no time-out), or state Error. */
function stuckBetween(slave: SlaveTracker, limits: AnomalyLimits, now: number): Symptom | null {
  const { replication, noConnectSince } = slave;
  if (!replication || replication.role === 'master' || isConnected(replication) || noConnectSince !== null)
    return null;
  const since = Math.max(slave.attachedAt, slave.phases.at(-1)?.at ?? 0, lastWait(slave)?.endedAt ?? 0);
  const isFinal = Object.values(replication.dbStates).includes('Error');
  if (now - since < limits.stallMs * (isFinal ? 1 : reconnectsWithin)) return null;
  const shown = Object.entries(replication.dbStates)
    .map(([db, state]) => `${db}: ${state}`)
    .join(', ');
  return {
    code: 'hung_in_full_sync',
    text: `The node has been neither connected nor copying for ${seconds(now - since)} (${shown}).`,
    facts: { dbStates: replication.dbStates, since },
  };
}

function syncLoop({ slave, limits }: AnomalyInput): Symptom | null {
  const begun = slave.waits.reduce((sum, wait) => sum + copiesIn(wait), 0);
  if (begun > limits.maxWaits) {
    return {
      code: 'sync_loop',
      text: `The node has begun ${begun} full syncs since one SLAVEOF, and none held.`,
      facts: { fullSyncs: begun },
    };
  }
  const same = copiesOfLastDump(slave);
  if (same.length <= limits.maxCopiesOfOneDump) return null;
  return {
    code: 'sync_loop',
    text: `The node has begun ${same.length} copies of one dump, and none held.`,
    facts: { fullSyncs: same.length, receivedBytes: receivedIn(same) },
  };
}

/** A node that throws a superseded copy away can be back in WaitDBSync before the next look; its wait then goes on. */
const copiesIn = ({ endedAt, laterDumps }: Wait): number =>
  endedAt === null ? 1 + laterDumps : Math.max(1, laterDumps);

const receivedIn = (waits: readonly Wait[]): number =>
  waits.reduce((sum, wait) => sum + (receivedInWait(wait) ?? 0), 0);

/** The copies of the dump that is copied now, since the last restart of node or master: it explains what came before. */
function copiesOfLastDump(slave: SlaveTracker): readonly Wait[] {
  const last = lastWait(slave);
  if (!last?.dump) return [];
  const since = Math.max(slave.restarts.at(-1) ?? 0, slave.masterRestartedAt ?? 0);
  return slave.waits.filter(
    ({ dump, startedAt, supersededBy }) =>
      dump?.notAfter === last.dump!.notAfter && startedAt >= since && supersededBy === null,
  );
}

function begunAgain({ slave, limits }: AnomalyInput): Symptom | null {
  const same = copiesOfLastDump(slave);
  if (same.length < 2) return null;
  const snapshot = lastWait(slave)!.snapshotBytes;
  const of = snapshot === null ? '' : ` for a snapshot of ${readableBytes(snapshot)}`;
  return {
    code: 'copy_begun_again',
    text: `${formatAddress(slave.self)} has begun its copy ${same.length} times, and no newer dump was made. It has received ${readableBytes(receivedIn(same))}${of}; it is stopped if it begins more than ${limits.maxCopiesOfOneDump} copies.`,
    facts: { fullSyncs: same.length, receivedBytes: receivedIn(same), snapshotBytes: snapshot },
  };
}

function skipped({ slave, master }: AnomalyInput): Symptom | null {
  if (!isConnected(slave.replication)) return null;
  const wait = lastWait(slave);
  // Only a look at the master that came after can tell of a dump that was made for this node meanwhile.
  if (!wait && (master.lastAnsweredAt ?? 0) < (slave.upSince ?? 0)) return null;
  if (wait?.end === 'swapped') return null;
  if (!wait && slave.listedFullSyncing) return null;
  const eligible = slave.replication?.eligibleForMasterElection ?? null;
  return {
    code: 'full_sync_skipped',
    text: wait
      ? 'The node is up, but its last full sync was not finished: it went on from its own offset.'
      : 'The node is up without any full sync: no DB was seen in WaitDBSync.',
    facts: { waits: slave.waits.length, lastEnd: wait?.end ?? null, eligibleForMasterElection: eligible },
  };
}

function incomplete({ slave, capabilities }: AnomalyInput): Symptom | null {
  const wait = lastWait(slave);
  if (wait?.end !== 'swapped' || !isConnected(slave.replication)) return null;
  if (slave.replication?.eligibleForMasterElection === false) {
    return {
      code: 'up_but_incomplete',
      text: 'The node is up, but says itself that a full sync was begun and not finished (is_eligible_for_master_election:false).',
      facts: { eligibleForMasterElection: false },
    };
  }
  if (bytesComplete(wait) === false) {
    return {
      code: 'up_but_incomplete',
      text: `The node is up after ${receivedInWait(wait)} of ${wait.snapshotBytes} bytes of the snapshot.`,
      facts: { receivedBytes: receivedInWait(wait), snapshotBytes: wait.snapshotBytes },
    };
  }
  if (openedEnough(wait, slave.ownSstBytes) === false) {
    return {
      code: 'up_but_incomplete',
      text: `The node opened tables of ${slave.ownSstBytes} bytes after ${receivedInWait(wait)} had come: it found its copy incomplete and began an empty database.`,
      facts: { nodeTableBytesAfterSwap: slave.ownSstBytes, snapshotBytes: wait.snapshotBytes },
    };
  }
  if (!capabilities.opensSupersededCopy || dumpIsCertain(wait)) return null;
  return { code: 'up_but_incomplete', text: uncertainDump(wait), facts: { dump: wait.dump } };
}

function masterSyncing({ slave }: AnomalyInput): Symptom | null {
  if (slave.masterSyncingAt === null) return null;
  return {
    code: 'master_still_syncing',
    text: 'The master was itself a slave with its link down while this node was attached.',
    facts: { seenAt: slave.masterSyncingAt },
  };
}

function notListed({ slave, master, limits, now }: AnomalyInput): Symptom | null {
  if (slave.upSince === null || master.silentSince !== null || !master.replication) return null;
  const since = Math.max(slave.upSince, slave.notListedSince ?? slave.upSince);
  const notSyncing = slave.listed !== null && Object.values(slave.listed.lag).includes('not syncing');
  if (slave.listed !== null && !notSyncing) return null;
  if (now - since < limits.notListedMs) return null;
  return {
    code: 'up_but_not_listed',
    text: notSyncing
      ? `The node says up, but for ${seconds(now - since)} the master has listed it as "not syncing".`
      : `The node says up, but for ${seconds(now - since)} the master has not listed it.`,
    facts: { listed: slave.listed, since },
  };
}

/** A node whose master has never been seen by anybody tries every 3 to 4.5 s (recording 14). */
const masterNeverSeenMs = 1500;

function neverConnected({ slave, limits, now, master }: AnomalyInput): Symptom | null {
  if (slave.noConnectSince === null || slave.unreachableSince !== null) return null;
  const neverSeen = master.lastAnsweredAt === null;
  if (now - slave.noConnectSince < (neverSeen ? masterNeverSeenMs : limits.noConnectMs)) return null;
  const facts = { noConnectForMs: now - slave.noConnectSince, masterAnswers: master.silentSince === null };
  const masterGone = master.silentSince !== null || neverSeen;
  if (masterGone) {
    return {
      code: 'master_unreachable',
      text: `The node has shown NoConnect for ${seconds(now - slave.noConnectSince)}, and the master does not answer.`,
      facts,
    };
  }
  return {
    code: 'refused_for_good',
    text: `The node has shown NoConnect for ${seconds(now - slave.noConnectSince)} although the master answers the service: refused, or the node cannot reach it.`,
    facts,
  };
}

function masterRestarted({ slave }: AnomalyInput): Symptom | null {
  if (slave.masterRestartedAt === null) return null;
  return {
    code: 'master_restarted',
    text: 'The master restarted since this node was attached.',
    facts: { at: slave.masterRestartedAt },
  };
}

function nodeRestarted({ slave }: AnomalyInput): Symptom | null {
  const last = slave.restarts.at(-1);
  if (last === undefined) return null;
  if (restartedAfterCopy(slave)) {
    return {
      code: 'node_restarted',
      text: 'The node restarted after it had opened its copy, and before it was verified: what it had taken into its binlog and not yet into its data is lost, and it does not ask for it again.',
      facts: { restarts: slave.restarts.length, last, copyEndedAt: lastWait(slave)?.endedAt ?? null },
      remedy: 'reattach',
    };
  }
  return {
    code: 'node_restarted',
    text: `The node has restarted ${slave.restarts.length === 1 ? 'once' : `${slave.restarts.length} times`} since it was attached.`,
    facts: { restarts: slave.restarts.length, last },
  };
}
