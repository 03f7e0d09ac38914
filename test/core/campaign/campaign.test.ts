import { describe, expect, test } from 'vitest';
import { campaignControlProblem } from '../../../src/core/campaign/controls.ts';
import {
  type AdmissionOutcome,
  type CampaignDecision,
  decideCampaign,
} from '../../../src/core/campaign/decision.ts';
import { campaignRemainingSeconds, memberRemainingSeconds } from '../../../src/core/campaign/remaining.ts';
import {
  type Campaign,
  type CampaignControl,
  type CampaignState,
  campaignStates,
  type MemberExpansion,
  waitsForPerson,
} from '../../../src/model/campaign.ts';
import { stopReason } from '../../../src/model/campaign-texts.ts';
import type { ExpansionState } from '../../../src/model/expansion.ts';
import { aCampaign, campaignControl } from '../../support/campaigns.ts';
import { said } from '../../support/said.ts';

const start = 1_800_000_000_000;
const problem = { code: 'preflight_failed', text: 'It holds keys.', nextSteps: ['Empty it.'], at: start };

const seen = (
  index: number,
  state: ExpansionState,
  over: Partial<MemberExpansion> = {},
): MemberExpansion => ({
  id: `exp-${index}`,
  state,
  stateReason: state === 'halted' ? said('a node was given up') : null,
  waitingFor: null,
  startedAt: start,
  endedAt: null,
  nodesVerified: 0,
  forecastSeconds: null,
  problem: null,
  ...over,
});

/** A campaign in the hands of a test: what its members' expansions do is told to it. */
class Play {
  campaign: Campaign;
  now = start;
  last: CampaignDecision | null = null;
  frozen: { readonly reason: string } | null = null;
  readonly events: string[] = [];
  readonly begun: number[] = [];
  readonly states = new Map<number, ExpansionState>();

  constructor(campaign: Campaign) {
    this.campaign = campaign;
  }

  /** One turn; members that it begins are admitted before the next one. */
  turn(
    more: {
      readonly controls?: readonly CampaignControl[];
      readonly admissions?: ReadonlyMap<number, AdmissionOutcome>;
    } = {},
  ): this {
    this.now += 1000;
    const admissions = new Map(
      this.campaign.members
        .filter(({ state }) => state === 'starting')
        .map(({ index }): [number, AdmissionOutcome] => {
          this.states.set(index, 'running');
          return [index, { kind: 'accepted', expansion: seen(index, 'running') }];
        }),
    );
    for (const [index, outcome] of more.admissions ?? []) admissions.set(index, outcome);
    this.last = decideCampaign({
      campaign: this.campaign,
      now: this.now,
      controls: more.controls ?? [],
      admissions,
      expansions: new Map([...this.states].map(([index, state]) => [index, seen(index, state)])),
      frozen: this.frozen,
    });
    this.campaign = this.last.campaign;
    this.events.push(...this.last.events.map(({ type }) => type.replace('campaign.', '')));
    this.begun.push(...this.last.begin);
    return this;
  }

  turns(count: number): this {
    for (let i = 0; i < count; i++) this.turn();
    return this;
  }

  end(index: number, state: ExpansionState): this {
    this.states.set(index, state);
    return this.turn();
  }

  memberStates(): readonly string[] {
    return this.campaign.members.map(({ state }) => state);
  }
}

const play = (over: Parameters<typeof aCampaign>[0] = {}) => new Play(aCampaign(over)).turns(2);

describe('the canaries', () => {
  test('begin first and alone; the rest follows when every one of them has succeeded', () => {
    const it = play({ members: 6, canaries: 2 });
    expect(it.begun).toEqual([0, 1]);
    it.end(0, 'succeeded').turns(3);
    expect(it.begun).toEqual([0, 1]);
    it.end(1, 'succeeded').turn();
    expect(it.begun).toEqual([0, 1, 2, 3]);
    expect(it.events).toContain('canary_passed');
  });

  test('that fail stop everything, however many failures are allowed', () => {
    const it = play({ members: 6, canaries: 2, settings: { stopAfterFailures: 5 } });
    it.end(0, 'failed').turns(2);
    expect(it.campaign.state).toBe('stopping');
    it.end(1, 'succeeded').turns(2);
    expect(it.begun).toEqual([0, 1]);
    expect(it.campaign).toMatchObject({ state: 'failed', endedAt: expect.any(Number) });
    expect(it.campaign.stateReason?.text).toContain('the canary member 1 (10.1.0.1:9221) has failed');
    expect(it.memberStates()).toEqual(['failed', 'succeeded', ...Array(4).fill('not_begun')]);
  });

  test('that are halted hold the rest, and the other canaries, until a person has decided', () => {
    const it = play({ members: 5, canaries: 3, settings: { maxRunning: 2, stopAfterFailures: 9 } });
    it.end(0, 'halted').end(1, 'succeeded').turns(3);
    expect(it.campaign.state).toBe('halted');
    expect(it.campaign.stateReason?.text).toContain('expansion exp-0');
    expect(it.begun).toEqual([0, 1]);
    expect(waitsForPerson(it.campaign)).toBe(true);
    it.end(0, 'running').turn();
    expect(it.campaign.state).toBe('running');
    expect(it.begun).toEqual([0, 1, 2]);
  });

  test('can be followed by an approval: nothing of the rest begins before it', () => {
    const it = play({ members: 3, settings: { canaryApproval: true } });
    it.end(0, 'succeeded').turns(3);
    expect(it.campaign.state).toBe('awaiting_approval');
    expect(it.begun).toEqual([0]);
    expect(waitsForPerson(it.campaign)).toBe(true);
    it.turn({ controls: [campaignControl('approve')] });
    expect(it.campaign.approval).toMatchObject({ by: 'anna', reason: 'because' });
    expect(it.begun).toEqual([0, 1, 2]);
  });

  test('need no approval when there is nothing after them, and there may be none', () => {
    const alone = play({ members: 1, canaries: 1, settings: { canaryApproval: true } });
    expect(alone.end(0, 'succeeded').turn().campaign.state).toBe('succeeded');
    expect(play({ members: 3, canaries: 0 }).begun).toEqual([0, 1]);
  });
});

describe('the rest', () => {
  const afterCanary = (over: Parameters<typeof aCampaign>[0] = {}) => play(over).end(0, 'succeeded').turns(2);

  test('runs so many at a time, in order, to the end', () => {
    const it = afterCanary({ members: 6, settings: { maxRunning: 3 } });
    expect(it.begun).toEqual([0, 1, 2, 3]);
    it.end(2, 'succeeded').turn();
    expect(it.begun).toEqual([0, 1, 2, 3, 4]);
    for (const index of [1, 3, 4, 5]) it.end(index, 'succeeded').turns(2);
    expect(it.campaign).toMatchObject({
      state: 'succeeded',
      stateReason: { text: '6 of 6 members succeeded' },
    });
    expect(it.last?.lookAgainInMs).toBeNull();
  });

  test.each(['failed', 'cancelled'] as const)('stops at the first one that has %s', (state) => {
    const it = afterCanary({ members: 6 });
    it.end(1, state).turns(2);
    expect(it.campaign.state).toBe('stopping');
    expect(it.campaign.stop).toMatchObject({ cause: 'failures', by: null, cancelMembers: null });
    it.end(2, 'succeeded').turn();
    expect(it.campaign.state).toBe('failed');
    expect(it.memberStates()).toEqual([
      'succeeded',
      state,
      'succeeded',
      'not_begun',
      'not_begun',
      'not_begun',
    ]);
  });

  test('goes on until as many have failed as are allowed, and has failed at the end', () => {
    const it = afterCanary({ members: 5, settings: { stopAfterFailures: 2 } });
    it.end(1, 'failed').turns(2);
    expect(it.begun).toEqual([0, 1, 2, 3]);
    it.end(2, 'succeeded').turns(2);
    it.end(3, 'succeeded').end(4, 'succeeded').turn();
    expect(it.campaign.state).toBe('failed');
    expect(it.campaign.stateReason?.text).toBe(
      '4 of 5 members succeeded; member 2 (10.1.1.1:9221) has failed',
    );
    expect(it.campaign.stop).toBeNull();
  });

  test('is held by halted ones that would be one failure too many, without being stopped', () => {
    const it = afterCanary({ members: 6, settings: { maxRunning: 3, stopAfterFailures: 2 } });
    it.end(1, 'halted').turn();
    expect(it.campaign.state).toBe('running');
    it.end(2, 'halted').end(3, 'succeeded').turns(3);
    expect(it.campaign).toMatchObject({ state: 'halted', stop: null });
    expect(it.begun).toEqual([0, 1, 2, 3]);
    it.end(1, 'succeeded').turn();
    expect(it.begun).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('counts a member that was refused when its turn came, with the reason', () => {
    const it = play({ members: 3, canaries: 0, settings: { maxRunning: 1 } });
    it.end(0, 'succeeded');
    it.turn({ admissions: new Map([[1, { kind: 'refused', problem }]]) });
    expect(it.campaign.members[1]).toMatchObject({ state: 'refused', problem, expansion: null });
    expect(it.campaign.state).toBe('failed');
    expect(it.campaign.stateReason?.text).toContain('member 2 (10.1.1.1:9221) was refused');
  });
});

describe('an admission', () => {
  test('that could not be made now is tried again a little later, and counts as refused after twelve times', () => {
    const it = new Play(aCampaign({ members: 1 })).turn();
    const later = new Map<number, AdmissionOutcome>([[0, { kind: 'try_later', problem }]]);
    it.turn({ admissions: later });
    expect(it.campaign.members[0]).toMatchObject({ state: 'waiting', failedTries: 1, problem });
    for (let turns = 0; it.campaign.state !== 'failed' && turns < 500; turns++)
      it.turn(it.memberStates()[0] === 'starting' ? { admissions: later } : {});
    expect(it.campaign.members[0]).toMatchObject({ state: 'refused', failedTries: 11 });
    expect(it.begun.filter((index) => index === 0)).toHaveLength(12);
    expect(it.now - start).toBeGreaterThan(11 * 5000);
    expect(it.events.filter((type) => type === 'member_delayed')).toHaveLength(1);
  });

  test('that did not happen is decided on anew, and not at all when the campaign has stopped meanwhile', () => {
    const notHappened = new Map<number, AdmissionOutcome>([[0, { kind: 'not_happened' }]]);
    const it = new Play(aCampaign({ members: 2 })).turn().turn({ admissions: notHappened });
    expect(it.begun).toEqual([0, 0]);
    const stopped = new Play(aCampaign({ members: 2 })).turn();
    stopped.turn({ admissions: notHappened, controls: [campaignControl('cancel')] });
    expect(stopped.begun).toEqual([0]);
    expect(stopped.campaign.state).toBe('cancelled');
    expect(stopped.memberStates()).toEqual(['not_begun', 'not_begun']);
  });

  test('that went through before the campaign stopped is led to its end', () => {
    const it = new Play(aCampaign({ members: 2 })).turn();
    it.turn({ controls: [campaignControl('cancel')] });
    expect(it.memberStates()).toEqual(['running', 'not_begun']);
    expect(it.campaign.state).toBe('stopping');
    expect(it.end(0, 'succeeded').campaign.state).toBe('cancelled');
  });

  test('whose expansion is gone from the store is a failure', () => {
    const it = play({ members: 2 });
    const { campaign } = decideCampaign({
      campaign: it.campaign,
      now: it.now,
      controls: [],
      admissions: new Map(),
      expansions: new Map([[0, null]]),
      frozen: null,
    });
    expect(campaign.members[0]).toMatchObject({ state: 'failed', problem: { code: 'expansion_gone' } });
  });
});

describe('controls', () => {
  test('pause begins nothing more, running members go on, resume goes on where it stood', () => {
    const it = play({ members: 4, canaries: 0 }).turn({ controls: [campaignControl('pause')] });
    it.end(0, 'succeeded').turns(3);
    expect(it.campaign).toMatchObject({ state: 'paused', stateReason: { text: 'paused by anna: because' } });
    expect(it.begun).toEqual([0, 1]);
    expect(waitsForPerson(it.campaign)).toBe(false);
    it.end(1, 'succeeded');
    expect(waitsForPerson(it.campaign)).toBe(true);
    expect(it.last?.lookAgainInMs).toBeNull();
    it.turn({ controls: [campaignControl('resume')] }).turn();
    expect(it.begun).toEqual([0, 1, 2, 3]);
  });

  test('cancel lets running members end, or cancels them if that was asked for, also later', () => {
    const it = play({ members: 4, canaries: 0 }).turn({ controls: [campaignControl('cancel')] });
    expect(it.campaign.state).toBe('stopping');
    expect(it.last?.cancel).toEqual([]);
    it.turn({ controls: [campaignControl('cancel', { cancelMembers: true })] });
    expect(it.last?.cancel).toEqual([0, 1]);
    it.end(0, 'cancelled');
    expect(it.last?.cancel).toEqual([1]);
    it.end(1, 'cancelled');
    expect(it.campaign.state).toBe('cancelled');
    expect(it.campaign.stateReason?.text).toContain('cancelled by anna: because');
  });

  test('a campaign that stopped by itself stays failed when its running members are cancelled', () => {
    const it = play({ members: 4, canaries: 0 }).end(0, 'failed');
    it.turn({ controls: [campaignControl('cancel', { cancelMembers: true })] }).end(1, 'cancelled');
    expect(it.campaign.state).toBe('failed');
  });

  test('of one moment are judged one after the other', () => {
    const it = play({ members: 4, settings: { canaryApproval: true } });
    it.end(0, 'succeeded').turns(2);
    it.turn({ controls: [campaignControl('pause'), campaignControl('approve')] });
    expect(it.campaign).toMatchObject({ state: 'paused', approval: null });
    expect(it.last?.appliedControls).toHaveLength(2);
    it.turn({ controls: [campaignControl('resume'), campaignControl('approve')] });
    expect(it.begun).toEqual([0, 1, 2]);
  });

  test('that come too late are dropped', () => {
    const it = play({ members: 1 }).end(0, 'succeeded');
    it.turn({ controls: [campaignControl('pause')] });
    expect(it.campaign.state).toBe('succeeded');
    expect(it.last?.appliedControls).toHaveLength(1);
  });

  test.each(campaignStates)('%s: what does not fit says why and what can be done', (state: CampaignState) => {
    const campaign: Campaign = { ...aCampaign(), state };
    for (const verb of ['pause', 'resume', 'approve', 'cancel'] as const) {
      const found = campaignControlProblem(campaign, { verb, cancelMembers: false });
      if (found === null) continue;
      expect(found.message).toContain(campaign.id);
      expect(found.nextSteps.join('').length).toBeGreaterThan(0);
    }
    const code = (verb: CampaignControl['verb']) =>
      campaignControlProblem(campaign, { verb, cancelMembers: false })?.code ?? null;
    const ended = ['succeeded', 'failed', 'cancelled'].includes(state);
    expect(code('pause')).toBe(ended ? 'campaign_ended' : null);
    expect(code('cancel')).toBe(ended ? 'campaign_ended' : null);
    expect(code('resume')).toBe(ended ? 'campaign_ended' : 'not_paused');
    expect(code('approve')).toBe(
      ended ? 'campaign_ended' : state === 'awaiting_approval' ? null : 'not_awaiting_approval',
    );
  });
});

test('while everything is frozen no member begins, and it says so', () => {
  const it = new Play(aCampaign({ members: 2, canaries: 0 }));
  it.frozen = { reason: 'network works' };
  it.turns(3);
  expect(it.begun).toEqual([]);
  expect(it.campaign.state).toBe('pending');
  expect(it.campaign.stateReason?.text).toContain('frozen: network works');
  it.frozen = null;
  it.turns(2);
  expect(it.begun).toEqual([0, 1]);
  expect(it.campaign.stateReason).toBeNull();
});

test('a turn in which nothing has happened changes nothing', () => {
  const it = play({ members: 3 });
  const before = it.campaign;
  it.turn();
  expect(it.campaign).toBe(before);
  expect(it.last?.events).toEqual([]);
});

describe('remaining time', () => {
  const running = (startedSecondsAgo: number, forecastSeconds: number | null) => ({
    ...aCampaign({ members: 1 }).members[0]!,
    state: 'running' as const,
    expansion: seen(0, 'running', { startedAt: start - startedSecondsAgo * 1000, forecastSeconds }),
  });

  test('of a member is what the forecast leaves, and not known once that is overrun', () => {
    expect(memberRemainingSeconds(running(20, 60), start)).toBe(40);
    expect(memberRemainingSeconds(running(61, 60), start)).toBeNull();
    expect(memberRemainingSeconds(running(0, null), start)).toBeNull();
    const halted = running(1, 60);
    expect(
      memberRemainingSeconds({ ...halted, expansion: { ...halted.expansion, state: 'halted' } }, start),
    ).toBeNull();
  });

  test('of a campaign is the canaries one after the other, then the rest side by side', () => {
    const campaign = aCampaign({ members: 6, canaries: 1, forecastSeconds: 100 });
    expect(campaignRemainingSeconds(campaign, start)).toBe(100 + 300);
    const all = aCampaign({ members: 6, forecastSeconds: 100, settings: { maxRunning: 10 } });
    expect(campaignRemainingSeconds(all, start)).toBe(200);
    expect(campaignRemainingSeconds(aCampaign({ forecastSeconds: null }), start)).toBeNull();
    const asks = aCampaign({ forecastSeconds: 100, settings: { canaryApproval: true } });
    expect(campaignRemainingSeconds(asks, start)).toBe(100 + 300);
    expect(campaignRemainingSeconds({ ...campaign, state: 'failed' }, start)).toBe(0);
  });

  test('of a campaign that stops is that of the members at work', () => {
    const it = play({ members: 5, canaries: 0, forecastSeconds: 100 });
    const stopping: Campaign = {
      ...it.campaign,
      state: 'stopping',
      stop: {
        cause: 'cancel',
        reason: stopReason('cancelled', { by: 'anna', reason: 'x' }),
        by: 'anna',
        at: start,
        cancelMembers: null,
      },
    };
    expect(campaignRemainingSeconds(stopping, start)).toBe(100);
  });
});
