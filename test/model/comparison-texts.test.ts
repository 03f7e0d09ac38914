import { describe, expect, test } from 'vitest';
import {
  comparisonReason,
  comparisonReasons,
  countsSay,
  countTexts,
  faultSays,
  faultTexts,
  leftOut,
  leftOutTexts,
  note,
  noteTexts,
  progressSays,
  progressTexts,
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
const met = 'ECONNREFUSED';
const faults: readonly Said[] = [
  faultSays('told_to_stop'),
  faultSays('no_connection', { ms: 5000 }),
  faultSays('cannot_be_reached', { met }),
  faultSays('connection_broke', { met }),
  faultSays('server_closed'),
  faultSays('closed_here'),
  faultSays('not_allowed', {
    server: 'db:9221',
    ip: '10.0.0.1',
    why: 'not_listed',
    credential: null,
    ownList: false,
    followed: false,
  }),
  faultSays('login_refused', { met }),
  faultSays('unasked_bytes'),
  faultSays('too_many_bytes', { most: 1000 }),
  faultSays('not_this_protocol', { met }),
  faultSays('wrong_answer', { met }),
  faultSays('silent', { ms: 5000 }),
  faultSays('trickles', { bytes: 10, ms: 5000 }),
  faultSays('answered', { command: 'INFO', met }),
  faultSays('in_cluster'),
  faultSays('no_version'),
  faultSays('other_kind', { kind: 'Pika 3.5.4', other: '10.0.0.1:9221', otherKind: 'Redis 7.0.15' }),
  faultSays('same_server', { other: '10.0.0.1:9221' }),
  faultSays('takes_new_copy'),
  faultSays('loads_other_data', { said: faultSays('answered', { command: 'PING', met: 'LOADING' }) }),
  faultSays('took_new_copy'),
  faultSays('restarted'),
  faultSays('master_changed', { from: '10.0.0.1:9221', to: '10.0.0.3:9221' }),
  faultSays('role_changed', { from: 'slave', to: 'master' }),
  faultSays('replication_id_changed'),
  faultSays('link_was_cut'),
  faultSays('ranges_stand_still'),
  faultSays('place_lost'),
  faultSays('too_busy_to_count'),
  faultSays('counting_too_long', { ms: 600_000 }),
  faultSays('no_counts'),
  faultSays('position_not_reached', { ms: 60_000, leader: '10.0.0.1:9221' }),
];
const failed = comparisonReason('failed', {
  problem: makeProblem('comparison_broke', { comparison: 'cmp_1' }, 1),
});
const verdicts: readonly Said[] = [
  ...counted,
  ...faults.map((fault) => verdictSays('fault', { code: 'refused', server, fault, byKind: null })),
  verdictSays('fault', { code: 'timeout', server, fault: faults[0]!, byKind }),
  verdictSays('differences', { byKind }),
  verdictSays('left_out', { parts: leftOuts }),
  verdictSays('undecided', { keys: 1, examples: ['a'] }),
  verdictSays('undecided', { keys: 2, examples: ['a', 'b'] }),
  verdictSays('no_master'),
  verdictSays('not_followed', { met }),
  verdictSays('not_waited_for'),
  verdictSays('ended_without', { id: 'cmp_1', state: 'cancelled', because: null }),
  verdictSays('ended_without', { id: 'cmp_1', state: 'failed', because: failed }),
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
  ...(['share', 'time', 'sample'] as const).flatMap((limitBy) =>
    [true, false].flatMap((measured) => {
      const chosen = { keys: 1_200_000, seconds: 12, measured, limitSeconds: 600, limitBy };
      return [note('full_chosen', chosen), note('sample_chosen', chosen)];
    }),
  ),
  note('size_not_told'),
  note('depth_after_copy'),
  note('full_waited', { limitSeconds: 30 }),
  note('full_cut', { keys: 400, estimatedKeys: 1200, ms: 30_000, limitSeconds: 30, sampled: true }),
  note('full_cut', { keys: 400, estimatedKeys: null, ms: 30_000, limitSeconds: 30, sampled: false }),
];
const progress: readonly Said[] = [
  progressSays('connecting'),
  progressSays('counting'),
  progressSays('sampling', { db: 0 }),
  progressSays('comparing', { db: 0, what: 'hash' }),
  progressSays('looking_for_foreign', { db: 0 }),
  progressSays('master_slow', { server, ms: 900, limitMs: 500 }),
  progressSays('slave_behind', { server, bytes: 900, limitBytes: 500 }),
  progressSays('server_fault', { server, fault: faults[0]! }),
];
const reasons = [
  comparisonReason('waits_for_server', {
    code: 'unreachable',
    server,
    fault: faults[0]!,
    retrySeconds: 5,
    patienceSeconds: 300,
  }),
  comparisonReason('worker_stopped'),
  comparisonReason('paused', { by: 'ann', why: 'lunch' }),
  comparisonReason('resumed', { by: 'ann', why: 'lunch' }),
  comparisonReason('cancelled', { by: 'ann', why: 'lunch' }),
  failed,
  ...verdicts,
  ...progress,
];

const tables: readonly (readonly [TextTable, readonly Said[]])[] = [
  [leftOutTexts, leftOuts],
  [countTexts, counted],
  [faultTexts, faults],
  [verdictTexts, verdicts],
  [noteTexts, notes],
  [comparisonReasons, reasons],
  [progressTexts, progress],
];

test.each(tables)('every code has samples', (table, samples) => {
  expect([...new Set(samples.map(({ code }) => code))].sort()).toEqual(Object.keys(table).sort());
});

describe.each(readers)('in $language, for $tool', (reader) => {
  test.each(tables)('every text', (table, samples) => {
    for (const { code, facts } of samples)
      expectText(readSaid(table, { code, facts, text: 'as stored' }, reader), reader.language);
  });

  test('a comparison that lacks its credential', () => {
    for (const known of [[], ['prod', 'test']]) {
      const problem = makeProblem('comparison_not_possible', { credential: 'old', known }, 1);
      const { text, nextSteps } = problemFor(problem, reader);
      for (const each of [text, ...nextSteps]) expectText(each, reader.language);
    }
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
