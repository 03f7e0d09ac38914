import { describe, expect, test, vi } from 'vitest';
import { runningSyncs, unsafeBecause } from '../../../src/core/hold/hold.ts';
import { placeKey } from '../../../src/core/plan/preflight-servers.ts';
import type { Look, NodeFacts } from '../../../src/model/observation.ts';
import type { StoredHold } from '../../../src/store/holds.ts';
import { hostOf, MB } from '../../scheduling/virtual-service.ts';
import { aHold } from '../../support/holds.ts';
import { begin, ended, isIn, minute } from '../steps/played-expansion.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

type Run = Awaited<ReturnType<typeof begin>>;

/** Asks for a hold of the master, under the name of the request or under another. */
async function hold(run: Run, id = 'h', forMs = 60 * minute): Promise<void> {
  const { doc } = aHold(id, Math.round(run.cluster.now()));
  const master = run.target('m');
  await run.holds.create({ doc: { ...doc, master }, keys: [placeKey(master.address)], forMs }, () => []);
}
const holdOf = async (run: Run, id = 'h'): Promise<StoredHold> => (await run.holds.get(id))!;
const isSafe = (run: Run, id = 'h') =>
  run.until(async () => (await holdOf(run, id)).state === 'safe', minute);
const end = (run: Run, id = 'h') => run.holds.end(id, { by: 'test', reason: 'done', at: 1 }, []);

describe('a hold of a master at which an expansion works', () => {
  test('is safe only when the running copy has ended; nothing begins until it is ended; all are verified then', async () => {
    const run = await begin();
    await run.comesTo('the copy of the first', isIn(0, 'transferring'));
    await hold(run);
    await run.comesTo('the end of the copy', (e) => {
      expect(e.joins.slice(1).map(({ phase }) => phase)).toEqual(['waiting', 'waiting']);
      return !isIn(0, 'transferring')(e) && !isIn(0, 'swapping')(e);
    });
    expect(await isSafe(run)).toBe(true);
    expect(run.inFullSync()).toBe(0);
    const [first] = (await run.e()).joins;
    expect(['catching_up', 'verifying', 'verified']).toContain(first!.phase);
    // The dump of the backup. It is the holder's own.
    run.cluster.execute('m', ['BGSAVE']);
    expect(await run.until(async () => run.masterOf('n2') !== null, 10 * minute)).toBe(false);
    expect((await holdOf(run)).state).toBe('safe');
    const { joins } = await run.comesTo('a wait', isIn(0, 'verified'));
    const { until } = await holdOf(run);
    expect(joins[1]!.waitingFor).toMatchObject({
      code: 'master_held',
      facts: { hold: 'h', by: 'backup', why: 'nightly backup', until },
    });
    await end(run);
    const { state } = await run.comesTo('its end', ended);
    expect([state, ...['n1', 'n2', 'n3'].map((node) => run.cluster.observe(node).lost)]).toEqual([
      'succeeded',
      0,
      0,
      0,
    ]);
  });

  test('blocks nothing once its time is over, though nobody has ended it', async () => {
    const run = await begin({ nodes: ['n1'], startsInMs: 5000 });
    await hold(run, 'h', 10 * minute);
    expect(await isSafe(run)).toBe(true);
    expect(await run.until(async () => run.masterOf('n1') !== null, 9 * minute)).toBe(false);
    const { until } = await holdOf(run);
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    expect((await run.e()).joins[0]!.attempts[0]!.startedAt).toBeGreaterThanOrEqual(until);
    expect(
      await run.store.events({ afterSeq: 0, limit: 999, types: ['hold.safe', 'hold.expired'] }),
    ).toMatchObject([{ type: 'hold.safe', holdId: 'h' }, { type: 'hold.expired' }]);
  });

  test('puts a node that was detached and not attached yet back in line', async () => {
    const run = await begin({ nodes: ['n1'] });
    await run.comesTo('half of a copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB);
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
    await run.comesTo('a detached node', ({ joins }) => (joins[0]!.attempts[1]?.detachedAt ?? null) !== null);
    await hold(run);
    const { joins } = await run.comesTo('the line', isIn(0, 'waiting'));
    expect([joins[0]!.attempts.at(-1)!.outcome, await isSafe(run)]).toEqual(['abandoned', true]);
    await end(run);
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  });

  test('waits for a full sync and a dump of somebody else, and for another hold', async () => {
    const run = await begin({
      nodes: ['n1'],
      startsInMs: 60 * minute,
      before(cluster) {
        const config = { 'throttle-bytes-per-second': 5 * MB };
        cluster.addNode({ id: 'x', host: hostOf('x'), version: '3.5.4', config });
        const { host, port } = cluster.node('m');
        cluster.execute('x', ['SLAVEOF', host, String(port), 'force']);
        cluster.advance(2000);
      },
    });
    await hold(run);
    await run.until(async () => (await holdOf(run)).doc.waitingFor?.code === 'master_at_work', minute);
    expect((await holdOf(run)).doc.waitingFor!.text).toContain(hostOf('x'));
    expect(await run.until(async () => (await holdOf(run)).state === 'safe', 10 * minute)).toBe(true);
    await hold(run, 'second');
    await run.until(
      async () => (await holdOf(run, 'second')).doc.waitingFor?.code === 'other_hold_first',
      minute,
    );
    expect((await holdOf(run, 'second')).doc.waitingFor).toMatchObject({
      code: 'other_hold_first',
      facts: { hold: 'h' },
    });
    await end(run);
    expect(await isSafe(run, 'second')).toBe(true);
  });

  test('asked by another name, it holds too', async () => {
    const run = await begin();
    await run.comesTo('the copy of the first', isIn(0, 'transferring'));
    const { doc } = aHold('h', Math.round(run.cluster.now()));
    const { address } = run.target('m');
    // As a name that leads to the same server: the looks find out.
    await run.holds.create(
      {
        doc: { ...doc, master: run.target('m') },
        keys: ['address:by-another-name:9221'],
        forMs: 60 * minute,
      },
      () => [],
    );
    await run.until(async () => (await holdOf(run)).keys.length > 1, minute);
    expect((await holdOf(run)).keys).toContain(placeKey(address));
    expect(await isSafe(run)).toBe(true);
    expect(run.inFullSync()).toBe(0);
    expect(await run.until(async () => run.masterOf('n2') !== null, 5 * minute)).toBe(false);
  });
});

describe('a worker that dies at a hold', () => {
  test.each(['after_hold_keys', 'before_hold_save', 'after_hold_save'] as const)(
    'at %s: another one goes on, and all is told once',
    async (diesAt) => {
      const run = await begin({ nodes: ['n1'], startsInMs: 60 * minute, diesAt });
      const { doc } = aHold('h', Math.round(run.cluster.now()));
      const keys = ['address:by-another-name:9221'];
      await run.holds.create({ doc: { ...doc, master: run.target('m') }, keys, forMs: 2 * minute }, () => []);
      const told = async () =>
        (await run.store.events({ afterSeq: 0, limit: 99, holdId: 'h' })).map(({ type }) => type);
      const noted = async () => (await holdOf(run)).doc.endedAt !== null;
      await run.until(() => false, 10_000);
      expect(await told()).toEqual(diesAt === 'after_hold_save' ? ['hold.safe'] : []);
      run.startProcess();
      expect([await isSafe(run), await told()]).toEqual([true, ['hold.safe']]);
      expect(await run.until(noted, 3 * minute)).toBe(true);
      expect(await told()).toEqual(['hold.safe', 'hold.expired']);
    },
  );
});

describe('what counts as under way', () => {
  test('from the stored beginning of an attempt until the node is connected', async () => {
    const run = await begin({ nodes: ['n1'] });
    const seen = new Set<string>();
    await run.comesTo('its end', (e) => {
      const [sync] = runningSyncs(e);
      const { phase, attempts } = e.joins[0]!;
      seen.add(`${phase} ${sync === undefined ? 'free' : 'under way'}`);
      if (sync) expect(sync).toMatchObject({ expansionId: 'e', since: attempts[0]!.startedAt });
      return ended(e);
    });
    expect([...seen].filter((each) => each.endsWith('free')).toSorted()).toEqual(
      expect.arrayContaining(['verified free']),
    );
    for (const phase of ['attaching', 'transferring', 'swapping']) {
      expect([...seen]).not.toContain(`${phase} free`);
    }
    expect([...seen]).toContain('transferring under way');
    expect([...seen]).not.toContain('verifying under way');
  });

  const stats = { bgsaving: false, scanningKeyspace: false, compacting: false };
  const answered = (facts: object): Look => ({
    kind: 'answered',
    at: 1,
    tookMs: 1,
    facts: { replication: { slaves: [] }, stats, ...facts } as unknown as NodeFacts,
  });
  const before = (wasSafe: boolean) => ({ server: 'm', wasSafe });
  const codes = (look: Look) =>
    [false, true].map((wasSafe) => unsafeBecause(look, [], before(wasSafe))?.code ?? null);

  test.each<[string, Look, (string | null)[]]>([
    ['a quiet master', answered({}), [null, null]],
    ['a dump', answered({ stats: { ...stats, bgsaving: true } }), ['master_at_work', null]],
    [
      'a compaction and a scan',
      answered({ stats: { bgsaving: false, scanningKeyspace: true, compacting: true } }),
      [null, null],
    ],
    [
      'a slave in full sync',
      answered({ replication: { slaves: [{ ip: '10.0.0.9', port: 9221, lag: { db0: 'full syncing' } }] } }),
      ['master_at_work', 'master_at_work'],
    ],
    ['a master that says too little', answered({ stats: undefined }), ['master_says_too_little', null]],
    ['a silent master', { kind: 'busy', at: 1, tookMs: 5000 }, ['server_silent', null]],
  ])('%s, before and after it was safe', (_, look, expected) => {
    expect(codes(look)).toEqual(expected);
  });
});
