/** What a campaign does next. Pure: no I/O, clock or randomness. */
import type { Admitted } from '../../model/admitted.ts';
import {
  type Campaign,
  type CampaignAct,
  type CampaignControl,
  type CampaignMember,
  type CampaignState,
  campaignHasEnded,
  hasFailed,
  isAtWork,
  isOver,
  type MemberExpansion,
  type MemberState,
} from '../../model/campaign.ts';
import { type CampaignEventType, campaignReason, stopReason } from '../../model/campaign-texts.ts';
import { type EventInput, type EventMap, makeEvent } from '../../model/events.ts';
import { isEnded, needsPerson } from '../../model/expansion.ts';
import { makeProblem } from '../../model/problems.ts';
import { sameReason } from '../../model/reasons.ts';
import { type Facts, type Said, sameFacts } from '../../model/text.ts';
import { campaignControlProblem } from './controls.ts';

/** The outcome of the admission of a member. */
export type AdmissionOutcome = Admitted<MemberExpansion>;

export interface CampaignInput {
  readonly campaign: Campaign;
  readonly now: number;
  /** Oldest first. */
  readonly controls: readonly CampaignControl[];
  /** By index, the expansions of running members as they are now; null = it is gone from the store. */
  readonly expansions: ReadonlyMap<number, MemberExpansion | null>;
  /** By index, what came of the admissions of an earlier decision. */
  readonly admissions: ReadonlyMap<number, AdmissionOutcome>;
  /** Why nothing may begin anywhere; null = nothing is frozen. */
  readonly frozen: { readonly reason: string | null } | null;
}

export interface CampaignDecision {
  readonly campaign: Campaign;
  readonly events: readonly EventInput[];
  readonly appliedControls: readonly string[];
  /** Members to be admitted now; stored as `starting` before that is done. */
  readonly begin: readonly number[];
  /** Members whose expansions are to be cancelled; asked for again until they have ended. */
  readonly cancel: readonly number[];
  /** Milliseconds; null = only when something is asked of it. */
  readonly lookAgainInMs: number | null;
}

/** After this many failed admissions the member counts as refused. */
const triesAtMost = 12;
const tryAgainAfterMs = 5000;
const lookMs = 1000;
const idleLookMs = 2000;

/**
 * Decides what a campaign does next. Never more than `maxRunning` members are at work. The other members wait until
 * every canary has succeeded and, if asked for, a person has approved. No member begins while the campaign is frozen or
 * paused, or once it has stopped.
 */
export function decideCampaign(input: CampaignInput): CampaignDecision {
  const turn = new Turn(input);
  if (campaignHasEnded(input.campaign.state)) return turn.nothing();
  turn.takeAdmissions();
  turn.takeExpansions();
  turn.takeControls();
  turn.stopOnFailures();
  const begin = turn.begin();
  turn.enterState();
  return turn.decision(begin);
}

class Turn {
  #campaign: Campaign;
  readonly #input: CampaignInput;
  readonly #events: EventInput[] = [];

  constructor(input: CampaignInput) {
    this.#input = input;
    this.#campaign = input.campaign;
  }

  takeAdmissions(): void {
    for (const [index, outcome] of this.#input.admissions) {
      const member = this.#member(index);
      if (member.state === 'starting') this.#takeAdmission(member, outcome);
    }
  }

  #takeAdmission(member: CampaignMember, outcome: AdmissionOutcome): void {
    const { now } = this.#input;
    switch (outcome.kind) {
      case 'accepted':
        this.#change(member, 'running', { expansion: outcome.expansion, problem: null });
        this.#say('campaign.member_started', {
          ...named(member),
          expansionId: outcome.expansion.id,
        });
        return;
      case 'refused':
        this.#change(member, 'refused', { problem: outcome.problem });
        this.#say('campaign.member_refused', { ...named(member), problem: outcome.problem });
        return;
      case 'not_happened':
        this.#change(member, 'waiting', {});
        return;
      case 'try_later': {
        const failedTries = member.failedTries + 1;
        const { problem } = outcome;
        if (failedTries >= triesAtMost) {
          this.#takeAdmission(member, { kind: 'refused', problem });
          return;
        }
        this.#change(member, 'waiting', { failedTries, problem, notBefore: now + tryAgainAfterMs });
        if (failedTries === 1) this.#say('campaign.member_delayed', { ...named(member), problem });
      }
    }
  }

  takeExpansions(): void {
    for (const member of this.#campaign.members) {
      if (member.state !== 'running') continue;
      const seen = this.#input.expansions.get(member.index);
      if (seen === undefined) continue;
      if (seen === null) this.#lose(member);
      else this.#follow(member, seen);
    }
  }

  #follow(member: CampaignMember, seen: MemberExpansion): void {
    const before = member.expansion;
    if (!isEnded(seen.state)) {
      if (!sameExpansion(before, seen)) this.#patch(member, { expansion: seen });
      if (seen.state === 'halted' && before?.state !== 'halted')
        this.#say('campaign.member_halted', { ...named(member), ...of(seen), problem: seen.problem });
      return;
    }
    const state = seen.state as 'succeeded' | 'failed' | 'cancelled';
    const good = state === 'succeeded';
    this.#change(member, state, { expansion: seen, problem: good ? null : seen.problem });
    const problem = seen.problem && !good ? { problem: seen.problem } : {};
    const data = { ...named(member), ...of(seen), ...problem, gone: false };
    this.#say(`campaign.member_${state}`, data);
    const rest = this.#campaign.members.filter(({ group }) => group === 'rest');
    if (member.group === 'canary' && rest.length > 0 && canariesPassed(this.#campaign))
      this.#say('campaign.canary_passed', { rest: rest.length });
  }

  #lose(member: CampaignMember): void {
    const facts = { ...named(member), expansionId: member.expansion?.id ?? '' };
    const problem = makeProblem('expansion_gone', facts, this.#input.now);
    this.#change(member, 'failed', { problem });
    this.#say('campaign.member_failed', { ...facts, stateReason: null, problem, gone: true });
  }

  takeControls(): void {
    for (const control of this.#input.controls) {
      if (campaignControlProblem(this.#campaign, control) === null) this.#obey(control);
    }
  }

  #obey(control: CampaignControl): void {
    const { by, reason, at } = control;
    const act: CampaignAct = { by, reason, at };
    switch (control.verb) {
      case 'pause':
        this.#set({ paused: act });
        break;
      case 'resume':
        this.#set({ paused: null });
        this.#say('campaign.resumed', { by, reason });
        break;
      case 'approve':
        this.#set({ approval: act });
        this.#say('campaign.approved', { by, reason });
        break;
      case 'cancel': {
        const cancelMembers = control.cancelMembers ? act : null;
        const { stop } = this.#campaign;
        this.#set({
          stop: stop
            ? { ...stop, cancelMembers }
            : { cause: 'cancel', reason: stopReason('cancelled', { by, reason }), by, at, cancelMembers },
        });
        this.#say('campaign.cancel_asked', { by, reason, cancelMembers: control.cancelMembers });
        return;
      }
    }
    // The next control sees the changes of this control.
    this.enterState();
  }

  stopOnFailures(): void {
    const { members, settings, stop } = this.#campaign;
    if (stop === null && members.some(({ state }) => state === 'waiting')) {
      const failed = members.filter(hasFailed);
      const canary = failed.find(({ group }) => group === 'canary');
      if (canary) this.#stop(stopReason('canary_failed', lost(canary)));
      else if (failed.length > 0 && failed.length >= settings.stopAfterFailures)
        this.#stop(
          stopReason('too_many_failures', { members: failed.map(lost), most: settings.stopAfterFailures }),
        );
    }
    if (this.#campaign.stop === null) return;
    for (const member of this.#campaign.members)
      if (member.state === 'waiting') this.#change(member, 'not_begun', {});
  }

  #stop(reason: Said): void {
    const { now } = this.#input;
    this.#set({ stop: { cause: 'failures', reason, by: null, at: now, cancelMembers: null } });
  }

  begin(): readonly number[] {
    const { now, frozen } = this.#input;
    const { members, settings, paused, stop } = this.#campaign;
    if (stop !== null || paused !== null || frozen !== null || heldBy(this.#campaign) !== null) return [];
    const free = settings.maxRunning - members.filter(isAtWork).length;
    const next = inTurn(this.#campaign)
      .filter(({ notBefore }) => notBefore === null || notBefore <= now)
      .slice(0, Math.max(0, free));
    for (const member of next) this.#change(member, 'starting', { notBefore: null });
    if (next.length > 0 && this.#campaign.startedAt === null) this.#set({ startedAt: now });
    return next.map(({ index }) => index);
  }

  enterState(): void {
    const { state, reason } = stateOf(this.#campaign, this.#input.frozen);
    const { now } = this.#input;
    if (state === this.#campaign.state) {
      if (!sameReason(reason, this.#campaign.stateReason)) this.#set({ stateReason: reason });
      return;
    }
    this.#set({
      state,
      stateSince: now,
      stateReason: reason,
      endedAt: campaignHasEnded(state) ? now : null,
    });
    this.#say(`campaign.${state}`, { reason });
  }

  decision(begin: readonly number[]): CampaignDecision {
    const { members, state, stop } = this.#campaign;
    const cancel = stop?.cancelMembers
      ? members.filter((member) => member.state === 'running').map(({ index }) => index)
      : [];
    return {
      campaign: this.#campaign,
      events: this.#events,
      appliedControls: this.#input.controls.map(({ id }) => id),
      begin,
      cancel,
      lookAgainInMs: lookAgainIn(state, members, begin.length > 0),
    };
  }

  nothing(): CampaignDecision {
    return {
      campaign: this.#campaign,
      events: [],
      appliedControls: this.#input.controls.map(({ id }) => id),
      begin: [],
      cancel: [],
      lookAgainInMs: null,
    };
  }

  #member(index: number): CampaignMember {
    return this.#campaign.members[index]!;
  }

  #set(change: Partial<Campaign>): void {
    this.#campaign = { ...this.#campaign, ...change };
  }

  #patch({ index }: CampaignMember, change: Partial<CampaignMember>): void {
    const members = this.#campaign.members.map((member) =>
      member.index === index ? { ...member, ...change } : member,
    );
    this.#set({ members });
  }

  #change(member: CampaignMember, state: MemberState, change: Partial<CampaignMember>): void {
    this.#patch(member, { ...change, state, stateSince: this.#input.now });
  }

  #say<T extends CampaignEventType>(type: T, data: EventMap[T] & Facts): void {
    this.#events.push(makeEvent(type, { at: this.#input.now }, data));
  }
}

const named = ({ index, group, master }: CampaignMember) => ({ member: index, group, master });
const lost = ({ index, master, state }: CampaignMember) => ({ member: index, master, state });
const of = ({ id, stateReason }: MemberExpansion) => ({ expansionId: id, stateReason });

const canariesPassed = ({ members }: Campaign): boolean =>
  members.every(({ group, state }) => group === 'rest' || state === 'succeeded');

const awaitsApproval = (campaign: Campaign): boolean =>
  campaign.settings.canaryApproval &&
  campaign.approval === null &&
  campaign.members.some(({ group }) => group === 'canary') &&
  canariesPassed(campaign) &&
  campaign.members.some(({ group, state }) => group === 'rest' && state === 'waiting');

/** Members whose turn it is, in order: canaries, and the rest only once it may begin. */
function inTurn(campaign: Campaign): readonly CampaignMember[] {
  const waiting = campaign.members.filter(({ state }) => state === 'waiting');
  if (!canariesPassed(campaign)) return waiting.filter(({ group }) => group === 'canary');
  return awaitsApproval(campaign) ? [] : waiting;
}

/**
 * Why nothing further begins although nothing has failed for good: expansions that are halted may yet fail. null =
 * nothing is held.
 */
function heldBy(campaign: Campaign): Said | null {
  const halted = campaign.members.filter(
    ({ state, expansion }) => state === 'running' && expansion?.state === 'halted',
  );
  const lost = campaign.members.filter(hasFailed).length;
  const holds =
    halted.some(({ group }) => group === 'canary') ||
    (halted.length > 0 && lost + halted.length >= campaign.settings.stopAfterFailures);
  if (!holds) return null;
  const members = halted.map(({ index, master, expansion }) => ({
    member: index,
    master,
    expansionId: expansion?.id ?? null,
  }));
  return campaignReason('halted', { members });
}

function stateOf(
  campaign: Campaign,
  frozen: CampaignInput['frozen'],
): { readonly state: CampaignState; readonly reason: Said | null } {
  const { members, stop, paused } = campaign;
  const count = (is: (member: CampaignMember) => boolean): number => members.filter(is).length;
  const succeeded = count(({ state }) => state === 'succeeded');
  if (members.every(isOver)) {
    const all = members.length;
    if (succeeded === all)
      return { state: 'succeeded', reason: campaignReason('succeeded', { members: all }) };
    return {
      state: stop?.cause === 'cancel' ? 'cancelled' : 'failed',
      reason: campaignReason('ended', {
        members: all,
        succeeded,
        stop: stop?.reason ?? null,
        lost: members.filter(hasFailed).map(lost),
      }),
    };
  }
  const atWork = count(isAtWork);
  if (stop !== null)
    return {
      state: 'stopping',
      reason: campaignReason('stopping', {
        stop: stop.reason,
        atWork,
        cancelling: stop.cancelMembers !== null,
      }),
    };
  if (paused !== null) {
    const { by, reason } = paused;
    return { state: 'paused', reason: campaignReason('paused', { by, reason }) };
  }
  const held = heldBy(campaign);
  if (held !== null) return { state: 'halted', reason: held };
  if (awaitsApproval(campaign))
    return {
      state: 'awaiting_approval',
      reason: campaignReason('awaiting_approval', { waiting: count(({ state }) => state === 'waiting') }),
    };
  const waiting = count(({ state }) => state === 'waiting');
  if (frozen !== null && waiting > 0)
    return {
      state: campaign.startedAt === null ? 'pending' : 'running',
      reason: campaignReason('frozen', frozen),
    };
  if (campaign.startedAt === null) return { state: 'pending', reason: campaign.stateReason };
  return { state: 'running', reason: null };
}

function sameExpansion(before: MemberExpansion | null, now: MemberExpansion): boolean {
  return (
    before !== null &&
    before.state === now.state &&
    sameFacts(before.stateReason, now.stateReason) &&
    sameFacts(before.waitingFor, now.waitingFor) &&
    before.startedAt === now.startedAt &&
    before.nodesVerified === now.nodesVerified &&
    before.forecastSeconds === now.forecastSeconds &&
    before.problem?.code === now.problem?.code &&
    before.problem?.text === now.problem?.text
  );
}

function lookAgainIn(
  state: CampaignState,
  members: readonly CampaignMember[],
  begins: boolean,
): number | null {
  if (campaignHasEnded(state)) return null;
  if (begins) return 0;
  const atWork = members.filter(isAtWork);
  if (atWork.length > 0)
    return atWork.every(({ expansion }) => expansion !== null && needsPerson(expansion.state))
      ? idleLookMs
      : lookMs;
  // Paused or awaiting approval with nobody at work: a control makes it due.
  return state === 'paused' || state === 'awaiting_approval' ? null : idleLookMs;
}
