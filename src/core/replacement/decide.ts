/** What a replacement does next. Pure: no I/O, clock or randomness. */
import { findListedSlave } from '../../model/addresses.ts';
import type { Admitted } from '../../model/admitted.ts';
import { type EventInput, type EventMap, makeEvent } from '../../model/events.ts';
import {
  type Expansion,
  isEnded,
  type NodeCommand,
  needsPerson,
  type Problem,
} from '../../model/expansion.ts';
import type { HookStep } from '../../model/hook-steps.ts';
import type { HookQuestion } from '../../model/hooks.ts';
import type { LookSection } from '../../model/observation.ts';
import { because } from '../../model/reasons.ts';
import {
  type ReplacementEventType,
  replacementEnded,
  replacementRuns,
  replacementSays,
  waitsForPerson,
} from '../../model/replacement-texts.ts';
import { type PairPhase, pairHasEnded, replacementHasEnded } from '../../model/states.ts';
import { type Facts, type Said, sameFacts } from '../../model/text.ts';
import type { Pair, StoredReplacement } from '../../model/views/replacement.ts';
import { knownAs } from '../plan/preflight-servers.ts';
import { awaitsApproval } from './controls.ts';
import { type Beside, judgeOld, type Slave, verifiedSlaves } from './slaves.ts';

/** The outcome of the admission of the new nodes. */
export type NewNodesAdmission = Admitted<Pick<Expansion, 'id' | 'state'>>;

/** What came of the command of an earlier decision. */
export interface DetachReply {
  readonly index: number;
  readonly intentId: string;
  /** `not_sent`: the shell held it back; it will be decided on again. */
  readonly outcome: 'ok' | 'refused' | 'unknown' | 'not_sent';
  readonly text: string;
}

export interface ReplacementInput {
  readonly replacement: StoredReplacement;
  readonly now: number;
  /** Of the lease. */
  readonly epoch: number;
  /** What a person asked; null = nothing. */
  readonly cancel: StoredReplacement['cancel'];
  /** What a person approved; null = nothing. */
  readonly approval: StoredReplacement['approval'];
  /** What came of the admission of an earlier decision; null = nothing is known. */
  readonly admission: NewNodesAdmission | null;
  /** The expansion of the new nodes as it is now; null = it is gone; absent = none runs. */
  readonly expansion?: Pick<Expansion, 'id' | 'state' | 'joins'> | null;
  /** Why nothing may begin anywhere; null = nothing is frozen. */
  readonly frozen: { readonly reason: string | null } | null;
  /** Of this turn, as `wantedLooks` asked; null = not looked at, or no answer came in time. */
  readonly master: Slave['seen'] | null;
  /** By the index of the pair. */
  readonly olds: ReadonlyMap<number, Slave['seen']>;
  /** By the index of the pair, the expansion that has not ended and works on the old node. */
  readonly inUse: ReadonlyMap<number, string>;
  /** The other slaves of the master with what proves them; null = not looked at. */
  readonly others: Beside | null;
  /** By the id of the question; null = nothing against it. */
  readonly answers: ReadonlyMap<string, Said | null>;
  readonly reply: DetachReply | null;
}

export interface ReplacementDecision {
  readonly replacement: StoredReplacement;
  readonly events: readonly EventInput[];
  /** Whether the expansion of the new nodes is to be admitted now; stored as `starting` before that is done. */
  readonly begin: boolean;
  /** Whether that expansion is to be cancelled; asked for again until it has ended. */
  readonly cancelExpansion: boolean;
  /** At most one command a turn; its intent is part of what is stored before it is sent. */
  readonly command: {
    readonly index: number;
    readonly intentId: string;
    readonly command: NodeCommand;
  } | null;
  /** Milliseconds; null = only when something is asked of it. */
  readonly lookAgainInMs: number | null;
}

/** Looks in a row without a client after which a slave counts as drained. */
const quietLooksWanted = 3;
/** An act whose reply was lost may still happen; after this long it has, or never will. */
export const actSettlesMs = 12_000;
const refusedAgainMs = 10_000;
/** A server that is silent for this long needs a person. */
const silentForMs = 60_000;
const triesAtMost = 12;
const tryAgainAfterMs = 5000;
const lookMs = 1000;
const idleLookMs = 2000;
const heldLookMs = 5000;

const outPhases: readonly PairPhase[] = ['withdrawing', 'draining', 'detaching', 'detached', 'putting_back'];
const isOnItsWay = ({ phase }: Pair): boolean => outPhases.includes(phase);

/** Pairs whose turn has come, in order. */
function inTurn(replacement: StoredReplacement, now: number): readonly Pair[] {
  const { pairs, settings, lastDoneAt } = replacement;
  if (lastDoneAt !== null && now < lastDoneAt + settings.paceMs) return [];
  const free = settings.batchSize - pairs.filter(isOnItsWay).length;
  const ready = pairs.filter((pair) => pair.phase === 'waiting' && !awaitsApproval(replacement, pair));
  return ready.slice(0, Math.max(0, free));
}

const mayDetach = ({ phase, intent }: Pair): boolean => phase === 'detaching' && intent === null;

export interface ReplacementLooks {
  readonly olds: ReadonlyMap<number, readonly LookSection[]>;
  /** Whether the other slaves of the master are needed, with their proofs. */
  readonly others: boolean;
}

/** Who is to be looked at in this turn; null = nobody. The master is looked at with any of them. */
export function wantedLooks(replacement: StoredReplacement, now: number): ReplacementLooks | null {
  const next = replacement.cancel === null ? inTurn(replacement, now) : [];
  const looked = replacement.pairs.filter(({ phase }) =>
    ['draining', 'detaching', 'detached'].includes(phase),
  );
  if (next.length + looked.length === 0) return null;
  const plain = ['server', 'replication'] as const;
  const sectionsOf = ({ phase }: Pair): readonly LookSection[] =>
    phase === 'draining' ? [...plain, 'clients'] : plain;
  const others = next.length > 0 || looked.some(mayDetach);
  const going = replacement.pairs.filter(({ phase }) => !pairHasEnded(phase));
  return {
    // Who goes is not to be taken for one that stays.
    olds: new Map((others ? going : looked).map((pair) => [pair.index, sectionsOf(pair)])),
    others,
  };
}

const stepsOfPhases: { readonly [P in PairPhase]?: HookStep } = {
  withdrawing: 'before_detach',
  detached: 'after_detach',
  putting_back: 'after_verified',
};

/** What a pair has to ask others in its phase; null = nothing. */
export function questionOf(replacement: StoredReplacement, pair: Pair): HookQuestion | null {
  const step = stepsOfPhases[pair.phase];
  if (step === undefined) return null;
  const { id, label, master } = replacement;
  return {
    id: `${id}-${pair.index}-${step}`,
    step,
    operation: { kind: 'replacement', id, label },
    master,
    nodes: [pair.old],
    batch: null,
    batchCount: null,
  };
}

/**
 * Decides what a replacement does next. An old slave goes only after its new node is verified, and only while enough other
 * slaves are proven, listed and connected. Nothing is detached once it was cancelled.
 */
export function decideReplacement(input: ReplacementInput): ReplacementDecision {
  const turn = new Turn(input);
  if (!replacementHasEnded(input.replacement.state)) {
    turn.takeReply();
    turn.takeCancel();
    turn.takeApproval();
    turn.takeAdmission();
    turn.followExpansion();
    turn.beginExpansion();
    turn.movePairs();
    turn.enterState();
  }
  return turn.decision();
}

class Turn {
  readonly #input: ReplacementInput;
  readonly #events: EventInput[] = [];
  #replacement: StoredReplacement;
  #begin = false;
  #command: ReplacementDecision['command'] = null;

  constructor(input: ReplacementInput) {
    this.#input = input;
    this.#replacement = input.replacement;
  }

  takeReply(): void {
    const { reply } = this.#input;
    if (reply === null) return;
    const pair = this.#replacement.pairs[reply.index];
    if (pair?.intent?.id !== reply.intentId || pair.phase !== 'detaching') return;
    const { outcome, text } = reply;
    if (outcome === 'not_sent') {
      this.#patch(pair, { intent: null });
      return;
    }
    this.#patch(pair, { intent: { ...pair.intent, outcome, reply: text } });
  }

  takeCancel(): void {
    const { cancel } = this.#input;
    if (cancel === null || this.#replacement.cancel !== null) return;
    this.#set({ cancel });
    this.#say('replacement.cancel_asked', { by: cancel.by, why: cancel.reason });
  }

  takeApproval(): void {
    const { approval } = this.#input;
    if (approval === null || this.#replacement.approval !== null) return;
    this.#set({ approval });
    this.#say('replacement.approved', { by: approval.by, why: approval.reason });
  }

  takeAdmission(): void {
    const { admission, now } = this.#input;
    const { newNodes } = this.#replacement;
    if (admission === null || newNodes?.state !== 'starting') return;
    switch (admission.kind) {
      case 'accepted': {
        const { id, state } = admission.expansion;
        const started = { state: 'running', expansionId: id, expansionState: state, problem: null } as const;
        this.#set({ newNodes: { ...newNodes, ...started } });
        this.#say('replacement.expansion_started', { expansionId: id });
        return;
      }
      case 'not_happened':
        this.#set({ newNodes: { ...newNodes, state: 'waiting' } });
        return;
      case 'try_later': {
        const failedTries = newNodes.failedTries + 1;
        const { problem } = admission;
        if (failedTries >= triesAtMost) {
          this.#refused(problem);
          return;
        }
        const again = { failedTries, problem, notBefore: now + tryAgainAfterMs };
        this.#set({ newNodes: { ...newNodes, ...again, state: 'waiting' } });
        return;
      }
      case 'refused':
        this.#refused(admission.problem);
    }
  }

  #refused(problem: Problem): void {
    this.#set({ newNodes: { ...this.#replacement.newNodes!, state: 'over', problem } });
    this.#say('replacement.expansion_refused', { problem });
    for (const pair of this.#adding()) this.#keep(pair, this.#says(pair, 'new_refused', { problem }));
  }

  /** Old nodes may go whose new ones are verified; those stay whose new ones never will be. */
  followExpansion(): void {
    const { newNodes } = this.#replacement;
    const { expansion } = this.#input;
    if (newNodes?.state !== 'running' || expansion === undefined) return;
    if (expansion === null) {
      const facts = { expansion: newNodes.expansionId ?? '' };
      this.#set({ newNodes: { ...newNodes, state: 'over' } });
      for (const pair of this.#adding()) this.#keep(pair, this.#says(pair, 'expansion_gone', facts));
      return;
    }
    const over = isEnded(expansion.state);
    const { id, state } = expansion;
    if (over || state !== newNodes.expansionState)
      this.#set({ newNodes: { ...newNodes, state: over ? 'over' : 'running', expansionState: state } });
    for (const pair of this.#adding()) {
      const join = expansion.joins.find(({ target }) => target.name === pair.new);
      const about = { new: pair.new!, expansion: id };
      // Those who are asked after the proof may still hold its publication.
      if (join?.phase === 'verified' && join.published !== false) {
        this.#enter(pair, 'waiting', null);
        this.#say('replacement.new_verified', { old: pair.old.name, new: pair.new! }, pair);
      } else if (over || join?.phase === 'skipped' || join?.phase === 'cancelled')
        this.#keep(pair, this.#says(pair, 'new_not_verified', { ...about, phase: join?.phase ?? 'failed' }));
      else this.#wait(pair, this.#says(pair, needsPerson(state) ? 'new_halted' : 'new_joins', about));
    }
  }

  #adding(): readonly Pair[] {
    return this.#replacement.pairs.filter(({ phase }) => phase === 'adding');
  }

  beginExpansion(): void {
    const { frozen, now } = this.#input;
    const { newNodes, cancel } = this.#replacement;
    if (newNodes?.state !== 'waiting') return;
    if (cancel !== null) {
      this.#set({ newNodes: { ...newNodes, state: 'over' } });
      return;
    }
    if (frozen !== null || (newNodes.notBefore ?? 0) > now) return;
    this.#set({ newNodes: { ...newNodes, state: 'starting', notBefore: null } });
    this.#begin = true;
  }

  movePairs(): void {
    const next = inTurn(this.#replacement, this.#input.now).map(({ index }) => index);
    for (const { index } of this.#replacement.pairs) {
      const pair = this.#replacement.pairs[index]!;
      const { cancel } = this.#replacement;
      if (cancel !== null && this.#leave(pair, cancel)) continue;
      switch (pair.phase) {
        case 'waiting':
          this.#waitForTurn(pair, next.includes(index));
          break;
        case 'withdrawing':
          if (!this.#isAnswered(pair)) break;
          this.#enter(pair, 'draining', null);
          this.#say('replacement.withdrawn', { old: pair.old.name }, pair);
          break;
        case 'draining':
          this.#drain(pair);
          break;
        case 'detaching':
          this.#detach(pair);
          break;
        case 'detached':
          this.#confirm(pair);
          break;
        case 'putting_back':
          if (this.#isAnswered(pair)) this.#keep(pair, this.#cancelled(pair));
          break;
        default:
      }
    }
  }

  #cancelled(pair: Pair): Said {
    const { by, reason: why } = this.#replacement.cancel!;
    return this.#says(pair, 'cancelled', { by, why });
  }

  /** After a cancellation: whether the pair goes another way than it went. */
  #leave(pair: Pair, { by, reason: why }: NonNullable<StoredReplacement['cancel']>): boolean {
    switch (pair.phase) {
      case 'adding':
      case 'waiting':
        this.#keep(pair, this.#cancelled(pair));
        return true;
      case 'withdrawing':
      case 'draining':
        this.#enter(pair, 'putting_back', null);
        return true;
      case 'detaching': {
        if (pair.intent === null) {
          this.#enter(pair, 'putting_back', null);
          return true;
        }
        if (!this.#isSilentTooLong(pair)) return false;
        this.#end(pair, 'failed', this.#says(pair, 'outcome_unknown', { by, why }));
        this.#say('replacement.slave_failed', { old: pair.old.name, reason: this.#reasonOf(pair) }, pair);
        return true;
      }
      default:
        return false;
    }
  }

  #waitForTurn(pair: Pair, isNext: boolean): void {
    const { settings, lastDoneAt, requestedBy } = this.#replacement;
    if (awaitsApproval(this.#replacement, pair)) {
      this.#wait(pair, this.#says(pair, 'awaits_approval', { by: requestedBy }));
      return;
    }
    const until = (lastDoneAt ?? 0) + settings.paceMs;
    if (!isNext && lastDoneAt !== null && this.#input.now < until) {
      this.#wait(pair, this.#says(pair, 'rests', { until }));
      return;
    }
    if (!isNext) {
      this.#wait(pair, this.#says(pair, 'turn', { batchSize: settings.batchSize }));
      return;
    }
    const gate = this.#gate(pair);
    if (gate === 'open') this.#enter(pair, 'withdrawing', this.#says(pair, 'being_asked', {}));
  }

  /** Whether nothing stands against taking this slave out now; notes what does, or how it ended. */
  #gate(pair: Pair): 'open' | 'closed' {
    const { frozen, master, others, olds, inUse } = this.#input;
    if (frozen !== null) return this.#closed(pair, because('frozen', { reason: frozen.reason ?? '' }));
    const old = olds.get(pair.index);
    if (old === undefined || master === null || others === null) return 'closed';
    const judged = judgeOld(old, master, inUse.get(pair.index) ?? null);
    if (!this.#stillFollows(pair, judged)) return 'closed';
    if (judged.ownSlaves > 0 && !pair.withSlaves)
      return this.#closed(pair, this.#says(pair, 'own_slaves', { slaves: judged.ownSlaves }));
    const { unplaced } = others;
    if (unplaced.length > 0) return this.#closed(pair, this.#says(pair, 'unplaced', { silent: unplaced }));
    const verified = this.#verified();
    if (pair.new !== null && !verified.includes(pair.new))
      return this.#closed(pair, this.#says(pair, 'new_lost', { new: pair.new }));
    const keep = this.#replacement.settings.keepVerified;
    if (verified.length < keep)
      return this.#closed(pair, this.#says(pair, 'too_few_verified', { verified, keep }));
    return 'open';
  }

  #closed(pair: Pair, reason: Said): 'closed' {
    this.#wait(pair, reason);
    return 'closed';
  }

  /** Names of the slaves that stay, and count. */
  #verified(): readonly string[] {
    const { master, others } = this.#input;
    return master === null ? [] : verifiedSlaves(others?.slaves ?? [], master);
  }

  /** Whether the old node is there and follows this master. Where it follows nobody, it is detached already. */
  #stillFollows(pair: Pair, judged: ReturnType<typeof judgeOld>): boolean {
    if (judged.kind !== 'silent' && pair.silentSince !== null) this.#patch(pair, { silentSince: null });
    switch (judged.kind) {
      case 'follows':
        return true;
      case 'is_master':
        this.#detached(this.#replacement.pairs[pair.index]!, true);
        return false;
      case 'elsewhere':
        this.#end(pair, 'failed', judged.reason);
        this.#say('replacement.slave_failed', { old: pair.old.name, reason: judged.reason }, pair);
        return false;
      case 'waits':
        this.#wait(pair, judged.reason);
        return false;
      case 'silent':
        this.#silent(pair, judged.met, judged.reason);
        return false;
    }
  }

  #silent(pair: Pair, met: string, reason: Said): void {
    const since = pair.silentSince ?? this.#input.now;
    this.#patch(pair, { silentSince: since, quietLooks: 0, readers: null });
    const long = this.#input.now - since >= silentForMs;
    this.#wait(this.#replacement.pairs[pair.index]!, long ? this.#says(pair, 'no_answer', { met }) : reason);
  }

  #isSilentTooLong = ({ silentSince }: Pair): boolean =>
    silentSince !== null && this.#input.now - silentSince >= silentForMs;

  #drain(pair: Pair): void {
    const { olds, master, now } = this.#input;
    const old = olds.get(pair.index);
    const until = pair.phaseSince + this.#replacement.settings.drainTimeoutMs;
    if (old !== undefined && master !== null) {
      const judged = judgeOld(old, master, null);
      if (judged.kind !== 'silent' && !this.#stillFollows(pair, judged)) return;
    }
    const clients = old?.look.kind === 'answered' ? old.look.facts.clients : undefined;
    const { notReaders } = this.#replacement.settings;
    const readers = clients?.filter(({ own, ip }) => !own && !notReaders.includes(ip)).length ?? null;
    // No answer in time says nothing of its clients.
    const quietLooks =
      old === undefined
        ? pair.quietLooks
        : readers === 0
          ? Math.min(pair.quietLooks + 1, quietLooksWanted)
          : 0;
    if (readers !== pair.readers || quietLooks !== pair.quietLooks)
      this.#patch(pair, { readers: old === undefined ? pair.readers : readers, quietLooks });
    const drained = this.#replacement.pairs[pair.index]!;
    const inTime = quietLooks >= quietLooksWanted;
    if (!inTime && now < until) {
      this.#wait(drained, this.#says(pair, 'has_readers', { readers: drained.readers, until }));
      return;
    }
    this.#enter(drained, 'detaching', null);
    this.#say('replacement.drained', { old: pair.old.name, readers: drained.readers, inTime }, pair);
  }

  #detach(pair: Pair): void {
    if (pair.intent === null) {
      this.#tellToLeave(pair);
      return;
    }
    const { olds, master, now } = this.#input;
    const { savedAt, outcome } = pair.intent;
    const old = olds.get(pair.index);
    if (old !== undefined && master !== null) {
      const judged = judgeOld(old, master, null);
      if (judged.kind !== 'silent' && pair.silentSince !== null) this.#patch(pair, { silentSince: null });
      if (judged.kind === 'is_master') {
        this.#detached(this.#replacement.pairs[pair.index]!, false);
        return;
      }
      if (judged.kind === 'elsewhere') {
        this.#stillFollows(pair, judged);
        return;
      }
      if (judged.kind === 'silent') {
        this.#silent(pair, judged.met, judged.reason);
        return;
      }
      if (judged.kind === 'follows' && this.#isForgone(pair)) {
        this.#patch(pair, { intent: null });
        return;
      }
    }
    const settlesAt = savedAt + actSettlesMs;
    if (outcome === 'refused')
      this.#wait(pair, this.#says(pair, 'refused', { reply: pair.intent.reply ?? '' }));
    else if (outcome === 'ok' || now >= settlesAt) this.#wait(pair, this.#says(pair, 'detach_sent', {}));
    else this.#wait(pair, this.#says(pair, 'reply_lost', { settlesAt }));
  }

  /** Whether an act has not happened and never will: it is decided on again. */
  #isForgone({ intent }: Pair): boolean {
    const { savedAt, outcome } = intent!;
    const settledMs = outcome === 'refused' ? refusedAgainMs : actSettlesMs;
    return this.#input.now >= savedAt + settledMs;
  }

  /** Everything is checked again; the intent is stored before the command is sent. */
  #tellToLeave(pair: Pair): void {
    if (this.#command !== null || this.#gate(pair) !== 'open') return;
    const { now, epoch } = this.#input;
    const id = `${pair.index}.${epoch}.${now}`;
    const intent = { id, savedAt: now, epoch, outcome: null, reply: null };
    this.#patch(pair, { intent });
    this.#wait(this.#replacement.pairs[pair.index]!, this.#says(pair, 'detach_sent', {}));
    this.#command = { index: pair.index, intentId: id, command: { kind: 'slaveof_no_one' } };
    this.#say('replacement.detaching', { old: pair.old.name, verified: this.#verified() }, pair);
  }

  #detached(pair: Pair, byOthers: boolean): void {
    this.#enter(pair, 'detached', this.#says(pair, 'still_listed', {}));
    const facts = { old: pair.old.name, master: this.#replacement.master.name, byOthers };
    this.#say('replacement.detached', facts, pair);
  }

  /** Done when its master no longer lists it, and those who are asked let it go. */
  #confirm(pair: Pair): void {
    const { olds, master } = this.#input;
    const old = olds.get(pair.index);
    if (master === null || master.look.kind !== 'answered' || old === undefined) return;
    const judged = judgeOld(old, master, null);
    if (judged.kind === 'follows') {
      const reason = this.#says(pair, 'attached_again', {});
      this.#end(pair, 'failed', reason);
      this.#say('replacement.slave_failed', { old: pair.old.name, reason }, pair);
      return;
    }
    const slaves = master.look.facts.replication?.slaves;
    if (slaves === undefined || findListedSlave(slaves, knownAs(old.target, old.look)) !== null) {
      this.#wait(pair, this.#says(pair, 'still_listed', {}));
      return;
    }
    if (!this.#isAnswered(pair)) return;
    this.#end(pair, 'done', this.#says(pair, 'detached', {}));
    this.#set({ lastDoneAt: this.#input.now });
    this.#say('replacement.done', { old: pair.old.name }, pair);
  }

  /** Whether nobody who was asked in this phase holds it. */
  #isAnswered(pair: Pair): boolean {
    const { id } = questionOf(this.#replacement, pair)!;
    const answer = this.#input.answers.get(id);
    if (answer === null) return true;
    this.#wait(pair, answer ?? this.#says(pair, 'being_asked', {}));
    return false;
  }

  #keep(pair: Pair, reason: Said): void {
    this.#end(pair, 'kept', reason);
    this.#say('replacement.kept', { old: pair.old.name, reason }, pair);
  }

  #end(pair: Pair, phase: PairPhase, reason: Said): void {
    this.#enter(pair, phase, reason);
  }

  #enter(pair: Pair, phase: PairPhase, reason: Said | null): void {
    const { now } = this.#input;
    this.#patch(pair, { phase, phaseSince: now, reason, needsPerson: false, silentSince: null });
  }

  #wait(pair: Pair, reason: Said): void {
    const before = this.#reasonOf(pair);
    if (before?.code === reason.code && sameFacts(before.facts, reason.facts)) return;
    this.#patch(pair, { reason, needsPerson: waitsForPerson(reason) });
  }

  #reasonOf = ({ index }: Pair): Said => this.#replacement.pairs[index]!.reason!;

  enterState(): void {
    const { pairs, newNodes, cancel, state, stateReason } = this.#replacement;
    const over = newNodes === null || newNodes.state === 'over';
    if (over && pairs.every(({ phase }) => pairHasEnded(phase))) {
      this.#endAll();
      return;
    }
    const held = pairs.find(({ needsPerson: needs }) => needs);
    // What is asked of an expansion that was cancelled is its own business.
    if (held !== undefined && (cancel === null || held.phase !== 'adding')) {
      if (state === 'held' && stateReason?.code === held.reason?.code) return;
      this.#enterState('held', held.reason!);
      this.#say('replacement.held', { old: held.old.name, reason: held.reason! }, held);
      return;
    }
    if (state !== 'held') return;
    this.#enterState('running', replacementRuns);
    this.#say('replacement.running', { reason: replacementRuns });
  }

  #endAll(): void {
    const { pairs, cancel } = this.#replacement;
    const count = (phase: PairPhase) => pairs.filter((pair) => pair.phase === phase).length;
    const counts = { done: count('done'), kept: count('kept'), failed: count('failed') };
    const reason = replacementEnded(counts);
    const state =
      counts.done === pairs.length
        ? 'succeeded'
        : cancel !== null && counts.failed === 0
          ? 'cancelled'
          : 'failed';
    this.#enterState(state, reason);
    this.#set({ endedAt: this.#input.now });
    this.#say(`replacement.${state}`, { reason });
  }

  #enterState(state: StoredReplacement['state'], stateReason: Said): void {
    this.#set({ state, stateSince: this.#input.now, stateReason });
  }

  decision(): ReplacementDecision {
    const { newNodes, cancel, state, pairs } = this.#replacement;
    const ended = replacementHasEnded(state);
    return {
      replacement: this.#replacement,
      events: this.#events,
      begin: this.#begin,
      cancelExpansion: cancel !== null && newNodes?.state === 'running',
      command: this.#command,
      lookAgainInMs: ended
        ? null
        : this.#begin || this.#command !== null
          ? 0
          : state === 'held'
            ? heldLookMs
            : pairs.some(isOnItsWay)
              ? lookMs
              : idleLookMs,
    };
  }

  #says<C extends Parameters<typeof replacementSays>[0]>(
    pair: Pair,
    code: C,
    facts: Parameters<typeof replacementSays<C>>[2],
  ): Said {
    const { id, master } = this.#replacement;
    return replacementSays(code, { slave: pair.old.name, master: master.name, replacement: id }, facts);
  }

  #set(change: Partial<StoredReplacement>): void {
    this.#replacement = { ...this.#replacement, ...change };
  }

  #patch({ index }: Pair, change: Partial<Pair>): void {
    const pairs = this.#replacement.pairs.map((pair) =>
      pair.index === index ? { ...pair, ...change } : pair,
    );
    this.#set({ pairs });
  }

  #say<T extends ReplacementEventType>(type: T, data: EventMap[T] & Facts, pair?: Pair): void {
    this.#events.push(makeEvent(type, { at: this.#input.now, ...(pair && { node: pair.old.name }) }, data));
  }
}
