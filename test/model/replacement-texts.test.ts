import { describe, expect, test } from 'vitest';
import { judgement } from '../../src/model/audit-texts.ts';
import { eventFor, makeEvent } from '../../src/model/events.ts';
import { makeProblem } from '../../src/model/problems.ts';
import { because } from '../../src/model/reasons.ts';
import {
  type ReplacementEventType,
  replacementEnded,
  replacementReasonFor,
  replacementRuns,
  replacementSays,
  replacementStep,
  waitsForPerson,
} from '../../src/model/replacement-texts.ts';
import { expectText, readers } from '../support/texts.ts';

const old = '10.0.0.2:9221';
const master = '10.0.0.1:9221';
const named = { slave: old, master, replacement: 'rep_1' };
const [node, expansion] = ['10.0.0.5:9221', 'exp_1'];
const by = { by: 'ann', why: 'peak' };
const problem = makeProblem('expansion_gone', { member: 0, master, expansionId: expansion }, 1);

const reasons = [
  ...[null, expansion].map((of) => replacementSays('new_joins', named, { new: node, expansion: of })),
  replacementSays('new_halted', named, { new: node, expansion }),
  ...[1, 2].map((batchSize) => replacementSays('turn', named, { batchSize })),
  replacementSays('awaits_approval', named, { by: 'ann' }),
  replacementSays('rests', named, { until: 1e12 }),
  replacementSays('being_asked', named, {}),
  ...[null, 1, 2].map((readers) => replacementSays('has_readers', named, { readers, until: 1e12 })),
  replacementSays('detach_sent', named, {}),
  replacementSays('reply_lost', named, { settlesAt: 1e12 }),
  replacementSays('still_listed', named, {}),
  ...[[], ['a:1']].map((verified) => replacementSays('too_few_verified', named, { verified, keep: 2 })),
  replacementSays('new_lost', named, { new: node }),
  ...[1, 2].map((slaves) => replacementSays('own_slaves', named, { slaves })),
  replacementSays('refused', named, { reply: 'ERR no' }),
  replacementSays('no_answer', named, { met: 'ECONNREFUSED' }),
  replacementSays('detached', named, {}),
  replacementSays('attached_again', named, {}),
  replacementSays('cancelled', named, by),
  replacementSays('outcome_unknown', named, by),
  replacementSays('new_not_verified', named, { new: node, phase: 'skipped', expansion }),
  replacementSays('new_refused', named, { problem }),
  replacementSays('expansion_gone', named, { expansion }),
];

test.each(reasons.map((reason) => [reason.text, reason] as const))(
  'reads well for everybody: %s',
  (_, reason) => {
    for (const reader of readers) {
      // It stands behind the name of the slave.
      expectText(`${old} ${replacementReasonFor(reason, reader).text}`, reader.language);
      const step = replacementStep(reason, reader);
      expect(step !== null).toBe(waitsForPerson(reason));
      if (step !== null) expectText(step, reader.language);
    }
  },
);

test('reasons of others keep their words', () => {
  const frozen = because('frozen', { reason: 'peak' });
  const elsewhere = judgement('follows_other', { slave: old, master }, { follows: 'a:1' }).reason;
  for (const reason of [frozen, elsewhere])
    expect(replacementReasonFor(reason, { language: 'en', tool: 'rest' }).text).toBe(reason.text);
});

const counts = [
  { done: 1, kept: 0, failed: 0 },
  { done: 2, kept: 1, failed: 1 },
];
const ended = counts.map((each) => ({ reason: replacementEnded(each) }));
const samples: { readonly [T in ReplacementEventType]: readonly Parameters<typeof makeEvent<T>>[2][] } = {
  'replacement.accepted': [[], [node]].map((news) => ({
    master,
    old: [old],
    new: news,
    requestedBy: 'ann',
    why: 'new hardware',
  })),
  'replacement.expansion_started': [{ expansionId: expansion }],
  'replacement.expansion_refused': [{ problem }],
  'replacement.new_verified': [{ old, new: node }],
  'replacement.withdrawn': [{ old }],
  'replacement.drained': [
    { old, readers: 0, inTime: true },
    { old, readers: 1, inTime: false },
    { old, readers: null, inTime: false },
  ],
  'replacement.detaching': [{ old, verified: ['a:1'] }],
  'replacement.detached': [true, false].map((byOthers) => ({ old, master, byOthers })),
  'replacement.done': [{ old }],
  'replacement.kept': [{ old, reason: replacementSays('cancelled', named, by) }],
  'replacement.slave_failed': [{ old, reason: replacementSays('attached_again', named, {}) }],
  'replacement.cancel_asked': [by],
  'replacement.approved': [by],
  'replacement.running': [{ reason: replacementRuns }],
  'replacement.held': [{ old, reason: replacementSays('own_slaves', named, { slaves: 1 }) }],
  'replacement.succeeded': ended,
  'replacement.failed': ended,
  'replacement.cancelled': ended,
};

describe('events of replacements', () => {
  test.each(Object.keys(samples) as ReplacementEventType[])('%s reads well for everybody', (type) => {
    for (const facts of samples[type]) {
      const event = makeEvent(type, { at: 1 }, facts as never);
      for (const reader of readers) expectText(eventFor(event, reader).text, reader.language);
    }
  });
});
