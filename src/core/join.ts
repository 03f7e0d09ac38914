/** One node's way: the steps of an attempt, what its tracker says, and how it ends. Part of `decide`. */
import { type AnomalyRecord, anomalyCatalogue, defaultAnomalyLimits, detectAnomalies } from './anomalies.ts';
import type { Capabilities } from './capabilities.ts';
import type { ComparisonReport } from './comparison.ts';
import {
  type CatchUp,
  comparisonWords,
  connectionRules,
  fullSyncRules,
  hasPassed,
  judge,
} from './evidence.ts';
import type { Attempt, Intent, Join, JoinPhase, NodeCommand, Problem } from './expansion.ts';
import type { Finding } from './findings.ts';
import { type Address, type Look, type NodeFacts, type ReplicationFacts, sameAddress } from './node-facts.ts';
import { masterBusyReasons, type RevalidationNode, revalidate } from './preflight.ts';
import { progressOf } from './progress.ts';
import {
  isConnected,
  isSameMaster,
  lastWait,
  newSlaveTracker,
  type SlaveTracker,
  trackSlave,
  trackSlaveThroughMaster,
} from './tracker.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

/**
 * Between NO ONE and the next SLAVEOF: the old connection is closed by a 3 s cron; sooner costs 10 to 15 s and
 * killed a 3.5.4 slave once (facts 1.4, recordings 13 and 29).
 */
const pauseAfterDetachMs = 4500;
/** An act whose reply was lost may still happen; after this long it has, or never will. */
const unknownActSettlesMs = 12_000;
/** A node that died on a partial database stays down; a supervised one would be back by now. */
const diedAfterMs = 10_000;
const maxInconclusiveComparisons = 3;

export const currentAttempt = (join: Join): Attempt | null => join.attempts.at(-1) ?? null;

/** Whether an attempt is under way: SLAVEOF has been decided on, and its end is not known. */
export const isUnderWay = (join: Join): boolean => {
  const attempt = currentAttempt(join);
  return attempt !== null && attempt.endedAt === null;
};

function patchAttempt(turn: Turn, join: Join, change: Partial<Attempt>): Join {
  const attempts = join.attempts.map((attempt, i) =>
    i === join.attempts.length - 1 ? { ...attempt, ...change } : attempt,
  );
  return patchJoin(turn, join.index, { attempts });
}

// --------------------------------------------------------------------------------------------- beginning

/** Why a node that is next in line may not be attached now, in plain words; null = it may. */
export interface Gate {
  readonly closedBecause: string | null;
}

const retriable: ReadonlySet<string> = new Set([
  'master_unreachable',
  'master_no_answer',
  'master_facts_missing',
  'master_still_syncing',
  'node_unreachable',
  'node_busy',
  'node_facts_missing',
]);

/** Takes a waiting node of the present batch through preflight and into its first step. */
export function beginJoin(
  turn: Turn,
  join: Join,
  gate: Gate,
  capabilitiesOf: (facts: NodeFacts) => Capabilities,
): void {
  const nodeLook = turn.nodeLooks.get(join.index);
  if (!nodeLook || !turn.masterLook) return;
  if (gate.closedBecause !== null) {
    waitFor(turn, join, gate.closedBecause);
    return;
  }
  const inPreflight = enterPhase(turn, join, 'preflight', 'checked once more before it is touched');
  const findings = checkAgain(turn, inPreflight, nodeLook, capabilitiesOf);
  const errors = findings.filter((finding) => finding.severity === 'error');
  const checked = patchJoin(turn, join.index, { findings });
  if (errors.length > 0) {
    refuseOrWait(turn, checked, errors);
    return;
  }
  const busy = masterBusy(turn);
  if (busy.length > 0) {
    holdForMaster(turn, checked, busy);
    return;
  }
  startAttempt(turn, checked, nodeLook);
}

function checkAgain(
  turn: Turn,
  join: Join,
  nodeLook: Look,
  capabilitiesOf: (facts: NodeFacts) => Capabilities,
): readonly Finding[] {
  const node: RevalidationNode = {
    target: join.target,
    look: nodeLook,
    capabilities: nodeLook.kind === 'answered' ? capabilitiesOf(nodeLook.facts) : null,
    touched: join.attempts.length > 0,
  };
  return revalidate({
    master: {
      target: turn.expansion.master,
      look: turn.masterLook!,
      capabilities: turn.expansion.capabilities,
    },
    nodes: [node],
    policy: turn.expansion.policy,
    plannedMaster: turn.expansion.plannedMaster,
  });
}

function refuseOrWait(turn: Turn, join: Join, errors: readonly Finding[]): void {
  const first = errors[0]!;
  const limit = turn.expansion.policy.nodeDownTimeoutMs;
  const canWait = errors.every((error) => retriable.has(error.code)) && turn.now - join.phaseSince < limit;
  if (canWait) {
    waitFor(turn, join, first.text);
    return;
  }
  giveUp(turn, join, 'failed', {
    code: first.code,
    text: errors.map((error) => error.text).join(' '),
    nextSteps: errors.map((error) => error.nextStep),
    at: turn.now,
  });
}

/** What the master is at, apart from the nodes of this expansion. */
export function masterBusy(turn: Turn): readonly string[] {
  if (turn.masterLook?.kind !== 'answered') return ['the master does not answer'];
  const ours = turn.expansion.joins
    .filter((join) => isTouched(join) && join.phase !== 'verified')
    .map((join) => join.target);
  return masterBusyReasons(turn.masterLook.facts, ours);
}

function holdForMaster(turn: Turn, join: Join, busy: readonly string[]): void {
  const { policy, master } = turn.expansion;
  const what = `the master is busy: ${busy.join('; ')}`;
  if (turn.now - join.phaseSince < policy.masterBusyTimeoutMs) {
    waitFor(turn, join, what);
    return;
  }
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', {
    code: 'master_busy',
    text: `${master.name} stayed busy for ${Math.round(policy.masterBusyTimeoutMs / 1000)} s: ${busy.join('; ')}.`,
    nextSteps: [
      'End what keeps the master busy; a slave that hangs in full sync must be detached (SLAVEOF NO ONE on it).',
      'Then retry this node.',
    ],
    at: turn.now,
  });
}

function startAttempt(turn: Turn, join: Join, nodeLook: Look): void {
  const replication = nodeLook.kind === 'answered' ? nodeLook.facts.replication : undefined;
  if (!replication) return;
  const attached = replication.role !== 'master';
  const number = join.attempts.length + 1;
  const attempt: Attempt = {
    number,
    kind: number === 1 && !attached ? 'attach' : 'reattach',
    startedAt: turn.now,
    endedAt: null,
    outcome: null,
    step: attached ? 'detach' : 'await_unlisted',
    detachedAt: null,
    intents: [],
    tracker: null,
    catchUp: null,
  };
  const begun = patchJoin(turn, join.index, {
    attempts: [...join.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    problem: null,
  });
  say(turn, 'node.attempt', `${join.target.name}: attempt ${number} of ${join.attemptsAllowed} begins`, {
    node: join.target.name,
    data: { attempt: number, kind: attempt.kind },
  });
  stepAttempt(turn, enterPhase(turn, begun, 'attaching', 'being attached'));
}

// ------------------------------------------------------------------------------------------ attempt steps

/** Moves an attempt on by one step, or follows its full sync. */
export function advanceJoin(turn: Turn, join: Join, report: ComparisonReport | null): void {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null) return;
  if (attempt.step === 'syncing') followSync(turn, join, report);
  else stepAttempt(turn, join);
}

function stepAttempt(turn: Turn, join: Join): void {
  const attempt = currentAttempt(join)!;
  const look = turn.nodeLooks.get(join.index);
  if (look?.kind !== 'answered' || !look.facts.replication) {
    holdForNode(turn, join, look);
    return;
  }
  const pending = attempt.intents.at(-1);
  if (pending && pending.outcome === null) {
    resolveIntent(turn, join, pending, look.facts.replication);
    return;
  }
  switch (attempt.step) {
    case 'detach':
      if (look.facts.replication.role === 'master')
        nextStep(turn, join, { step: 'await_unlisted', detachedAt: turn.now });
      else if (turn.frozen !== null) waitFor(turn, join, turn.frozen);
      else intend(turn, join, { kind: 'slaveof_no_one' }, 'the node must leave its present master first');
      return;
    case 'await_unlisted':
      awaitUnlisted(turn, join, attempt);
      return;
    case 'clear_id':
      if (look.facts.replication.replicationId) {
        intend(
          turn,
          join,
          { kind: 'clear_replication_id' },
          'the node remembers a replication id, which could refuse or skip the full sync',
        );
      } else nextStep(turn, join, { step: 'slaveof' });
      return;
    case 'slaveof':
      issueSlaveof(turn, join, look.facts);
      return;
    case 'syncing':
      return;
  }
}

function holdForNode(turn: Turn, join: Join, look: Look | undefined): void {
  if (!look || look.kind === 'answered') return;
  const words = {
    busy: 'does not reply in time',
    unreachable: 'cannot be reached',
    denied: 'refuses the login',
    garbled: 'does not speak like a Pika',
  };
  const waiting = waitFor(turn, join, `the node ${words[look.kind]}`);
  if (turn.now - waiting.phaseSince < turn.expansion.policy.nodeDownTimeoutMs) return;
  giveUp(turn, waiting, isTouched(join) ? 'quarantined' : 'failed', {
    code: `node_${look.kind}`,
    text: `${join.target.name} ${words[look.kind]}; it was waited for ${Math.round(turn.expansion.policy.nodeDownTimeoutMs / 1000)} s.`,
    nextSteps: ['Repair the node or the network, then retry this node; or skip it.'],
    at: turn.now,
  });
}

function nextStep(turn: Turn, join: Join, change: Partial<Attempt>): void {
  stepAttempt(turn, patchAttempt(turn, join, change));
}

/** Whether the master has forgotten the node, and its old connection has had the time to close. */
function awaitUnlisted(turn: Turn, join: Join, attempt: Attempt): void {
  const step = nodeReplication(turn, join)?.replicationId ? 'clear_id' : 'slaveof';
  const tooSoon = attempt.detachedAt !== null && turn.now - attempt.detachedAt < pauseAfterDetachMs;
  if (turn.masterLook?.kind !== 'answered') waitFor(turn, join, 'the master does not answer');
  else if (isStillListed(turn, join)) holdForStaleEntry(turn, join, attempt);
  else if (tooSoon) waitFor(turn, join, 'the connection of before must close first (4.5 s after NO ONE)');
  else nextStep(turn, waitFor(turn, join, null), { step });
}

function isStillListed(turn: Turn, join: Join): boolean {
  const slaves = turn.expansion.masterTracker.replication?.slaves ?? [];
  const known = join.attempts.findLast((attempt) => attempt.tracker?.listed)?.tracker?.listed;
  return slaves.some(
    (slave) =>
      sameAddress({ host: slave.ip, port: slave.port }, join.target.seenAs) ||
      (known !== undefined && known !== null && slave.ip === known.ip && slave.port === known.port),
  );
}

function holdForStaleEntry(turn: Turn, join: Join, attempt: Attempt): void {
  const waiting = waitFor(
    turn,
    join,
    'the master still lists the node from before (a dead entry stays up to 180 s)',
  );
  if (turn.now - (attempt.detachedAt ?? attempt.startedAt) < turn.expansion.policy.masterBusyTimeoutMs)
    return;
  giveUp(turn, waiting, isTouched(join) ? 'quarantined' : 'failed', {
    code: 'stale_entry',
    text: `${turn.expansion.master.name} still lists ${join.target.name} although the node is detached.`,
    nextSteps: ['Look whether another server announces itself under this address; then retry the node.'],
    at: turn.now,
  });
}

const nodeReplication = (turn: Turn, join: Join): ReplicationFacts | null => {
  const look = turn.nodeLooks.get(join.index);
  return look?.kind === 'answered' ? (look.facts.replication ?? null) : null;
};

function issueSlaveof(turn: Turn, join: Join, facts: NodeFacts): void {
  const busy = masterBusy(turn);
  const held =
    turn.frozen ??
    (turn.expansion.pendingControl !== null || turn.expansion.state !== 'running'
      ? 'the expansion does not run'
      : null);
  if (held !== null) {
    waitFor(turn, join, held);
    return;
  }
  if (busy.length > 0) {
    holdForMaster(turn, join, busy);
    return;
  }
  const { master } = turn.expansion;
  const listedBefore = (turn.expansion.masterTracker.replication?.slaves ?? []).map(
    (slave) => `${slave.ip}:${slave.port}`,
  );
  const tracker = newSlaveTracker({
    attachedAt: turn.now,
    master: master.seenAs,
    self: join.target.seenAs,
    before: facts,
    listedBefore,
  });
  const withTracker = patchAttempt(turn, waitFor(turn, join, null), { tracker });
  intend(turn, withTracker, { kind: 'slaveof', master: master.seenAs, force: true }, 'the full sync begins');
}

/** Stores what is about to be done; the shell does it only after this was saved. */
function intend(turn: Turn, join: Join, command: NodeCommand, reason: string): void {
  const attempt = currentAttempt(join)!;
  const id = `${join.index}.${attempt.number}.${attempt.intents.length + 1}`;
  const intent: Intent = {
    id,
    command,
    reason,
    savedAt: turn.now,
    epoch: turn.epoch,
    endedAt: null,
    outcome: null,
    reply: null,
  };
  patchAttempt(turn, join, { intents: [...attempt.intents, intent] });
  turn.commands.push({ joinIndex: join.index, intentId: id, command });
}

/**
 * An intent without a known outcome: a worker died between saving and hearing the reply, or the reply got lost.
 * The node itself tells whether the act happened.
 */
function resolveIntent(turn: Turn, join: Join, intent: Intent, replication: ReplicationFacts): void {
  if (hasHappened(intent.command, replication)) {
    const happened = endIntent(turn, join, intent, 'ok', 'seen on the node');
    say(
      turn,
      'node.command',
      `${join.target.name}: ${commandWords(intent.command)} was seen to have happened`,
      { node: join.target.name },
    );
    afterCommand(turn, happened, intent.command);
    return;
  }
  if (turn.now - intent.savedAt < unknownActSettlesMs) {
    waitFor(turn, join, `it is not known yet whether ${commandWords(intent.command)} happened`);
    return;
  }
  const gone = endIntent(turn, join, intent, 'unknown', 'not seen on the node; it is done again');
  stepAttempt(turn, waitFor(turn, gone, null));
}

function hasHappened(command: NodeCommand, replication: ReplicationFacts): boolean {
  switch (command.kind) {
    case 'slaveof':
      return follows(replication, command.master);
    case 'slaveof_no_one':
      return replication.role === 'master';
    case 'clear_replication_id':
      return !replication.replicationId;
  }
}

const follows = (replication: ReplicationFacts, master: Address): boolean =>
  replication.role !== 'master' &&
  replication.masterHost !== null &&
  replication.masterPort !== null &&
  isSameMaster({ host: replication.masterHost, port: replication.masterPort }, master);

export function commandWords(command: NodeCommand): string {
  switch (command.kind) {
    case 'slaveof':
      return `SLAVEOF ${command.master.host} ${command.master.port}${command.force ? ' force' : ''}`;
    case 'slaveof_no_one':
      return 'SLAVEOF NO ONE';
    case 'clear_replication_id':
      return 'CLEARREPLICATIONID';
  }
}

function endIntent(
  turn: Turn,
  join: Join,
  intent: Intent,
  outcome: 'ok' | 'refused' | 'unknown',
  reply: string,
): Join {
  const attempt = currentAttempt(join)!;
  const intents = attempt.intents.map((known) =>
    known.id === intent.id ? { ...known, outcome, reply, endedAt: turn.now } : known,
  );
  return patchAttempt(turn, join, { intents });
}

function afterCommand(turn: Turn, join: Join, command: NodeCommand): void {
  switch (command.kind) {
    case 'slaveof':
      patchAttempt(turn, waitFor(turn, join, null), { step: 'syncing' });
      return;
    case 'slaveof_no_one':
      patchAttempt(turn, join, { step: 'await_unlisted', detachedAt: turn.now });
      return;
    case 'clear_replication_id':
      patchAttempt(turn, join, { step: 'slaveof' });
      return;
  }
}

/** Takes in the reply to a command of an intent. `unknown` leaves the intent open: the node will be asked. */
export function takeReply(
  turn: Turn,
  reply: {
    readonly joinIndex: number;
    readonly intentId: string;
    readonly outcome: 'ok' | 'refused' | 'unknown' | 'not_sent';
    readonly text: string;
  },
): void {
  const join = joinAt(turn, reply.joinIndex);
  const intent = currentAttempt(join)?.intents.find((known) => known.id === reply.intentId);
  if (!intent || intent.outcome !== null) return;
  const words = commandWords(intent.command);
  const { name } = join.target;
  const data = { command: words, reply: reply.text, outcome: reply.outcome };
  if (reply.outcome === 'unknown') {
    say(turn, 'node.command', `${name}: no reply to ${words}; the node will be asked whether it happened`, {
      node: name,
      level: 'warning',
      data,
    });
    return;
  }
  if (reply.outcome === 'not_sent') {
    waitFor(turn, endIntent(turn, join, intent, 'refused', `not sent: ${reply.text}`), reply.text);
    return;
  }
  const ended = endIntent(turn, join, intent, reply.outcome, reply.text);
  say(turn, 'node.command', `${name}: ${words} -> ${reply.text}`, {
    node: name,
    level: reply.outcome === 'ok' ? 'info' : 'error',
    data,
  });
  if (join.leaving) return;
  if (reply.outcome === 'ok') {
    afterCommand(turn, ended, intent.command);
    return;
  }
  giveUp(turn, ended, isTouched(ended) ? 'quarantined' : 'failed', {
    code: 'command_refused',
    text: `${name} answered ${words} with: ${reply.text}`,
    nextSteps: ['Mend what the answer names on that node, then retry it; or skip it.'],
    at: turn.now,
  });
}

// ---------------------------------------------------------------------------------------------- following

/** Whether this expansion may have changed the node's data: a SLAVEOF was sent to it. */
export const isTouched = (join: Join): boolean =>
  join.attempts.some((attempt) =>
    attempt.intents.some((intent) => intent.command.kind === 'slaveof' && intent.outcome !== 'refused'),
  );

function followSync(turn: Turn, join: Join, report: ComparisonReport | null): void {
  const attempt = currentAttempt(join)!;
  if (attempt.tracker === null) return;
  const { expansion } = turn;
  const capabilities = expansion.capabilities!;
  const look = turn.nodeLooks.get(join.index);
  const through = turn.masterLook
    ? trackSlaveThroughMaster(attempt.tracker, expansion.masterTracker, turn.now, capabilities)
    : attempt.tracker;
  const tracker = look ? trackSlave(through, look, expansion.masterTracker, capabilities) : through;
  const followed = patchJoin(turn, patchAttempt(turn, join, { tracker }).index, {
    progress: progressOf(tracker, expansion.masterTracker, expansion.binlogFileSizeBytes),
  });
  const anomalies = detectAnomalies({
    slave: tracker,
    master: expansion.masterTracker,
    capabilities,
    limits: {
      ...defaultAnomalyLimits,
      stallMs: expansion.policy.stallTimeoutMs,
      supersededStallMs: Math.min(15_000, expansion.policy.stallTimeoutMs),
    },
    attempt: attempt.number,
    now: turn.now,
  });
  const named = recordAnomalies(turn, followed, anomalies);
  if (applyRemedy(turn, named, tracker, anomalies)) return;
  if (!isConnected(tracker.replication) || tracker.busySince !== null || tracker.unreachableSince !== null) {
    duringSync(turn, joinAt(turn, join.index), tracker);
    return;
  }
  catchUp(turn, joinAt(turn, join.index), tracker, report);
}

function recordAnomalies(turn: Turn, join: Join, anomalies: readonly AnomalyRecord[]): Join {
  const fresh = anomalies.filter(
    (anomaly) =>
      !join.anomalies.some((known) => known.code === anomaly.code && known.attempt === anomaly.attempt),
  );
  for (const anomaly of fresh) {
    const description = anomalyCatalogue[anomaly.code];
    say(turn, 'node.anomaly', `${join.target.name}: ${description.title}. ${anomaly.text}`, {
      node: join.target.name,
      level: anomaly.remedy === 'wait' ? 'warning' : 'error',
      data: {
        code: anomaly.code,
        remedy: anomaly.remedy,
        cause: description.cause,
        nextSteps: description.nextSteps,
        recordings: description.recordings,
        facts: anomaly.facts,
      },
    });
  }
  return fresh.length === 0
    ? join
    : patchJoin(turn, join.index, { anomalies: [...join.anomalies, ...fresh] });
}

/** Acts on the first anomaly that asks for it. True = the attempt is over. */
function applyRemedy(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  anomalies: readonly AnomalyRecord[],
): boolean {
  for (const anomaly of anomalies) {
    switch (anomaly.code) {
      case 'died_on_partial_database':
        if (turn.now - tracker.unreachableSince! < diedAfterMs) return false;
        giveUp(turn, join, 'quarantined', problemOf(anomaly));
        return true;
      case 'node_unreachable':
        if (turn.now - tracker.unreachableSince! < turn.expansion.policy.nodeDownTimeoutMs) return false;
        giveUp(turn, join, 'quarantined', problemOf(anomaly));
        return true;
      case 'foreign_change':
        giveUp(turn, join, 'failed', problemOf(anomaly));
        return true;
    }
    if (anomaly.remedy === 'quarantine') {
      giveUp(turn, join, 'quarantined', problemOf(anomaly));
      return true;
    }
    if (anomaly.remedy === 'reattach') {
      reattach(turn, join, anomaly);
      return true;
    }
  }
  return false;
}

const problemOf = (anomaly: AnomalyRecord): Problem => ({
  code: anomaly.code,
  text: `${anomalyCatalogue[anomaly.code].title}. ${anomaly.text}`,
  nextSteps: anomalyCatalogue[anomaly.code].nextSteps,
  at: anomaly.at,
});

/** Ends the attempt and begins the next one with NO ONE, as often as is allowed. */
function reattach(turn: Turn, join: Join, anomaly: AnomalyRecord): void {
  if (join.attempts.length >= join.attemptsAllowed) {
    giveUp(turn, join, 'quarantined', {
      ...problemOf(anomaly),
      text: `${anomalyCatalogue[anomaly.code].title}, and ${join.attempts.length} attempts did not help. ${anomaly.text}`,
    });
    return;
  }
  const ended = patchAttempt(turn, join, { endedAt: turn.now, outcome: 'failed' });
  const attempt: Attempt = {
    number: ended.attempts.length + 1,
    kind: 'reattach',
    startedAt: turn.now,
    endedAt: null,
    outcome: null,
    step: 'detach',
    detachedAt: null,
    intents: [],
    tracker: null,
    catchUp: null,
  };
  say(
    turn,
    'node.remedy',
    `${join.target.name}: detached and attached anew (attempt ${attempt.number} of ${join.attemptsAllowed}), because: ${anomalyCatalogue[anomaly.code].title.toLowerCase()}`,
    {
      node: join.target.name,
      level: 'warning',
      data: { code: anomaly.code, attempt: attempt.number },
    },
  );
  const begun = patchJoin(turn, join.index, {
    attempts: [...ended.attempts, attempt],
    comparison: null,
    inconclusiveComparisons: 0,
    evidence: null,
  });
  stepAttempt(turn, enterPhase(turn, begun, 'attaching', `attempt ${attempt.number} begins`));
}

const phaseWords: Readonly<Record<string, string>> = {
  attaching: 'being attached',
  snapshotting: 'the master makes or offers its dump',
  transferring: 'the snapshot is being copied',
  swapping: 'the node opens the new database',
  catching_up: 'the node is up and catches up with the binlog',
};

function duringSync(turn: Turn, join: Join, tracker: SlaveTracker): void {
  const entered = enterPhase(
    turn,
    join,
    tracker.phase as JoinPhase,
    phaseWords[tracker.phase] ?? tracker.phase,
  );
  const attempt = currentAttempt(entered)!;
  const busy = tracker.busySince === null ? null : 'the node does not reply (it may be opening its database)';
  const held = waitFor(turn, entered, busy);
  if (attempt.catchUp !== null && !isConnected(tracker.replication)) {
    patchAttempt(turn, held, { catchUp: null });
    patchJoin(turn, join.index, { comparison: null });
  } else if (attempt.catchUp !== null && attempt.catchUp.stableLooks > 0) {
    patchAttempt(turn, held, { catchUp: { ...attempt.catchUp, stableLooks: 0, stableSince: null } });
  }
}

// ------------------------------------------------------------------------------------------- verification

function catchUp(turn: Turn, join: Join, tracker: SlaveTracker, report: ComparisonReport | null): void {
  if (turn.nodeLooks.get(join.index)?.kind !== 'answered' || turn.masterLook?.kind !== 'answered') return;
  const attempt = withoutStaleCatchUp(currentAttempt(join)!, tracker);
  if (attempt.catchUp === null && join.comparison !== null) {
    catchUp(
      turn,
      patchJoin(turn, patchAttempt(turn, join, { catchUp: null }).index, { comparison: null }),
      tracker,
      null,
    );
    return;
  }
  const masterOffsets = turn.expansion.masterTracker.replication?.binlog ?? {};
  const own = tracker.replication?.binlog ?? {};
  const known: CatchUp = attempt.catchUp ?? {
    target: masterOffsets,
    targetAt: turn.now,
    passedAt: null,
    passedOffsets: null,
    stableLooks: 0,
    stableSince: null,
  };
  // The target is the master's offset at one look; only a later look of the node can have passed it.
  const passed = known.passedAt === null && attempt.catchUp !== null && hasPassed(own, known.target);
  const now: CatchUp = passed ? { ...known, passedAt: turn.now, passedOffsets: own } : known;
  const held = patchAttempt(turn, join, { catchUp: now });
  if (now.passedAt === null) {
    enterPhase(turn, held, 'catching_up', phaseWords.catching_up!);
    return;
  }
  verify(
    turn,
    enterPhase(turn, held, 'verifying', 'the data are being compared with the master'),
    tracker,
    now,
    report,
  );
}

/** What was seen before a restart of the node says nothing of the node after it. */
function withoutStaleCatchUp(attempt: Attempt, tracker: SlaveTracker): Attempt {
  const { catchUp: known } = attempt;
  const stale = known !== null && tracker.restarts.some((at) => at > known.targetAt);
  return stale ? { ...attempt, catchUp: null } : attempt;
}

function verify(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  known: CatchUp,
  report: ComparisonReport | null,
): void {
  if (join.comparison === null) {
    startComparison(turn, join);
    return;
  }
  const result = join.comparison.report ?? report;
  if (result === null) return;
  const withReport = join.comparison.report ? join : takeReport(turn, join, result);
  if (result.verdict === 'different') {
    reattach(turn, withReport, incompleteBy(turn, withReport, result));
    return;
  }
  if (result.verdict === 'inconclusive') {
    compareAgain(turn, withReport, result);
    return;
  }
  settle(turn, withReport, tracker, known, result);
}

function takeReport(turn: Turn, join: Join, report: ComparisonReport): Join {
  say(turn, 'node.compared', `${join.target.name}: ${comparisonWords(report)}`, {
    node: join.target.name,
    level: report.verdict === 'different' ? 'error' : report.verdict === 'inconclusive' ? 'warning' : 'info',
    data: {
      verdict: report.verdict,
      lookedAtKeys: report.lookedAtKeys,
      share: report.share,
      differences: report.differencesTotal,
    },
  });
  return patchJoin(turn, join.index, { comparison: { id: join.comparison!.id, report } });
}

function startComparison(turn: Turn, join: Join): void {
  const attempt = currentAttempt(join)!;
  const id = `${turn.expansion.id}.${join.index}.${attempt.number}.${join.inconclusiveComparisons + 1}`;
  patchJoin(turn, join.index, { comparison: { id, report: null } });
  turn.comparisons.push({ joinIndex: join.index, id });
}

function compareAgain(turn: Turn, join: Join, report: ComparisonReport): void {
  const tries = join.inconclusiveComparisons + 1;
  if (tries < maxInconclusiveComparisons) {
    patchJoin(turn, join.index, { comparison: null, inconclusiveComparisons: tries });
    return;
  }
  giveUp(turn, join, 'quarantined', {
    code: 'comparison_inconclusive',
    text: `${join.target.name} is up, but ${tries} comparisons with the master came to no result: ${report.reason ?? 'no reason given'}.`,
    nextSteps: [
      'Find out why the data cannot be read (see the reason), then retry the node: it is synced and compared anew.',
    ],
    at: turn.now,
  });
}

function incompleteBy(turn: Turn, join: Join, report: ComparisonReport): AnomalyRecord {
  const anomaly: AnomalyRecord = {
    code: 'up_but_incomplete',
    at: turn.now,
    attempt: join.attempts.length,
    text: comparisonWords(report),
    facts: {
      differences: report.differencesTotal,
      byKind: report.differencesByKind,
      examples: report.examples.slice(0, 5),
    },
    remedy: 'reattach',
  };
  recordAnomalies(turn, join, [anomaly]);
  return anomaly;
}

/** Counts the looks in a row that hold, and says `verified` when there are enough of them. */
function settle(
  turn: Turn,
  join: Join,
  tracker: SlaveTracker,
  known: CatchUp,
  report: ComparisonReport,
): void {
  const { expansion, now } = turn;
  const capabilities = expansion.capabilities!;
  const rules = [
    ...fullSyncRules(tracker, capabilities),
    ...connectionRules(tracker, expansion.masterTracker),
  ];
  const holds = rules.every((rule) => rule.holds === true);
  const next: CatchUp = holds
    ? { ...known, stableLooks: known.stableLooks + 1, stableSince: known.stableSince ?? now }
    : { ...known, stableLooks: 0, stableSince: null };
  const held = patchAttempt(turn, join, { catchUp: next });
  const evidence = judge({
    slave: tracker,
    master: expansion.masterTracker,
    capabilities,
    catchUp: next,
    report,
    stableLooksRequired: expansion.policy.stableLooks,
    attempt: join.attempts.length,
    now,
  });
  if (evidence.verdict === 'verified') {
    succeed(turn, patchJoin(turn, held.index, { evidence }));
    return;
  }
  if (holds) return;
  const why = rules
    .filter((rule) => rule.holds !== true)
    .map((rule) => rule.text)
    .join(' ');
  const waiting = waitFor(turn, patchJoin(turn, held.index, { evidence }), why);
  if (now - waiting.phaseSince < expansion.policy.stallTimeoutMs) return;
  giveUp(turn, waiting, 'quarantined', {
    code: 'evidence_missing',
    text: `${join.target.name} is up and its data agreed, but it cannot be proven that its full sync was whole: ${why}`,
    nextSteps: [
      'Look at the evidence of this node; retry it for a new full sync, or skip it if you know better.',
    ],
    at: now,
  });
}

function succeed(turn: Turn, join: Join): void {
  const ended = patchAttempt(turn, join, { endedAt: turn.now, outcome: 'verified' });
  const verified = enterPhase(turn, ended, 'verified', 'verified: its full sync is proven complete');
  say(turn, 'node.verified', `${join.target.name} is verified`, {
    node: join.target.name,
    data: {
      attempts: join.attempts.length,
      receivedBytes: join.progress.receivedBytes,
      snapshotBytes: join.progress.snapshotBytes,
      tookMs: turn.now - (verified.attempts[0]?.startedAt ?? turn.now),
    },
  });
}

// ------------------------------------------------------------------------------------------------ endings

/** The node's part has failed; what that means for the expansion is decided by the policy. */
export function giveUp(turn: Turn, join: Join, phase: 'failed' | 'quarantined', problem: Problem): void {
  const attempt = currentAttempt(join);
  const ended =
    attempt && attempt.endedAt === null
      ? patchAttempt(turn, join, { endedAt: turn.now, outcome: 'failed' })
      : join;
  const withProblem = patchJoin(turn, ended.index, { problem });
  enterPhase(turn, withProblem, phase, problem.text, 'error');
  say(turn, `node.${phase}`, `${join.target.name}: ${problem.text}`, {
    node: join.target.name,
    level: 'error',
    data: { code: problem.code, nextSteps: problem.nextSteps },
  });
}

/** Takes a node out of the expansion: detaches it first if it hangs on the master by our doing. */
export function leave(
  turn: Turn,
  join: Join,
  to: 'cancelled' | 'skipped' | 'failed' | 'quarantined',
  text: string,
): void {
  const foreign = join.problem?.code === 'foreign_change';
  if (!isTouched(join) || foreign) {
    closeAttempt(turn, join, 'abandoned');
    enterPhase(turn, joinAt(turn, join.index), to, text);
    return;
  }
  const reopened = isUnderWay(join) ? join : openLeavingAttempt(turn, join);
  patchJoin(turn, reopened.index, { leaving: { to, since: turn.now }, waitingFor: text });
}

function openLeavingAttempt(turn: Turn, join: Join): Join {
  const attempts = join.attempts.map((attempt, i) =>
    i === join.attempts.length - 1 ? { ...attempt, endedAt: null, outcome: null } : attempt,
  );
  return patchJoin(turn, join.index, { attempts });
}

function closeAttempt(turn: Turn, join: Join, outcome: 'abandoned'): void {
  const attempt = currentAttempt(join);
  if (attempt && attempt.endedAt === null)
    patchAttempt(turn, join, { endedAt: turn.now, outcome: attempt.outcome ?? outcome });
}

/** Goes on with taking a node out: NO ONE until the node says master, or it cannot be reached for too long. */
export function advanceLeaving(turn: Turn, join: Join): void {
  const leaving = join.leaving!;
  const look = turn.nodeLooks.get(join.index);
  const replication = look?.kind === 'answered' ? look.facts.replication : undefined;
  const pending = currentAttempt(join)?.intents.at(-1);
  if (replication) {
    if (replication.role === 'master' || !followsOurMaster(turn, replication)) {
      left(turn, join, `detached from ${turn.expansion.master.name}`);
      return;
    }
    const open = pending?.outcome === null && turn.now - pending.savedAt < unknownActSettlesMs;
    if (turn.frozen !== null) waitFor(turn, join, turn.frozen);
    else if (!open)
      intend(
        turn,
        closeOpenIntent(turn, join),
        { kind: 'slaveof_no_one' },
        'the node leaves the expansion and must not stay half synced',
      );
    return;
  }
  if (turn.now - leaving.since < turn.expansion.policy.nodeDownTimeoutMs) return;
  left(
    turn,
    join,
    `could not be reached to detach it from ${turn.expansion.master.name}; if it comes back it attaches by itself`,
  );
}

function closeOpenIntent(turn: Turn, join: Join): Join {
  const open = currentAttempt(join)?.intents.find((intent) => intent.outcome === null);
  return open ? endIntent(turn, join, open, 'unknown', 'not seen on the node') : join;
}

const followsOurMaster = (turn: Turn, replication: ReplicationFacts): boolean =>
  follows(replication, turn.expansion.master.seenAs);

function left(turn: Turn, join: Join, how: string): void {
  const { to } = join.leaving!;
  closeAttempt(turn, closeOpenIntent(turn, join), 'abandoned');
  const gone = patchJoin(turn, join.index, { leaving: null });
  enterPhase(turn, gone, to, how);
  if (gone.phase === to)
    say(turn, 'node.detached', `${join.target.name}: ${how}`, { node: join.target.name });
}

/** Whether the node is in a state in which it holds the master's dump: nobody else may begin (promise 1). */
export function holdsFullSyncSlot(join: Join): boolean {
  return isUnderWay(join);
}

/** Whether the dump for this node's batch is still being made, so that others of the batch can share it. */
export function awaitsDump(join: Join): boolean {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null) return false;
  if (attempt.step !== 'syncing' || attempt.tracker === null) return true;
  const wait = lastWait(attempt.tracker);
  return wait === null
    ? !isConnected(attempt.tracker.replication)
    : wait.endedAt === null && wait.firstBytesAt === null;
}
