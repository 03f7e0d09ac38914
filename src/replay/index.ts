/** Feeds a recording through the tracker that follows live nodes: for post-mortems, and as its test. */

import { defaultAnomalyLimits, detectAnomalies } from '../core/sync/anomalies.ts';
import { causesByLogs, diagnose } from '../core/sync/diagnosis.ts';
import { type FullSyncVerdict, fullSyncVerdict } from '../core/sync/evidence.ts';
import { receivedInPass } from '../core/sync/full-sync-pass.ts';
import { crashCauses, type LogJudge, newLogJudge } from '../core/sync/log-attempts.ts';
import { clockSlackMs, type LogsOfSync } from '../core/sync/log-evidence.ts';
import { newMasterTracker, slaveName, trackMaster } from '../core/sync/master-tracker.ts';
import { lastPass, newSlaveTracker, trackSlave, trackSlaveThroughMaster } from '../core/sync/tracker.ts';
import { capabilitiesOf } from '../engines/pika/index.ts';
import { builtIn } from '../engines/pika/knowledge.ts';
import { perFileLines } from '../engines/pika/log-lines.ts';
import { type AnomalyCode, anomalyFor, anomalyTitle } from '../model/anomalies.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { causeText } from '../model/causes.ts';
import { type AnomalyRecord, ruleFor } from '../model/evidence.ts';
import type { MasterTracker, SlaveTracker } from '../model/full-sync.ts';
import { type LogFact, logCauseTitle, type ToldByLog } from '../model/full-sync-log.ts';
import { type Address, type NodeFacts, sameAddress } from '../model/observation.ts';
import { replayTexts } from '../model/replay-texts.ts';
import { nobody, type Reader } from '../model/text.ts';
import {
  type RecordedNode,
  type RecordedStep,
  type Recording,
  RecordingError,
  readRecording,
} from './recording.ts';

export { RecordingError } from './recording.ts';

/** What a recording shows of one slave's last attach. Times are seconds since the recording's start. */
export interface ReplayedSlave {
  readonly fullSync: FullSyncVerdict['verdict'];
  /** The likeliest cause of an incomplete full sync. */
  readonly cause: { readonly code: string; readonly text: string } | null;
  /** Of a full sync that is not complete: what speaks against it, or what could not be judged. */
  readonly because: readonly string[];
  readonly anomalies: readonly AnomalyCode[];
  /** Bytes received in the last full sync; null = the recording does not hold the counter. */
  readonly receivedBytes: number | null;
  /** Size of the snapshot that it copied; null = the recording does not hold it. */
  readonly snapshotBytes: number | null;
  readonly phases: readonly (readonly [phase: string, atSeconds: number])[];
}

export type ReplayResult = Readonly<Record<string, ReplayedSlave>>;

/** Reads and replays a recording; texts are for this reader. Throws RecordingError for a file that is none. */
export async function replayFile(path: string, reader: Reader = nobody): Promise<ReplayResult> {
  try {
    return replay(await readRecording(path), reader);
  } catch (error) {
    // Rows have the shape of their kind in no file that a recorder made.
    if (error instanceof TypeError || error instanceof RangeError)
      throw new RecordingError(`${path}: a row is not of its kind (${error.message})`);
    throw error;
  }
}

interface FollowedLog {
  readonly judge: LogJudge;
  readonly facts: LogFact[];
}

/** A full sync as a log tells of it. */
type Told = ToldByLog['attempts'][number];

interface Followed {
  tracker: SlaveTracker;
  readonly master: string | null;
  readonly codes: Set<AnomalyCode>;
  readonly earlierPhases: readonly (readonly [string, number])[];
  attempt: number;
  /** Detached by a recorded NO ONE: nothing is expected of the node until its next SLAVEOF. */
  detached: boolean;
}

/** Replays a recording: every slave that was given a master is followed from its last SLAVEOF. */
export function replay(recording: Recording, reader: Reader = nobody): ReplayResult {
  const masters = new Map<string, MasterTracker>();
  const latest = new Map<string, NodeFacts>();
  const slaves = new Map<string, Followed>();
  const logs = new Map<string, FollowedLog>();
  /** What agents told last. */
  const agents = new Map<string, ToldByLog>();
  const versions = new Map(recording.nodes.map((node) => [node.name, node]));

  for (const step of recording.steps) {
    if (step.kind === 'command') {
      takeBgsave(step);
      attach(step);
      continue;
    }
    if (step.kind === 'log') {
      takeLine(step);
      continue;
    }
    attachByRole(step);
    masters.set(step.node, trackMaster(masters.get(step.node) ?? newMasterTracker(), step.look));
    if (step.look.sight) agents.set(step.node, step.look.sight.server);
    if (step.look.kind === 'answered') latest.set(step.node, step.look.facts);
    for (const [name, slave] of slaves) follow(name, slave, step);
  }
  for (const { judge } of logs.values()) judge.end(recording.endsAt);
  return Object.fromEntries([...slaves].map(([name, slave]) => [name, resultOf(name, slave)]));

  function takeLine({ node, fact }: Extract<RecordedStep, { kind: 'log' }>): void {
    const log = logs.get(node) ?? { judge: newLogJudge(), facts: [] };
    logs.set(node, log);
    log.judge.take(fact);
    if (!perFileLines.has(fact.code)) log.facts.push(fact);
  }

  function toldBy(node: string | null): ToldByLog | null {
    const log = node === null ? undefined : logs.get(node);
    if (log) return { attempts: log.judge.attempts(), log: log.facts };
    return (node === null ? undefined : agents.get(node)) ?? null;
  }

  /** BGSAVE by hand is a dump that a live observer would see as LASTSAVE or is_bgsaving. */
  function takeBgsave(step: Extract<RecordedStep, { kind: 'command' }>): void {
    if (step.words[0]?.toUpperCase() !== 'BGSAVE' || step.reply.startsWith('-')) return;
    const master = masters.get(step.node);
    if (master) masters.set(step.node, { ...master, bgsavingSeenAt: step.at });
  }

  function attach(step: Extract<RecordedStep, { kind: 'command' }>): void {
    const target = slaveofTarget(step.words);
    if (target === null || step.reply.startsWith('-')) return;
    if (target === 'no one') {
      detach(step.node);
      return;
    }
    const before = slaves.get(step.node);
    if (before && isNoOp(before, target, latest.get(step.node))) return;
    followFrom(step, target);
  }

  /** A recorder that only watches sees no SLAVEOF: the node's role and its master tell of it. */
  function attachByRole({ node, look }: Extract<RecordedStep, { kind: 'look' }>): void {
    if (!recording.watched || look.kind !== 'answered') return;
    const replication = look.facts.replication;
    // Whoever is a slave in its first look was attached before the recording began.
    if (!replication || latest.get(node)?.replication === undefined) return;
    const { masterHost, masterPort } = replication;
    if (replication.role === 'master') {
      detach(node);
      return;
    }
    if (masterHost === null || masterPort === null) return;
    const target = { host: masterHost, port: masterPort };
    const before = slaves.get(node);
    const same = before && !before.detached && sameAddress(before.tracker.master, target);
    const known = latest.get(node)?.replication;
    const wasSlave =
      known?.role === 'slave' && known.masterHost === masterHost && known.masterPort === masterPort;
    if (!same && !wasSlave) followFrom({ node, at: look.at }, target);
  }

  function detach(node: string): void {
    const before = slaves.get(node);
    if (before) slaves.set(node, { ...before, detached: true });
  }

  function followFrom(step: { readonly node: string; readonly at: number }, target: Address): void {
    const before = slaves.get(step.node);
    const master = recording.nodes.find(
      (node) => sameAddress(node.address, target) || node.address.port === target.port,
    );
    slaves.set(step.node, {
      tracker: begin(step, target, master ?? null),
      master: master?.name ?? null,
      codes: before?.codes ?? new Set(),
      earlierPhases: before ? phasesOf(before) : [],
      attempt: (before?.attempt ?? 0) + 1,
      detached: false,
    });
  }

  function begin(
    step: { readonly node: string; readonly at: number },
    target: Address,
    master: RecordedNode | null,
  ): SlaveTracker {
    const listed = master ? (masters.get(master.name)?.replication?.slaves ?? []) : [];
    return newSlaveTracker({
      attachedAt: step.at,
      master: target,
      self: versions.get(step.node)?.address ?? { host: '', port: 0 },
      before: latest.get(step.node) ?? null,
      listedBefore: listed.map(slaveName),
    });
  }

  function follow(name: string, slave: Followed, step: Extract<RecordedStep, { kind: 'look' }>): void {
    if (slave.detached || (step.node !== name && step.node !== slave.master)) return;
    const master = masterOf(slave);
    const capabilities = capabilitiesFor(slave);
    slave.tracker =
      step.node === name
        ? trackSlave(slave.tracker, step.look, master, capabilities)
        : trackSlaveThroughMaster(slave.tracker, master, step.look.at, capabilities);
    for (const anomaly of anomaliesOf(slave, step.look.at)) slave.codes.add(anomaly.code);
  }

  function masterOf(slave: Followed): MasterTracker {
    return (slave.master === null ? undefined : masters.get(slave.master)) ?? newMasterTracker();
  }

  /** The rules that matter are those of the master's version; the meta line names it where no INFO server does. */
  function capabilitiesFor(slave: Followed): Capabilities {
    const node = slave.master === null ? undefined : versions.get(slave.master);
    const facts = slave.master === null ? undefined : latest.get(slave.master);
    const server = {
      reportedVersion: node?.version ?? '',
      processId: null,
      uptimeSeconds: null,
      runId: null,
      tcpPort: null,
    };
    return capabilitiesOf({ ...facts, server: facts?.server ?? server });
  }

  function anomaliesOf(
    slave: Followed,
    now: number,
    limits = defaultAnomalyLimits,
  ): readonly AnomalyRecord[] {
    return detectAnomalies({
      slave: slave.tracker,
      master: masterOf(slave),
      capabilities: capabilitiesFor(slave),
      limits,
      attempt: slave.attempt,
      now,
    });
  }

  function resultOf(name: string, slave: Followed): ReplayedSlave {
    const wait = lastPass(slave.tracker);
    const last = slave.detached ? [] : anomaliesOf(slave, recording.endsAt, limitsAtTheEnd);
    for (const anomaly of last) slave.codes.add(anomaly.code);
    const told = toldOfLast(name, slave.tracker);
    const { verdict, unmet } = fullSyncVerdict(slave.tracker, masterOf(slave), capabilitiesFor(slave));
    const isOver = wait !== null && wait.endedAt !== null;
    const against = unmet.some(
      (rule) => rule.holds === false && isDecisive(rule, slave.codes.size > 0, isOver),
    );
    const byRules = verdict === 'incomplete' && !against ? 'undecided' : verdict;
    const whole = recording.watched && told?.verdict === 'complete';
    const fullSync = verdictOf(byRules === 'undecided' && whole ? 'complete' : byRules, last, told);
    return {
      fullSync,
      cause: fullSync !== 'incomplete' ? null : causeOf(name, slave, last),
      because:
        fullSync === 'complete'
          ? []
          : becauseOf(fullSync, unmet, last, told && logWords(told, recording.watched, reader), reader),
      anomalies: [...slave.codes],
      receivedBytes: wait ? receivedInPass(wait) : null,
      snapshotBytes: wait?.snapshotBytes ?? null,
      phases: phasesOf(slave),
    };
  }

  /**
   * What the node's log tells of its last full sync; a log line may be seen before the role. A log that ends before INFO
   * shows another full sync says nothing of that one.
   */
  function toldOfLast(name: string, tracker: SlaveTracker): Told | undefined {
    const told = toldBy(name)?.attempts.findLast(
      ({ startedAt }) => startedAt >= tracker.attachedAt - clockSlackMs,
    );
    const pass = lastPass(tracker);
    const isEarlier = told?.endedAt != null && pass !== null && told.endedAt < pass.startedAt - clockSlackMs;
    return isEarlier ? undefined : told;
  }

  function causeOf(name: string, slave: Followed, last: readonly AnomalyRecord[]): ReplayedSlave['cause'] {
    const told: LogsOfSync = { node: toldBy(name), master: toldBy(slave.master) };
    const causesOf = (anomaly: AnomalyRecord) =>
      diagnose({
        slave: slave.tracker,
        master: masterOf(slave),
        capabilities: capabilitiesFor(slave),
        nodeVersion: null,
        faults: builtIn.faults,
        logs: told,
        report: null,
        anomaly,
        earlier: [],
        mayAskForDump: false,
        now: recording.endsAt,
      }).causes;
    // What spoilt the copy says more than how a node ended that opened it.
    const causes = [
      ...last.filter(({ code }) => code !== 'died_on_partial_database').flatMap(causesOf),
      ...causesByLogs(told, slave.tracker.attachedAt),
      ...last.flatMap(causesOf),
    ];
    const first = last.some(({ code }) => code === 'died_on_partial_database')
      ? (causes.find(({ code }) => !crashCauses.has(code)) ?? supersededSnapshot)
      : causes[0];
    if (first) return { code: first.code, text: causeText(first, reader) };
    const code = [...slave.codes].at(-1);
    return code === undefined ? null : { code, text: anomalyTitle(code, reader) };
  }
}

/** What a node opened that died on a partial database. */
const supersededSnapshot = { code: 'snapshot_superseded', text: '' };

const speaksAgainst = ({ verdict }: Told): boolean => verdict === 'incomplete' || verdict === 'failed';

/** An anomaly that holds to the end, or the node's own log, speaks against a full sync that looks whole otherwise. */
function verdictOf(
  verdict: ReplayedSlave['fullSync'],
  last: readonly AnomalyRecord[],
  told: Told | undefined,
): ReplayedSlave['fullSync'] {
  const never = last.some((anomaly) => neverComplete.has(anomaly.code));
  return never || (told && speaksAgainst(told)) ? 'incomplete' : verdict;
}

/**
 * A service trusts no node whose full sync was not seen, ended without a swap, or was followed by a restart. A recording may
 * end before the next full sync, unless an anomaly or the log says more; a restart says nothing of the copy before it.
 */
const isDecisive = (
  { rule, statement }: FullSyncVerdict['unmet'][number],
  hadTrouble: boolean,
  isOver: boolean,
): boolean =>
  !['role_and_link', 'listed_by_master', ...(isOver ? [] : ['bytes_received'])].includes(rule) &&
  !['not_taken_over', 'restarted_after', ...(hadTrouble ? [] : ['none'])].includes(statement ?? '');

function becauseOf(
  fullSync: ReplayedSlave['fullSync'],
  unmet: FullSyncVerdict['unmet'],
  last: readonly AnomalyRecord[],
  log: readonly string[] | undefined,
  reader: Reader,
): readonly string[] {
  const undecided = fullSync === 'undecided';
  const rules = unmet
    .filter(({ holds }) => holds === false || (undecided && holds === null))
    .map((rule) => ruleWords(rule, reader));
  const anomalies = last.map((anomaly) => anomalyFor(anomaly, reader).text);
  const all = [...new Set([...(log ?? []), ...anomalies, ...rules])];
  return all.length > 0 ? all : [say('no_size', reader)];
}

const say = (code: 'no_size' | 'no_bytes' | 'no_lastsave' | 'log_speaks_against', reader: Reader): string =>
  replayTexts[code][reader.language]({}, reader);

/** Other recorders leave out lines: that a log has gaps says nothing then. */
function logWords(told: Told, watched: boolean, reader: Reader): readonly string[] {
  if (speaksAgainst(told)) return [say('log_speaks_against', reader)];
  const saysNothing = told.cause === null || (!watched && told.verdict === 'undecided');
  const cause = saysNothing ? '' : logCauseTitle(told.cause!, reader.language);
  return cause === '' ? [] : [replayTexts.log_tells[reader.language]({ cause }, reader)];
}

/** What a recording does not hold says nothing about the servers. */
function ruleWords(rule: FullSyncVerdict['unmet'][number], reader: Reader): string {
  if (rule.rule === 'bytes_received' && rule.holds === null) return say('no_bytes', reader);
  return rule.statement === 'lastsave_unread' ? say('no_lastsave', reader) : ruleFor(rule, reader).text;
}

/** A recording ends when its maker had seen enough: what still stands then needs not last longer. */
const limitsAtTheEnd = { ...defaultAnomalyLimits, noConnectMs: 5000 };

const neverComplete: ReadonlySet<AnomalyCode> = new Set<AnomalyCode>([
  'hung_in_full_sync',
  'died_on_partial_database',
  'full_sync_skipped',
  'refused_for_good',
  'master_unreachable',
  'master_still_syncing',
  'up_but_not_listed',
  'up_but_incomplete',
  'foreign_change',
]);

function phasesOf(slave: Followed): readonly (readonly [string, number])[] {
  const own = slave.tracker.phases.map(({ phase, at }) => [phase, at / 1000] as const);
  return [...slave.earlierPhases, ...own];
}

function slaveofTarget(words: readonly string[]): Address | 'no one' | null {
  const [command, host, port] = words;
  if (command?.toUpperCase() !== 'SLAVEOF' || host === undefined || port === undefined) return null;
  if (host.toUpperCase() === 'NO' && port.toUpperCase() === 'ONE') return 'no one';
  return { host, port: Number(port) };
}

/** SLAVEOF to the master that the node has already does nothing (pika-facts 1.3). */
function isNoOp(slave: Followed, target: Address, facts: NodeFacts | undefined): boolean {
  const replication = facts?.replication;
  if (!replication || replication.role === 'master' || replication.masterPort !== target.port) return false;
  return (
    target.host === '127.0.0.1' ||
    target.host === replication.masterHost ||
    slave.tracker.master.host === target.host
  );
}
