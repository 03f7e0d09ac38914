import { afterEach, expect, test, vi } from 'vitest';
import { isOn, type Place } from '../../src/admission/may-act.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import { mayBeOn } from '../../src/platform/server-rules.ts';
import { admin, bearer, masterName, nodeName, operator, type TestApi, testApi } from '../api/support.ts';
import { begin, ended, minute } from '../core/steps/played-expansion.ts';
import { aCampaign } from '../support/campaigns.ts';
import { campaignWorld } from '../work/campaign/support.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

let api: TestApi;
afterEach(() => api?.app.close());

const approver = { name: 'Bob', role: 'approver', token: 'approver-token-of-the-tests' } as const;
const reason = { reason: 'looked at the plan' };
const call = (token: typeof operator, method: 'POST' | 'DELETE', url: string, payload: object = reason) =>
  api.app.inject({ method, url, headers: bearer(token), payload });
const codeOf = ({ statusCode, body }: { readonly statusCode: number; readonly body: string }) => [
  statusCode,
  (JSON.parse(body) as { error?: { code: string } }).error?.code,
];
const open = (parts: { fourEyes?: string[]; isProtected?: (node: Place) => boolean }) =>
  testApi({
    tokens: [admin, operator, approver],
    admission: parts,
    api: parts.fourEyes === undefined ? {} : { fourEyes: parts.fourEyes },
  });
const expand = async (policy: object = {}) =>
  (await call(operator, 'POST', '/v1/expansions', { master: masterName, nodes: [nodeName], policy })).json();

test('what the configuration or the request asks of masters is in the policy, whatever the request says', async () => {
  api = await open({ fourEyes: ['10.0.0.0/8'] });
  expect((await expand({ fourEyes: false })).policy.fourEyes).toBe(true);
  await api.app.close();
  api = await open({});
  expect((await expand({ fourEyes: true })).policy.fourEyes).toBe(true);
  await api.app.close();
  api = await open({ fourEyes: ['10.9.0.0/16'] });
  expect((await expand()).policy.fourEyes).toBe(false);
});

test('no node is touched before another person approves, whoever sends the approval to the worker', async () => {
  const run = await begin({ nodes: ['n1'], policy: { fourEyes: true } });
  const waiting = ({ state }: Expansion) => state === 'awaiting_approval';
  const { requestedBy, stateReason } = await run.comesTo('the wait for a person', waiting);
  expect(stateReason?.code).toBe('start_needs_other_person');
  for (const by of [requestedBy, requestedBy.toUpperCase()]) {
    await run.control('approve', null, by);
    const heard = async () => (await run.eventTypes()).includes('control.refused');
    expect(await run.until(heard, minute)).toBe(true);
  }
  expect(await run.until(async () => run.masterOf('n1') !== null, 10 * minute)).toBe(false);
  // A pause and its end are no approval.
  await run.control('pause');
  await run.comesTo('a pause', ({ state }) => state === 'paused');
  await run.control('resume');
  await run.comesTo('the wait for a person', waiting);
  await run.control('approve', null, 'a colleague');
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('over REST the requester is told to ask a colleague, and the colleague is let in', async () => {
  api = await open({ fourEyes: [masterName] });
  const { id } = await expand();
  const lease = (await api.store.claim(id, 'test', 60_000))!;
  const before = (await api.store.get(id))!;
  await api.store.save(
    lease,
    before,
    { ...before, state: 'awaiting_approval' },
    { events: [], lookAgainInMs: null },
  );
  expect(codeOf(await call(operator, 'POST', `/v1/expansions/${id}/approve`))).toEqual([
    403,
    'needs_other_person',
  ]);
  expect((await call(approver as never, 'POST', `/v1/expansions/${id}/approve`)).statusCode).toBe(202);
});

test.each([
  ['by the configuration', { fourEyes: ['10.1.1.0/24'] }, {}],
  ['by the policy of a member', {}, { fourEyes: true }],
])(
  'a campaign with a master that asks for another person %s is approved by a colleague',
  async (_how, api, policy) => {
    const world = await campaignWorld({ tokens: [admin, operator, approver], api });
    const { campaigns } = world;
    const campaign = aCampaign({ id: 'cpn-1', members: 2 });
    const members = campaign.members.map((member) => ({
      ...member,
      request: { ...(member.request as object), policy },
    }));
    const waiting = { ...campaign, members, requestedBy: operator.name, state: 'awaiting_approval' } as const;
    await campaigns.accept(waiting, [], null);
    const approve = (token: typeof operator) =>
      world.api.app.inject({
        method: 'POST',
        url: '/v1/campaigns/cpn-1/approve',
        headers: bearer(token),
        payload: reason,
      });
    // The dashboard offers no approval to whom it would be refused.
    const shown = await world.api.app.inject({ url: '/v1/campaigns/cpn-1', headers: bearer(operator) });
    expect(shown.json()).toMatchObject({ fourEyes: true, requestedBy: operator.name });
    expect(codeOf(await approve(operator))).toEqual([403, 'needs_other_person']);
    expect((await campaigns.get('cpn-1'))!.pendingControls).toEqual([]);
    expect((await approve(approver as never)).statusCode).toBe(202);
    await world.api.app.close();
  },
);

test('a freeze is lifted by another person than the one who ordered it', async () => {
  api = await open({ fourEyes: ['10.0.0.0/8'] });
  await call(operator, 'POST', '/v1/freeze');
  expect(codeOf(await call(operator, 'DELETE', '/v1/freeze'))).toEqual([403, 'needs_other_person']);
  expect((await api.store.freezeState()).frozen).toBe(true);
  expect((await call(admin, 'DELETE', '/v1/freeze')).statusCode).toBe(200);
});

test.each(['overwriteData', 'repoint'])(
  '%s is refused on a protected node, for everybody',
  async (permission) => {
    api = await open({ isProtected: (node) => isOn(['10.0.0.2', 'pika-1.example'], node) });
    const asked = (node: object) =>
      call(admin, 'POST', '/v1/expansions', { master: masterName, nodes: [node] });
    const protectedOnes = [
      { address: nodeName, [permission]: true },
      { address: '10.0.0.9:9221', seenAs: nodeName, [permission]: true },
      { address: 'PIKA-1.example.:9221', [permission]: true },
    ];
    const errorsOf = (findings: readonly { code: string; severity: string }[]) =>
      findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    for (const node of protectedOnes) {
      const { statusCode, body } = await asked(node);
      expect(statusCode).toBe(422);
      expect(errorsOf(JSON.parse(body).error.findings)).toContain('node_protected');
    }
    const plan = await call(admin, 'POST', '/v1/plans', { master: masterName, nodes: [protectedOnes[0]] });
    expect(plan.json().acceptable).toBe(false);
    expect(errorsOf(plan.json().findings)).toContain('node_protected');
    expect((await asked({ address: nodeName })).statusCode).toBe(202);
  },
);

test('a node that is protected since its expansion was accepted is not touched, unless the service has begun on it', async () => {
  let isListed = true;
  const setting = { nodes: ['n1'], overwriteData: true, isProtected: () => isListed } as const;
  const run = await begin(setting);
  const { joins } = await run.comesTo('a person is asked', ({ state }) => state === 'halted');
  expect(joins[0]!.problem?.text).toContain('protects');
  expect(run.attached()).toEqual([]);
  // The list is of a process: another one may not have it.
  isListed = false;
  await run.control('retry', 'n1');
  await run.comesTo('its full sync', ({ joins: [join] }) => join!.phase === 'transferring');
  isListed = true;
  run.cluster.fault.crash('n1');
  run.cluster.fault.restart('n1');
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('a list that protects is not got round by naming a server in another form', () => {
  const at = (host: string) => ({ host, port: 9221 });
  expect(mayBeOn([], at('10.0.0.1'))).toBe(false);
  for (const [rules, host, on] of [
    [['10.0.0.0/8'], '10.0.0.1', true],
    [['10.0.0.0/8'], '192.168.0.1', false],
    [['10.0.0.0/8'], 'pika-1.example', true],
    [['*.example'], '10.0.0.1', true],
    [['*.example'], 'pika-1.test', false],
    [['*.example', '10.0.0.0/8'], 'pika-1.test', false],
    [['*.example', '10.0.0.0/8'], '192.168.0.1', false],
    [['10.0.0.0/8'], '167772161', true],
  ] as const)
    expect([rules, host, mayBeOn(rules, at(host))]).toEqual([rules, host, on]);
});
