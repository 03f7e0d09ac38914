import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newAudit } from '../../../src/admission/audit.ts';
import { verdictSays } from '../../../src/model/comparison-texts.ts';
import type { EventInput } from '../../../src/model/events.ts';
import type { Look } from '../../../src/model/observation.ts';
import type { StoredAuditServer } from '../../../src/model/views/audit.ts';
import type { AuditStore, StoredAudit } from '../../../src/store/audits.ts';
import type { NewComparison, StoredComparison } from '../../../src/store/comparisons.ts';
import { FencedError } from '../../../src/store/leases.ts';
import { type AuditHandlerOptions, createAuditHandler } from '../../../src/work/audit/handler.ts';
import { fakeEngine } from '../../api/support.ts';
import { aMaster, aNode, slaveOf } from '../../core/plan/preflight-support.ts';
import {
  openTestStores,
  startPostgres,
  type TestDatabase,
  type TestPostgres,
} from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
beforeEach(() => {
  stores = openTestStores(database.connection);
});
afterEach(async () => {
  await stores.close();
  await database.empty();
});
afterAll(() => postgres.stop());

const position = { db0: { file: 3, offset: 500 } };
const never = new AbortController().signal;
const noCredentials = { get: () => null, names: [] };

/** A master at `10.<n>.0.1` with so many slaves at `10.<n>.0.2` and so on. */
function looksOf(engine: ReturnType<typeof fakeEngine>, n: number, slaves: number): string {
  const master = `10.${n}.0.1:9221`;
  const ips = Array.from({ length: slaves }, (_, i) => `10.${n}.0.${i + 2}`);
  const listed = ips.map((ip) => ({ ip, port: 9221, lag: { db0: 0 } }));
  engine.set(master, aMaster({ replication: { slaves: listed, binlog: position } }, master).look);
  for (const ip of ips)
    engine.set(
      `${ip}:9221`,
      aNode(`${ip}:9221`, { replication: slaveOf(`10.${n}.0.1`, 9221, { binlog: position }) }).look,
    );
  return master;
}

/** Comparisons that end as soon as they are asked for, or stay at work. */
function comparisonsThat(result: (right: string) => 'equal' | 'different' | 'at work') {
  const rows = new Map<string, StoredComparison>();
  const asked: string[] = [];
  const cancelled: string[] = [];
  return {
    asked,
    cancelled,
    async create(comparison: NewComparison) {
      asked.push(comparison.id);
      const verdict = result(comparison.right.name);
      const reason = verdictSays('differences', { byKind: { missing: 3 } });
      const report = {
        verdict,
        lookedAtKeys: 9,
        share: 1,
        smallestLossFound: 0,
        examples: [],
        said: { reason },
      };
      const row = {
        ...comparison,
        state: verdict === 'at work' ? 'running' : 'completed',
        report: verdict === 'at work' ? null : report,
      } as unknown as StoredComparison;
      rows.set(comparison.id, row);
      return row;
    },
    get: async (id: string) => rows.get(id) ?? null,
    async control(id: string) {
      cancelled.push(id);
    },
  };
}

interface World {
  readonly engine: ReturnType<typeof fakeEngine>;
  readonly comparisons: ReturnType<typeof comparisonsThat>;
  handler(more?: Partial<AuditHandlerOptions>): ReturnType<typeof createAuditHandler>;
}

function world(result: Parameters<typeof comparisonsThat>[0] = () => 'equal'): World {
  const engine = fakeEngine();
  const comparisons = comparisonsThat(result);
  let now = Date.UTC(2026, 10, 22, 12);
  return {
    engine,
    comparisons,
    handler: (more = {}) =>
      createAuditHandler({
        audits: stores.audits,
        comparisons,
        store: stores.store,
        engine,
        credentials: noCredentials,
        doorbell: { ring: async () => undefined },
        lookTimeoutMs: 1000,
        log: pino({ level: 'silent' }),
        now: () => now,
        sleep: async (ms) => {
          now += ms;
        },
        ...more,
      }),
  };
}

async function asked(masters: readonly string[], more: object = {}): Promise<string> {
  const id = `aud_${Math.random().toString(36).slice(2)}`;
  const made = { id, requestedBy: 'test', createdAt: 1 };
  const audit = await newAudit({ masters, ...more }, made, noCredentials, async () => []);
  await stores.audits.create(audit);
  return id;
}

const read = async (id: string): Promise<StoredAudit> => (await stores.audits.get(id))!;
const eventsOf = (auditId: string) => stores.store.events({ auditId, afterSeq: 0, limit: 100 });
/** Each event as its type, the node, and the code of its reason. */
const toldBy = async (id: string) =>
  (await eventsOf(id)).map(({ type, node, data }) =>
    [type, node, (data.reason as { code?: string } | undefined)?.code].filter(Boolean).join(' '),
  );
const verdicts = ({ servers }: Pick<StoredAudit, 'servers'>) =>
  Object.fromEntries(
    servers.map(({ target, verdict }: StoredAuditServer) => [target.name.split(':')[0], verdict]),
  );

test('an audit is stored with every verdict, and needs nobody any more', async () => {
  const { engine, handler, comparisons } = world((right) =>
    right.startsWith('10.1.0.3') ? 'different' : 'equal',
  );
  const id = await asked([looksOf(engine, 1, 3), looksOf(engine, 2, 1)]);
  expect(await stores.audits.due(10)).toEqual([id]);
  const told: EventInput[] = [];
  expect(await handler({ onEvents: (events) => told.push(...events) })(id, never)).toBeNull();
  const { doc, servers } = await read(id);
  expect(doc).toMatchObject({
    state: 'completed',
    counts: { masters: 2, slaves: 4, whole: 3, damaged: 1, open: 0 },
  });
  expect(await eventsOf(id)).toEqual(told.map((event) => expect.objectContaining(event)));
  const [started, judged, ended] = told;
  expect(told).toHaveLength(3);
  expect(started).toMatchObject({
    type: 'audit.started',
    data: { masters: 2, requestedBy: 'test', depth: 'sample' },
  });
  expect(judged).toMatchObject({
    type: 'audit.slave_judged',
    node: '10.1.0.3:9221',
    level: 'error',
    data: { master: '10.1.0.1:9221', verdict: 'damaged', reason: { code: 'data_differ' } },
  });
  expect(ended).toMatchObject({ type: 'audit.ended', level: 'warning', data: { counts: doc.counts } });
  expect(verdicts({ servers })).toEqual({
    '10.1.0.1': null,
    '10.1.0.2': 'whole',
    '10.1.0.3': 'damaged',
    '10.1.0.4': 'whole',
    '10.2.0.1': null,
    '10.2.0.2': 'whole',
  });
  expect(comparisons.asked).toHaveLength(4);
  expect(await stores.audits.due(10)).toEqual([]);
  expect(await handler()(id, never)).toBeNull();
  expect((await stores.audits.list({ limit: 10 })).items).toEqual([doc]);
  expect(engine.open()).toBe(0);
});

test('killed after any of its saves, it goes on with what has no verdict, and asks for no comparison twice', async () => {
  for (let last = 1; ; last += 1) {
    const { engine, handler, comparisons } = world((right) =>
      right.startsWith('10.1.0.2') ? 'different' : 'equal',
    );
    const id = await asked([looksOf(engine, 1, 2), looksOf(engine, 2, 1)]);
    let bury: (reason: Error) => void = () => {};
    const dead = new Promise<never>((_, reject) => {
      bury = reject;
    });
    let saves = 0;
    const dying: AuditStore = {
      ...stores.audits,
      async save(...args) {
        if (saves === last) return dead;
        const cancel = await stores.audits.save(...args);
        saves += 1;
        return cancel;
      },
      // A process that is dead renews nothing.
      renew: () => dead,
    };
    let isOver = false;
    const first = handler({ audits: dying, leaseMs: 100 })(id, never).finally(() => {
      isOver = true;
    });
    await Promise.race([first, until(() => saves === last || isOver)]);
    if (isOver || (await read(id)).doc.state === 'completed') break;
    await until(async () => {
      await handler()(id, never);
      return (await read(id)).doc.state === 'completed';
    });
    expect(verdicts(await read(id))).toEqual({
      '10.1.0.1': null,
      '10.1.0.2': 'damaged',
      '10.1.0.3': 'whole',
      '10.2.0.1': null,
      '10.2.0.2': 'whole',
    });
    expect(new Set(comparisons.asked).size).toBe(3);
    expect(await toldBy(id)).toEqual([
      'audit.started',
      'audit.slave_judged 10.1.0.2:9221 data_differ',
      'audit.ended',
    ]);
    bury(new FencedError('dead'));
    await first;
  }
});

test('an audit that somebody ends cancels what it asked for, and keeps what was judged', async () => {
  const { engine, handler, comparisons } = world((right) =>
    right.startsWith('10.1.') ? 'equal' : 'at work',
  );
  const id = await asked([looksOf(engine, 1, 1), looksOf(engine, 2, 2)], {
    maxRunning: 8,
    maxRunningPerHost: 8,
  });
  let turns = 0;
  const sleep = async () => {
    turns += 1;
    if (turns === 5) await stores.audits.cancel(id, { reason: 'peak', by: 'ann', at: 7 });
  };
  expect(await handler({ sleep })(id, never)).toBeNull();
  const { doc, servers } = await read(id);
  expect(doc).toMatchObject({ state: 'cancelled', cancel: { by: 'ann', reason: 'peak' } });
  expect(verdicts({ servers })).toMatchObject({
    '10.1.0.2': 'whole',
    '10.2.0.2': 'not_judged',
    '10.2.0.3': 'not_judged',
  });
  expect(comparisons.cancelled).toHaveLength(1);
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    type: 'audit.cancelled',
    text: 'ann ended the audit: peak. 2 masters, 3 slaves: 0 damaged, 0 doubtful, 2 not judged, 1 whole',
  });
  // Of two masters that are looked at side by side, either's slaves can be found first.
  const unjudged = servers.find(({ target }) => target.name === '10.2.0.3:9221')!;
  expect(unjudged.reason?.text).toBe('ann ended the audit before this server was judged: peak');
});

test('a slave that left its master while it was compared is not called whole', async () => {
  const { engine, handler } = world((right) => {
    engine.set(right, aNode(right, { replication: { binlog: position } }).look);
    return 'equal';
  });
  const id = await asked([looksOf(engine, 1, 1)]);
  await handler()(id, never);
  const [, left] = (await read(id)).servers;
  expect([left!.verdict, left!.reason?.code, left!.wholeAt]).toEqual(['doubtful', 'is_master', null]);
});

test('a slave with a name is the one that its master lists by its IP address', async () => {
  const { engine, handler } = world();
  const master = looksOf(engine, 1, 2);
  const replication = slaveOf('10.1.0.1', 9221, { binlog: position });
  engine.set('a.pika:9221', aNode('10.1.0.2:9221', { facts: { ips: ['10.1.0.2'] }, replication }).look);
  const id = await asked([master], { slaves: ['a.pika:9221'] });
  await handler()(id, never);
  expect(verdicts(await read(id))).toEqual({ '10.1.0.1': null, 'a.pika': 'whole', '10.1.0.3': 'whole' });
});

describe('what a slave may need time for', () => {
  test('is waited for, so long as the request says', async () => {
    const { engine, handler } = world();
    const master = looksOf(engine, 1, 2);
    const late = (offset: number): Look =>
      aNode('10.1.0.2:9221', {
        replication: slaveOf('10.1.0.1', 9221, { binlog: { db0: { file: 3, offset } } }),
      }).look;
    engine.set('10.1.0.2:9221', late(400));
    engine.set('10.1.0.3:9221', late(100));
    let turns = 0;
    const clock = { now: Date.UTC(2026, 10, 22, 12) };
    const sleep = async (ms: number) => {
      clock.now += ms;
      turns += 1;
      if (turns === 5) engine.set('10.1.0.2:9221', late(500));
    };
    const id = await asked([master], { catchUpTimeoutMs: 20_000 });
    await handler({ sleep, now: () => clock.now })(id, never);
    const { servers } = await read(id);
    expect(verdicts({ servers })).toMatchObject({ '10.1.0.2': 'whole', '10.1.0.3': 'doubtful' });
    expect(servers[2]!.reason).toMatchObject({
      code: 'behind',
      facts: { behindBytes: 400, waitedSeconds: 20 },
    });
  });
});

test('200 slaves of one master are compared one after the other', async () => {
  const { engine, handler, comparisons } = world();
  const id = await asked([looksOf(engine, 1, 200)]);
  await handler()(id, never);
  expect((await read(id)).doc.counts).toMatchObject({ slaves: 200, whole: 200, open: 0 });
  expect(comparisons.asked).toHaveLength(200);
});

test('a verdict that the end changes is told again', async () => {
  const { engine, handler } = world((right) => (right.startsWith('10.1.0.2') ? 'different' : 'equal'));
  const master = looksOf(engine, 1, 1);
  const middle = slaveOf('10.1.0.1', 9221, { binlog: position, role: 'master&&slave' });
  const below = [{ ip: '10.1.0.9', port: 9221, lag: { db0: 0 } }];
  engine.set('10.1.0.2:9221', aNode('10.1.0.2:9221', { replication: { ...middle, slaves: below } }).look);
  const ofMiddle = slaveOf('10.1.0.2', 9221, { binlog: position });
  engine.set('10.1.0.9:9221', aNode('10.1.0.9:9221', { replication: ofMiddle }).look);
  const id = await asked([master]);
  await handler()(id, never);
  expect(await toldBy(id)).toEqual([
    'audit.started',
    'audit.slave_judged 10.1.0.2:9221 data_differ',
    'audit.slave_judged 10.1.0.9:9221 like_its_master',
    'audit.ended',
  ]);
});

test('slaves that list each other are looked at once', async () => {
  const { engine, handler } = world();
  const master = looksOf(engine, 1, 1);
  const slave = slaveOf('10.1.0.1', 9221, { binlog: position, role: 'master&&slave' });
  const back = [{ ip: '10.1.0.1', port: 9221, lag: { db0: 0 } }];
  engine.set('10.1.0.2:9221', aNode('10.1.0.2:9221', { replication: { ...slave, slaves: back } }).look);
  const id = await asked([master]);
  await handler()(id, never);
  const { servers } = await read(id);
  expect(servers.map(({ target, reason }) => [target.name, reason?.code])).toEqual([
    ['10.1.0.1:9221', undefined],
    ['10.1.0.2:9221', 'whole'],
    ['10.1.0.1:9221', 'is_master'],
  ]);
});
