/** The steps of an attempt up to SLAVEOF: detach, wait until forgotten, clear the id, attach. Part of `decide`. */

import { findListedSlave } from '../../model/addresses.ts';
import { anomalyInGeneral } from '../../model/anomalies.ts';
import type { Attempt, Intent, Join, NodeCommand } from '../../model/expansion.ts';
import {
  type Look,
  type NodeFacts,
  type ReplicationFacts,
  silenceInFull,
  silenceWords,
} from '../../model/observation.ts';
import { nobody } from '../../model/text.ts';
import { masterSilence } from '../sync/master-tracker.ts';
import { newSlaveTracker } from '../sync/tracker.ts';
import { holdThrottle } from './bandwidth.ts';
import { commandWords, endIntent, follows, hasHappened, intend, unknownActSettlesMs } from './intent.ts';
import {
  closeAttempt,
  currentAttempt,
  giveUp,
  isTouched,
  joinKnownAs,
  mustStayEmpty,
  patchAttempt,
} from './join-state.ts';
import { holdForMaster, masterBusy } from './master-hold.ts';
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
  giveUp(turn, join, 'failed', {
    code: 'foreign_change',
    text: `${join.target.name} was about to be attached, but now follows ${replication.masterHost}:${replication.masterPort}: somebody else attached it. It was left as it is.`,
    nextSteps: anomalyInGeneral('foreign_change', nobody).nextSteps,
    at: turn.now,
  });
}

const hasSlaves = ({ slaves, connectedSlaves }: ReplicationFacts): boolean =>
  slaves.length > 0 || (connectedSlaves ?? 0) > 0;

/** It had none when it was checked: one that was away has come back, or somebody has attached one. */
function gainedSlaves(turn: Turn, join: Join): void {
  giveUp(turn, join, isTouched(join) ? 'quarantined' : 'failed', {
    code: 'has_slaves',
    text: `${join.target.name} has got slaves of its own since it was checked. Pika refuses SLAVEOF there ("already master of others").`,
    nextSteps: ['Point its slaves elsewhere first (SLAVEOF on each of them), then retry this node.'],
    at: turn.now,
  });
}

function holdForNode(turn: Turn, join: Join, look: Look | undefined): void {
  if (!look || look.kind === 'answered') return;
  const waiting = waitFor(turn, join, `the node ${silenceWords[look.kind]}`);
  if (turn.now - waiting.phaseSince < turn.expansion.policy.nodeDownTimeoutMs) return;
  giveUp(turn, waiting, isTouched(join) ? 'quarantined' : 'failed', {
    code: `node_${look.kind}`,
    text: `${join.target.name} ${silenceInFull(look)}; it was waited for ${Math.round(turn.expansion.policy.nodeDownTimeoutMs / 1000)} s.`,
    nextSteps: ['Repair the node or the network, then retry this node; or skip it.'],
    at: turn.now,
  });
}

function nextStep(turn: Turn, join: Join, change: Partial<Attempt>): void {
  stepAttempt(turn, patchAttempt(turn, join, change));
}

/**
 * A pause or a freeze meets a node that is detached, and whose SLAVEOF was not sent: it goes back in line, and is checked
 * once more when its turn comes. A pause would wait without end for it, as it keeps its SLAVEOF back; and a freeze of
 * hours must not count as time for which the node or the master was waited for. Its next attempt is one more than were
 * allowed.
 */
export function stepBack(turn: Turn, join: Join, why: string): void {
  const attempt = currentAttempt(join);
  if (!attempt || attempt.endedAt !== null || join.leaving) return;
  if (attempt.step === 'syncing' || attempt.step === 'detach') return;
  if (attempt.intents.at(-1)?.outcome === null) return;
  closeAttempt(turn, join, 'abandoned');
  const back = patchJoin(turn, join.index, { attemptsAllowed: join.attemptsAllowed + 1 });
  enterPhase(turn, back, 'waiting', `back in line: ${why}`);
}

/** Whether the master has forgotten the node, and its old connection has had the time to close. */
function awaitUnlisted(turn: Turn, join: Join, attempt: Attempt): void {
  const step = nodeReplication(turn, join)?.replicationId ? 'clear_id' : 'slaveof';
  const tooSoon = attempt.detachedAt !== null && turn.now - attempt.detachedAt < pauseAfterDetachMs;
  if (turn.masterLook?.kind !== 'answered')
    waitFor(turn, join, masterSilence(turn.expansion.masterTracker) ?? 'the master does not answer');
  else if (isStillListed(turn, join)) holdForStaleEntry(turn, join, attempt);
  else if (tooSoon) waitFor(turn, join, 'the connection of before must close first (4.5 s after NO ONE)');
  else nextStep(turn, waitFor(turn, join, null), { step });
}

function isStillListed(turn: Turn, join: Join): boolean {
  const slaves = turn.expansion.masterTracker.replication?.slaves ?? [];
  return findListedSlave(slaves, joinKnownAs(turn, join)) !== null;
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
  const busy = masterBusy(turn, join);
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
  if (holdThrottle(turn, join)) {
    waitFor(turn, joinAt(turn, join.index), 'its throttle is being set');
    return;
  }
  const data = dataMeanwhile(join, facts);
  if (data === 'unknown') {
    waitFor(turn, join, 'whether it is still empty is being asked');
    return;
  }
  if (data === 'some') {
    giveUp(turn, join, 'failed', {
      code: 'holds_data',
      text: `${join.target.name} was empty when it was checked, and holds keys now: somebody has written to it. It was not attached.`,
      nextSteps: [
        'Find out who writes to this node. If its data may go, start a new expansion with "overwriteData": true for it.',
      ],
      at: turn.now,
    });
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
    binlogFileSizeBytes: turn.expansion.binlogFileSizeBytes,
    masterOffsets: turn.expansion.masterTracker.replication?.binlog ?? {},
  });
  const withTracker = patchAttempt(turn, waitFor(turn, join, null), { tracker });
  intend(turn, withTracker, { kind: 'slaveof', master: master.seenAs, force: true }, 'the full sync begins');
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
    case 'config_set':
    case 'config_rewrite':
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
