/**
 * The brain: (expansion, what was seen, now) -> (new state, events, what to do, when to look again). Pure: no I/O,
 * clock or randomness, so that thousands of schedules run in a second and a crash can happen between any two calls.
 */

import type { Capabilities } from '../../model/capabilities.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { EventInput } from '../../model/events.ts';
import {
  type Control,
  type Expansion,
  isActive,
  isEnded,
  isSettled,
  type Join,
} from '../../model/expansion.ts';
import type { HealthSample } from '../../model/health.ts';
import type { KnownFault } from '../../model/knowledge.ts';
import type { Look, NodeFacts } from '../../model/observation.ts';
import { makeProblem } from '../../model/problems.ts';
import { because, type Reason, sameReason } from '../../model/reasons.ts';
import type { JoinTarget } from '../../model/targets.ts';
import type { AgentListings } from '../../model/views/agent.ts';
import { type Batches, chooseBatches } from '../plan/batches.ts';
import { masterIdentity } from '../plan/preflight.ts';
import { snapshotSize, trackMaster } from '../sync/master-tracker.ts';
import { stepBack, takeReply } from './attempt.ts';
import { healthGate, holdThrottle, takeHealth } from './bandwidth.ts';
import { settingIntent, takeSettingReply } from './borrowed.ts';
import { showBounds } from './bound.ts';
import { blockingJoins, controlProblem } from './controls.ts';
import { advanceJoin } from './follow.ts';
import { compareForecast } from './forecast-outcome.ts';
import { agreedForecast, closedWindow, heldByClock, holdForForecast, startsLater } from './hold.ts';
import { type HookAnswers, heldAt, publishProven } from './hooks.ts';
import type { Reply } from './intent.ts';
import {
  awaitsDump,
  firstAfterCanary,
  fullSyncsAtATime,
  giveUp,
  holdsFullSyncSlot,
  isCanary,
  isNextInLine,
  isTouched,
  isUnderWay,
} from './join-state.ts';
import { advanceLeaving, leave } from './leaving.ts';
import { lookAgainIn } from './pace.ts';
import { beginJoin, restoredMeanwhile } from './preflight-join.ts';
import { holdRetention, owesMasterSetting, retentionGate, retentionLender } from './retention.ts';
import { owesSetting, throttleLender } from './throttle.ts';
import {
  type CommandToRun,
  type ComparisonToStart,
  enterPhase,
  enterState,
  joinAt,
  patch,
  patchJoin,
  say,
  type Turn,
} from './turn.ts';

/** An expansion that has begun and ended. */
export interface PreviousExpansion {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

export interface DecideInput {
  readonly expansion: Expansion;
  readonly now: number;
  /** Epoch of the lease under which this is decided. */
  readonly epoch: number;
  /** null = the master was not looked at this time. */
  readonly masterLook: Look | null;
  readonly nodeLooks: ReadonlyMap<number, Look>;
  /** What agents list of the folders of the servers, by the name of the server; absent = nothing. */
  readonly listings?: ReadonlyMap<string, AgentListings>;
  readonly controls: readonly Control[];
  /** Reason of the global stop; null = none. */
  readonly frozen: string | null;
  /** Why no further full sync of this master may begin: a hold; absent or null = none is active. */
  readonly held?: Reason | null;
  /** Reports of comparisons that have ended, by join index. */
  readonly reports: ReadonlyMap<number, ComparisonReport>;
  /** Id of the expansion that holds the master; null = this one does. */
  readonly masterHeldBy: string | null;
  /** The expansion that worked on this master last; absent or null = none did, or the policy does not ask. */
  readonly previousOnMaster?: PreviousExpansion | null;
  /** Whoever may hold a step; absent = nobody does. */
  readonly hooks?: HookAnswers;
  readonly capabilitiesOf: (facts: NodeFacts) => Capabilities;
  /** Whether the configuration of now protects a node; absent = it protects none. */
  readonly isProtected?: (node: JoinTarget) => boolean;
  /** What is known to be wrong with releases; absent = nothing. */
  readonly faults?: readonly KnownFault[];
  /** By join index, why it gets no slot for a full sync now; absent = no limits are set. */
  readonly slotRefusals?: ReadonlyMap<number, Reason>;
  /** Full syncs that may run to nodes on one host (`slots.perNodeHost`); absent = no limit is set. */
  readonly perNodeHost?: number | null;
  /** Batches that were decided on before; absent = they are chosen at the first look. */
  readonly batches?: Batches;
  /** Full syncs of other expansions from masters on this master's host. */
  readonly othersOnMasterHost?: number;
  /** What was measured of the master's health since the last time; null = nothing. */
  readonly health?: HealthSample | null;
}

export interface Decision {
  readonly expansion: Expansion;
  readonly events: readonly EventInput[];
  /** To be run after this decision was saved. */
  readonly commands: readonly CommandToRun[];
  readonly comparisons: readonly ComparisonToStart[];
  readonly appliedControls: readonly string[];
  /** null = nothing to do until somebody rings. Milliseconds. */
  readonly lookAgainInMs: number | null;
}

/** Decides what follows from one look. Throws only on a defect of its own. */
export function decide(input: DecideInput): Decision {
  const frozen = input.frozen === null ? null : because('frozen', { reason: input.frozen });
  const turn: Turn = {
    expansion: input.expansion,
    now: input.now,
    epoch: input.epoch,
    masterLook: input.masterLook,
    nodeLooks: input.nodeLooks,
    listings: input.listings ?? new Map(),
    frozen,
    noSync: frozen ?? input.held ?? null,
    othersOnMasterHost: input.othersOnMasterHost ?? 0,
    faults: input.faults ?? [],
    capabilitiesOf: (look) => (look?.kind === 'answered' ? input.capabilitiesOf(look.facts) : null),
    isProtected: input.isProtected ?? (() => false),
    events: [],
    commands: [],
    comparisons: [],
    appliedControls: [],
    bounds: new Map(),
  };
  if (!isEnded(input.expansion.state)) run(turn, input);
  showBounds(turn);
  return {
    expansion: turn.expansion,
    events: turn.events,
    commands: turn.commands,
    comparisons: turn.comparisons,
    appliedControls: turn.appliedControls,
    lookAgainInMs: lookAgainIn(turn.expansion, turn.now),
  };
}

function run(turn: Turn, input: DecideInput): void {
  if (input.masterLook)
    patch(turn, { masterTracker: trackMaster(turn.expansion.masterTracker, input.masterLook) });
  takeHealth(turn, input.health ?? null);
  applyControls(turn, input.controls);
  if (isEnded(turn.expansion.state) || isUnexamined(turn.expansion)) return;
  if (turn.expansion.state === 'pending' && turn.expansion.pendingControl === null) {
    const later = startsLater(turn.expansion, turn.now);
    const rest = restOf(turn, input);
    if (later !== null) waitToStart(turn, because('starts_at', { at: later }));
    else if (input.masterHeldBy !== null) waitTurn(turn, input.masterHeldBy);
    else if (rest !== null) waitToStart(turn, rest);
    else start(turn, input);
    return;
  }
  followJoins(turn, input);
  publishProven(turn, input.expansion, input.hooks);
  endHalt(turn);
  handleFailures(turn);
  holdRetention(turn);
  finishPending(turn);
  if (turn.expansion.state === 'running') {
    closeBatch(turn);
    beginNext(turn, input);
  }
  finish(turn);
}

const isSetBack = (reason: Expansion['stateReason']): boolean =>
  reason?.code === 'restored' || reason?.code === 'failed_over';

/** Its database came back at an older point: nobody knows what was done since, so nothing is done before a person has resumed or cancelled it. */
const isUnexamined = ({ state, stateReason, pendingControl }: Expansion): boolean =>
  state === 'paused' && isSetBack(stateReason) && pendingControl === null;

// ------------------------------------------------------------------------------------------------ controls

function applyControls(turn: Turn, controls: readonly Control[]): void {
  for (const control of controls) {
    turn.appliedControls.push(control.id);
    const problem = controlProblem(turn.expansion, control.verb, control.node, control.by)?.asProblem(
      turn.now,
    );
    if (problem) {
      say(turn, 'control.refused', { control, problem }, control.node);
      continue;
    }
    say(turn, 'control.applied', { control }, control.node);
    apply(turn, control);
  }
}

function apply(turn: Turn, control: Control): void {
  const asked = askedBy(control);
  const join = turn.expansion.joins.find((candidate) => candidate.target.name === control.node);
  switch (control.verb) {
    case 'pause':
      patch(turn, { pendingControl: control });
      return;
    case 'cancel':
      doubtRestored(turn);
      patch(turn, { pendingControl: control });
      for (const open of turn.expansion.joins) cancelJoin(turn, open, control);
      return;
    case 'resume':
      resume(turn, control);
      return;
    case 'approve':
      patch(turn, { approvedThroughBatch: turn.expansion.currentBatch, ...agreedForecast(turn.expansion) });
      enterState(
        turn,
        'running',
        because('approved_by', { ...asked, batch: turn.expansion.currentBatch + 1 }),
      );
      return;
    case 'retry':
      if (join) retry(turn, join, control);
      return;
    case 'skip':
      if (join) leave(turn, join, 'skipped', because('skipped_by', asked));
      return;
  }
}

const askedBy = ({ by, reason }: Control) => ({ by, why: reason });

function cancelJoin(turn: Turn, join: Join, control: Control): void {
  if (isSettled(join.phase) || join.leaving) return;
  if (join.phase === 'failed') return;
  leave(
    turn,
    join,
    join.phase === 'quarantined' ? 'quarantined' : 'cancelled',
    because('cancelled_by', askedBy(control)),
  );
}

function resume(turn: Turn, control: Control): void {
  patch(turn, { pendingControl: null });
  if (turn.expansion.state === 'running') return;
  doubtRestored(turn);
  const back = turn.expansion.startedAt === null ? 'pending' : 'running';
  enterState(turn, back, because('resumed_by', askedBy(control)));
}

/** What was under way at that older point has come to an end that is not known here: a person decides about each node. */
function doubtRestored(turn: Turn): void {
  if (!isSetBack(turn.expansion.stateReason)) return;
  for (const join of turn.expansion.joins) doubt(turn, join);
}

function doubt(turn: Turn, join: Join): void {
  if (isSettled(join.phase)) return;
  const doubted = patchJoin(turn, join.index, { restored: true });
  if (isActive(join.phase) && join.attempts.length > 0)
    giveUp(turn, doubted, 'quarantined', restoredMeanwhile(turn, doubted));
}

function retry(turn: Turn, join: Join, control: Control): void {
  const { policy } = turn.expansion;
  const again = patchJoin(turn, join.index, {
    attemptsAllowed: join.attempts.length + policy.maxAttempts,
    triedCauses: [],
    diagnosis: null,
    problem: null,
    evidence: null,
    comparison: null,
    leaving: null,
    restored: false,
  });
  enterPhase(turn, again, 'waiting', because('retry_asked_by', askedBy(control)));
}

// ------------------------------------------------------------------------------------------------- starting

/** Why the master may not be worked on again yet; null = it may. */
function restOf({ expansion, now }: Turn, { previousOnMaster }: DecideInput): Reason | null {
  if (!previousOnMaster) return null;
  const until = previousOnMaster.endedAt + expansion.policy.restBetweenExpansionsMs;
  return now < until ? because('master_rests', { until, expansion: previousOnMaster.id }) : null;
}

function waitToStart(turn: Turn, reason: Reason): void {
  if (sameReason(turn.expansion.stateReason, reason)) return;
  patch(turn, { stateReason: reason });
  say(turn, 'expansion.waiting', { reason });
}

function waitTurn(turn: Turn, holder: string): void {
  if (turn.expansion.waitsFor === holder) return;
  const reason = because('waits_for_turn', { expansion: holder });
  patch(turn, { waitsFor: holder, stateReason: reason });
  say(turn, 'expansion.waiting', { reason, expansionId: holder });
}

/** First look: learns the master, forms the batches. */
function start(turn: Turn, input: DecideInput): void {
  const look = input.masterLook;
  if (look?.kind !== 'answered' || !look.facts.server || !look.facts.replication) {
    startWithoutMaster(turn, look);
    return;
  }
  const capabilities = input.capabilitiesOf(look.facts);
  const nodes = turn.expansion.joins.map((join) => {
    const seen = input.nodeLooks.get(join.index);
    return {
      target: join.target,
      capabilities: seen?.kind === 'answered' ? input.capabilitiesOf(seen.facts) : null,
    };
  });
  const { batchSize, reason, batches } =
    input.batches ??
    chooseBatches({
      masterCapabilities: capabilities,
      snapshotBytes: snapshotSize(look.facts),
      nodes,
      policy: turn.expansion.policy,
      perNodeHost: input.perNodeHost ?? null,
    });
  const batchOf = new Map(batches.flatMap((names, batch) => names.map((name) => [name, batch] as const)));
  patch(turn, {
    capabilities,
    plannedMaster: masterIdentity(look.facts, capabilities),
    binlogFileSizeBytes: look.facts.config?.binlogFileSizeBytes ?? null,
    batchSize,
    batchSizeReason: reason,
    batchCount: batches.length,
    startedAt: turn.now,
    waitsFor: null,
    joins: turn.expansion.joins.map((join) => ({ ...join, batch: batchOf.get(join.target.name) ?? 0 })),
  });
  enterState(
    turn,
    'running',
    because('batches_formed', {
      nodes: turn.expansion.joins.length,
      batches: batches.length,
      batchSize,
      why: reason,
    }),
  );
  say(turn, 'batch.started', { batch: 0, batchCount: batches.length, nodes: batches[0] ?? [] });
}

function startWithoutMaster(turn: Turn, look: Look | null): void {
  if (look === null) return;
  const { policy, acceptedAt, startAt = 0, masterTracker } = turn.expansion;
  const master = turn.expansion.master.name;
  const isSilent = look.kind !== 'answered';
  const reason = isSilent
    ? because('server_silent', { server: master, kind: look.kind, met: null })
    : because('master_says_too_little', { master });
  waitToStart(turn, reason);
  const since = masterTracker.silentSince ?? Math.max(acceptedAt, startAt);
  const forMs = turn.now - since;
  if (forMs < policy.nodeDownTimeoutMs) return;
  const met = masterTracker.silentWith ?? null;
  const problem = isSilent
    ? makeProblem(`master_${look.kind}`, { master, kind: look.kind, met, forMs, node: null }, turn.now)
    : makeProblem('master_facts_missing', { master, forMs }, turn.now);
  enterState(turn, 'failed', because('nothing_begun', { because: reason }), problem);
}

// ------------------------------------------------------------------------------------------------ following

function followJoins(turn: Turn, input: DecideInput): void {
  for (const { index } of turn.expansion.joins) {
    if (turn.noSync !== null) stepBack(turn, joinAt(turn, index), turn.noSync);
    if (joinAt(turn, index).attempts.length > 0) holdThrottle(turn, joinAt(turn, index));
    const join = joinAt(turn, index);
    if (join.leaving) advanceLeaving(turn, join);
    else if (isUnderWay(join) && isActive(join.phase))
      advanceJoin(turn, join, input.reports.get(index) ?? null);
  }
}

/** What a failed node means for the others: the policy's choice. */
function handleFailures(turn: Turn): void {
  const blocking = blockingJoins(turn.expansion).filter((join) => !join.leaving);
  if (blocking.length === 0 || turn.expansion.state !== 'running') return;
  switch (turn.expansion.policy.onFailure) {
    case 'halt':
      halt(turn, blocking);
      return;
    case 'skip': {
      const canaries = blocking.filter((join) => isCanary(turn.expansion, join));
      if (canaries.length > 0) halt(turn, canaries);
      else for (const join of blocking) detachFailed(turn, join);
      return;
    }
    case 'rollback':
      rollBack(turn);
      return;
  }
}

function halt(turn: Turn, blocking: readonly Join[]): void {
  enterState(
    turn,
    'halted',
    because('halted_because_of', { nodes: withPhases(blocking) }),
    blocking[0]?.problem ?? null,
  );
}

const withPhases = (joins: readonly Join[]) =>
  joins.map(({ target, phase }) => ({ node: target.name, phase }));

/** A halt ends by itself once each node that caused it is tried again or has left. */
function endHalt(turn: Turn): void {
  const { state, pendingControl } = turn.expansion;
  if (state !== 'halted' || pendingControl !== null || blockingJoins(turn.expansion).length > 0) return;
  enterState(turn, 'running', because('halt_over'));
}

/** Whether the node may still hang on the master, half synced, by this expansion's doing. */
const mayHangOnMaster = (join: Join): boolean =>
  isTouched(join) &&
  !join.leaving &&
  join.attempts.at(-1)?.outcome !== 'abandoned' &&
  join.problem?.code !== 'foreign_change';

/** With `skip` a node that failed is left behind, but not hanging on the master half synced. */
function detachFailed(turn: Turn, join: Join): void {
  if (!mayHangOnMaster(join)) return;
  leave(turn, join, join.phase as 'failed' | 'quarantined', because('detached_by_policy'));
}

function rollBack(turn: Turn): void {
  const why = because('rolled_back');
  const batch = turn.expansion.joins.filter((join) => join.batch === turn.expansion.currentBatch);
  for (const join of batch.filter(mayHangOnMaster)) {
    const to = join.phase === 'quarantined' || join.phase === 'failed' ? join.phase : 'cancelled';
    leave(turn, join, to, why);
  }
  for (const join of turn.expansion.joins) {
    if (join.phase === 'waiting' || join.phase === 'preflight')
      enterPhase(turn, join, 'cancelled', because('not_begun_rolled_back'));
  }
}

// -------------------------------------------------------------------------------------------------- batches

/** Pause takes effect once no node is under way; cancel once every node has left. */
function finishPending(turn: Turn): void {
  const control = turn.expansion.pendingControl;
  if (!control) return;
  if (control.verb === 'pause')
    for (const join of turn.expansion.joins) stepBack(turn, join, because('expansion_paused'));
  const busy = turn.expansion.joins.some(
    (join) => join.leaving !== null || owesSetting(join) || (isActive(join.phase) && isUnderWay(join)),
  );
  if (busy || owesMasterSetting(turn.expansion)) return;
  if (control.verb === 'cancel') {
    enterState(turn, 'cancelled', because('cancelled_by', askedBy(control)));
    return;
  }
  patch(turn, { pendingControl: null });
  if (turn.expansion.state === 'halted') return;
  for (const join of turn.expansion.joins) {
    if (join.phase === 'preflight')
      enterPhase(turn, join, 'waiting', because('back_in_line', { because: because('expansion_paused') }));
  }
  enterState(turn, 'paused', because('paused_by', askedBy(control)));
}

const isDone = (expansion: Expansion, join: Join): boolean =>
  !join.leaving &&
  join.published !== false &&
  (isSettled(join.phase) ||
    (goesOnWithout(expansion, join) && (join.phase === 'failed' || join.phase === 'quarantined')));

/** Whether the policy leaves the node behind if it fails. Only a person leaves a canary behind. */
const goesOnWithout = (expansion: Expansion, join: Join): boolean =>
  expansion.policy.onFailure === 'rollback' ||
  (expansion.policy.onFailure === 'skip' && !isCanary(expansion, join));

function closeBatch(turn: Turn): void {
  const { expansion } = turn;
  if (expansion.batchCount === null) return;
  const batch = expansion.joins.filter((join) => join.batch === expansion.currentBatch);
  const earlier = expansion.joins.filter((join) => (join.batch ?? 0) <= expansion.currentBatch);
  if (!earlier.every((join) => isDone(expansion, join))) return;
  const next = expansion.currentBatch + 1;
  if (next >= expansion.batchCount) return;
  const verified = batch.filter((join) => join.phase === 'verified').length;
  const { currentBatch, batchCount } = expansion;
  const nodes = batch.map((join) => join.target.name);
  say(turn, 'batch.finished', { batch: currentBatch, batchCount, verified, nodes });
  const names = expansion.joins.filter((join) => join.batch === next).map((join) => join.target.name);
  const { pauseBetweenBatchesMs, canaryRestMs } = expansion.policy;
  const pauseMs = Math.max(pauseBetweenBatchesMs, next === firstAfterCanary(expansion) ? canaryRestMs : 0);
  patch(turn, { currentBatch: next, nextBatchNotBefore: pauseMs > 0 ? turn.now + pauseMs : null });
  say(turn, 'batch.next', { batch: next, batchCount, nodes: names });
}

function beginNext(turn: Turn, input: DecideInput): void {
  const { expansion } = turn;
  if (expansion.state !== 'running' || expansion.batchCount === null || expansion.pendingControl) return;
  const unapproved = approvalNeeded(expansion);
  if (unapproved !== null) {
    enterState(turn, 'awaiting_approval', unapproved);
    return;
  }
  if (closedWindow(expansion, turn.now) === null && holdForForecast(turn, input.capabilitiesOf)) return;
  const inLine = expansion.joins.filter((join) => isNextInLine(expansion, join));
  for (const { index } of inLine) {
    if (blockingJoins(turn.expansion).some((join) => !isDone(turn.expansion, join))) return;
    const held = heldAt(turn.expansion, joinAt(turn, index), input.hooks);
    if (held === 'ask_first' || isUnaskedForSlot(input, index)) continue;
    beginJoin(
      turn,
      joinAt(turn, index),
      {
        closedBecause:
          gateFor(turn, input) ?? held ?? earlierFirst(turn, index) ?? input.slotRefusals?.get(index) ?? null,
      },
      input.capabilitiesOf,
    );
  }
}

/** Where limits are set: whether the turn of the node came only now, so that nobody has asked for its slot. */
const isUnaskedForSlot = ({ expansion, slotRefusals }: DecideInput, index: number): boolean =>
  slotRefusals !== undefined && !isNextInLine(expansion, expansion.joins[index]!);

/** Why a person must agree before the present batch begins; null = nobody has to. */
function approvalNeeded(expansion: Expansion): Reason | null {
  const { policy, joins, currentBatch, batchCount, approvedThroughBatch } = expansion;
  if (currentBatch <= approvedThroughBatch) return null;
  if (currentBatch === 0) return because('start_needs_other_person', { by: expansion.requestedBy });
  if (policy.canaryApproval && currentBatch === firstAfterCanary(expansion)) {
    const canary = joins.filter((join) => isCanary(expansion, join)).length;
    return because('canary_needs_approval', { canary, left: joins.length - canary });
  }
  return policy.approval === 'each_batch'
    ? because('batch_needs_approval', { batch: currentBatch + 1, of: batchCount ?? 0 })
    : null;
}

/** A node that is retried belongs to an earlier batch again: its turn comes before that of a later one, looked at or not. */
function earlierFirst({ expansion }: Turn, index: number): Reason | null {
  const batch = expansion.joins[index]!.batch ?? 0;
  const open = expansion.joins.filter((other) => (other.batch ?? 0) < batch && !isDone(expansion, other));
  return open.length === 0
    ? null
    : because('verified_first', { nodes: open.map(({ target }) => target.name) });
}

/** Why no further node may be attached now. */
function gateFor(turn: Turn, input: DecideInput): Reason | null {
  const { expansion, now } = turn;
  if (turn.noSync !== null) return turn.noSync;
  if (input.masterHeldBy !== null) return because('expansion_on_master', { expansion: input.masterHeldBy });
  const held = heldByClock(expansion, now);
  if (held !== null) return held;
  const unwell = healthGate(expansion) ?? retentionGate(expansion);
  if (unwell !== null) return unwell;
  const underWay = expansion.joins.filter(holdsFullSyncSlot);
  if (underWay.length >= fullSyncsAtATime(expansion))
    return because('verified_first', { nodes: underWay.map((join) => join.target.name) });
  const making = underWay.find(awaitsDump);
  if (making) return because('dump_first', { node: making.target.name });
  return null;
}

/** Ends the expansion when nothing is left to do. */
function finish(turn: Turn): void {
  const { expansion } = turn;
  if (expansion.state !== 'running' || expansion.pendingControl?.verb === 'cancel') return;
  const { joins } = expansion;
  if (!joins.every((join) => isDone(expansion, join) && !owesSetting(join))) return;
  if (owesMasterSetting(expansion)) return;
  const count = (phase: Join['phase']): number => joins.filter((join) => join.phase === phase).length;
  const bad = joins.filter(
    (join) => join.phase === 'failed' || join.phase === 'quarantined' || join.phase === 'cancelled',
  );
  compareForecast(turn);
  const reason = because('ended', {
    verified: count('verified'),
    of: joins.length,
    skipped: count('skipped'),
    bad: withPhases(bad),
  });
  if (bad.length === 0) enterState(turn, 'succeeded', reason);
  else enterState(turn, 'failed', reason, bad.find((join) => join.problem)?.problem ?? null);
}

// -------------------------------------------------------------------------------------------------- replies

/** Takes in the replies to commands of an earlier decision. */
export function takeReplies(
  expansion: Expansion,
  replies: readonly Reply[],
  now: number,
  epoch: number,
): { readonly expansion: Expansion; readonly events: readonly EventInput[] } {
  const turn: Turn = {
    expansion,
    now,
    epoch,
    masterLook: null,
    nodeLooks: new Map(),
    listings: new Map(),
    frozen: null,
    noSync: null,
    othersOnMasterHost: 0,
    faults: [],
    capabilitiesOf: () => null,
    isProtected: () => false,
    events: [],
    commands: [],
    comparisons: [],
    appliedControls: [],
    bounds: new Map(),
  };
  for (const reply of replies) {
    const { joinIndex } = reply;
    if (joinIndex === null) takeSettingReply(turn, retentionLender(turn.expansion), reply);
    else if (reply.intentId.startsWith(settingIntent))
      takeSettingReply(turn, throttleLender(joinAt(turn, joinIndex)), reply);
    else takeReply(turn, { ...reply, joinIndex });
  }
  return { expansion: turn.expansion, events: turn.events };
}
