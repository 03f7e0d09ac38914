import { type ChildProcess, spawn } from 'node:child_process';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveSpec } from '../../../src/compare/compare.ts';
import { type Checkpoint, run } from '../../../src/compare/run.ts';
import type { NodeTarget } from '../../../src/model/expansion.ts';
import { credentialSource } from '../../../src/platform/config.ts';
import type { ComparisonStore } from '../../../src/store/comparisons.ts';
import type { Database } from '../../../src/store/database.ts';
import {
  type ComparisonHandlerOptions,
  createComparisonHandler,
} from '../../../src/work/comparison/handler.ts';
import { realClock } from '../../../src/work/expansion/observer.ts';
import { startReconciler } from '../../../src/work/reconciler.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from '../../compare/servers.ts';
import { compiled } from '../../support/compiled.ts';
import { whenEnded } from '../../support/ended.ts';
import {
  openTestStores,
  startPostgres,
  type TestDatabase,
  type TestPostgres,
} from '../../support/postgres.ts';

const keys = 6000;
const noCredentials = { get: () => null, names: [] };
const never = new AbortController().signal;

describe.skipIf(redisMissing !== null)(`a stored comparison ${redisMissing ?? ''}`, () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let comparisons: ComparisonStore;
  let query: Database['query'];
  let closeStores: () => Promise<void>;
  let master: TestServer;
  let slave: TestServer;
  let script: string;
  let made = 0;

  beforeAll(async () => {
    [postgres, script] = await Promise.all([startPostgres(), compiled('compare/worker-child.ts')]);
    database = await postgres.createMigratedDatabase();
    master = await startRedis();
    slave = await startRedisSlave(master, '--replica-read-only', 'no');
    await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, `value ${i}`]));
    await until(async () => Number(await slave.call('DBSIZE')) === keys);
    await slave.load([
      ...Array.from({ length: 30 }, (_, i) => ['DEL', `key:${i * 100}`]),
      ['SET', 'foreign', '1'],
    ]);
  }, 300_000);
  afterAll(async () => {
    await slave.stop();
    await master.stop();
    await database.drop();
    await postgres.stop();
  });
  beforeEach(() => {
    const stores = openTestStores(database.connection);
    comparisons = stores.comparisons;
    query = stores.database.query;
    closeStores = () => stores.close();
  });
  afterEach(() => closeStores());

  const targetOf = (server: TestServer): NodeTarget => ({
    name: `127.0.0.1:${server.port}`,
    address: server.endpoint.address,
    seenAs: server.endpoint.address,
    credential: null,
  });

  async function create(
    spec: Parameters<typeof resolveSpec>[0] = {},
    right = targetOf(slave),
  ): Promise<string> {
    const id = `cmp_${++made}`;
    await comparisons.create({
      id,
      join: null,
      left: targetOf(master),
      right,
      spec: resolveSpec({ depth: 'full', rounds: 2, ...spec }),
      requestedBy: 'test',
      createdAt: Date.now(),
    });
    return id;
  }

  /** A worker in a process of its own, which can be killed as a machine dies. */
  function startWorkerProcess(owner: string): ChildProcess {
    const connection = JSON.stringify(database.connection);
    return spawn(process.execPath, [script, connection, owner], { stdio: 'ignore' });
  }

  async function lookedAt(id: string): Promise<number> {
    const progress = (await comparisons.get(id))!.progress as { lookedAtKeys?: number } | null;
    return progress?.lookedAtKeys ?? 0;
  }

  const handler = (more: Partial<ComparisonHandlerOptions> = {}) =>
    createComparisonHandler({
      comparisons,
      credentials: noCredentials,
      log: pino({ level: 'silent' }),
      owner: 'w1',
      now: Date.now,
      sleep: realClock.sleep,
      run,
      ...more,
    });

  async function expectWhole(id: string): Promise<void> {
    const stored = await comparisons.get(id);
    expect(stored).toMatchObject({ state: 'completed', differencesTotal: 31, differencesStored: 31 });
    expect(stored!.report).toMatchObject({ verdict: 'different', lookedAtKeys: keys, differencesTotal: 31 });
    const differences = await comparisons.differences(id, { afterSeq: 0, limit: 1000 });
    expect(new Set(differences.map((difference) => difference.key)).size).toBe(31);
  }

  it('ends with its report and its differences, and needs nobody any more', async () => {
    const id = await create();
    expect(await handler()(id, never)).toBeNull();
    await expectWhole(id);
    expect(await comparisons.due(10)).not.toContain(id);
    expect(await handler()(id, never)).toBeNull();
  });

  it('stopped at any checkpoint goes on where it was, on another worker, and counts nothing twice', async () => {
    const id = await create({ maxOpsPerSecond: 1500 });
    let kills = 0;
    for (let ended = false; !ended; ) {
      const dying = new AbortController();
      await handler({
        owner: `w${kills}`,
        run: (options) =>
          run({
            ...options,
            onCheckpoint: (checkpoint: Checkpoint) => {
              options.onCheckpoint?.(checkpoint);
              if (kills < 3) dying.abort();
            },
          }),
      })(id, dying.signal);
      if (dying.signal.aborted) kills += 1;
      ended = (await comparisons.get(id))!.state === 'completed';
    }
    expect(kills).toBe(3);
    await expectWhole(id);
  });

  it('is taken up by another process wherever its own was killed, and counts nothing twice', async () => {
    const id = await create({ maxOpsPerSecond: 800 });
    const row = async () => (await comparisons.get(id))!;
    const ownerOf = async () => {
      const [lease] = await query<{ owner: string | null }>(
        'select lease_owner as owner from comparisons where id = $1',
        [id],
      );
      return lease?.owner;
    };
    const cursors = new Set<string>();
    const killWhen = async (owner: string, reached: () => Promise<boolean>) => {
      const child = startWorkerProcess(owner);
      await until(async () => (await ownerOf()) === owner && (await reached()));
      child.kill('SIGKILL');
      await whenEnded(child);
      const { state, cursor } = await row();
      expect(state).toBe('running');
      cursors.add(JSON.stringify(cursor));
    };
    await killWhen('first', async () => (await row()).state === 'running');
    await killWhen('second', async () => (await row()).cursor !== null);
    const before = JSON.stringify((await row()).cursor);
    await killWhen('third', async () => JSON.stringify((await row()).cursor) !== before);
    expect(cursors.size).toBe(3);
    const last = startWorkerProcess('last');
    await until(async () => (await row()).state === 'completed');
    last.kill('SIGKILL');
    await whenEnded(last);
    await expectWhole(id);
  }, 300_000);

  it('is paused in the middle with the reason, stays so, is resumed, and ends whole', async () => {
    const id = await create({ maxOpsPerSecond: 3000 });
    const control = (verb: 'pause' | 'resume' | 'cancel') =>
      comparisons.control(id, { verb, reason: `test of ${verb}`, by: 'me', at: Date.now() });
    const working = handler({ heartbeatMs: 50 })(id, never);
    await until(async () => (await lookedAt(id)) > 0);
    await control('pause');
    expect(await working).toBeNull();
    expect(await comparisons.get(id)).toMatchObject({
      state: 'paused',
      stateReason: { code: 'paused', text: 'paused by me: test of pause' },
      pendingControl: null,
    });
    expect(await handler()(id, never)).toBeNull();
    expect((await comparisons.get(id))!.state).toBe('paused');
    await control('resume');
    expect(await comparisons.due(10)).toContain(id);
    await handler()(id, never);
    await expectWhole(id);
  });

  it('is cancelled in the middle, with the reason', async () => {
    const id = await create({ maxOpsPerSecond: 500 });
    const working = handler({ heartbeatMs: 50 })(id, never);
    await until(async () => (await comparisons.get(id))!.state === 'running');
    await comparisons.control(id, { verb: 'cancel', reason: 'not needed', by: 'me', at: Date.now() });
    expect(await working).toBeNull();
    expect(await comparisons.get(id)).toMatchObject({
      state: 'cancelled',
      stateReason: { code: 'cancelled', facts: { by: 'me', why: 'not needed' } },
    });
  });

  it('waits for a server that does not answer, says so, and is inconclusive when that lasts', async () => {
    const nobody = { host: '127.0.0.1', port: 1 };
    const id = await create({}, { name: '127.0.0.1:1', address: nobody, seenAs: nobody, credential: null });
    let now = 1000;
    const patient = handler({ now: () => now, patienceMs: 60_000, retryMs: 5000 });
    expect(await patient(id, never)).toBe(5000);
    expect(await comparisons.get(id)).toMatchObject({
      state: 'running',
      stateReason: {
        code: 'waits_for_server',
        text: expect.stringContaining('waits for a server: 127.0.0.1:1: cannot be reached (ECONNREFUSED)'),
      },
    });
    now += 61_000;
    expect(await patient(id, never)).toBeNull();
    expect(await comparisons.get(id)).toMatchObject({
      state: 'completed',
      report: { verdict: 'inconclusive' },
    });
  });

  it('is worked on by one worker at a time', async () => {
    const id = await create({ maxOpsPerSecond: 2000 });
    const working = handler()(id, never);
    await until(async () => (await comparisons.get(id))!.state === 'running');
    expect(await handler({ owner: 'w2' })(id, never)).toBeNull();
    await working;
    await expectWhole(id);
  });

  it('fails with a reason when it cannot be carried out', async () => {
    const id = await create({}, { ...targetOf(slave), credential: 'prod' });
    await handler({ credentials: credentialSource(new Map()) })(id, never);
    const text = 'No credential is named “prod”; none is configured.';
    expect(await comparisons.get(id)).toMatchObject({
      state: 'failed',
      stateReason: { code: 'failed', text },
      problem: { code: 'comparison_not_possible', text },
    });
  });

  it('is found and worked on by a worker that looks for what is due', async () => {
    const id = await create({ depth: 'sample' });
    const worker = startReconciler({
      store: comparisons,
      doorbell: { ring: async (due) => void (await handler()(due, never)) },
      intervalMs: 20,
    });
    await until(async () => (await comparisons.get(id))!.state === 'completed');
    await worker.close();
    expect((await comparisons.get(id))!.report!.verdict).toBe('different');
  });
});
