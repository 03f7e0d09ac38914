import { describe, expect, test } from 'vitest';
import {
  type CampaignEventData,
  type CampaignEventType,
  type CampaignReason,
  campaignEvents,
  campaignReason,
  campaignReasons,
  type StopReason,
  stopReason,
  stopReasons,
} from '../../src/model/campaign-texts.ts';
import { makeProblem, problemFor } from '../../src/model/problems.ts';
import { refuse } from '../../src/model/refusal.ts';
import { type FactsOf, readSaid, type Said, type TextTable } from '../../src/model/text.ts';
import { expectText, readers } from '../support/texts.ts';

const member = { member: 2, master: '10.0.0.1:9221' };
const lost = ['refused', 'failed', 'cancelled'].map((state) => ({ ...member, state }));
const asked = { by: 'ann', reason: 'peak' };
const stop = stopReason('cancelled', asked);

const stops: { readonly [C in StopReason]: FactsOf<typeof stopReasons, C> } = {
  cancelled: asked,
  canary_failed: lost[0]!,
  too_many_failures: { members: lost, most: 1 },
};
const reasons: { readonly [C in CampaignReason]: readonly FactsOf<typeof campaignReasons, C>[] } = {
  accepted: [{}],
  succeeded: [{ members: 3 }],
  ended: [
    { members: 3, succeeded: 1, stop, lost: [] },
    { members: 3, succeeded: 1, stop: null, lost },
  ],
  stopping: [
    { stop, atWork: 1, cancelling: true },
    { stop, atWork: 2, cancelling: false },
  ],
  paused: [asked],
  halted: [{ members: [{ ...member, expansionId: 'exp_1' }] }],
  awaiting_approval: [{ waiting: 1 }, { waiting: 2 }],
  frozen: [{ reason: 'works' }, { reason: null }],
};
const problem = refuse('no_such_plan', { id: 'plan_1' }).asProblem(1);
const ended = { ...member, stateReason: null };
const entered = [{ reason: null }, { reason: campaignReason('accepted') }];
const events: { readonly [T in CampaignEventType]: readonly CampaignEventData<T>[] } = {
  'campaign.accepted': [
    { requestedBy: 'ann', via: 'rest', members: [{ group: 'canary' }] },
    { requestedBy: 'ann', via: 'rest', members: [{ group: 'canary' }, { group: 'rest' }] },
  ],
  'campaign.member_started': [{ ...member, expansionId: 'exp_1' }],
  'campaign.member_refused': [{ ...member, problem }],
  'campaign.member_delayed': [{ ...member, problem }],
  'campaign.member_halted': [ended],
  'campaign.member_succeeded': [ended],
  'campaign.member_failed': [
    { ...ended, gone: false, expansionId: 'exp_1' },
    { ...ended, gone: true, expansionId: 'exp_1' },
  ],
  'campaign.member_cancelled': [ended],
  'campaign.canary_passed': [{ rest: 1 }],
  'campaign.resumed': [asked],
  'campaign.approved': [asked],
  'campaign.cancel_asked': [
    { ...asked, cancelMembers: true },
    { ...asked, cancelMembers: false },
  ],
  'campaign.pending': entered,
  'campaign.running': entered,
  'campaign.paused': entered,
  'campaign.awaiting_approval': entered,
  'campaign.halted': entered,
  'campaign.stopping': entered,
  'campaign.succeeded': entered,
  'campaign.failed': entered,
  'campaign.cancelled': entered,
};

const of = (table: TextTable, samples: object): (readonly [string, TextTable, Said])[] =>
  Object.entries(samples).flatMap(([code, facts]) =>
    [facts].flat().map((each) => [code, table, { code, facts: each, text: 'as stored' }] as const),
  );
const all = [...of(stopReasons, stops), ...of(campaignReasons, reasons), ...of(campaignEvents, events)];

describe.each(readers)('in $language, for $tool', (reader) => {
  test.each(all)('%s', (_code, table, said) => {
    const text = readSaid(table, said, reader);
    expect(text).not.toBe('as stored');
    expectText(text, reader.language);
  });

  test('what a member was refused for', () => {
    const gone = makeProblem('expansion_gone', { ...member, expansionId: 'exp_1' }, 1);
    for (const each of [problem, gone]) {
      const { text, nextSteps } = problemFor(each, reader);
      for (const said of [text, ...nextSteps]) expectText(said, reader.language);
    }
  });
});

test('what an earlier release has stored reads as it was stored', () => {
  const zh = { language: 'zh', tool: 'rest' } as const;
  const event = { code: 'campaign.member_failed', facts: { member: 1 }, text: 'member 2 has failed' };
  expect(readSaid(campaignEvents, event, zh)).toBe('member 2 has failed');
  const old = { code: 'as_written', facts: {}, text: 'paused by ann' };
  expect(readSaid(campaignReasons, old, zh)).toBe('paused by ann');
  const withoutFacts = { code: 'expansion_gone', text: 'It is gone.', nextSteps: ['Look.'], at: 1 };
  expect(problemFor(withoutFacts, zh)).toMatchObject({ text: 'It is gone.' });
});
