import type { AddressInfo } from 'node:net';
import Schema from 'typebox/schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../../src/engines/engine.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import { until } from '../support/until.ts';
import {
  type CampaignWorld,
  campaignRequest,
  campaignWorld,
  masterOf,
  nodeOf,
} from '../work/campaign/support.ts';
import { bearer, healthyNode, operator, stored, viewer } from './support.ts';

let world: CampaignWorld;
beforeEach(async () => {
  world = await campaignWorld();
});
afterEach(() => world.api.app.close());

const inject = (
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) => world.api.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  inject('POST', url, payload, headers);
const get = async (url: string) => (await inject('GET', url)).json();
const started = async (members = 3, more: object = {}) =>
  (await post('/v1/campaigns', campaignRequest(members, more))).json();

describe('POST /v1/campaigns', () => {
  test('accepts, stores, and wakes a worker; nothing of it has begun', async () => {
    const response = await post(
      '/v1/campaigns',
      campaignRequest(6, {
        label: 'rack 7',
        maxRunning: 2,
        stopAfterFailures: 3,
        canary: { count: 2, approval: true },
      }),
    );
    expect(response.statusCode).toBe(202);
    const campaign = response.json();
    expect(response.headers.location).toBe(`/v1/campaigns/${campaign.id}`);
    expect(campaign).toMatchObject({
      id: expect.stringMatching(/^cpn_[a-z0-9]+$/),
      label: 'rack 7',
      state: 'pending',
      requestedBy: 'local',
      via: 'rest',
      settings: { maxRunning: 2, stopAfterFailures: 3, canaryApproval: true },
      needsPerson: false,
      progress: { members: 6, byState: { waiting: 6, running: 0 }, nodes: 6, nodesVerified: 0 },
    });
    expect(campaign.members.map(({ group }: { group: string }) => group)).toEqual([
      'canary',
      'canary',
      ...Array(4).fill('rest'),
    ]);
    expect(campaign.members[2]).toMatchObject({
      index: 2,
      master: masterOf(2),
      nodes: [nodeOf(2)],
      label: 'rack 7 (3 of 6)',
      state: 'waiting',
      expansionId: null,
    });
    expect(world.rings.rings).toEqual([campaign.id]);
    expect(await get(`/v1/campaigns/${campaign.id}`)).toEqual(campaign);
    expect(await stored(world.api.store)).toEqual({ expansions: 0, events: 1 });
    const { items } = await get(`/v1/campaigns/${campaign.id}/events`);
    expect(items).toMatchObject([
      { type: 'campaign.accepted', expansionId: null, campaignId: campaign.id, data: { label: 'rack 7' } },
    ]);
  });

  test('has careful defaults: one canary, one at a time, the first failure stops', async () => {
    const campaign = await started(2);
    expect(campaign.settings).toEqual({ maxRunning: 1, stopAfterFailures: 1, canaryApproval: false });
    expect(campaign.members[0].group).toBe('canary');
    expect(campaign.members[1].group).toBe('rest');
  });

  test('gives its policy to every member; what a member gives itself wins', async () => {
    const request = campaignRequest(2, {
      policy: { onFailure: 'skip', maxAttempts: 5, verify: { depth: 'counts', rounds: 7 } },
    });
    const [first, second] = request.members;
    const members = [
      first,
      { ...second, policy: { maxAttempts: 2, verify: { depth: 'full' } }, label: 'mine' },
    ];
    const { id } = (
      await post('/v1/campaigns', { ...request, canary: { count: 0 }, maxRunning: 2, members })
    ).json();
    await world.work(id, 3);
    const [one, two] = await Promise.all(
      (await world.expansionsOf(id)).map((expansion) => world.api.store.get(expansion!)),
    );
    expect(one?.policy).toMatchObject({
      onFailure: 'skip',
      maxAttempts: 5,
      verify: { depth: 'counts', rounds: 7 },
    });
    expect(two?.policy).toMatchObject({
      onFailure: 'skip',
      maxAttempts: 2,
      verify: { depth: 'full', rounds: 7 },
    });
    expect(two?.label).toBe('mine');
    expect(two?.campaignId).toBe(id);
    expect(await get(`/v1/expansions/${two!.id}`)).toMatchObject({ campaignId: id });
  });

  test('a dry run says what each member would do, and stores nothing', async () => {
    world.api.engine.set(nodeOf(1), healthyNode(nodeOf(1), { facts: { holdsKeys: true } }));
    const response = await post('/v1/campaigns?dryRun=true', campaignRequest(3));
    expect(response.statusCode).toBe(200);
    const plan = response.json();
    expect(plan).toMatchObject({
      acceptable: false,
      members: [{ acceptable: true }, { acceptable: false }, {}],
    });
    expect(plan.members[1].findings).toContainEqual(
      expect.objectContaining({ code: 'holds_data', node: nodeOf(1) }),
    );
    expect(plan.members[0]).toMatchObject({ batches: [[nodeOf(0)]], group: 'canary' });
    expect(await stored(world.api.store)).toEqual({ expansions: 0, events: 0 });
    expect(world.rings.rings).toEqual([]);
    expect(world.api.engine.open()).toBe(0);
  });

  test('refused by preflight: 422 with the member and every finding, nothing stored', async () => {
    world.api.engine.set(nodeOf(1), healthyNode(nodeOf(1), { facts: { holdsKeys: true } }));
    const response = await post('/v1/campaigns', campaignRequest(3));
    expect(response.statusCode).toBe(422);
    const { error } = response.json();
    expect(error).toMatchObject({ code: 'preflight_failed', field: 'members[1]' });
    expect(error.message).toContain(`member 2 (${masterOf(1)})`);
    expect(error.findings).toContainEqual(
      expect.objectContaining({ code: 'holds_data', facts: expect.objectContaining({ member: 1 }) }),
    );
    expect(error.next_steps.length).toBeGreaterThan(0);
    expect(await stored(world.api.store)).toEqual({ expansions: 0, events: 0 });
    expect((await get('/v1/campaigns')).items).toEqual([]);
  });

  test('a node that is at work in another expansion is a conflict', async () => {
    await post('/v1/expansions', { master: masterOf(9), nodes: [nodeOf(1)] });
    const response = await post('/v1/campaigns', campaignRequest(2));
    expect(response.statusCode).toBe(409);
    expect(response.json().error).toMatchObject({ code: 'node_in_other_expansion', field: 'members[1]' });
  });

  const changed = (index: number, member: object) => {
    const request = campaignRequest(3);
    return {
      ...request,
      members: request.members.map((one, at) => (at === index ? { ...one, ...member } : one)),
    };
  };
  test.each<[string, object, string]>([
    ['a port that is none', changed(2, { nodes: ['10.9.9.9:70000'] }), 'members[2].nodes[0]'],
    ['a member without nodes', changed(1, { nodes: [] }), 'members[1].nodes'],
    ['an unknown field', changed(1, { password: 'x' }), 'members[1].password'],
    [
      'an unknown credential',
      changed(1, { master: { address: '10.9.9.9:1', credential: 'x' } }),
      'members[1].master.credential',
    ],
    [
      'an unknown time zone',
      changed(1, { policy: { windows: [{ from: '01:00', to: '02:00', timeZone: 'Mars' }] } }),
      'members[1].policy.windows[0].timeZone',
    ],
    ['the same master twice', changed(2, { master: masterOf(0) }), 'members[2].master'],
    ['the same node twice', changed(2, { nodes: ['10.9.9.9:9221', nodeOf(1)] }), 'members[2].nodes[1]'],
    [
      'the same node under two spellings',
      changed(2, { nodes: [{ address: '10.9.9.9:1', seenAs: nodeOf(1) }] }),
      'members[2].nodes[0]',
    ],
    ['a node that is another member’s master', changed(2, { nodes: [masterOf(0)] }), 'members[2].nodes[0]'],
    ['more canaries than members', campaignRequest(2, { canary: { count: 3 } }), 'canary.count'],
    [
      'an approval without canaries',
      campaignRequest(2, { canary: { count: 0, approval: true } }),
      'canary.approval',
    ],
    ['no members', campaignRequest(0), 'members'],
    ['too many members', { members: Array(201).fill(campaignRequest(1).members[0]) }, 'members'],
    ['nobody at a time', campaignRequest(2, { maxRunning: 0 }), 'maxRunning'],
  ])('refuses %s with 400 and the place', async (_what, body, field) => {
    const response = await post('/v1/campaigns', body);
    expect([response.statusCode, response.json().error.field]).toEqual([400, field]);
    expect(response.json().error.code).toBe('validation_failed');
    expect(response.json().error.message).toContain(field);
    expect(await stored(world.api.store)).toEqual({ expansions: 0, events: 0 });
  });

  test('the same request under one key starts once; another one under it is a conflict', async () => {
    const headers = { 'idempotency-key': 'order-7' };
    const first = await post('/v1/campaigns', campaignRequest(2), headers);
    const again = await post('/v1/campaigns', campaignRequest(2), headers);
    expect(again.statusCode).toBe(202);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json().id).toBe(first.json().id);
    const other = await post('/v1/campaigns', campaignRequest(3), headers);
    expect([other.statusCode, other.json().error.code]).toEqual([409, 'idempotency_key_reused']);
    expect((await get('/v1/campaigns')).items).toHaveLength(1);
  });

  test('is safe in the database even when no worker could be woken', async () => {
    world.rings.fail(new Error('Redis is away'));
    const { id } = await started();
    expect(await world.campaigns.due(10)).toEqual([id]);
  });
});

describe('reading', () => {
  test('shows how far it is: by state, per member, with what is left and why it waits', async () => {
    const { id } = await started(4, { maxRunning: 2, canary: { count: 1 } });
    await world.work(id, 2);
    const [canary] = await world.expansionsOf(id);
    await world.move(canary!, 'succeeded', 'verified', '1 of 1 node verified');
    await world.work(id, 3);
    const [, second] = await world.expansionsOf(id);
    await world.move(second!, 'halted', 'quarantined', 'a node was given up');
    await world.work(id, 2);
    const shown = await get(`/v1/campaigns/${id}`);
    expect(shown).toMatchObject({
      state: 'halted',
      needsPerson: false,
      remainingSeconds: null,
      progress: { byState: { succeeded: 1, running: 2, waiting: 1 }, nodesVerified: 1, nodes: 4 },
    });
    expect(shown.members).toMatchObject([
      {
        state: 'succeeded',
        expansionId: canary,
        expansionState: 'succeeded',
        nodesVerified: 1,
        remainingSeconds: 0,
      },
      {
        state: 'running',
        expansionState: 'halted',
        reason: { text: 'a node was given up' },
        remainingSeconds: null,
      },
      { state: 'running', expansionState: 'pending' },
      { state: 'waiting', expansionId: null, reason: null },
    ]);
    expect(JSON.stringify(shown)).not.toContain('"request"');
  });

  test('lists the newest first, by state and search', async () => {
    const first = await started(1, { label: 'north' });
    world.api.clock.now += 1000;
    const members = [{ master: masterOf(5), nodes: [nodeOf(5)] }];
    const second = (await post('/v1/campaigns', { members })).json();
    const ids = async (query: string) =>
      (await get(`/v1/campaigns${query}`)).items.map(({ id }: { id: string }) => id);
    expect(await ids('')).toEqual([second.id, first.id]);
    expect(await ids('?search=NORTH')).toEqual([first.id]);
    expect(await ids('?state=running')).toEqual([]);
    expect(await ids('?state=pending,running&limit=1')).toEqual([second.id]);
    expect((await inject('GET', '/v1/campaigns?state=gone')).json().error.field).toBe('state');
    expect((await inject('GET', '/v1/campaigns?cursor=x')).statusCode).toBe(400);
    expect((await get('/v1/campaigns')).items[0].members).toBeUndefined();
  });

  test('a report tells of every member and node, as JSON and for people', async () => {
    const { id } = await started(3, { label: 'rack | 7', canary: { count: 1 } });
    await world.work(id, 2);
    const [canary] = await world.expansionsOf(id);
    await world.move(canary!, 'failed', 'quarantined', '0 of 1 node verified');
    await world.work(id, 3);
    const report = await get(`/v1/campaigns/${id}/report`);
    expect(report).toMatchObject({
      campaign: { id, state: 'failed', stop: { cause: 'failures' } },
      tookSeconds: expect.any(Number),
      members: [
        { state: 'failed', nodes: [{ node: nodeOf(0), phase: 'quarantined', attempts: 0 }] },
        { state: 'not_begun', nodes: [{ node: nodeOf(1), phase: null }] },
        { state: 'not_begun' },
      ],
    });
    for (const [url, accept] of [
      [`/v1/campaigns/${id}/report?format=markdown`, '*/*'],
      [`/v1/campaigns/${id}/report`, 'text/markdown'],
    ] as const) {
      const text = await inject('GET', url, undefined, { accept });
      expect(text.headers['content-type']).toBe('text/markdown; charset=utf-8');
      expect(text.body).toContain('# Campaign rack \\| 7');
      expect(text.body).toContain('Result: **failed**');
      expect(text.body).toContain(`| 1 | canary | ${masterOf(0)} | 0 of 1 | failed |`);
      expect(text.body).toContain('2 not begun');
    }
  });

  test.each(['', '/report', '/events'])('404 for a campaign that is not there: %s', async (path) => {
    const response = await inject('GET', `/v1/campaigns/cpn_none${path}`);
    expect([response.statusCode, response.json().error.code]).toEqual([404, 'no_such_campaign']);
  });

  test('live, with every event once and how far it is', async () => {
    const { id } = await started(1);
    await world.api.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = world.api.app.server.address() as AddressInfo;
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/v1/campaigns/${id}/events`, {
      headers: { accept: 'text/event-stream' },
      signal: stop.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await until(() => text.includes('"state":"pending"'));
    await world.work(id, 2);
    const [expansion] = await world.expansionsOf(id);
    await world.move(expansion!, 'succeeded', 'verified');
    await world.work(id, 2);
    world.api.clock.now += 2000;
    await until(() => text.includes('event: campaign.succeeded') && text.includes('"state":"succeeded"'));
    stop.abort();
    await reading;
    const stored = await world.api.store.events({ campaignId: id, afterSeq: 0, limit: 100 });
    expect(text.match(/^id: \d+$/gm)).toEqual(stored.map(({ seq }: StoredEvent) => `id: ${seq}`));
    expect(stored.map(({ type }) => type)).toEqual([
      'campaign.accepted',
      'campaign.running',
      'campaign.member_started',
      'campaign.member_succeeded',
      'campaign.succeeded',
    ]);
  });
});

describe('steering', () => {
  const steer = (id: string, verb: string, body: object = { reason: 'why not' }) =>
    post(`/v1/campaigns/${id}/${verb}`, body);

  test('is stored with who asked and why, and applied with the next turn', async () => {
    const { id } = await started(3);
    const response = await steer(id, 'pause');
    expect(response.statusCode).toBe(202);
    expect(response.json().pendingControls).toMatchObject([{ verb: 'pause', reason: 'why not' }]);
    expect(world.rings.rings).toEqual([id, id]);
    await world.work(id, 1);
    expect(await get(`/v1/campaigns/${id}`)).toMatchObject({
      state: 'paused',
      paused: { by: 'local', reason: 'why not' },
      pendingControls: [],
    });
    expect(await world.expansionsOf(id)).toEqual([null, null, null]);
    await steer(id, 'resume');
    await world.work(id, 2);
    expect(await world.expansionsOf(id)).toEqual([expect.any(String), null, null]);
  });

  test('cancel with the members that run cancels their expansions by the control that everybody uses', async () => {
    const { id } = await started(3);
    await world.work(id, 2);
    const [expansion] = await world.expansionsOf(id);
    await steer(id, 'cancel', { reason: 'wrong rack', cancelMembers: true });
    await world.work(id, 3);
    expect(await world.api.store.pendingControls(expansion!)).toMatchObject([
      { verb: 'cancel', by: 'local', reason: expect.stringContaining('wrong rack') },
    ]);
    expect(world.api.doorbell.rings).toContain(expansion);
    await world.move(expansion!, 'cancelled', 'cancelled');
    await world.work(id, 2);
    const shown = await get(`/v1/campaigns/${id}`);
    expect(shown).toMatchObject({
      state: 'cancelled',
      progress: { byState: { cancelled: 1, not_begun: 2 } },
    });
  });

  test.each<[string, object, string]>([
    ['resume', { reason: 'x' }, 'not_paused'],
    ['approve', { reason: 'x' }, 'not_awaiting_approval'],
  ])('%s that does not fit is a conflict with what can be done', async (verb, body, code) => {
    const { id } = await started();
    const response = await steer(id, verb, body);
    expect([response.statusCode, response.json().error.code]).toEqual([409, code]);
    expect(response.json().error.next_steps.length).toBeGreaterThan(0);
  });

  test('needs a reason, a campaign that is there, and a boolean that is one', async () => {
    const { id } = await started();
    expect((await steer(id, 'pause', {})).json().error.field).toBe('reason');
    expect((await steer(id, 'pause', { reason: ' ' })).statusCode).toBe(400);
    expect((await steer(id, 'cancel', { reason: 'x', cancelMembers: 'yes' })).json().error.field).toBe(
      'cancelMembers',
    );
    expect((await steer('cpn_none', 'pause')).statusCode).toBe(404);
  });
});

test('a viewer reads, and changes nothing', async () => {
  await world.api.app.close();
  world = await campaignWorld({ tokens: [operator, viewer] });
  const request = campaignRequest(1);
  expect((await post('/v1/campaigns', request, bearer(viewer))).statusCode).toBe(403);
  expect((await post('/v1/campaigns?dryRun=true', request, bearer(viewer))).statusCode).toBe(403);
  const { id } = (await post('/v1/campaigns', request, bearer(operator))).json();
  expect((await inject('GET', `/v1/campaigns/${id}`, undefined, bearer(viewer))).json()).toMatchObject({
    requestedBy: 'ops',
  });
  const denied = await post(`/v1/campaigns/${id}/pause`, { reason: 'x' }, bearer(viewer));
  expect(denied.statusCode).toBe(403);
});

test('promise 8: no password is in what is stored, answered or told of a campaign', async () => {
  await world.api.app.close();
  const credentials = new Map<string, Credential>([
    ['dc2', { username: null, password: 'the-node-password' }],
  ]);
  world = await campaignWorld({ credentials });
  const [member] = campaignRequest(1).members;
  const nodes = [{ address: nodeOf(0), credential: 'dc2' }];
  const { id } = (await post('/v1/campaigns', { members: [{ ...member, nodes }] })).json();
  await world.work(id, 3);
  const all = [
    JSON.stringify(await world.campaigns.get(id)),
    JSON.stringify(await world.api.store.events({ afterSeq: 0, limit: 100 })),
    (await inject('GET', `/v1/campaigns/${id}`)).body,
    (await inject('GET', `/v1/campaigns/${id}/report`)).body,
    world.api.logLines.join(''),
  ];
  expect(world.api.engine.logins.some(({ credential }) => credential?.password === 'the-node-password')).toBe(
    true,
  );
  for (const text of all) expect(text).not.toContain('the-node-password');
});

test('every answer is as the description of the API says', async () => {
  const { paths } = (await inject('GET', '/openapi.json')).json();
  const check = (path: string, method: string, status: number, body: unknown) => {
    const schema = paths[path]?.[method]?.responses[status]?.content['application/json'].schema;
    const [ok, errors] = Schema.Errors(schema, body);
    expect({ path, method, status, errors: ok ? [] : errors }).toMatchObject({ errors: [] });
  };
  const plan = await post('/v1/campaigns?dryRun=true', campaignRequest(2));
  check('/v1/campaigns', 'post', 200, plan.json());
  const campaign = await started(2, { label: 'x', canary: { approval: true } });
  check('/v1/campaigns', 'post', 202, campaign);
  await world.work(campaign.id, 2);
  const [expansion] = await world.expansionsOf(campaign.id);
  await world.move(expansion!, 'succeeded', 'verified');
  await world.work(campaign.id, 2);
  const approved = await post(`/v1/campaigns/${campaign.id}/approve`, { reason: 'looks good' });
  check('/v1/campaigns/{id}/approve', 'post', 202, approved.json());
  await world.work(campaign.id, 2);
  for (const path of [
    '/v1/campaigns',
    '/v1/campaigns/{id}',
    '/v1/campaigns/{id}/report',
    '/v1/campaigns/{id}/events',
  ])
    check(path, 'get', 200, await get(path.replace('{id}', campaign.id)));
  const cancelled = await post(`/v1/campaigns/${campaign.id}/cancel`, { reason: 'x', cancelMembers: true });
  check('/v1/campaigns/{id}/cancel', 'post', 202, cancelled.json());
  const refused = await post('/v1/campaigns', { members: [] });
  check('/v1/campaigns', 'post', 400, refused.json());
});
