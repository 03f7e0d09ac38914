/** The steps of an attempt up to SLAVEOF: detach, wait until forgotten, clear the id, attach. Part of `decide`. */

import { findListedSlave } from '../../model/addresses.ts';
import { commandText } from '../../model/commands.ts';
import { isUnknownCommand } from '../../model/error-replies.ts';
import type { Attempt, Intent, Join, NodeCommand } from '../../model/expansion.ts';
import type { Look, NodeFacts, ReplicationFacts } from '../../model/observation.ts';
import { makeProblem } from '../../model/problems.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { slaveName } from '../sync/master-tracker.ts';
import { newSlaveTracker } from '../sync/tracker.ts';
import { holdThrottle } from './bandwidth.ts';
import { asksPerson, isOver } from './bound.ts';
import { endIntent, follows, hasHappened, intend, isSettled, type Reply } from './intent.ts';
import {
  closeAttempt,
  currentAttempt,
  giveUp,
  isTouched,
  joinKnownAs,
  mustStayEmpty,
  patchAttempt,
} from './join-state.ts';
import { holdForMaster } from './master-hold.ts';
import { holdForDump, isDumpAskedFor } from './new-dump.ts';
import { enterPhase, joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

/**
 * Between NO ONE and the next SLAVEOF: the old connection is closed by a 3 s cron; sooner costs 10 to 15 s and
 * killed a 3.5.4 slave once (pika-facts 1.4, recordings 13 and 29).
 */
const pauseAfterDetachMs = 4500;

export function stepAttempt(turn: Turn, join: Join): void {
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
  if (isAttachedMeanwhile(turn, join, attempt, look.facts.replication)) {
    attachedMeanwhile(turn, join, look.facts.replication);
    return;
  }
  if (attempt.step !== 'syncing' && hasSlaves(look.facts.replication)) {
    gainedSlaves(turn, join);
    return;
  }
  switch (attempt.step) {
    case 'detach':
      if (look.facts.replication.role === 'master')
        nextStep(turn, join, { step: 'await_unlisted', detachedAt: turn.now });
      else if (turn.frozen !== null) waitFor(turn, join, turn.frozen);
      else intend(turn, join, { kind: 'slaveof_no_one' }, because('must_leave_master'));
      return;
    case 'await_unlisted':
      awaitUnlisted(turn, join, attempt);
      return;
    case 'clear_id':
      if (look.facts.replication.replicationId) {
        intend(turn, join, { kind: 'clear_replication_id' }, because('remembers_id'));
      } else nextStep(turn, join, { step: 'slaveof' });
      return;
    case 'slaveof':
      issueSlaveof(turn, join, look.facts);
      return;
    case 'syncing':
      return;
  }
}

/** Whether the node is a slave where it must not be: after its detach, or before it of a master that the request does not give up. */
function isAttachedMeanwhile(
  turn: Turn,
  join: Join,
  { step }: Attempt,
  replication: ReplicationFacts,
): boolean {
  if (replication.role === 'master' || step === 'syncing') return false;
  if (step !== 'detach') return true;
  return !join.target.repoint && !follows(replication, turn.expansion.master.seenAs);
}

/** Between two steps somebody else, or a late command of an earlier attempt, has made the node a slave. */
function attachedMeanwhile(turn: Turn, join: Join, replication: ReplicationFacts): void {
  if (follows(replication, turn.expansion.master.seenAs)) {
    nextStep(turn, join, { step: 'detach', detachedAt: null });
    return;
  }
  const foundMaster = `${replication.masterHost}:${replication.masterPort}`;
  const facts = { node: join.target.name, foundMaster };
  giveUp(turn, join, 'failed', makeProblem('foreign_change', facts, turn.now));
}

const hasSlaves = ({ slaves, connectedSlaves }: ReplicationFacts): boolean =>
  slaves.length > 0 || (connectedSlaves ?? 0) > 0;

/** The node had no slave when it was checked: a slave has come back, or somebody has attached a slave. */
function gainedSlaves(turn: Turn, join: Join): void {
  const problem = makeProblem('has_slaves', { node: join.target.name }, turn.now);
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', problem);
}

function holdForNode(turn: Turn, join: Join, look: Look | undefined): void {
  if (!look || look.kind === 'answered') return;
  const { kind } = look;
  const waiting = waitFor(turn, join, because('node_silent', { kind }));
  const { nodeDownTimeoutMs: waitedMs } = turn.expansion.policy;
  if (!isOver(turn, waiting, { endsAt: waiting.phaseSince + waitedMs, atEnd: asksPerson })) return;
  const facts = { node: join.target.name, kind, met: kind === 'busy' ? null : look.message, waitedMs };
  const problem = makeProblem(`node_${kind}`, facts, turn.now);
  giveUp(turn, waiting, isTouched(join) ? 'quarantined' : 'failed', problem);
}

function nextStep(turn: Turn, join: Join, change: Partial<Attempt>): void {
  stepAttempt(turn, patchAttempt(turn, join, change));
}

/**
 * A pause, a freeze or a hold meets a detached node whose SLAVEOF was not sent. The node returns to the queue, and is checked
 * again when its turn comes. A pause keeps the SLAVEOF back, so it would wait for the node without end. And the hours
 * of a freeze must not count as waiting time. Its next attempt comes on top of the allowed attempts.
 */
export function stepBack(turn: Turn, join: Join, why: Reason): void {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null || join.leaving) return;
  if (attempt.step === 'syncing' || attempt.step === 'detach') return;
  if (attempt.intents.at(-1)?.outcome === null) return;
  closeAttempt(turn, join, 'abandoned');
  const back = patchJoin(turn, join.index, { attemptsAllowed: join.attemptsAllowed + 1 });
  enterPhase(turn, back, 'waiting', because('back_in_line', { because: why }));
}

const closedAt = ({ detachedAt }: Attempt): number =>
  detachedAt === null ? Number.NEGATIVE_INFINITY : detachedAt + pauseAfterDetachMs;

/** Whether the master has forgotten the node, and its old connection has had the time to close. */
function awaitUnlisted(turn: Turn, join: Join, attempt: Attempt): void {
  const step = nodeReplication(turn, join)?.replicationId ? 'clear_id' : 'slaveof';
  if (turn.masterLook?.kind !== 'answered') holdForMaster(turn, join);
  else if (isStillListed(turn, join)) holdForStaleEntry(turn, join, attempt);
  else if (!isOver(turn, join, { endsAt: closedAt(attempt), atEnd: because('then_attached') }))
    waitFor(turn, join, because('old_connection_closing'));
  else nextStep(turn, waitFor(turn, join, null), { step });
}

function isStillListed(turn: Turn, join: Join): boolean {
  const slaves = turn.expansion.masterTracker.replication?.slaves ?? [];
  return findListedSlave(slaves, joinKnownAs(turn, join)) !== null;
}

function holdForStaleEntry(turn: Turn, join: Join, attempt: Attempt): void {
  const waiting = waitFor(turn, join, because('still_listed'));
  const since = attempt.detachedAt ?? attempt.startedAt;
  const endsAt = since + turn.expansion.policy.masterBusyTimeoutMs;
  if (!isOver(turn, waiting, { endsAt, atEnd: asksPerson })) return;
  const facts = { master: turn.expansion.master.name, node: join.target.name };
  const problem = makeProblem('stale_entry', facts, turn.now);
  giveUp(turn, waiting, isTouched(join) ? 'quarantined' : 'failed', problem);
}

const nodeReplication = (turn: Turn, join: Join): ReplicationFacts | null => {
  const look = turn.nodeLooks.get(join.index);
  return look?.kind === 'answered' ? (look.facts.replication ?? null) : null;
};

/** The slaves that the master lists already, and the addresses at which it may come to list the other nodes. */
function entriesOfOthers(turn: Turn, join: Join): readonly string[] {
  const { masterTracker, joins } = turn.expansion;
  const others = joins
    .filter(({ index }) => index !== join.index)
    .flatMap((other) => {
      const { seenAs, ips = [] } = joinKnownAs(turn, other);
      return [seenAs.host, ...ips].map((ip) => slaveName({ ip, port: seenAs.port }));
    });
  return [...(masterTracker.replication?.slaves ?? []).map(slaveName), ...new Set(others)];
}

function issueSlaveof(turn: Turn, join: Join, facts: NodeFacts): void {
  const held =
    turn.noSync ??
    (turn.expansion.pendingControl !== null || turn.expansion.state !== 'running'
      ? because('expansion_does_not_run')
      : null);
  if (held !== null) {
    waitFor(turn, join, held);
    return;
  }
  if (holdForMaster(turn, join) || holdForDump(turn, joinAt(turn, join.index))) return;
  if (holdThrottle(turn, join)) {
    waitFor(turn, joinAt(turn, join.index), because('throttle_being_set'));
    return;
  }
  const data = dataMeanwhile(join, facts);
  if (data === 'unknown') {
    waitFor(turn, join, because('emptiness_being_asked'));
    return;
  }
  if (data === 'some') {
    giveUp(turn, join, 'failed', makeProblem('holds_data', { node: join.target.name }, turn.now));
    return;
  }
  const { master } = turn.expansion;
  const tracker = newSlaveTracker({
    attachedAt: turn.now,
    master: master.seenAs,
    self: join.target.seenAs,
    before: facts,
    listedBefore: entriesOfOthers(turn, join),
    binlogFileSizeBytes: turn.expansion.binlogFileSizeBytes,
    masterOffsets: turn.expansion.masterTracker.replication?.binlog ?? {},
    opensSupersededCopy: turn.capabilitiesOf(turn.nodeLooks.get(join.index))?.opensSupersededCopy,
  });
  const withTracker = patchAttempt(turn, waitFor(turn, join, null), { tracker });
  intend(
    turn,
    withTracker,
    { kind: 'slaveof', master: master.seenAs, force: true },
    because('full_sync_begins'),
  );
}

/** An untouched node may have waited for long since it was found empty, and takes writes while it is a master. */
function dataMeanwhile(join: Join, facts: NodeFacts): 'none' | 'some' | 'unknown' {
  if (!mustStayEmpty(join)) return 'none';
  if (facts.holdsKeys === undefined) return 'unknown';
  return facts.holdsKeys ? 'some' : 'none';
}

/**
 * An intent without a known outcome: a worker died between saving and hearing the reply, or the reply got lost.
 * The node itself tells whether the act happened.
 */
function resolveIntent(turn: Turn, join: Join, intent: Intent, replication: ReplicationFacts): void {
  if (hasHappened(intent.command, replication) || isDumpAskedFor(turn, intent)) {
    const happened = endIntent(turn, join, intent, 'ok', because('seen_on_node'));
    const command = commandText(intent.command);
    say(turn, 'node.command', { command, reply: null, outcome: 'seen' }, join.target.name);
    afterCommand(turn, happened, intent.command);
    return;
  }
  if (!isSettled(turn, join, intent)) {
    waitFor(turn, join, because('act_unknown', { command: commandText(intent.command) }));
    return;
  }
  const gone = endIntent(turn, join, intent, 'unknown', because('not_seen_done_again'));
  stepAttempt(turn, waitFor(turn, gone, null));
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
    case 'bgsave':
    case 'config_set':
    case 'config_rewrite':
      return;
  }
}

/** Takes in the reply to a command of an intent. `unknown` leaves the intent open: the node will be asked. */
export function takeReply(turn: Turn, reply: Reply & { readonly joinIndex: number }): void {
  const join = joinAt(turn, reply.joinIndex);
  const intent = currentAttempt(join)?.intents.find((known) => known.id === reply.intentId);
  if (!intent || intent.outcome !== null) return;
  if (reply.outcome === 'not_sent') {
    const { because: why } = reply;
    waitFor(turn, endIntent(turn, join, intent, 'refused', because('not_sent', { because: why })), why);
    return;
  }
  if (reply.outcome === 'not_allowed') {
    const { notAllowed } = reply;
    const ended = endIntent(turn, join, intent, 'refused', because('follow_not_allowed', { notAllowed }));
    const problem = makeProblem('follow_not_allowed', { notAllowed }, turn.now);
    giveUp(turn, ended, isTouched(ended) ? 'quarantined' : 'failed', problem);
    return;
  }
  const command = commandText(intent.command);
  const { outcome, text } = reply;
  const node = join.target.name;
  say(turn, 'node.command', { command, reply: outcome === 'unknown' ? null : text, outcome }, node);
  if (outcome === 'unknown') return;
  const ended = endIntent(turn, join, intent, outcome, text);
  if (join.leaving) return;
  if (reply.outcome === 'ok') {
    afterCommand(turn, ended, intent.command);
    return;
  }
  const [name = command] = command.split(' ');
  const problem = isUnknownCommand(text)
    ? makeProblem('command_hidden', { node, command: name, reply: text }, turn.now)
    : makeProblem('command_refused', { node, command, reply: text }, turn.now);
  giveUp(turn, ended, isTouched(ended) ? 'quarantined' : 'failed', problem);
}
