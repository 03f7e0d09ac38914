import { describe, expect, test } from 'vitest';
import { judgement } from '../../src/model/audit-texts.ts';
import type { CampaignEventType } from '../../src/model/campaign-texts.ts';
import { verdictSays } from '../../src/model/comparison-texts.ts';
import { type EventMap, type EventType, eventFor, isSaidAloud, makeEvent } from '../../src/model/events.ts';
import type { Control } from '../../src/model/expansion.ts';
import type { GuardEventType } from '../../src/model/guard-texts.ts';
import { defaultPolicy } from '../../src/model/policy.ts';
import { makeProblem } from '../../src/model/problems.ts';
import { because } from '../../src/model/reasons.ts';
import type { ReplacementEventType } from '../../src/model/replacement-texts.ts';
import { controlVerbs } from '../../src/model/states.ts';
import type { Facts } from '../../src/model/text.ts';
import { aFinding, anAnomaly } from '../support/samples.ts';
import { expectText, readers } from '../support/texts.ts';

const node = '10.0.0.2:9221';
const master = '10.0.0.1:9221';
const reason = because('expansion_paused');
const problem = makeProblem('stale_entry', { master, node }, 1);
const { code, nextSteps } = problem;
const entered = [{ reason }, { reason, problem }];
const asked = { by: 'ann', reason: 'peak' };
const batch = { batch: 0, batchCount: 3, nodes: [node, '10.0.0.3:9221'] };
const figure = { what: 'master_latency_ms', value: 12, limit: 10 } as const;
const healthy = { level: 0.5, readings: [figure], figure };
const controls: readonly Control[] = controlVerbs.flatMap((verb) =>
  [null, node].map((of) => ({ id: 'ctl_1', verb, node: of, ...asked, at: 1 }) as unknown as Control),
);
const counts = {
  masters: 1,
  mastersNotRead: 1,
  slaves: 5,
  open: 0,
  whole: 1,
  damaged: 2,
  doubtful: 1,
  notJudged: 1,
  leftOut: 1,
};
const setting = { server: master, setting: 'throttle-bytes-per-second', old: '100' } as const;
const changed = [{ ...setting, from: '100', to: '200', why: because('share_changed') }];
const restored = [{ server: master, setting: setting.setting, value: '100' }];
const left = [{ ...setting, seen: '300' }];
const lost = (['master', 'node'] as const).map((of) => ({ ...setting, of }));
const refused = ['100', '300'].map((seen) => ({ ...setting, seen, reply: 'ERR no' }));
const compared = {
  lookedAtKeys: 4000,
  share: 0.4,
  reason: null,
  smallestLossFound: 0.001,
  differences: 0,
  outlivesOnly: false,
};

const held = { by: 'backup', reason: 'nightly backup', master };

/** Facts of every type; those of campaigns, guards and replacements are in the tests of their texts. */
const samples: {
  readonly [T in Exclude<
    EventType,
    CampaignEventType | GuardEventType | ReplacementEventType
  >]: readonly EventMap[T][];
} = {
  'hold.asked': [{ ...held, until: 1 }],
  'hold.safe': [{ master }],
  'hold.unsafe': [{ master, reason }],
  'hold.extended': [{ by: 'backup', until: 1 }],
  'hold.ended': [held],
  'hold.expired': [{ master }],
  'expansion.accepted': [1, 2].map((nodes) => ({
    master,
    nodes: batch.nodes.slice(0, nodes),
    requestedBy: 'ann',
    via: 'rest' as const,
    policy: defaultPolicy,
    planId: 'plan_1',
    waitsFor: null,
  })),
  'preflight.finding': [{ code: aFinding.code, nextStep: aFinding.nextStep, facts: {}, finding: aFinding }],
  'expansion.waiting': [{ reason }, { reason, expansionId: 'exp_1' }],
  'expansion.pending': entered,
  'expansion.running': entered,
  'expansion.paused': entered,
  'expansion.awaiting_approval': entered,
  'expansion.halted': entered,
  'expansion.succeeded': entered,
  'expansion.failed': entered,
  'expansion.cancelled': entered,
  'control.applied': controls.map((control) => ({ control })),
  'control.refused': controls.map((control) => ({ control, problem })),
  'freeze.on': [asked],
  'freeze.lifted': [asked],
  'batch.started': [batch],
  'batch.finished': [{ ...batch, verified: 1 }],
  'batch.next': [batch],
  'node.phase': [reason, problem].map((why) => ({ from: 'waiting', to: 'preflight', attempt: 1, why })),
  'node.waiting': [{ reason }],
  'node.attempt': [{ attempt: 2, of: 3, kind: 'full' as never }],
  'node.foreign_attach': [{ master }],
  'node.command': [
    { command: 'SLAVEOF', reply: 'OK', outcome: 'ok' },
    { command: 'SLAVEOF', reply: 'ERR no', outcome: 'refused' },
    { command: 'SLAVEOF', reply: null, outcome: 'unknown' },
    { command: 'SLAVEOF', reply: null, outcome: 'seen' },
  ],
  'node.anomaly': [
    {
      code: anAnomaly.code,
      remedy: anAnomaly.remedy,
      cause: 'x',
      nextSteps,
      recordings: [],
      facts: {},
      anomaly: anAnomaly,
    },
  ],
  'node.remedy': [{ code: anAnomaly.code, attempt: 2, of: 3, cause: null }],
  'node.compared': [
    { ...compared, verdict: 'equal' as never },
    { ...compared, verdict: 'equal' as never, share: null, smallestLossFound: null },
    { ...compared, verdict: 'different', differences: 1 },
    { ...compared, verdict: 'different', differences: 2, outlivesOnly: true },
    { ...compared, verdict: 'inconclusive', reason: verdictSays('not_waited_for') },
    {
      ...compared,
      verdict: 'inconclusive',
      reason: verdictSays('ended_without', { id: 'cmp_1', state: 'failed', because: null }),
    },
    { ...compared, verdict: 'inconclusive' },
    { ...compared, verdict: 'empty' as never },
  ],
  'node.published': [{}],
  'node.verified': [{ attempts: 1, receivedBytes: null, snapshotBytes: null, tookMs: 1 }],
  'node.failed': [{ code, nextSteps, problem }],
  'node.quarantined': [{ code, nextSteps, problem }],
  'node.detached': [{ reason: because('detached_from', { master }) }],
  'audit.started': [1, 2].map((masters) => ({ requestedBy: 'ann', masters, depth: 'sample' })),
  'audit.slave_judged': (['damaged', 'doubtful'] as const).map((verdict) => ({
    master,
    verdict,
    reason: judgement('master_silent', { slave: node, master }, {}).reason,
  })),
  'audit.ended': [{ counts }],
  'audit.cancelled': [{ ...asked, counts }],
  'health.over': [healthy],
  'health.calm': [healthy],
  'forecast.drift': [{ batch: 1, figures: [{ name: 'snapshot_bytes', planned: 1e9, now: 2e9 }] }],
  'forecast.compared': [
    { secondsTotal: { forecast: { low: 1, expected: 60, high: 600 }, real: 70 } as never },
  ],
  'node.setting': changed,
  'node.setting_restored': restored,
  'node.setting_left': left,
  'node.setting_lost': lost,
  'node.setting_refused': refused,
  'master.setting': changed,
  'master.setting_restored': restored,
  'master.setting_left': left,
  'master.setting_lost': lost,
  'master.setting_refused': refused,
};

const types = Object.keys(samples) as (keyof typeof samples)[];
const made = (type: keyof typeof samples) =>
  samples[type].map((data) =>
    (makeEvent as (type: EventType, where: object, data: Facts) => ReturnType<typeof makeEvent>)(
      type,
      { at: 1, node: /^(node|preflight|audit.slave)/.test(type) ? node : null },
      data as Facts,
    ),
  );

describe('every event', () => {
  test.each(types)('%s reads for everybody, after it was stored', (type) => {
    for (const event of made(type))
      for (const reader of readers)
        expectText(eventFor(JSON.parse(JSON.stringify(event)), reader).text, reader.language);
  });
});

const zh = { language: 'zh', tool: 'rest' } as const;

test('is stored in English and reads in Chinese', () => {
  const stored = makeEvent('batch.finished', { at: 1 }, { ...batch, verified: 1 });
  expect(stored.text).toBe('batch 1 of 3 is done: 1 of 2 verified');
  expect(eventFor(stored, zh)).toEqual({ ...stored, text: '第 1/3 批已完成：2 个节点中 1 个通过校验' });
});

test('of another release keeps the words in which it was stored', () => {
  const old = { ...makeEvent('batch.started', { at: 1 }, batch), data: { batch: 0 }, text: 'As it was.' };
  expect(eventFor(old, zh).text).toBe('As it was.');
  expect(eventFor({ ...old, type: 'gone' as EventType }, zh).text).toBe('As it was.');
});

test('is said aloud when it is grave, or is a step of the whole, and not for each command', () => {
  expect(isSaidAloud({ type: 'batch.started', level: 'info' })).toBe(true);
  expect(isSaidAloud({ type: 'node.command', level: 'info' })).toBe(false);
  expect(isSaidAloud({ type: 'node.command', level: 'error' })).toBe(true);
  expect(isSaidAloud({ type: 'gone' as EventType, level: 'info' })).toBe(false);
});
