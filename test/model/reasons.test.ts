import { describe, expect, test } from 'vitest';
import { batchReason } from '../../src/model/batch-reasons.ts';
import {
  because,
  type ReasonCode,
  readReason,
  reasonFor,
  reasons,
  sameReason,
} from '../../src/model/reasons.ts';
import type { Facts, FactsOf } from '../../src/model/text.ts';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import { aFinding, aRule, masterWork } from '../support/samples.ts';
import { expectText, readers } from '../support/texts.ts';
import { connectorSamples } from './connector-samples.ts';
import { notAllowedSamples } from './not-allowed-samples.ts';

const node = '10.0.0.2:9221';
const master = '10.0.0.1:9221';
const kinds = ['busy', 'unreachable', 'denied', 'garbled'] as const;
const asked = { by: 'ann', why: 'peak hours' };
const inner = because('expansion_paused');
const running = [
  { running: 1, host: '10.0.0.1', expansions: [] },
  { running: 2, host: '10.0.0.1', expansions: ['exp_1'] },
  { running: 9, host: '10.0.0.1', expansions: ['exp_1', 'exp_2', 'exp_3', 'exp_4'] },
];
const held = {
  step: 'before_batch',
  nodes: ['a:1'],
  batch: 2,
  url: 'https://hooks.example',
  webhookId: 'wh_1',
  askedAgainSeconds: 30,
} as const;
const { askedAgainSeconds: _, ...question } = held;
const awaited = { ...question, questionId: 'qst_1', until: 1_700_000_000_000 };

const heldBy = { hold: 'hld_1', by: 'backup', why: 'nightly backup', until: 1_700_000_000_000 };

/** Facts of every code, in the shapes that the service makes. */
const samples: { readonly [Code in ReasonCode]: readonly FactsOf<typeof reasons, Code>[] } = {
  frozen: [{ reason: 'works' }],
  restored: [
    { restoredAt: 1_700_000_000_000, madeAt: null },
    { restoredAt: 1_700_000_000_000, madeAt: 1_600_000_000_000 },
  ],
  failed_over: [{ at: 1_700_000_000_000 }],
  master_held: [heldBy],
  other_hold_first: [heldBy],
  master_being_looked_at: [{}],
  full_syncs_go_on: [
    { syncs: [{ node: '10.0.0.2:9221', expansion: 'exp_1' }] },
    {
      syncs: [
        { node: '10.0.0.2:9221', expansion: 'exp_1' },
        { node: '10.0.0.3:9221', expansion: 'exp_1' },
      ],
    },
  ],
  paused_by: [asked],
  resumed_by: [asked],
  cancelled_by: [asked],
  skipped_by: [asked],
  approved_by: [{ ...asked, batch: 2 }],
  retry_asked_by: [asked],
  expansion_paused: [{}],
  expansion_does_not_run: [{}],
  batch_needs_approval: [{ batch: 2, of: 3 }],
  start_needs_other_person: [{ by: 'ann' }],
  accepted: [{}],
  waits_for_end_of: [{ expansion: 'exp_1' }],
  waits_for_turn: [{ expansion: 'exp_1' }],
  expansion_on_master: [{ expansion: 'exp_1' }],
  batches_formed: [
    { nodes: 1, batches: 1, batchSize: 1, why: batchReason('all_nodes', {}) },
    { nodes: 4, batches: 2, batchSize: 2, why: batchReason('version_unknown', {}) },
  ],
  nothing_begun: [{ because: inner }],
  halted_because_of: [{ nodes: [{ node, phase: 'quarantined' }] }],
  halt_over: [{}],
  ended: [
    { verified: 1, of: 1, skipped: 0, bad: [] },
    { verified: 1, of: 3, skipped: 1, bad: [{ node, phase: 'failed' }] },
  ],
  canary_rests: [{ endsAt: 1_700_000_000_000 }],
  canary_needs_approval: [
    { canary: 1, left: 2 },
    { canary: 2, left: 1 },
  ],
  master_rests: [{ until: 1_700_000_000_000, expansion: 'exp_1' }],
  starts_at: [{ at: 1_700_000_000_000 }],
  pause_between_batches: [{ endsAt: 1_700_000_000_000 }],
  no_window_ever: [{}],
  window_opens: [{ at: 1_700_000_000_000, timeZone: 'Asia/Shanghai' }],
  ports_tried: [
    { reached: [9221, 11_221, 19_222], notReached: [], byAgents: 0, nodes: 1 },
    { reached: [9221, 11_221], notReached: [19_222], byAgents: 1, nodes: 2 },
    { reached: [9221, 11_221, 19_222], notReached: [], byAgents: 2, nodes: 2 },
  ],
  held_by_webhook: [
    { ...held, said: deliverySays('answered', { status: 503, quoted: ': "wait"' }) },
    { ...held, said: deliverySays('connection_failed', { detail: 'connect EHOSTUNREACH' }) },
  ],
  held_by_connector: connectorSamples.map((said) => ({
    connector: 'shop',
    node,
    said: [said],
    askedAgainSeconds: 5,
  })),
  answer_comes_later: [
    { ...awaited, step: 'after_verified' },
    { ...awaited, step: 'after_detach' },
  ],
  hooks_being_asked: [
    { step: 'before_batch', nodes: ['a:1', 'b:1'], batch: 2 },
    { step: 'before_node', nodes: ['a:1'], batch: 2 },
    { step: 'before_detach', nodes: ['a:1'], batch: null },
  ],
  several: [{ reasons: [inner, because('endpoint_unknown')] }],
  forecast_drifted: [
    {
      figures: [
        { name: 'snapshot_bytes', planned: 1e9, now: 2e9 },
        { name: 'seconds_per_node', planned: 60, now: 600 },
        { name: 'write_bytes_per_second', planned: 1e6, now: 5e6 },
      ],
    },
  ],
  health_over_limit: [
    { what: 'master_latency_ms', value: 12.34, limit: 10 },
    { what: 'slave_lag_bytes', value: 2e6, limit: 1e6 },
    { what: 'commands_per_second', value: 20_000, limit: 10_000 },
    { what: 'endpoint', value: 0.5, limit: 0.1 },
  ],
  command_rate_unknown: [{}],
  latency_unknown: [{}],
  endpoint_unknown: [{}],
  retention_being_raised: [{ setting: 'expire-logs-nums', master }],
  verified_first: [{ nodes: [node, '10.0.0.3:9221'] }],
  dump_first: [{ node }],
  slots_total: running,
  slots_of_node_host: running,
  slots_of_master_host: running,
  master_says_too_little: [{ master }],
  server_silent: kinds.flatMap((kind) => [
    { server: node, kind, met: null },
    { server: node, kind, met: 'connect ECONNREFUSED' },
  ]),
  master_silent: kinds.map((kind) => ({ kind })),
  master_not_answering: [{}],
  node_silent: kinds.map((kind) => ({ kind })),
  node_may_be_opening: [{}],
  master_at_work: [{ work: masterWork }],
  back_in_line: [{ because: inner }],
  checked_again: [{}],
  being_attached: [{}],
  tries_by_itself: [{ cause: null }, { cause: { code: 'node_cannot_reach_master', text: 'as stored' } }],
  attempt_begins: [{ attempt: 2 }],
  dump_offered: [{}],
  no_file_yet: [{ since: 1_795_860_000_000, until: 1_795_860_060_000 }],
  then_cause_decides: [{ anomaly: 'hung_in_full_sync' }],
  then_person: [{}],
  then_left_attached: [{}],
  then_attached: [{}],
  then_done_again: [{}],
  copying: [{}],
  only_new_dump_helps: [{}],
  dump_would_harm: [{}],
  new_dump_awaited: [{}],
  opening: [{}],
  catching_up: [{}],
  comparing: [{}],
  verified: [{}],
  old_connection_closing: [{}],
  still_listed: [{}],
  throttle_being_set: [{}],
  emptiness_being_asked: [{}],
  act_unknown: [{ command: 'SLAVEOF' }],
  slaveof_may_still_happen: [{}],
  database_too_slow: [{}],
  findings: [{ findings: [aFinding, aFinding] }],
  rules_missing: [{ rules: [aRule] }],
  rolled_back: [{}],
  not_begun_rolled_back: [{}],
  detached_by_policy: [{}],
  master_is_another: [{}],
  sync_did_not_end: [{}],
  detached_from: [{ master }],
  not_detached: [{ master }],
  must_leave_master: [{}],
  remembers_id: [{}],
  full_sync_begins: [{}],
  must_not_stay_half_synced: [{}],
  seen_on_node: [{}],
  not_seen_on_node: [{}],
  not_seen_done_again: [{}],
  not_sent: [{ because: inner }],
  follow_not_allowed: notAllowedSamples.map((notAllowed) => ({ notAllowed })),
  share_of_bandwidth: [{}],
  share_changed: [{}],
  copy_over: [{}],
  nobody_synced: [{}],
  master_restarted: [{}],
  binlog_would_be_purged: [
    { writeBytesPerSecond: 1e6, writtenBytes: null },
    { writeBytesPerSecond: 1e6, writtenBytes: 2e9 },
  ],
};

const codes = Object.keys(reasons) as ReasonCode[];
const made = (code: ReasonCode) =>
  (samples[code] as readonly Facts[]).map((facts) =>
    (because as (code: string, facts: Facts) => typeof inner)(code, facts),
  );

describe('every reason', () => {
  test.each(codes)('%s reads for everybody, after it was stored', (code) => {
    for (const reason of made(code))
      for (const reader of readers)
        expectText(reasonFor(JSON.parse(JSON.stringify(reason)), reader).text, reader.language);
  });

  test.each(codes)('%s says the same when its facts come back in another order', (code) => {
    for (const reason of made(code)) {
      const turned = Object.fromEntries(Object.entries(reason.facts).reverse());
      expect(sameReason(reason, { ...reason, facts: turned, text: 'other words' })).toBe(true);
    }
  });
});

const zh = { language: 'zh', tool: 'rest' } as const;

test('is stored in English and reads in Chinese', () => {
  const stored = because('batch_needs_approval', { batch: 2, of: 3 });
  expect(stored.text).toBe('batch 2 of 3 waits for approval');
  expect(reasonFor(stored, zh)).toEqual({ ...stored, text: '第 2/3 批等待批准' });
});

test('of another release, with a fact less or a code that is gone, keeps the words in which it was stored', () => {
  const { of: _, ...less } = because('batch_needs_approval', { batch: 2, of: 3 }).facts as { of: number };
  for (const code of ['batch_needs_approval', 'gone'])
    expect(readReason({ code, facts: less, text: 'as stored' }, zh)).toBe('as stored');
  const nested = because('back_in_line', { because: { code: 'gone', facts: {}, text: 'as stored' } });
  expect(readReason(nested, zh)).toBe('重新排队：as stored');
});
