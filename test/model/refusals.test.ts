import { describe, expect, test } from 'vitest';
import { judgement } from '../../src/model/audit-texts.ts';
import { batchReason } from '../../src/model/batch-reasons.ts';
import type { Finding } from '../../src/model/finding.ts';
import { type InvalidFacts, type InvalidRule, invalidFields } from '../../src/model/invalid-fields.ts';
import { planChange } from '../../src/model/plan-changes.ts';
import { refuse, refuseField } from '../../src/model/refusal.ts';
import { type RefusalCode, type RefusalFacts, refusals } from '../../src/model/refusals.ts';
import { languages, type Reader, tools } from '../../src/model/text.ts';
import { notAllowedSamples } from './not-allowed-samples.ts';

const id = 'exp_0m';
const node = '10.0.0.2:9221';
const finding: Finding = { code: 'x', severity: 'error', node, text: '发现 F.', nextStep: '步骤 S.' };
const four = [1, 2, 3, 4].map((n) => ({ ...finding, text: `发现 F${n}.` }));
const asked = { id, by: 'ann', reason: 'peak' };
const master = { master: node, detail: 'ECONNREFUSED', variable: 'PIKA' };

type Samples = { readonly [C in Exclude<RefusalCode, 'validation_failed'>]: readonly RefusalFacts<C>[] };

/** Facts of each code, as many as it takes for every sentence to be said once. */
const samples: Samples = {
  preflight_failed: [
    { findings: [finding] },
    { findings: four },
    { findings: four, members: ['a:1', 'b:1', 'c:1', 'd:1'].map((master, member) => ({ master, member })) },
  ],
  node_in_other_expansion: [
    {
      uses: [
        { node, expansionId: id },
        { node: 'b:2', expansionId: 'exp_1' },
      ],
    },
    { findings: [finding] },
  ],
  plan_changed: [
    {
      id: 'plan_1',
      madeAt: 1e12,
      changes: [
        planChange('finding', { finding }),
        planChange('slaves', { come: [node], gone: [] }),
        planChange('slaves', { come: [], gone: [node] }),
        planChange('batches', { before: [[node]], now: [[node], [node]], why: batchReason('all_nodes', {}) }),
        planChange('waits_for', { expansion: id }),
      ],
    },
    {
      id: 'plan_1',
      madeAt: 1e12,
      changes: [
        planChange('forecast', { figures: [{ name: 'snapshot_bytes', planned: 1e9, now: 3e9 }] }),
        planChange('other_release'),
      ],
    },
    { id: 'plan_1', madeAt: 1e12, changes: Array.from({ length: 7 }, () => planChange('other_release')) },
  ],
  idempotency_key_reused: [{}],
  master_busy: [master],
  master_unreachable: [master, { ...master, detail: null }],
  master_not_allowed: notAllowedSamples,
  master_denied: [master, { ...master, detail: null }],
  master_garbled: [master, { ...master, detail: null }],
  master_answered: [master],
  cannot_be_rehearsed: (
    ['master_unread', 'version_not_simulated', 'size_unknown', 'throttle_unknown'] as const
  ).map((cause) => ({ cause, version: '9.9.9', simulated: ['3.3.6', '3.5.4'] })),
  rehearsal_running: [{}],
  no_such_expansion: [{ id }],
  no_such_campaign: [{ id }],
  no_such_comparison: [{ id }],
  no_such_audit: [{ id }],
  no_such_guard: [{ id }],
  no_such_hold: [{ id }],
  no_such_replacement: [{ id }],
  not_guarded: [{ id, slave: '10.0.0.2:9221' }],
  no_such_webhook: [{ id }],
  no_such_channel: [{ id }],
  no_such_incident: [{ id }],
  incident_over: [{ id }],
  no_such_question: [{ id }],
  question_answered: [{ id }],
  no_such_plan: [{ id }],
  no_such_node: [
    { id, node, nodes: ['a:1', 'b:1'], more: true },
    { id, node, nodes: ['a:1'], more: false },
  ],
  not_found: [{ what: 'webhook', id: 'wh_1' }],
  already_frozen: [
    { by: 'ann', reason: 'peak', since: 1e12 },
    { by: 'ann', reason: 'peak', since: null },
  ],
  expansion_not_ended: [{ id, state: 'running' }],
  nothing_left: [{ id }],
  expansion_ended: [{ id, state: 'failed' }],
  already_cancelling: [asked],
  already_pausing: [asked],
  already_paused: (['expansion', 'campaign', 'comparison'] as const).map((of) => ({
    of,
    id,
    state: 'paused',
  })),
  not_pausable: [{ id, state: 'halted' }],
  not_resumable: [
    { id, state: 'running' },
    { id, state: 'awaiting_approval' },
  ],
  needs_other_person: [
    { of: 'expansion', id, by: 'ann' },
    { of: 'campaign', id, by: 'ann' },
    { of: 'replacement', id, by: 'ann' },
    { of: 'freeze', id: null, by: 'ann' },
  ],
  not_awaiting_approval: [
    { of: 'expansion', id, state: 'paused', paused: true },
    { of: 'campaign', id, state: 'running', paused: false },
    { of: 'campaign', id, state: 'paused', paused: true },
  ],
  not_cancellable: [{ id, state: 'running' }],
  nodes_unresolved: [
    {
      id,
      nodes: [
        { node, phase: 'failed' },
        { node: 'b:2', phase: 'quarantined' },
      ],
    },
  ],
  node_not_in_expansion: [
    { id, node },
    { id, node: null },
  ],
  not_retryable: (['leaving', 'active', 'waiting', 'final'] as const).map((because) => ({
    id,
    node,
    phase: 'catching_up',
    because,
  })),
  not_skippable: (['active', 'final'] as const).map((because) => ({ id, node, phase: 'verified', because })),
  campaign_ended: [{ id, state: 'cancelled' }],
  campaign_stopping: [{ id }],
  not_paused: [
    { of: 'comparison', id, state: 'running', stopping: false },
    ...['running', 'awaiting_approval', 'halted', 'stopping'].map((state) => ({
      of: 'campaign' as const,
      id,
      state,
      stopping: state === 'stopping',
    })),
  ],
  already_cancelled: [
    { id, withMembers: true },
    { id, withMembers: false },
  ],
  comparison_ended: [{ id, state: 'completed' }],
  audit_ended: [{ id, state: 'cancelled' }],
  comparison_of_expansion: [{ id, expansionId: 'exp_1' }],
  guard_ended: [{ id }],
  replacement_ended: [{ id, state: 'failed' }],
  replacement_cancelled: [{ id }],
  replacement_needs_no_approval: [{ id }],
  master_in_replacement: [{ id, master: node }],
  not_to_take_out: [
    { master: node, slaves: [judgement('is_master', { slave: 'a:1', master: node }, {}).reason] },
  ],
  too_few_would_stay: [
    { master: node, verified: [], added: 0, keep: 1 },
    { master: node, verified: [], added: 1, keep: 2 },
    { master: node, verified: ['a:1'], added: 2, keep: 4 },
  ],
  too_many_guards: [{ most: 256 }],
  hold_over: [
    { id, state: 'ended' },
    { id, state: 'expired' },
  ],
  too_many_holds: [{ most: 256 }],
  too_many_webhooks: [{ most: 100 }],
  too_many_channels: [{ most: 100 }],
  not_signed_in: [{}],
  bad_token: [{}],
  bad_signature: [{}],
  job_not_signed: [{}],
  job_signature_wrong: [{ by: 'orders' }],
  job_too_old: [{ at: 1 }],
  job_too_large: [{ bytes: 2, most: 1 }],
  not_permitted: [
    { name: 'ann', role: 'viewer', action: 'freeze', roles: ['operator', 'admin'] },
    { name: 'ann', role: 'operator', action: 'freeze', roles: ['operator', 'admin'] },
  ],
  outside_scope: [
    { name: 'ann', action: 'freeze', address: null, as: 'server' },
    { name: 'ann', action: 'expand', address: node, as: 'node' },
  ],
  gives_more_than_it_has: [{ name: 'ann', actions: ['freeze', 'tokens'] }],
  sign_in_is_off: [{ role: 'viewer' }],
  token_name_taken: [
    { name: 'ann', configured: true },
    { name: 'ann', configured: false },
  ],
  no_such_token: [{ id: 'tok_1' }],
  no_such_session: [{ id: '0123456789abcdef' }],
  no_identity_provider: [{}],
  identity_provider_away: [{}],
  identity_provider_refused: [{ error: 'access_denied' }],
  sign_in_does_not_fit: [{}],
  person_without_name: [{ claim: 'email' }],
  person_without_role: [{ name: 'ann' }],
  token_ended: [
    { id: 'tok_1', state: 'expired' },
    { id: 'tok_1', state: 'revoked' },
  ],
  agents_only: [{ name: 'ann' }],
  agents_report_only: [{ name: 'host-7' }],
  agent_speaks_for_none: [{ name: 'host-7', servers: ['10.0.0.7:9221', 'pika-7.example:9221'] }],
  too_many_reports: [{}],
  host_not_allowed: [{}],
  foreign_origin: [{ proxied: false }, { proxied: true }],
  body_too_large: [{}],
  unsupported_media_type: [{}],
  broken_json: [{ empty: true }, { empty: false }],
  bad_content_length: [{}],
  bad_url: [{}],
  bad_http: [{}],
  http_error: [{ status: 414, met: 'URI too long' }],
  no_such_route: [{ method: 'GET', path: '/x' }],
  method_not_allowed: [{ method: 'PUT', path: '/x', allowed: ['GET', 'POST'] }],
  rate_limited: [
    { most: 3, from: 'ann', waitSeconds: 7 },
    { most: 3, from: null, waitSeconds: 7 },
  ],
  overloaded: [{}],
  stopping: [{}],
  too_many_streams: [
    { most: 5, caller: null },
    { most: 5, caller: 'wall' },
  ],
  database_unavailable: [{ diskFull: true }, { diskFull: false }],
  internal_error: [{ inLog: 'req_1' }],
};

type RuleSamples = { readonly [R in InvalidRule]: readonly InvalidFacts<R>[] };
const value = { value: 'x' };
const member = { member: 2, address: node };

const ruleSamples: RuleSamples = {
  unknown_field: [
    { nearest: ['batchSize'], known: ['batchSize', 'approval'] },
    { nearest: ['a', 'b'], known: ['a', 'b', 'c'] },
    { nearest: [], known: ['a'] },
  ],
  missing: [{}],
  must_be: [
    {
      allowed: [
        { is: 'integer', from: 1, to: 5 },
        { is: 'words', words: ['auto', 'none'] },
      ],
    },
    { allowed: [{ is: 'number', above: 0 }, { is: 'null' }] },
    { allowed: [{ is: 'integer', from: 1 }] },
    { allowed: [{ is: 'integer', to: 9 }] },
    { allowed: [{ is: 'number' }, { is: 'yes_no' }, { is: 'object' }] },
    {
      allowed: [
        { is: 'text', from: 3, to: 9, example: 'a:1' },
        { is: 'list', from: 1 },
      ],
    },
    { allowed: [{ is: 'list' }, { is: 'text', to: 9 }] },
    ...(['time_of_day', 'not_blank', 'id', 'dotted_id', 'visible'] as const).map((pattern) => ({
      allowed: [{ is: 'text' as const, pattern }],
    })),
  ],
  not_valid: [{}],
  control_character: [value],
  white_space: [value],
  not_host_port: [value],
  bad_host: [value],
  bad_port: [value],
  unknown_credential: [
    { ...value, known: [], variable: 'PIKA_CREDENTIAL_X' },
    { ...value, known: ['a', 'b'], variable: 'PIKA_CREDENTIAL_X' },
  ],
  too_many_nodes: [{ nodes: 11, most: 10 }],
  no_time_zone: [value],
  not_a_cron: [value],
  not_a_state: [{ ...value, states: ['running', 'paused'] }],
  foreign_cursor: [{}],
  not_an_event_id: [value],
  url_too_long: [{ most: 2000 }],
  url_not_absolute: [{}],
  url_not_http: [{}],
  url_with_login: [{}],
  url_with_fragment: [{}],
  url_forbidden_address: [{ ip: '169.254.0.1' }],
  url_private_address: [{ ip: '10.0.0.1' }],
  steps_of_veto_only: [{}],
  url_not_smtp: [{}],
  of_email_only: [{}],
  needed_by_email: [{}],
  not_a_mail_address: [value],
  login_in_clear: [{}],
  secret_of_other_address: [{}],
  secret_without_use: [{ kind: 'wecom' }],
  types_of_notify_only: [{}],
  no_known_masters: [{}],
  not_left: [
    { value: 'c:1', left: ['a:1', 'b:1'], more: true },
    { value: 'c:1', left: ['a:1'], more: false },
  ],
  time_out_of_range: [{ from: 1e12, to: 2e12 }],
  more_canaries_than_members: [
    { canaries: 3, members: 1 },
    { canaries: 3, members: 2 },
  ],
  approval_without_canaries: [{}],
  master_twice: [member],
  node_is_a_master: [member],
  nothing_to_replace: [{}],
  named_twice: [{ address: 'a:1', other: 'takeOut[0]' }],
  not_an_ip: [{ value: 'ten' }],
  not_a_server_rule: [{ value: '10.0.0.*' }],
  action_of_other_roles: [{ action: 'freeze', role: 'viewer' }],
  agent_without_servers: [{}],
  node_twice: [member],
};

const readers: readonly Reader[] = languages.flatMap((language) => tools.map((tool) => ({ language, tool })));

const all = [
  ...Object.entries(samples).flatMap(([code, facts]) =>
    (facts as readonly never[]).map((each) => [code, refuse(code as RefusalCode, each)] as const),
  ),
  ...Object.entries(ruleSamples).flatMap(([rule, facts]) =>
    (facts as readonly never[]).flatMap((each) =>
      (['body', 'query', 'path', 'headers'] as const).map(
        (part) => [rule, refuseField(rule as InvalidRule, 'a.b', each, part)] as const,
      ),
    ),
  ),
  ['the whole request', refuseField('must_be', null, { allowed: [{ is: 'object' }] })] as const,
];

test('every code and every rule has samples', () => {
  expect([...Object.keys(samples), 'validation_failed'].sort()).toEqual(Object.keys(refusals).sort());
  expect(Object.keys(ruleSamples).sort()).toEqual(Object.keys(invalidFields).sort());
});

describe.each(readers)('in $language, for $tool', (reader) => {
  test.each(all)('%s', (_name, refusal) => {
    const { message, nextSteps } = refusal.read(reader);
    expect(nextSteps.length).toBeGreaterThan(0);
    for (const text of [message, ...nextSteps]) {
      expect(text).not.toMatch(/undefined|\bNaN\b|\[object|\bnull\b(?!\.| or|，|或|。)/);
      expect(text).toMatch(/[.。？?]$/);
      if (reader.language === 'zh') expect(text).toMatch(/\p{Script=Han}/u);
      else expect(text.replaceAll(/发现|步骤/g, '')).not.toMatch(/[\p{Script=Han}，。]/u);
      if (
        reader.tool !== 'rest' &&
        !['no_such_webhook', 'too_many_webhooks', 'no_such_question', 'question_answered'].includes(
          refusal.code,
        )
      )
        expect(text).not.toMatch(/\/v1\//);
      if (reader.language === 'en')
        for (const sentence of text.split(/[.:?;] /))
          expect(sentence.split(' ').length).toBeLessThanOrEqual(25);
    }
  });
});

test('what is stored is English', () => {
  const refusal = refuse('no_such_expansion', { id });
  expect(refusal.message).toBe('There is no expansion exp_0m.');
  expect(refusal.nextSteps).toEqual(['Check the id. GET /v1/expansions lists all expansions.']);
});

test('each tool is told in its own words what to do', () => {
  const said = (tool: Reader['tool'], language: Reader['language'] = 'en') =>
    refuse('not_resumable', { id, state: 'awaiting_approval' }).read({ language, tool }).nextSteps[0];
  expect(said('rest')).toContain('POST /v1/expansions/exp_0m/approve');
  expect(said('cli')).toContain('pika-expander approve exp_0m --reason');
  expect(said('dashboard')).toContain('the button “Approve next batch”');
  expect(said('dashboard', 'zh')).toContain('“批准下一批”按钮');
});

test('the refusal of a part names the part', () => {
  const inPart = refuseField('not_host_port', 'master', value).inside('members[3]');
  expect(inPart.field).toBe('members[3].master');
  expect(inPart.message).toMatch(/^members\[3\]\.master is “x”/);
  const whole = refuse('no_such_plan', { id }).inside('members[3]');
  expect([whole.field, whole.message]).toEqual(['members[3]', 'members[3]: There is no plan exp_0m.']);
});
