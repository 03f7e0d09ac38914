import { describe, expect, test } from 'vitest';
import {
  comparisonSays,
  comparisonTexts,
  countsSay,
  countTexts,
  leftOut,
  leftOutTexts,
  note,
  noteTexts,
  reportFor,
  verdictSays,
  verdictTexts,
} from '../../src/model/comparison-texts.ts';
import { makeProblem, problemFor } from '../../src/model/problems.ts';
import { readSaid, type Said, type TextTable } from '../../src/model/text.ts';
import { expectText, readers } from '../support/texts.ts';

const server = '10.0.0.1:9221';
const counts = {
  counts: [
    { name: 'db0 hash', left: 5, right: 3, within: 0 },
    { name: 'db0 string', left: 5, right: 3, within: 2 },
  ],
};
const byKind = { missing: 2, foreign: 1, type: 1, value: 3, length: 1, ttl: 1 };
const leftOuts = [
  leftOut('streams_lost_place', { server }),
  leftOut('streams_zero_byte'),
  leftOut('names_alike', { key: 'k' }),
  leftOut('member_too_large', { type: 'hash', key: 'k', bytes: 9 }),
  leftOut('names_zero_byte', { type: 'set' }),
  leftOut('unknown_type', { type: 'TSDB-TYPE' }),
];
const counted = [
  countsSay('counts_differ', counts),
  countsSay('counts_may_differ', counts),
  countsSay('counts_too_vague', counts),
  countsSay('counts_agree', counts),
  countsSay('counts_agree_exactly'),
  countsSay('no_keys'),
];
const faults = [
  'timeout',
  'closed',
  'unreachable',
  'denied',
  'refused',
  'garbled',
  'loading',
  'changed',
  'aborted',
];
const verdicts: readonly Said[] = [
  ...counted,
  ...faults.map((code) => verdictSays('fault', { code, message: `${server}: it`, byKind: null })),
  verdictSays('fault', { code: 'timeout', message: `${server}: it`, byKind }),
  verdictSays('differences', { byKind }),
  verdictSays('left_out', { parts: leftOuts }),
  verdictSays('undecided', { keys: 1, examples: ['a'] }),
  verdictSays('undecided', { keys: 2, examples: ['a', 'b'] }),
  verdictSays('nothing_looked_at'),
  verdictSays('nothing_counted'),
];
const notes: readonly Said[] = [
  note('estimate'),
  note('expiries_left_out'),
  note('expiries_by_counts'),
  note('expiries_zero_byte'),
  note('streams_not_transferred'),
  note('streams_need_full'),
  note('no_streams'),
  note('spread_by_what_was_met'),
  note('more_on_right', { type: 'list' }),
  note('rare_types', { db: 0, keys: 100, types: ['set', 'zset'] }),
  note('counts', { said: counted[0]! }),
  note('left_out', { said: leftOuts[0]! }),
];
const waits = [
  comparisonSays('waits_for_server', {
    code: 'unreachable',
    message: server,
    retrySeconds: 5,
    patienceSeconds: 300,
  }),
  comparisonSays('worker_stopped'),
];

const tables: readonly (readonly [TextTable, readonly Said[]])[] = [
  [leftOutTexts, leftOuts],
  [countTexts, counted],
  [verdictTexts, verdicts],
  [noteTexts, notes],
  [comparisonTexts, waits],
];

test.each(tables)('every code has samples', (table, samples) => {
  expect([...new Set(samples.map(({ code }) => code))].sort()).toEqual(Object.keys(table).sort());
});

describe.each(readers)('in $language, for $tool', (reader) => {
  test.each(tables)('every text', (table, samples) => {
    for (const { code, facts } of samples)
      expectText(readSaid(table, { code, facts, text: 'as stored' }, reader), reader.language);
  });

  test('a comparison that broke', () => {
    const problem = makeProblem('comparison_not_possible', { message: 'depth must be counts' }, 1);
    for (const text of problemFor(problem, reader).nextSteps) expectText(text, reader.language);
  });
});

test('a report is read in the language of the reader; what an earlier release stored, as it is', () => {
  const report = { reason: 'x', notes: ['y'], said: { reason: verdicts[0]!, notes: [notes[0]!] } };
  const zh = { language: 'zh', tool: 'rest' } as const;
  expect(reportFor(report, zh)).toMatchObject({
    reason: expect.stringContaining('key 数量不同'),
    notes: [expect.stringContaining('估计值')],
  });
  expect(reportFor({ reason: 'x', notes: ['y'] }, zh)).toEqual({ reason: 'x', notes: ['y'] });
});
