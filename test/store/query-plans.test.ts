import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { defaultSpec } from '../../src/compare/spec.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import { sessionId } from '../../src/store/identities.ts';
import { aChannel } from '../core/notice/samples.ts';
import { aFolder, aReport, aSeenServer } from '../support/agents.ts';
import { aCampaign } from '../support/campaigns.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion, nodeTarget } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aTrailEntry } from '../support/trail.ts';

vi.setConfig({ testTimeout: 300_000 });

/** PostgreSQL tells the plan of every statement, also of those within functions and of foreign keys. */
const tellPlans = {
  shared_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  log_parameter_max_length: '0',
};

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres(tellPlans);
  database = await postgres.createMigratedDatabase();
  stores = openTestStores(database.connection);
});
afterAll(async () => {
  await stores?.close();
  await postgres?.stop();
});

/** What is kept after its end, so that it is never done growing. */
const growing = new Set([
  'expansions',
  'joins',
  'events',
  'observations',
  'controls',
  'plans',
  'comparisons',
  'differences',
  'deliveries',
  'questions',
  'campaigns',
  'campaign_members',
  'audits',
  'audit_servers',
  'agents',
  'agent_servers',
  'agent_listings',
  'node_verdicts',
  'guard_masters',
  'trail',
  'incidents',
  'told_incidents',
  'notices',
  'tokens',
  'sessions',
]);

const rows = 8_000;
const event = storedEvent('tested');

/** Ended expansions, campaigns and comparisons with all that belongs to them, made of one of each. */
const fill = (expansionId: string, campaignId: string, webhookId: string): readonly string[] => [
  `insert into expansions (id, state, master_key, doc, search_text, accepted_at, ended)
   select 'old-' || n, 'succeeded', '10.1.' || n % 250 || '.1:9221', e.doc || jsonb_build_object('id', 'old-' || n, 'endedAt', n),
     'old-' || n || ' 10.1.1.1:9221', n, true
   from expansions e, generate_series(1, ${rows}) as n where e.id = '${expansionId}'`,
  `insert into joins (expansion_id, position, doc)
   select 'old-' || n, p, j.doc from joins j, generate_series(1, ${rows}) as n, generate_series(0, 1) as p
   where j.expansion_id = '${expansionId}' and j.position = 0`,
  `insert into events (expansion_id, type, at, node, level, text, data)
   select 'old-' || n, case when k = 0 then 'rare.' || n % 50 else 'usual' end, n, 'node', 'info', 'text', '{}'
   from generate_series(1, ${rows}) as n, generate_series(0, 4) as k`,
  `insert into observations (expansion_id, node, at, look)
   select 'old-' || n, 'node', n, '{"kind": "busy"}' from generate_series(1, ${rows}) as n, generate_series(0, 2)`,
  `insert into controls (id, expansion_id, doc, applied_at)
   select 'ctl-' || n, 'old-' || n, '{}', now() from generate_series(1, ${rows}) as n`,
  `insert into plans (id, at, doc, saved_at)
   select 'pln-' || n, n, '{}', now() - interval '1 day' from generate_series(1, ${rows}) as n`,
  `insert into comparisons (id, expansion_id, node, state, left_target, right_target, spec, requested_by, created_at, ended_at)
   select 'old-' || n || '.0.1.1', 'old-' || n, 'node', 'completed', '{}', '{}', '{}', 'me', n, n
   from generate_series(1, ${rows}) as n`,
  `insert into comparisons (id, state, left_target, right_target, spec, requested_by, created_at, ended_at)
   select 'cmp-' || n, 'completed', '{}', '{}', '{}', 'me', n, n from generate_series(1, ${rows}) as n`,
  `insert into differences (comparison_id, seq, doc)
   select 'cmp-' || n, k, '{}' from generate_series(1, ${rows}) as n, generate_series(1, 2) as k`,
  `insert into webhooks select '${webhookId}-' || n, kind, url, types, secret, created_by, created_at, after_seq
   from webhooks, generate_series(0, 39) as n where id = '${webhookId}'`,
  `insert into deliveries (id, webhook_id, event_seq, type, payload, state, created_at, ended_at)
   select 'dlv-' || n, '${webhookId}-' || n % 40, -n, 'usual', '{}', 'delivered', n, now() from generate_series(1, ${rows}) as n`,
  `insert into channels select 'chn-0-' || n, '${JSON.stringify(aChannel())}', 'https://x.example/', null, n from generate_series(0, 39) as n`,
  `insert into incidents select 'inc-' || n, 'key-' || n, '{"problems": [], "changedAt": 1, "openedAt": 1}', n, n from generate_series(1, ${rows}) as n`,
  `insert into incidents values ('inc-open', 'key-open', '{"id": "inc-open", "key": "key-open", "problems": [], "changedAt": 1000000, "openedAt": 1}', 1, null)`,
  `insert into told_incidents select 'chn-0-' || n % 40, 'inc-' || n, '{}' from generate_series(1, ${rows}) as n`,
  `insert into notices (id, channel_id, doc, created_at, state, ended_at)
   select 'ntc-' || n, 'chn-0-' || n % 40, '{}', n, 'delivered', n from generate_series(1, ${rows}) as n`,
  `insert into questions (id, webhook_id, state, payload, asked_at, times)
   select 'qst-' || n, '${webhookId}-' || n % 40, 'yes', '{}', n, 1 from generate_series(1, ${rows}) as n`,
  `insert into campaigns (id, state, doc, search_text, accepted_at, ended)
   select 'camp-' || n, 'succeeded', c.doc || jsonb_build_object('endedAt', n), 'camp', n, true
   from campaigns c, generate_series(1, ${rows}) as n where c.id = '${campaignId}'`,
  `insert into campaign_members (campaign_id, position, doc)
   select 'camp-' || n, 0, m.doc || jsonb_build_object('expansion', jsonb_build_object('id', 'other-' || n))
   from campaign_members m, generate_series(1, ${rows}) as n where m.campaign_id = '${campaignId}' and m.position = 0`,
  `insert into audits (id, state, doc, created_at, ended)
   select 'aud-' || n, 'completed', jsonb_build_object('endedAt', n), n, true from generate_series(1, ${rows}) as n`,
  `insert into audit_servers (audit_id, position, place, doc)
   select 'aud-' || n, 0, '10.1.1.1:9221', '{}' from generate_series(1, ${rows}) as n`,
  `insert into guards (id, state, doc, created_at) select 'grd-' || n, 'watching', '{}', n from generate_series(1, ${rows}) as n`,
  `insert into guard_masters (guard_id, position, doc)
   select 'grd-' || n, 0, jsonb_build_object('findings', '[]'::jsonb, 'slaves', jsonb_build_array(jsonb_build_object('target',
     jsonb_build_object('address', jsonb_build_object('host', '10.9.1.' || n, 'port', 9221)))))
   from generate_series(1, ${rows}) as n`,
  `insert into node_verdicts (place, phase, at, by, target, master)
   select '10.9.1.' || n || ':9221', 'verified', n, 'old-' || n, '{}', '{}' from generate_series(1, ${rows}) as n`,
  `insert into agents (name, host, version, started_at, received_at, clock_ahead_ms, next_report_ms, reports, dropped)
   select 'agent-' || n, 'host', '1', 0, n + 1000, 0, 15000, 1, '{"addresses": 0, "servers": 0}'
   from generate_series(1, ${rows}) as n`,
  `insert into agent_servers (agent, host, port, addresses, doc)
   select 'agent-' || n, 'host', 9221, array['10.8.' || n || '.1:9221', 'pika-' || n || ':9221'], '{}'
   from generate_series(1, ${rows}) as n`,
  `insert into trail (seq, hash, doc)
   select n, 'hash-' || n, jsonb_build_object('at', n, 'act', 'act-' || n % 50, 'object', 'exp-' || n, 'who', jsonb_build_object('name', 'name-' || n % 50))
   from generate_series(1, ${rows}) as n`,
  `insert into tokens (id, name, digest, role, created_at, created_by)
   select 'tok-' || n, 'name-' || n, sha256(n::text::bytea), 'viewer', n, 'me' from generate_series(1, ${rows}) as n`,
  `insert into sessions (digest, token_digest, name, address, created_at, until)
   select sha256(n::text::bytea), sha256(n::text::bytea), 'name-' || n, '10.0.0.1', n, 1000 + n from generate_series(1, ${rows}) as n`,
  `insert into agent_listings (agent, host, port, id, part, doc)
   select 'agent-' || n, 'host', 9221, 'dumps db0', 0, '{"files": []}' from generate_series(1, ${rows}) as n`,
];

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

interface Told {
  readonly 'Query Text': string;
  readonly Plan: Plan;
}

const scans = ({ Plans = [], ...plan }: Plan): readonly string[] => [
  ...(plan['Node Type'] === 'Seq Scan' && growing.has(plan['Relation Name'] ?? '')
    ? [plan['Relation Name']!]
    : []),
  ...Plans.flatMap(scans),
];

const marker = /^select '(\w+\.\w+)' as called$/;

/** Every plan in the server's log, with the method that was called last before it. */
async function toldPlans(): Promise<readonly { readonly method: string; readonly told: Told }[]> {
  const log = await readFile(join(postgres.dataDir, 'postgres', 'server.log'), 'utf8');
  const plans = [...log.matchAll(/ plan:\n((?:\t.*\n)+)/g)].map(
    ([, text]) => JSON.parse(text!.replaceAll(/^\t/gm, '')) as Told,
  );
  let method = '';
  return plans.flatMap((told) => {
    const called = marker.exec(told['Query Text'])?.[1];
    if (called !== undefined) method = called;
    return called !== undefined || method === '' ? [] : [{ method, told }];
  });
}

/** The same object; each call is written to the server's log before it is made. */
function told<T extends object>(name: string, target: T, called: Set<string>): T {
  return new Proxy(target, {
    get(from, key) {
      const value: unknown = Reflect.get(from, key);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        called.add(`${name}.${String(key)}`);
        await stores.database.query(`select '${name}.${String(key)}' as called`);
        return (value as (...args: unknown[]) => unknown).apply(from, args);
      };
    },
  });
}

// `agents.list` and `agents.counts` are about all agents there are: those that are gone for a day are deleted.
const notQueries = [
  'store.migrate',
  'store.close',
  'store.ping',
  'store.watchEvents',
  'ended.giveBack',
  'agents.list',
  'agents.counts',
];

test('no query of the store reads a growing table from end to end', async () => {
  const called = new Set<string>();
  const store = told('store', stores.store, called);
  const comparisons = told('comparisons', stores.comparisons, called);
  const webhooks = told('webhooks', stores.webhooks, called);
  const channels = told('channels', stores.channels, called);
  const campaigns = told('campaigns', stores.campaigns, called);
  const ended = told('ended', stores.ended, called);
  const agents = told('agents', stores.agents, called);
  const verdicts = told('verdicts', stores.verdicts, called);
  const trail = told('trail', stores.trail, called);
  const identities = told('identities', stores.identities, called);

  const first = newExpansion({ nodes: ['10.0.0.2:9221', '10.0.0.3:9221'] });
  await stores.store.accept(first, [event], null);
  const campaign = aCampaign({ members: 2 });
  await stores.campaigns.accept(campaign, [event], null);
  const hook = {
    kind: 'notify',
    url: 'http://127.0.0.1:1/',
    types: [],
    steps: [],
    answerWithinMs: null,
    secret: 's',
    createdBy: 'me',
    createdAt: 1,
  } as const;
  await stores.webhooks.create({ ...hook, id: 'whk-0' });
  for (const sql of fill(first.id, campaign.id, 'whk-0')) await stores.database.query(sql);
  await stores.database.session((client) => client.query('vacuum analyze'));

  // What a request and a worker do with one expansion.
  const expansion = newExpansion({ nodes: ['10.0.1.2:9221', '10.0.1.3:9221'] });
  const idempotency = { key: 'k', fingerprint: 'f' };
  await store.acceptedUnder(idempotency);
  await store.nodesInUse(['10.0.1.2:9221']);
  await store.onMaster('10.0.1.1:9221');
  await store.lastOnMaster('10.0.1.1:9221');
  await store.accept(expansion, [event], idempotency);
  await store.get('old-77');
  await store.due(10);
  await store.dueInMs();
  await store.left(10);
  await store.unattended(10);
  await store.held();
  const lease = (await store.claim(expansion.id, 'worker', 60_000))!;
  await store.renew(lease);
  await store.lockMaster(lease, ['address:m']);
  const slot = { expansionId: expansion.id, position: 0, nodeHost: 'a', masterHost: 'b' };
  const limits = { total: 5, perNodeHost: null, perMasterHost: null };
  await store.syncSlots(lease, { held: [slot], wanted: [], limits });
  const control = { id: 'c', verb: 'pause', node: null, reason: 'r', by: 'me', at: 1 } as const;
  await store.addControl(expansion.id, control);
  await store.orders();
  await store.pendingControls(expansion.id);
  const look = { kind: 'busy', at: 1, tookMs: 1 } as const;
  const joins = expansion.joins.map((join) => ({ ...join, phaseSince: 2 }));
  const after: Expansion = { ...expansion, label: 'changed', joins };
  await store.save(lease, expansion, after, {
    events: [event],
    observations: [{ node: 'node', look }],
    appliedControls: ['c'],
    lookAgainInMs: 1,
  });
  await store.release(lease);

  // What people and programs read.
  const page = { limit: 20 };
  await store.list(page);
  const listed = await store.list({ ...page, states: ['running', 'pending'] });
  await store.list({ ...page, states: ['succeeded', 'failed'], ...cursorOf(listed.nextCursor) });
  await store.list({ ...page, master: '10.1.7.1:9221' });
  await store.summaries({ ...page, states: ['succeeded'] });
  await store.summaries({ ...page, search: 'old-77 ' });
  await store.summaries({ ...page, search: 'no such text' });
  await store.events({ expansionId: 'old-77', afterSeq: 0, limit: 200 });
  await store.events({ expansionId: 'old-77', afterSeq: 0, limit: 200, types: ['usual'], node: 'node' });
  await store.events({ campaignId: campaign.id, afterSeq: 0, limit: 200 });
  await store.events({ auditId: 'aud-77', afterSeq: 0, limit: 200 });
  await store.events({ afterSeq: 0, limit: 200 });
  await store.events({ afterSeq: 0, limit: 200, types: ['rare.7'] });
  await store.events({ afterSeq: 0, limit: 200, types: ['rare.7', 'rare.9', 'never'] });
  await store.lastSeq();
  await store.observations({ expansionId: 'old-77', afterSeq: 0, limit: 100 });
  await store.observations({ expansionId: 'old-77', node: 'node', afterSeq: 0, limit: 100 });
  await store.savePlan({ id: 'pln-new', at: 1, doc: {} }, 'me');
  await store.getPlan('pln-77');
  await store.plansOf('me', 50);
  await store.freeze({ reason: 'storm', by: 'me' });
  await store.freezeState();
  await store.unfreeze({ reason: 'calm', by: 'me' });

  // Comparisons.
  const comparison = {
    id: 'cmp-new',
    join: null,
    left: nodeTarget('10.0.0.1:9221'),
    right: nodeTarget('10.0.0.2:9221'),
    spec: defaultSpec,
    requestedBy: 'me',
    createdAt: 1_800_000_000_000,
  };
  await comparisons.create(comparison);
  await comparisons.get('cmp-77');
  await comparisons.due(10);
  await comparisons.dueInMs();
  await comparisons.left(10);
  await comparisons.held();
  await comparisons.list(page);
  await comparisons.list({ ...page, states: ['running', 'pending'] });
  await comparisons.list({ ...page, expansionId: 'old-77' });
  const compares = (await comparisons.claim('cmp-new', 'worker', 60_000))!;
  await comparisons.renew(compares);
  await comparisons.control('cmp-new', { verb: 'pause', reason: 'r', by: 'me', at: 1 });
  const difference = {
    db: 0,
    key: 'k',
    type: 'string',
    kind: 'missing',
    left: 'a',
    right: null,
    rounds: 3,
  } as const;
  await comparisons.save(compares, { state: 'running', differences: [difference] });
  await comparisons.differences('cmp-77', { afterSeq: 0, limit: 100 });
  await comparisons.release(compares);

  // Campaigns.
  const another = aCampaign({ members: 2 });
  const campaignKey = { key: 'ck', fingerprint: 'f' };
  await campaigns.acceptedUnder(campaignKey);
  await campaigns.accept(another, [event], campaignKey);
  await campaigns.get('camp-77');
  await campaigns.list(page);
  await campaigns.list({ ...page, states: ['running', 'pending'] });
  await campaigns.counts();
  await campaigns.due(10);
  await campaigns.dueInMs();
  await campaigns.left(10);
  await campaigns.held();
  const leads = (await campaigns.claim(another.id, 'worker', 60_000))!;
  await campaigns.renew(leads);
  const asked = { id: 'cc', verb: 'pause', reason: 'r', by: 'me', at: 1, cancelMembers: false } as const;
  await campaigns.control(another.id, asked);
  await campaigns.save(
    leads,
    another,
    { ...another, label: 'changed', members: another.members.map((member) => ({ ...member, label: 'x' })) },
    { events: [event], appliedControls: ['cc'], lookAgainInMs: 1 },
  );
  await campaigns.release(leads);

  // The trail.
  await trail.append([aTrailEntry()]);
  await trail.end();
  await trail.after(77, 100);
  await trail.list(page);
  await trail.list({ ...page, who: 'name-7', cursor: '4000' });
  await trail.list({ ...page, act: 'act-7', since: 100 });
  await trail.list({ ...page, object: 'exp-77' });

  // Webhooks.
  await webhooks.create({ ...hook, id: 'whk-1' });
  await webhooks.create({ ...hook, id: 'whk-2', kind: 'trail' });
  await stores.trail.append([aTrailEntry()]);
  await webhooks.get('whk-1');
  await webhooks.list();
  await stores.store.addControl(expansion.id, { ...control, id: 'c2' });
  await webhooks.fanOut(100);
  await webhooks.takeDue(10, 60_000, { except: [] });
  await webhooks.dueInMs();
  const delivery = { id: 'dlv-new', webhookId: 'whk-0-7', type: 'before_batch', payload: {}, createdAt: 1 };
  const outcome = { delivered: true, status: 200, error: null, tookMs: 1, retryInMs: null };
  await webhooks.addAnswered(delivery, outcome);
  await webhooks.record('dlv-77', outcome);
  const deliveries = await webhooks.deliveries('whk-0-7', page);
  await webhooks.deliveries('whk-0-7', { ...page, ...cursorOf(deliveries.nextCursor) });
  await webhooks.question('qst-7');
  await webhooks.saveQuestion({
    id: 'qst-new',
    webhookId: 'whk-0-7',
    state: 'waiting',
    payload: {},
    askedAt: 1,
    times: 1,
    until: 2,
    answeredAt: null,
    answeredBy: null,
    reason: null,
  });
  await webhooks.openQuestions(10);
  await webhooks.answerQuestion('qst-new', { answer: 'yes', reason: null, by: 'me', at: 2 });
  await webhooks.remove('whk-1');

  // Channels.
  const channel = { ...aChannel({ id: 'chn-1' }), url: 'https://hooks.example.net/x', secret: null };
  await channels.create(channel);
  await channels.change(channel);
  await channels.get('chn-0-7');
  await channels.list();
  await channels.lastNotices();
  await channels.incident('inc-77');
  const incidents = await channels.incidents(page);
  await channels.incidents({ ...page, open: false, ...cursorOf(incidents.nextCursor) });
  await channels.changeIncident('inc-open', (incident) => incident);
  const search = { limit: 100, types: ['expansion.halted'], unattendedMs: 1000, keys: ['key-77'] };
  await channels.find({ ...search, keyOf: () => 'key-78', endedAfter: rows - 5 }, () => []);
  const says = { items: [], moreItems: 0, summary: null };
  await channels.decide(
    rows + 300_000_000,
    () => 'ntc-new',
    ({ channel: { id } }) => ({ notices: id === 'chn-1' ? [says] : [], told: new Map() }),
  );
  await channels.dueInMs();
  expect((await channels.takeDue(60_000)).map(({ id }) => id)).toEqual(['ntc-new']);
  await channels.record('ntc-new', { delivered: true, error: null, retryInMs: null }, 5);
  await channels.prune(5);
  await channels.remove('chn-1');

  // Agents.
  const report = aReport([aSeenServer('10.8.7.1', 9221, { dumps: [aFolder({ listing: [] })] })]);
  const dropped = { addresses: 0, servers: 0 };
  await agents.report({ agent: 'agent-7', report, receivedAt: 5_000, nextReportInMs: 2_000, dropped });
  await agents.refused('agent-7', 'host-7');
  await agents.sights(['10.8.7.1:9221', '10.8.9.1:9221']);
  await agents.askPorts(['10.8.7.1:9221'], [{ host: '10.8.0.1', port: 9221 }], 9_000);
  await agents.portsAsked(8_000);
  await agents.listings({ agent: 'agent-7', host: 'host-7', port: 9221 });
  await agents.prune(1_010);

  // What is known of nodes.
  await verdicts.withdraw(nodeTarget('10.9.1.7:9221'), nodeTarget('10.9.1.1:9221'), 'rpl_1', 1);
  expect(await verdicts.lastOf({ host: '10.9.1.7', port: 9221 })).toMatchObject({
    ofExpansion: { by: 'rpl_1' },
  });

  // Who may ask.
  const digest = createHash('sha256').update('77').digest();
  const by = { by: 'me', at: 2_000 };
  const token = {
    id: 'tok-new',
    name: 'new',
    role: 'viewer',
    scope: {},
    createdAt: 1,
    createdBy: 'me',
    expiresAt: null,
    rotatedAt: null,
    rotatedBy: null,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
  } as const;
  await identities.createToken(token, createHash('sha256').update('new').digest());
  await identities.token('tok-77');
  await identities.tokens(page);
  await identities.tokenByDigest(digest, 1);
  await identities.tokensNamed('name-77', 1);
  const next = createHash('sha256').update('next').digest();
  expect(await identities.rotateToken('tok-77', { ...by, digest: next, oldUntil: 3_000 })).toBe(true);
  expect(await identities.revokeToken('tok-78', { ...by, reason: 'left' })).toBe(true);
  const session = { digest: next, tokenDigest: digest, name: 'n', person: null, address: 'a' };
  await identities.openSession({ ...session, createdAt: 1_010, until: 50_000 });
  const open = await identities.sessions({ ...page, at: 2_000 });
  await identities.session(digest, 2_000);
  await identities.endSession(next, 2_000);
  await identities.endSessionOfId(sessionId(open.items[1]!.digest), 2_000);

  // What has ended is forgotten.
  await ended.withAllLooks(rows, 10);
  await ended.forgetLooks('old-77', [1], 10);
  await ended.forgetGuardEvents(1, 10);
  await ended.forget(50, 10);

  const methods = Object.entries({
    store: stores.store,
    comparisons: stores.comparisons,
    webhooks: stores.webhooks,
    channels: stores.channels,
    campaigns: stores.campaigns,
    ended: stores.ended,
    agents: stores.agents,
    verdicts: stores.verdicts,
    trail: stores.trail,
    identities: stores.identities,
  }).flatMap(([name, each]) => Object.keys(each).map((method) => `${name}.${method}`));
  expect([...called, ...notQueries].sort()).toEqual(methods.sort());

  const plans = await toldPlans();
  expect(new Set(plans.map(({ method }) => method))).toEqual(called);
  const found = plans.flatMap(({ method, told }) =>
    scans(told.Plan).map(
      (table) => `${method} reads all of ${table}: ${told['Query Text'].replace(/\s+/g, ' ')}`,
    ),
  );
  expect([...new Set(found)]).toEqual([]);
});

const cursorOf = (cursor: string | null) => (cursor === null ? {} : { cursor });
