/**
 * The cause of an anomaly: for each cause that could explain it what speaks for it and against it, the likeliest first,
 * and what is to be done. Before a copy is repeated: is the cause on the master's side, does it last, would it come back?
 */
import type { Capabilities } from '../../model/capabilities.ts';
import { causeSteps, causes } from '../../model/causes.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import { type Diagnosis, sign } from '../../model/diagnosis.ts';
import { type AnomalyRecord, isMet } from '../../model/evidence.ts';
import type { FullSyncPass, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import {
  causeOf,
  type FaultCause,
  type FaultInUse,
  faultsOf,
  inUse,
  type KnownFault,
} from '../../model/knowledge.ts';
import { isInError } from '../../model/observation.ts';
import { nobody } from '../../model/text.ts';
import { listGivenUpWithinMs, waitedForDump } from './anomalies.ts';
import { type Candidate, joined, score, type Weighed } from './cause-candidates.ts';
import { fullSyncRules, outlivesOnly } from './evidence.ts';
import {
  bytesComplete,
  idleBytesPerSecond,
  isTrickle,
  receivedInPass,
  refusedBytesPerSecond,
} from './full-sync-pass.ts';
import { candidatesByLogs, type LogsOfSync } from './log-evidence.ts';
import { latestSize } from './master-tracker.ts';
import { requestsTimeOut } from './pieces.ts';
import { lastPass, restartedInCopy } from './tracker.ts';

type DiagnosedCause = Diagnosis['causes'][number];

export interface Patient {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  /** Of the master's version. */
  readonly capabilities: Capabilities;
  /** null = not seen. */
  readonly nodeVersion: string | null;
  /** What is known to be wrong with releases. */
  readonly faults: readonly KnownFault[];
  readonly logs: LogsOfSync;
  /** The data were compared, and differ. */
  readonly report: ComparisonReport | null;
  readonly anomaly: AnomalyRecord;
  /** Slaves in sync that the master lists since SLAVEOF and that are no node of the expansion, as `ip:port`. */
  readonly unknownEntries?: readonly string[];
  /** Causes for which copies of this node were ended before; the symptom of copies of which no cause was known. */
  readonly earlier: readonly string[];
  /** The policy permits BGSAVE on the master. */
  readonly mayAskForDump: boolean;
  readonly now: number;
}

export function diagnose(patient: Patient): Diagnosis {
  const { anomaly, now, earlier, logs, slave } = patient;
  const byLogs = candidatesByLogs(logs, slave.attachedAt, anomaly.code);
  const found = ranked(joined([...candidates(patient), ...byLogs]), earlier);
  const remedy = remedyFor(patient, found[0]);
  return { at: now, attempt: anomaly.attempt, symptom: anomaly.code, causes: found, remedy };
}

/** The causes that the logs alone tell of, the likeliest first. */
export const causesByLogs = (logs: LogsOfSync, attachedAt: number): Diagnosis['causes'] =>
  ranked(joined(candidatesByLogs(logs, attachedAt, null)), []);

const ranked = (candidates: readonly Candidate[], earlier: readonly string[]): Diagnosis['causes'] =>
  candidates
    .map((candidate) => withHistory(candidate, earlier))
    .filter(({ speaksFor }) => speaksFor.length > 0)
    .sort((a, b) => score(b) - score(a))
    .filter((candidate, index) => index === 0 || score(candidate) > 0)
    .map(written);

const withHistory = (candidate: Candidate, earlier: readonly string[]): Candidate =>
  earlier.includes(candidate.code) && candidate.speaksFor.length > 0
    ? { ...candidate, speaksFor: [...candidate.speaksFor, [1, 'same_after_another_copy']] }
    : candidate;

function written({ code, facts = {}, speaksFor, speaksAgainst, copyHelps }: Candidate): DiagnosedCause {
  const row = causes[code];
  const words = ([, name, facts]: Weighed) => sign(name, facts);
  return {
    code,
    facts,
    text: row.title.en({}, nobody),
    speaksFor: speaksFor.map(words),
    speaksAgainst: speaksAgainst.map(words),
    wouldTell: row.wouldTell.en({}, nobody),
    copyHelps: copyHelps ?? row.copyHelps,
  };
}

/** A node that cannot reach its master asks again every 10 s, and the master forgets an old connection after 180 s. */
const asksAgainForMs = { replication_port_closed: 60_000, already_listed: 200_000 } as const;

const isAskingAgain = (code: string): code is keyof typeof asksAgainForMs => code in asksAgainForMs;

/** Causes that lie in the dump itself: a copy of the same dump ends the same way. */
const needsNewDump = (code: string): boolean => code === 'lost_after_flush' || code === 'dump_failed';

/** What is seen of a copy whose cause nobody knows: seen twice, a third copy would show it again. */
export const symptomOf = ({ code, facts }: AnomalyRecord): string =>
  typeof facts.as === 'string' ? `${code}: ${facts.as}` : code;

/** Restarts and outages have passed when the next copy begins. */
const isEvent = ({ code }: AnomalyRecord): boolean =>
  code === 'node_restarted' || code === 'master_still_syncing' || code === 'master_unreachable';

/** A remedy is not repeated for a cause that it did not cure. */
function remedyFor(
  { anomaly, earlier, slave, now, mayAskForDump, capabilities }: Patient,
  cause: DiagnosedCause | undefined,
): Diagnosis['remedy'] {
  if (cause !== undefined && isAskingAgain(cause.code)) {
    const until = (slave.noConnectSince ?? now) + asksAgainForMs[cause.code];
    if (now < until) return { kind: 'wait', until };
  }
  if (cause === undefined) {
    const again = isEvent(anomaly) || !earlier.includes(symptomOf(anomaly));
    return again && anomaly.remedy === 'reattach' ? { kind: 'reattach' } : { kind: 'person', steps: [] };
  }
  // Only a version that shows LASTSAVE and its slaves in full sync tells when the dump is there, and whom it would harm.
  const mayAsk = mayAskForDump && capabilities.hasLastSave && capabilities.showsFullSyncing;
  if (mayAsk && needsNewDump(cause.code) && !earlier.includes(cause.code)) return { kind: 'ask_for_dump' };
  // A dump of unknown size can be a large old dump; the copy of a new dump has a size that tells.
  const ofUnknown = anomaly.code === 'copy_without_end' && anomaly.facts.snapshotBytesAtMost === null;
  if (mayAsk && ofUnknown && !earlier.includes(cause.code)) return { kind: 'ask_for_dump' };
  const again = cause.copyHelps === 'yes' || (cause.copyHelps === 'once' && !earlier.includes(cause.code));
  if (again && anomaly.remedy === 'reattach') return { kind: 'reattach' };
  return { kind: 'person', steps: causeSteps(cause, nobody) };
}

function allCame({ slave }: Patient): boolean {
  const wait = lastPass(slave);
  return wait !== null && bytesComplete(wait) === true;
}

function candidates(patient: Patient): readonly Candidate[] {
  switch (patient.anomaly.code) {
    case 'refused_for_good':
      return neverListed(patient);
    case 'hung_in_full_sync':
      return hung(patient);
    case 'reply_missed':
      return [replyMissed(patient)];
    case 'copy_not_opened':
      return [
        {
          code: 'copy_on_another_mount',
          speaksFor: [[3, 'error_after_copy'], ...(allCame(patient) ? ([[2, 'all_came']] as const) : [])],
          speaksAgainst: [],
        },
      ];
    case 'binlog_not_applied':
      return [
        {
          code: 'command_not_applied',
          facts: { faults: faultsBehind('command_not_applied', patient) },
          speaksFor: [[3, 'offset_stands', patient.anomaly.facts]],
          speaksAgainst: [],
        },
      ];
    case 'up_but_not_listed':
      return [listedOtherwise(patient)];
    case 'copy_without_end':
      return withoutEnd(patient);
    case 'sync_loop':
      return patient.anomaly.facts.as === 'too_many_bytes' && lastPass(patient.slave)?.supersededBy != null
        ? [{ code: 'snapshot_superseded', speaksFor: [[3, 'newer_dump_seen']], speaksAgainst: [] }]
        : [];
    case 'snapshot_superseded':
      return [{ code: 'snapshot_superseded', speaksFor: [[3, 'newer_dump_seen']], speaksAgainst: [] }];
    case 'files_unproven':
      return [{ code: 'proof_gone', speaksFor: [[3, 'files_agree_so_far']], speaksAgainst: [] }];
    case 'up_but_incomplete':
      return patient.report === null
        ? [{ code: 'copy_incomplete', speaksFor: [[2, 'full_sync_in_doubt']], speaksAgainst: [] }]
        : differs(patient, patient.report);
    default:
      return [];
  }
}

/** A full disk is the usual cause, unless the way of the bytes tells that requests time out. */
function withoutEnd({ slave }: Patient): readonly Candidate[] {
  const told = requestsTimeOut(lastPass(slave)?.pieces);
  return [
    { code: 'disk_full', speaksFor: [[3, 'more_than_snapshot']], speaksAgainst: [] },
    {
      code: 'requests_time_out',
      speaksFor: [[2, 'more_than_snapshot'], ...(told ? ([[2, told.code, told.facts]] as const) : [])],
      speaksAgainst: [],
    },
    { code: 'write_failed', speaksFor: told ? [] : [[1, 'more_than_snapshot']], speaksAgainst: [] },
  ];
}

/** Bytes of one question and its refusal: 52, of MetaSync that is answered 115 (pika-facts 4.8). */
const oneAnswerBytes = 64;

/** NoConnect although the master answers the service. */
function neverListed({ slave }: Patient): readonly Candidate[] {
  const received = receivedUnconnected(slave);
  const listed: Weighed = [1, slave.listed === null ? 'not_listed' : 'listed'];
  if (received === null)
    return [{ code: 'master_refuses', speaksFor: [[1, 'not_listed']], speaksAgainst: [] }];
  const came: Weighed = [3, 'some_bytes', { receivedBytes: received }];
  const once: Weighed = [3, 'refused_once', { receivedBytes: received }];
  const isListed = slave.listed !== null;
  return [
    {
      code: 'replication_port_closed',
      speaksFor: received === 0 ? [[3, 'no_bytes'], ...(isListed ? [] : [listed])] : [],
      speaksAgainst: received === 0 ? [] : [came],
    },
    {
      code: 'master_refuses',
      speaksFor:
        received > 0
          ? [
              received <= oneAnswerBytes ? once : [1, 'some_bytes', { receivedBytes: received }],
              ...(isListed ? [] : [listed]),
            ]
          : [],
      speaksAgainst: received === 0 ? [[3, 'no_bytes']] : isListed ? [listed] : [],
    },
    {
      code: 'already_listed',
      speaksFor:
        isListed && received > oneAnswerBytes
          ? [
              [2, 'listed'],
              [1, 'some_bytes', { receivedBytes: received }],
            ]
          : [],
      speaksAgainst: received === 0 ? [[3, 'no_bytes']] : [],
    },
  ];
}

/** Through NAT a node is listed under another address than its own: another copy is listed there too. */
function listedOtherwise({ unknownEntries: entries = [], slave }: Patient): Candidate {
  return {
    code: 'listed_otherwise',
    speaksFor: slave.listed === null && entries.length > 0 ? [[3, 'unknown_entries', { entries }]] : [],
    speaksAgainst: [],
  };
}

/** Since SLAVEOF, or since it lost its master in or after a copy; null = not counted. */
function receivedUnconnected(slave: SlaveTracker): number | null {
  const { replInputBytes, bytesAtAttach, bytesAtNoConnect = bytesAtAttach } = slave;
  return replInputBytes === null || bytesAtNoConnect === null
    ? null
    : Math.max(0, replInputBytes - bytesAtNoConnect);
}

function hung(patient: Patient): readonly Candidate[] {
  const { slave, anomaly, master } = patient;
  const wait = lastPass(slave);
  if (anomaly.facts.as === 'no_headway')
    return [{ code: 'copy_too_slow', speaksFor: [[3, 'little_came', anomaly.facts]], speaksAgainst: [] }];
  if (wait?.supersededBy != null)
    return [{ code: 'snapshot_superseded', speaksFor: [[3, 'newer_dump_seen']], speaksAgainst: [] }];
  const isError = isInError(slave.replication);
  const wasUp = wait?.end === 'swapped';
  if (isError && wasUp)
    return [{ code: 'offsets_apart', speaksFor: [[3, 'error_after_up']], speaksAgainst: [] }];
  if (isError && restartedInCopy(slave))
    return [{ code: 'node_restarted', speaksFor: [[3, 'error_after_restart']], speaksAgainst: [] }];
  const givenUpInMs = isError ? listGivenUpWithinMs(slave) : null;
  if (givenUpInMs !== null)
    return [
      {
        code: 'requests_time_out',
        speaksFor: [[3, 'list_given_up', { inMs: givenUpInMs }]],
        speaksAgainst: [],
      },
    ];
  const received = wait === null ? null : receivedInPass(wait);
  if (received === null || wait === null) return [];
  if (wait.firstBytesAt !== null) return stoppedAmidst(wait, received);
  if (master.bgsaving && !isError)
    return [{ code: 'doing_bgsave', speaksFor: [[3, 'master_busy_dumping']], speaksAgainst: [] }];
  const bytesPerSecond = idleBytesPerSecond(wait);
  const error: readonly Weighed[] = isError ? [[1, 'error_before_copy']] : [];
  const slowDump = isError && waitedForDump(wait, master);
  return [
    ...(bytesPerSecond === null ? [] : withoutFile(bytesPerSecond, error)),
    {
      code: 'doing_bgsave',
      speaksFor: slowDump
        ? [
            [3, 'master_busy_dumping'],
            ...error,
            ...(faultsFor('doing_bgsave', patient).length > 0 ? ([[1, 'version_gives_up']] as const) : []),
          ]
        : [],
      speaksAgainst: [],
    },
  ];
}

/** No file has come. What comes tells whether the master gives no answer, or the answer that it has no file. */
function withoutFile(bytesPerSecond: number, error: readonly Weighed[]): readonly Candidate[] {
  const trickles = isTrickle(bytesPerSecond);
  const trickle: Weighed = [3, 'trickle', { bytesPerSecond }];
  return [
    {
      code: 'dump_failed',
      speaksFor: trickles ? [trickle, [1, 'no_file']] : [],
      speaksAgainst: trickles ? [] : [[3, 'pings_only', { bytesPerSecond }]],
    },
    {
      code: 'rsync_port_closed',
      speaksFor: trickles ? [] : [[2, 'pings_only', { bytesPerSecond }], [1, 'no_file'], ...error],
      speaksAgainst: trickles ? [trickle] : [],
    },
  ];
}

/**
 * Files came, and no more come. What still comes tells why: a master whose dump has gone answers each request with an
 * error (526 B/s on 3.5.4 and 4.0.1, recording 52), and pings alone come where it is the files' port that has gone.
 */
function stoppedAmidst(wait: FullSyncPass, receivedBytes: number): readonly Candidate[] {
  const came: Weighed = [2, 'files_came', { receivedBytes }];
  const bytesPerSecond = idleBytesPerSecond(wait);
  if (bytesPerSecond === null) return [{ code: 'copy_stalled', speaksFor: [came], speaksAgainst: [] }];
  const trickles = bytesPerSecond >= refusedBytesPerSecond;
  const now: Weighed = [3, trickles ? 'errors_now' : 'pings_now', { bytesPerSecond }];
  const pings: readonly Weighed[] =
    bytesPerSecond >= leastPingsPerSecond ? [[2, 'pings_now', { bytesPerSecond }]] : [];
  return [
    { code: 'dump_failed', speaksFor: trickles ? [now] : [], speaksAgainst: [] },
    { code: 'copy_stalled', speaksFor: [came], speaksAgainst: trickles ? [now] : [] },
    {
      code: 'rsync_port_closed',
      speaksFor: trickles ? [] : pings,
      speaksAgainst: [[1, 'files_came', { receivedBytes }]],
    },
  ];
}

/** Less is no ping either: nothing comes at all. */
const leastPingsPerSecond = 5;

function replyMissed({ slave }: Patient): Candidate {
  const others = Object.values(slave.replication?.dbStates ?? {}).includes('Connected');
  return {
    code: 'reply_missed',
    speaksFor: [[3, 'waits_for_reply'], ...(others ? ([[1, 'other_database_connected']] as const) : [])],
    speaksAgainst: [],
  };
}

/** The faults of this pair of versions that show themselves as this cause. */
function faultsFor(cause: FaultCause, { capabilities, nodeVersion, faults }: Patient): readonly KnownFault[] {
  const versions = [capabilities.version, ...(nodeVersion === null ? [] : [nodeVersion])];
  return faultsOf(versions, { faults }).filter((fault) => causeOf(fault) === cause);
}

/** The same faults: first those whose commands the master's clients use, then those that look like the differences. */
function faultsBehind(
  cause: FaultCause,
  patient: Patient,
  effect?: KnownFault['effect'],
): readonly FaultInUse[] {
  const bySign = patient.report?.differencesBySign ?? {};
  const seen = ({ signs = [] }: KnownFault): number =>
    signs.reduce((sum, sign) => sum + (bySign[sign] ?? 0), 0);
  return faultsFor(cause, patient)
    .filter((fault) => effect === undefined || fault.effect === effect)
    .map((fault) => ({ seen: seen(fault), named: inUse(fault, patient.master.commandCalls) }))
    .sort((a, b) => Number(b.named.used.length > 0) - Number(a.named.used.length > 0) || b.seen - a.seen)
    .map(({ named }) => named);
}

/** Share of the differences that must look like the faults of the version. */
const likeFaultsShare = 0.9;

/**
 * The data were compared and differ. A copy that lacks data lacks keys of all kinds; faults of replication leave their
 * own signs, and come back after each copy.
 */
function differs(patient: Patient, report: ComparisonReport): readonly Candidate[] {
  const { slave, master, capabilities, earlier } = patient;
  const { version, opensSupersededCopy } = capabilities;
  const whole = fullSyncRules(slave, master, capabilities).every(isMet);
  const wait = lastPass(slave);
  const masterBytes = latestSize(master.samples);
  const received = wait === null ? null : receivedInPass(wait);
  const emptied = wasEmptied(received, masterBytes);
  const again = earlier.includes('copy_incomplete');
  const deletes = faultsBehind('lost_after_flush', patient);
  const used = [...new Set(deletes.flatMap(({ used }) => used.map(({ name }) => name)))];
  const overtaking: readonly Weighed[] = [
    ...(emptied && deletes.length > 0
      ? ([[3, 'master_was_emptied', { receivedBytes: received, masterBytes }]] as const)
      : []),
    ...(used.length > 0 ? ([[2, 'deletes_in_use', { commands: used, version }]] as const) : []),
  ];
  const { differencesTotal, differencesByKind, differencesBySign = {} } = report;
  const { missing = 0, foreign = 0 } = differencesByKind;
  const { missing_expires = 0, value_expires = 0, emptied: left = 0, outlives = 0 } = differencesBySign;
  const leaves = new Set(faultsFor('replicated_wrongly', patient).flatMap(({ signs = [] }) => signs));
  // Where locks keep other values, others that could not be taken again are missing.
  const lostLocks = value_expires > 0 && !leaves.has('missing_expires') ? missing_expires : 0;
  const like = [...leaves].reduce((sum, each) => sum + (differencesBySign[each] ?? 0), lostLocks);
  const signsOfFault: readonly Weighed[] =
    like > 0 && like >= likeFaultsShare * differencesTotal
      ? [
          [2, 'version_replicates_wrongly', { version }],
          [
            3,
            'differences_like_faults',
            {
              missingThatExpire: missing_expires,
              valuesThatExpire: value_expires,
              emptied: left,
              outlive: outlives,
            },
          ],
        ]
      : [];
  if (outlivesOnly(report))
    return [
      {
        code: 'replicated_wrongly',
        facts: { faults: faultsBehind('replicated_wrongly', patient, 'ttl_differs') },
        speaksFor: [
          [
            3,
            'differences_like_faults',
            { missingThatExpire: 0, valuesThatExpire: 0, emptied: 0, outlive: differencesTotal },
          ],
        ],
        speaksAgainst: [],
      },
    ];
  const doubt: Weighed = [3, 'full_sync_in_doubt'];
  const sure: Weighed = [1, 'full_sync_was_whole'];
  const cameBack: readonly Weighed[] = again && whole ? [[3, 'same_after_another_copy']] : [];
  return [
    {
      code: 'replicated_wrongly',
      facts: { faults: faultsBehind('replicated_wrongly', patient) },
      speaksFor:
        signsOfFault.length + cameBack.length > 0
          ? [...(whole ? [sure] : []), ...signsOfFault, ...cameBack]
          : [],
      speaksAgainst: whole ? [] : [doubt],
    },
    {
      code: 'lost_after_flush',
      speaksFor:
        overtaking.length > 0 && missing + foreign > 0 ? [...overtaking, ...(whole ? [sure] : [])] : [],
      speaksAgainst: [],
    },
    {
      code: 'copy_incomplete',
      speaksFor: [
        [2, 'data_missing'],
        ...(whole ? [] : [doubt]),
        ...(opensSupersededCopy ? ([[1, 'version_loses_silently', { version }]] as const) : []),
      ],
      speaksAgainst: [...(whole ? [sure] : []), ...cameBack],
    },
  ];
}

/** Less than this share of the snapshot is left on the master: no compaction takes so much away. */
const emptiedShare = 0.3;

/** Whether the master holds much less now than what was copied from it: FLUSHALL, FLUSHDB or very many DELs. */
const wasEmptied = (copiedBytes: number | null, masterBytes: number | null): boolean =>
  copiedBytes !== null && masterBytes !== null && masterBytes < emptiedShare * copiedBytes;
