import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdmissionOutcome, decideCampaign } from '../../../src/core/campaign/decision.ts';
import {
  type Campaign,
  type CampaignControl,
  type CampaignVerb,
  campaignHasEnded,
  campaignVerbs,
  hasFailed,
  isAtWork,
  type MemberExpansion,
} from '../../../src/model/campaign.ts';
import { type ExpansionState, isEnded } from '../../../src/model/expansion.ts';
import { aCampaign } from '../../support/campaigns.ts';

/** What one moment brings, drawn by chance. */
interface Moment {
  readonly control: { readonly verb: CampaignVerb; readonly cancelMembers: boolean } | null;
  readonly freeze: boolean;
  /** What becomes of each running expansion now; null = nothing. */
  readonly moves: readonly (ExpansionState | null)[];
  /** What comes of admissions now. */
  readonly admission: 'accepted' | 'refused' | 'not_happened' | 'try_later' | 'unknown';
  /** The worker dies right after an admission: the next one looks for what came of it. */
  readonly crash: boolean;
}

const moment: fc.Arbitrary<Moment> = fc.record({
  control: fc.option(fc.record({ verb: fc.constantFrom(...campaignVerbs), cancelMembers: fc.boolean() }), {
    freq: 6,
  }),
  freeze: fc.boolean(),
  moves: fc.array(
    fc.option(
      fc.constantFrom<ExpansionState>('running', 'paused', 'halted', 'succeeded', 'failed', 'cancelled'),
    ),
    { minLength: 8, maxLength: 8 },
  ),
  admission: fc.oneof(
    { weight: 6, arbitrary: fc.constant('accepted' as const) },
    { weight: 1, arbitrary: fc.constantFrom('refused', 'not_happened', 'try_later', 'unknown' as const) },
  ),
  crash: fc.boolean(),
});

const plan = fc.record({
  members: fc.integer({ min: 1, max: 8 }),
  canaries: fc.integer({ min: 0, max: 3 }),
  maxRunning: fc.integer({ min: 1, max: 4 }),
  stopAfterFailures: fc.integer({ min: 1, max: 3 }),
  canaryApproval: fc.boolean(),
  moments: fc.array(moment, { maxLength: 40 }),
});

const problem = { code: 'x', text: 'x', nextSteps: [], at: 0 };

/** The world around a campaign: a store of expansions, keyed, that tells everything that was ever admitted. */
class World {
  campaign: Campaign;
  now = 1_800_000_000_000;
  readonly admitted = new Map<number, MemberExpansion>();
  /** How often an expansion was made for a member: never twice. */
  readonly made: number[] = [];

  constructor(campaign: Campaign) {
    this.campaign = campaign;
  }

  turn(event: Moment): void {
    this.now += 1000;
    for (const [index, expansion] of this.admitted) {
      const move = event.moves[index];
      if (move && !isEnded(expansion.state)) this.admitted.set(index, { ...expansion, state: move });
    }
    const before = this.campaign;
    const admissions = new Map<number, AdmissionOutcome>();
    for (const { index, state } of before.members) {
      const outcome = state === 'starting' ? this.#admit(index, event) : null;
      if (outcome) admissions.set(index, outcome);
    }
    const decision = decideCampaign({
      campaign: before,
      now: this.now,
      controls: event.control ? [this.#controlOf(event.control)] : [],
      admissions,
      expansions: new Map(
        before.members
          .filter(({ state }) => state === 'running')
          .map(({ index }) => [index, this.admitted.get(index)!]),
      ),
      frozen: event.freeze ? { reason: 'works' } : null,
    });
    this.campaign = decision.campaign;
    this.#check(before, decision.begin, event);
    for (const index of decision.cancel) {
      const expansion = this.admitted.get(index)!;
      if (!isEnded(expansion.state)) this.admitted.set(index, { ...expansion, state: 'cancelled' });
    }
  }

  /** null = nobody is told of it in this turn. */
  #admit(index: number, event: Moment): AdmissionOutcome | null {
    const earlier = this.admitted.get(index);
    if (earlier) return { kind: 'accepted', expansion: earlier };
    if (event.admission === 'refused') return { kind: 'refused', problem };
    if (event.admission === 'try_later') return { kind: 'try_later', problem };
    if (event.admission === 'unknown') return null;
    if (event.admission === 'not_happened') return { kind: 'not_happened' };
    const expansion: MemberExpansion = {
      id: `exp-${index}`,
      state: 'running',
      stateReason: null,
      waitingFor: null,
      startedAt: this.now,
      endedAt: null,
      nodesVerified: 0,
      forecastSeconds: 10,
      problem: null,
    };
    this.admitted.set(index, expansion);
    this.made.push(index);
    return event.crash ? null : { kind: 'accepted', expansion };
  }

  #controlOf({ verb, cancelMembers }: NonNullable<Moment['control']>): CampaignControl {
    return { id: `c-${this.now}`, verb, cancelMembers, reason: 'r', by: 'b', at: this.now };
  }

  #check(before: Campaign, begin: readonly number[], event: Moment): void {
    const { members, settings, stop, paused, approval } = this.campaign;
    expect(members.filter(isAtWork).length).toBeLessThanOrEqual(settings.maxRunning);
    const canaries = members.filter(({ group }) => group === 'canary');
    for (const index of begin) {
      expect(members[index]?.state).toBe('starting');
      expect(stop).toBeNull();
      expect(paused).toBeNull();
      expect(event.freeze).toBe(false);
      expect(campaignHasEnded(before.state)).toBe(false);
      expect(members.filter(hasFailed).length).toBeLessThan(settings.stopAfterFailures);
      if (members[index]?.group !== 'rest') continue;
      expect(canaries.every(({ state }) => state === 'succeeded')).toBe(true);
      if (settings.canaryApproval && canaries.length > 0) expect(approval).not.toBeNull();
    }
    if (before.stop !== null) expect(stop).not.toBeNull();
    if (campaignHasEnded(this.campaign.state)) {
      expect(members.some((member) => isAtWork(member) || member.state === 'waiting')).toBe(false);
      const good = members.every(({ state }) => state === 'succeeded');
      expect(this.campaign.state === 'succeeded').toBe(good);
    }
    for (const member of before.members) {
      const over = !isAtWork(member) && member.state !== 'waiting';
      if (over) expect(members[member.index]?.state).toBe(member.state);
    }
  }
}

/** Everybody does their part: expansions end, a person approves, resumes and decides about what is halted. */
const kind = (turn: number, verb: CampaignVerb): Moment => ({
  control: turn % 5 === 0 ? { verb, cancelMembers: false } : null,
  freeze: false,
  moves: Array(8).fill(turn % 3 === 2 ? 'succeeded' : 'running'),
  admission: 'accepted',
  crash: false,
});

describe('whatever happens, and whenever a worker dies', () => {
  test('the limits are kept, nothing begins that must not, and every campaign ends', () => {
    fc.assert(
      fc.property(plan, ({ members, canaries, moments, ...settings }) => {
        const world = new World(aCampaign({ members, canaries: Math.min(canaries, members), settings }));
        for (const event of moments) world.turn(event);
        for (let turn = 0; !campaignHasEnded(world.campaign.state) && turn < 200; turn++)
          world.turn(kind(turn, turn % 10 === 0 ? 'resume' : 'approve'));
        expect(world.campaign.state).toMatch(/^(succeeded|failed|cancelled)$/);
        expect(world.campaign.endedAt).not.toBeNull();
        expect(new Set(world.made).size).toBe(world.made.length);
        for (const index of world.made)
          expect(world.campaign.members[index]?.expansion?.id).toBe(`exp-${index}`);
      }),
      { numRuns: 2000 },
    );
  });
});
