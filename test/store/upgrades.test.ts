import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultSpec } from '../../src/compare/spec.ts';
import { decideNotices } from '../../src/core/notice/decide.ts';
import { afterEvents } from '../../src/core/notice/incidents.ts';
import { eventFor } from '../../src/model/events.ts';
import { defaultPolicy, noHealthLimits } from '../../src/model/policy.ts';
import { DocumentTooNewError, stamp, upgrade, upgradeBy } from '../../src/store/upgrades.ts';
import { aChannel, halted, start } from '../core/notice/samples.ts';
import { aFolder, aReport, aSeenServer } from '../support/agents.ts';
import { aCampaign } from '../support/campaigns.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion, nodeTarget } from '../support/expansions.ts';
import { aGuard } from '../support/guards.ts';
import { aHold } from '../support/holds.ts';
import { anAudit, damagedSlave } from '../support/memory-audits.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { aReplacement } from '../support/replacements.ts';
import { said } from '../support/said.ts';
import { aTrailEntry } from '../support/trail.ts';

describe('a document', () => {
  const steps = [
    (doc: { why: string }) => ({ why: { code: 'as_written', text: doc.why } }),
    (doc: { why: object }) => ({ reason: doc.why }),
  ];

  it('goes through every step after its version, in order', () => {
    expect(upgradeBy(steps, 'test', 1, { why: 'lunch' })).toEqual({
      reason: { code: 'as_written', text: 'lunch' },
    });
    expect(upgradeBy(steps, 'test', 2, { why: { code: 'a' } })).toEqual({ reason: { code: 'a' } });
    expect(upgradeBy(steps, 'test', 3, { reason: null })).toEqual({ reason: null });
  });

  it('without a version has version 1', () => {
    expect(upgrade('plan', { batchSizeReason: 'As asked.' })).toEqual({
      batchSizeReason: said('As asked.'),
    });
  });

  it('of a release that stored the reason of the batch size apart from its facts has them together', () => {
    const because = { code: 'asked_over_nodes', facts: { asked: 4, nodes: 2 } };
    const older = { batchSizeReason: 'The request asks for 4.', batchSizeBecause: because };
    const now = { batchSizeReason: { ...because, text: 'The request asks for 4.' } };
    expect(upgrade('plan', { ...older, v: 1 })).toEqual(now);
    expect(upgrade('expansion', { ...older, v: 2 })).toEqual(now);
    expect(upgrade('expansion', { batchSizeReason: null, v: 2 })).toEqual({ batchSizeReason: null });
  });

  it('of a release in which the log reader and the diagnosis had other codes has one code per cause', () => {
    const older = {
      triedCauses: ['newer_dump', 'disk_full'],
      diagnosis: { causes: [{ code: 'dump_fails', facts: {} }, { code: 'files_port_closed' }] },
      waitingFor: { code: 'tries_by_itself', facts: { cause: { code: 'dump_takes_long', text: 'x' } } },
      problem: { code: 'copy_stalled', facts: { cause: null, newer_dump: 'newer_dump' } },
      attempts: [],
    };
    expect(upgrade('join', { ...older, v: 2 })).toEqual({
      triedCauses: ['snapshot_superseded', 'disk_full'],
      diagnosis: { causes: [{ code: 'dump_failed', facts: {} }, { code: 'rsync_port_closed' }] },
      waitingFor: { code: 'tries_by_itself', facts: { cause: { code: 'doing_bgsave', text: 'x' } } },
      problem: { code: 'copy_stalled', facts: { cause: null, newer_dump: 'newer_dump' } },
      attempts: [],
    });
    const remedy = { type: 'node.remedy', data: { code: 'snapshot_superseded', cause: 'newer_dump' } };
    expect(upgrade('event', remedy)).toEqual({
      type: 'node.remedy',
      data: { code: 'snapshot_superseded', cause: 'snapshot_superseded' },
    });
    expect(upgrade('expansion', { problem: { facts: { cause: { code: 'dump_fails' } } }, v: 3 })).toEqual({
      problem: { facts: { cause: { code: 'dump_failed' } } },
    });
  });

  it('of a release whose comparisons had texts as reasons has reasons of code and facts', () => {
    expect(upgrade('comparison_reason', { text: 'lunch' })).toEqual(said('lunch'));
    expect(upgrade('comparison_progress', { lookedAtKeys: 1, said: { code: 'worker_stopped' } })).toEqual({
      lookedAtKeys: 1,
    });
  });

  it('of a release with another default depth is compared as it was accepted', () => {
    const request = { master: 'a:1', nodes: ['b:1'] };
    const sampled = { ...request, policy: { verify: { depth: 'sample' } } };
    const member = (of: object, v = 3) => upgrade('campaign_member', { state: 'waiting', request: of, v });
    expect(member(request)).toEqual({ state: 'waiting', request: sampled });
    const own = { ...request, policy: { onFailure: 'skip', verify: { depth: 'full', rounds: 2 } } };
    expect(member(own)).toEqual({ state: 'waiting', request: own });
    expect(member(request, 4)).toEqual({ state: 'waiting', request });
    // Whether it was admitted already is known by the words of its request.
    const starting = { state: 'starting', request };
    expect(upgrade('campaign_member', { ...starting, v: 3 })).toEqual(starting);
    const replacement = (newNodes: object | null) => upgrade('replacement', { newNodes, v: 2 });
    expect(replacement({ state: 'waiting', request })).toEqual({
      newNodes: { state: 'waiting', request: sampled },
    });
    expect(replacement(starting)).toEqual({ newNodes: starting });
    expect(replacement(null)).toEqual({ newNodes: null });
  });

  it('comes back as it was stored, without the version', () => {
    expect(upgrade('plan', stamp('plan', { a: 1 }))).toEqual({ a: 1 });
  });

  it('gets the defaults of policy fields that its release did not have, and keeps what it has', () => {
    const policy = { onFailure: 'skip', verify: { depth: 'full' }, health: { masterLatencyMs: 20 } };
    for (const kind of ['expansion', 'plan'] as const)
      expect(upgrade(kind, stamp(kind, { policy }))).toEqual({
        policy: {
          ...defaultPolicy,
          onFailure: 'skip',
          verify: { ...defaultPolicy.verify, depth: 'full' },
          health: { ...noHealthLimits, masterLatencyMs: 20 },
        },
      });
  });

  it('of a newer release is refused', () => {
    expect(() => upgradeBy(steps, 'test', 4, {})).toThrow(DocumentTooNewError);
  });
});

/** Columns whose documents need no version, and why. */
const withoutVersion: Readonly<Record<string, string>> = {
  'guards.asks': 'what people ask of it, for as long as nobody has seen to it',
  'replacements.cancel': 'who wants it to end, for as long as nobody has seen to it',
  'replacements.approval': 'who approved it, for as long as nobody has seen to it',
  'audits.cancel': 'who wants it to end, for as long as nobody has seen to it',
  'controls.doc': 'what a person asked for, which the worker takes within seconds',
  'campaigns.controls': 'as above',
  'comparisons.pending_control': 'as above',
  'comparisons.left_target': 'an address and the name of a credential',
  'comparisons.right_target': 'as above',
  'node_verdicts.target': 'as above',
  'node_verdicts.master': 'as above',
  'deliveries.payload': 'the body as it is sent; nobody reads it again',
  'questions.payload': 'the body as it was sent: only the id of its operation is read',
  'agents.dropped': 'two counters',
  'agents.instances': 'what the next reports, seconds later, are set beside',
  'agent_servers.ports_asked': 'addresses that the next report is told of, within seconds',
  'deliveries.last_said': 'a code with its facts and its words in English, which is all that a reader needs',
  'notices.last_said': 'as above',
};

describe('in the database', () => {
  let postgres: TestPostgres;
  let testDatabase: TestDatabase;
  let stores: ReturnType<typeof openTestStores>;
  beforeAll(async () => {
    postgres = await startPostgres();
    testDatabase = await postgres.createMigratedDatabase();
    stores = openTestStores(testDatabase.connection);
  });
  afterAll(async () => {
    await stores.close();
    await postgres.stop();
  });

  const happened = storedEvent('test', { text: 'it happened' });

  it('every document carries its version, whichever statement has stored it', async () => {
    const { database, store, campaigns, comparisons } = stores;
    const expansion = newExpansion();
    const changed = {
      ...expansion,
      label: 'changed',
      joins: expansion.joins.map((join) => ({ ...join, inconclusiveComparisons: 1 })),
    };
    await store.accept(expansion, [happened], null);
    await store.accept(newExpansion(), [happened], null);
    await store.freeze({ reason: 'test', by: 'test' });
    const lease = (await store.claim(expansion.id, 'w', 60_000))!;
    await store.save(lease, expansion, changed, {
      events: [happened],
      observations: [{ node: expansion.master.name, look: { kind: 'busy', at: 1, tookMs: 3 } }],
      lookAgainInMs: null,
    });
    const ended = { ...changed, state: 'cancelled' } as const;
    await store.save(lease, changed, ended, { events: [], lookAgainInMs: null });
    await store.savePlan({ id: 'plan', at: 1, doc: { a: 1 } }, 'me');

    const campaign = aCampaign();
    await campaigns.accept(campaign, [happened], null);
    const campaignLease = (await campaigns.claim(campaign.id, 'w', 60_000))!;
    const campaignChanged = {
      ...campaign,
      label: 'changed',
      members: campaign.members.map((member) => ({ ...member, failedTries: 1 })),
    };
    await campaigns.save(campaignLease, campaign, campaignChanged, {
      events: [happened],
      appliedControls: [],
      lookAgainInMs: null,
    });

    const { id } = await comparisons.create({
      id: 'comparison',
      join: null,
      left: nodeTarget('127.0.0.1:1'),
      right: nodeTarget('127.0.0.1:2'),
      spec: defaultSpec,
      requestedBy: 'test',
      createdAt: 1,
    });
    await comparisons.save((await comparisons.claim(id, 'w', 60_000))!, {
      stateReason: said('test'),
      cursor: { a: 1 },
      progress: { lookedAtKeys: 1 },
      report: { reason: 'test' } as never,
      problem: { code: 'test', text: 'test', nextSteps: [], at: 1 },
      differences: [{ key: 'k' } as never],
    });

    const audit = anAudit('audit');
    await stores.audits.create(audit);
    await stores.audits.save(
      (await stores.audits.claim('audit', 'w', 60_000))!,
      audit.doc,
      [{ server: damagedSlave(1, '10.0.0.2:9221'), master: audit.servers[0]!.target }],
      0,
    );

    await stores.guards.create(aGuard('guard', 1), []);
    await stores.holds.create(aHold('hold'), () => []);
    await stores.replacements.accept(aReplacement('replacement', 1), [], null);

    const folder = aFolder({ listing: [{ name: 'strings/1.sst', bytes: 1, sha256: null }] });
    await stores.agents.report({
      agent: 'a',
      report: aReport([aSeenServer('10.0.0.7', 9221, { dumps: [folder] })]),
      receivedAt: 1,
      nextReportInMs: 1,
      dropped: { addresses: 0, servers: 0 },
    });

    await stores.trail.append([aTrailEntry()]);

    const channel = { ...aChannel(), url: 'https://hooks.example.net/x', secret: null };
    await stores.channels.create(channel);
    const search = { limit: 10, types: [], unattendedMs: 1, keys: [], keyOf: () => '', endedAfter: 0 };
    const found = [...afterEvents(new Map(), [halted()], () => 'incident').values()];
    await stores.channels.find(search, () => found);
    await stores.channels.decide(
      start,
      () => 'notice',
      (state) => decideNotices({ ...state, now: start, namesMaster: () => true }),
    );

    const columns = await database.query<{ table: string; column: string }>(
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'pika_expander' and data_type = 'jsonb' order by 1, 2`,
    );
    const without: string[] = [];
    for (const { table, column } of columns) {
      const rows = await database.query<{ seen: number; bare: number }>(
        `select count(${column})::integer as seen, count(*) filter (where not ${column} ? 'v')::integer as bare from ${table}`,
      );
      if (withoutVersion[`${table}.${column}`]) continue;
      if (rows[0]!.seen === 0 || rows[0]!.bare > 0) without.push(`${table}.${column}`);
    }
    expect(without).toEqual([]);
  });

  it('an event of a type that only another release knows is read in its own words', async () => {
    const { store } = stores;
    const expansion = newExpansion();
    await store.accept(expansion, [storedEvent('node.of_another_release', { node: 'n' })], null);
    const [event] = await store.events({ expansionId: expansion.id, afterSeq: 0, limit: 10 });
    const { type, text, data } = eventFor(event!, { language: 'zh', tool: 'rest' });
    expect({ type, text, data }).toEqual({
      type: 'node.of_another_release',
      text: 'it was node.of_another_release',
      data: { a: 1 },
    });
  });

  it('nobody else reads the version', async () => {
    const { store, webhooks } = stores;
    await webhooks.create({
      id: 'hook',
      kind: 'notify',
      url: 'http://127.0.0.1:1/hook',
      types: ['told'],
      steps: [],
      answerWithinMs: null,
      secret: 'sh',
      createdBy: 'test',
      createdAt: 1,
    });
    await store.accept(newExpansion(), [storedEvent('told')], null);
    expect(await webhooks.fanOut(100)).toBe(1);
    const taken = (await webhooks.takeDue(1, 1000))[0]!;
    expect(taken.delivery.payload).toMatchObject({ type: 'told' });
    expect((taken.delivery.payload as { data: unknown }).data).toEqual({ a: 1 });
    expect(await store.getPlan('plan')).toEqual({ id: 'plan', at: 1, doc: { a: 1 } });
    expect(
      (await store.events({ afterSeq: 0, limit: 100, types: ['told'] })).map(({ data }) => data),
    ).toEqual([{ a: 1 }]);
  });
});
