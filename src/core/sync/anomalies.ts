/** The catalogue of what goes wrong in a full sync, and the rules by which the tracker's facts are given a name. */
import type { Capabilities } from '../../model/capabilities.ts';
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
  type Wait,
} from './full-sync-pass.ts';
import { latestMost, type MasterTracker } from './master-tracker.ts';
import { isConnected, lastWait, restartedAfterCopy, type SlaveTracker } from './tracker.ts';

export const anomalyCodes = [
  'snapshot_superseded',
  'hung_in_full_sync',
  'died_on_partial_database',
  'full_sync_skipped',
  'refused_for_good',
  'master_unreachable',
  'master_still_syncing',
  'up_but_not_listed',
  'up_but_incomplete',
  'sync_loop',
  'copy_begun_again',
  'copy_without_end',
  'node_restarted',
  'master_restarted',
  'foreign_change',
  'node_unreachable',
] as const;
export type AnomalyCode = (typeof anomalyCodes)[number];

/**
 * `wait`: the node helps itself. `reattach`: NO ONE, wait until the master no longer lists the node and 4 s at
 * least, CLEARREPLICATIONID where the ids differ, SLAVEOF … force. `quarantine`: no retry helps, the node may hold
 * partial data; where it still copies it is detached. `halt`: somebody else acts on the node; a person decides.
 */
type Remedy = 'wait' | 'reattach' | 'quarantine' | 'halt';

export interface AnomalyRecord {
  readonly code: AnomalyCode;
  readonly at: number;
  readonly attempt: number;
  /** What was seen, with its numbers. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly remedy: Remedy;
}

export interface AnomalyDescription {
  readonly title: string;
  readonly cause: string;
  readonly versions: string;
  /** Numbers of the recordings in test/recordings that show it. */
  readonly recordings: readonly string[];
  readonly remedy: Remedy;
  readonly nextSteps: readonly string[];
}

export const anomalyCatalogue: Readonly<Record<AnomalyCode, AnomalyDescription>> = {
  snapshot_superseded: {
    title: 'A newer dump replaced the one being copied',
    cause:
      'The master made another dump (for another slave, or by BGSAVE, for example a nightly backup) while this node was still copying. Up to 3.5.4 and on 4.0.0 the node takes that for the end of the transfer and opens what it has.',
    versions: '3.5.0 to 3.5.4 and 4.0.0 lose data; 3.5.5 and 4.0.1 throw the copy away and start again',
    recordings: ['05', '26', '30', '32', '34', '41'],
    remedy: 'reattach',
    nextSteps: [
      'The service detaches the node and repeats the full sync by itself once nothing else uses the master’s dump.',
      'Keep backups (BGSAVE) and other tools away from this master until the expansion has ended.',
    ],
  },
  hung_in_full_sync: {
    title: 'The full sync no longer moves',
    cause:
      'The node waits for files of a dump that no longer exists (a newer dump replaced it before its info file was copied), or the transfer is blocked. It would wait for ever, and the master keeps all its binlogs meanwhile.',
    versions: '3.5.0 to 3.5.4, 4.0.0; on others only with a blocked rsync port',
    recordings: ['06', '27', '16'],
    remedy: 'reattach',
    nextSteps: [
      'The service repeats the full sync by itself. SLAVEOF to the same master does nothing in this state: NO ONE is needed first.',
      'If it hangs again: check that the node reaches the master on its port, port + 2000 and port + 10001.',
    ],
  },
  died_on_partial_database: {
    title: 'The node died while it opened an incomplete database',
    cause:
      'A newer dump cut the copy short, and RocksDB could not open what was there. The node dies again at every start: its db directory holds the half-copied database, its former one lies beside it in the directory ending in _bak.',
    versions: '3.5.0 to 3.5.4, 4.0.0',
    recordings: ['07', '28', '34'],
    remedy: 'quarantine',
    nextSteps: [
      'On the node: stop the process, move its db directory (and dbsync) away, start it empty; its former data lies in db/<db>_bak.',
      'Then retry this node with a reason, or skip it.',
    ],
  },
  full_sync_skipped: {
    title: 'The node is up without having had a full sync',
    cause:
      'The node went straight to incremental replication: it already knew the master’s replication id (wiped by hand, or killed during its first full sync), or its copy was thrown away and it went on from its own offset. What is not in the master’s binlog is missing.',
    versions: 'all',
    recordings: ['10b', '12b', '30', '31'],
    remedy: 'reattach',
    nextSteps: ['The service detaches the node and attaches it again with force, which makes a full sync.'],
  },
  refused_for_good: {
    title: 'The master refused the node, and the node does not try again',
    cause:
      'Wrong or missing masterauth, another number of databases, another replication id or an incompatible version. Pika shows only NoConnect and never retries.',
    versions: 'all',
    recordings: ['13', '15', '16', '21'],
    remedy: 'reattach',
    nextSteps: [
      'Look into the node’s log for “Invalid masterauth”, “inconsistent with master” or “ReplicationID”.',
      'Correct the setting, then retry the node; a setting alone changes nothing until the node is attached anew.',
    ],
  },
  master_unreachable: {
    title: 'The node cannot reach the master',
    cause:
      'The node shows NoConnect and the master does not list it: the address that it was told is wrong from where it stands, or a firewall blocks the master’s port, port + 2000 or port + 10001.',
    versions: 'all',
    recordings: ['14'],
    remedy: 'reattach',
    nextSteps: [
      'From the node, try to reach the master’s port, port + 2000 and port + 10001.',
      'If nodes see the master under another address than the service does, give it as `seenAs` in the request.',
    ],
  },
  master_still_syncing: {
    title: 'The master is itself a slave in full sync',
    cause:
      'A node that joins a master which is still syncing gets the dump of an empty database and says up with no keys.',
    versions: 'all',
    recordings: ['20'],
    remedy: 'reattach',
    nextSteps: ['Wait until the master’s own link is up; the service then repeats the full sync.'],
  },
  up_but_not_listed: {
    title: 'The node says up, but the master does not list it in binlog sync',
    cause:
      'The master dropped the node (for example when it swapped its own database); the node noticed nothing and gets no increments.',
    versions: 'all',
    recordings: ['20'],
    remedy: 'reattach',
    nextSteps: [
      'The service attaches the node anew.',
      'If the master lists the node under another address, name that address as `seenAs` of the node.',
    ],
  },
  up_but_incomplete: {
    title: 'The node is up, but data are missing',
    cause:
      'Fewer bytes came than the snapshot held, or the comparison with the master found differences that do not settle.',
    versions: '3.5.0 to 3.5.4 and 4.0.0 above all',
    recordings: ['05', '26', '41'],
    remedy: 'reattach',
    nextSteps: ['The service repeats the full sync. Nobody should read from this node until it is verified.'],
  },
  sync_loop: {
    title: 'The node starts one full sync after the other',
    cause:
      'The binlog that the node needs after each copy is purged before the copy ends, each copy is superseded, or the node’s connection to the master breaks during each copy.',
    versions: 'all',
    recordings: [],
    remedy: 'quarantine',
    nextSteps: [
      'Raise expire-logs-nums on the master, or the throttle on the node, so that the copy ends before the binlog is purged.',
      'Find what makes dumps on this master (LASTSAVE), then retry the node.',
      'If no other dump was made: look into the logs of node and master for what ends their connection.',
    ],
  },
  copy_begun_again: {
    title: 'The node begins its copy again without a newer dump',
    cause:
      'The connection between the node and the master broke during the copy, or the node heard nothing from the master for 20 s. Pika then copies everything from the first byte.',
    versions: 'all',
    recordings: [],
    remedy: 'wait',
    nextSteps: [
      'Nothing: the service follows the new copy, and stops a node that begins its copy too often.',
      'If it happens again: look into the logs of node and master for what ends their connection.',
    ],
  },
  copy_without_end: {
    title: 'The node starts its copy again and again',
    cause:
      'The node received more bytes than the snapshot holds, and its copy has not ended. A node that cannot write a file deletes this file and copies it again at once, without end. The usual cause is a full disk of the node. The other cause is a network that is too slow: the node sends each request again after rsync-timeout-ms, and after ten requests it starts the file again.',
    versions: '3.5.0 and newer',
    recordings: ['43'],
    remedy: 'quarantine',
    nextSteps: [
      'On the node, look at the free space of db-sync-path and db-path (`df -h`). The copy needs the size of the snapshot beside the old data.',
      'On the node, look into pika.INFO in log-path: “No space left on device” means a full disk. “rsync timeout” means a slow network: lower throttle-bytes-per-second or raise rsync-timeout-ms.',
      'The service detaches the node (SLAVEOF NO ONE), so that it no longer loads the master’s network. Remove the cause, then retry the node; or skip it.',
    ],
  },
  node_restarted: {
    title: 'The node restarted before it was verified',
    cause:
      'The process ended and was started again; it attaches by itself. In the middle of its copy it begins from the first byte; after it, it goes on from its own binlog, without what it had logged and not applied.',
    versions: 'all',
    recordings: ['17', '31'],
    remedy: 'wait',
    nextSteps: [
      'Nothing: the service follows the new full sync, and attaches the node anew where there is none. Find out why the node restarted.',
    ],
  },
  master_restarted: {
    title: 'The master restarted during the full sync',
    cause:
      'The master’s process ended and was started again; the node reconnects about 10 s later and begins anew.',
    versions: 'all',
    recordings: ['18'],
    remedy: 'wait',
    nextSteps: ['Nothing: the service follows the new full sync. Find out why the master restarted.'],
  },
  foreign_change: {
    title: 'Somebody else changed the node',
    cause: 'The node was given another master, or detached, by something else than this expansion.',
    versions: 'all',
    recordings: ['19'],
    remedy: 'halt',
    nextSteps: [
      'Find out what else manages this node (Sentinel, an operator, a script) and stop it.',
      'Then retry the node, or skip it.',
    ],
  },
  node_unreachable: {
    title: 'The node cannot be reached',
    cause:
      'Its process ended, the network between the service and the node is broken, or something else answers in its place.',
    versions: 'all',
    recordings: ['17'],
    remedy: 'wait',
    nextSteps: [
      'Start the node, or repair the network. If it stays away too long, the attempt has failed.',
      'If something else answers at its address, see what holds the port; if the login is refused, correct the credential.',
    ],
  },
};

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
      text: `The node takes connections, but has not replied for ${seconds(now - slave.busySince)}.`,
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
