import { describe, expect, test, vi } from 'vitest';
import { measuredSyncs } from '../../src/core/plan/learning.ts';
import { newHealth } from '../../src/core/steps/health.ts';
import type { PolicyInput } from '../../src/model/policy.ts';
import { noHealthLimits } from '../../src/model/policy.ts';
import { noSlotLimits, type SlotLimits } from '../../src/model/slots.ts';
import { type Cluster, createCluster } from '../../src/simulator/index.ts';
import { outgoingBytesPerSecond } from '../../src/simulator/transfer.ts';
import { fill, hostOf, MB, throttleOf, virtualService } from './virtual-service.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

const minute = 60_000;
/** 500 keys of about 190 bytes weigh as much as this. */
const cluster400MB = (now?: number): Cluster =>
  createCluster({ seed: 1, dataScale: (400 * MB) / (500 * 190), ...(now === undefined ? {} : { now }) });

const four = ['n1', 'n2', 'n3', 'n4'];

describe('one snapshot for a batch', () => {
  test.each([
    ['3.5.5', 1],
    ['4.0.1', 1],
    ['3.5.4', 4],
  ] as const)('on %s four nodes cost %i dump(s), and none loses a key', async (version, dumps) => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: four }, version);
    const service = virtualService(cluster);
    await service.accept('e', 'm', four);
    service.startProcess();
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    expect(cluster.observe('m').dumpsMade).toBe(dumps);
    expect(four.map((id) => cluster.observe(id).lost)).toEqual([0, 0, 0, 0]);
  });
});

describe('batches that are left to the service', () => {
  test.each([
    ['hosts of their own', {}, {}, noSlotLimits],
    ['one host', { host: 'one' }, {}, noSlotLimits],
    ['one host with three slots', { host: 'one' }, {}, { ...noSlotLimits, perNodeHost: 3 }],
    ['a tight budget', {}, { bandwidthBytesPerSecond: 9 * MB }, noSlotLimits],
    ['a large budget', {}, { bandwidthBytesPerSecond: 2000 * MB }, noSlotLimits],
  ] as const)('%s: the start answers as the plan did', async (_name, where, policy, slots) => {
    const cluster = cluster400MB();
    const five = [...four, 'n5'];
    fill(cluster, { master: 'm', nodes: five, ...where });
    const service = virtualService(cluster, { slots });
    const plan = await service.plan('m', five, policy);
    await service.accept('e', 'm', five, policy);
    service.startProcess();
    await service.until(async () => (await service.get('e')).batchCount !== null, minute);
    const { batchSize, batchSizeReason, batchCount, joins } = await service.get('e');
    expect(batchSizeReason).toEqual(plan.batchSizeReason);
    expect(batchSize).toBe(plan.batchSize);
    expect(batchCount).toBe(plan.batches.length);
    const begun = plan.batches.map((_, batch) =>
      joins.filter((join) => join.batch === batch).map((join) => join.target.name),
    );
    expect(begun).toEqual(plan.batches);
  });
});

describe('the forecast', () => {
  test('is within 10 % of what it then takes, with steady rates, and learns', async () => {
    const cluster = createCluster({ seed: 1, dataScale: (2000 * MB) / (500 * 190), binlogScale: 400 });
    fill(cluster, { master: 'm', nodes: four }, '3.5.4');
    cluster.startWrites('m', { perSecond: 20, mix: { update: 1 } });
    const service = virtualService(cluster);
    service.startProcess();
    for (const nodes of [four.slice(0, 2), four.slice(2)]) {
      const { items } = await service.store.list({ states: ['succeeded'], limit: 20 });
      const forecast = await service.forecast('m', nodes, measuredSyncs(items));
      expect(forecast!.binlog.writeBytesPerSecond).toBeGreaterThan(MB);
      await service.accept(nodes[0]!, 'm', nodes, {}, forecast);
      expect(await service.until(() => service.ended(nodes[0]!), 60 * minute)).toBe(true);
      const { forecastOutcome, state } = await service.get(nodes[0]!);
      expect(state).toBe('succeeded');
      expect(Math.abs(forecastOutcome!.secondsTotal.error!)).toBeLessThan(0.1);
      expect(forecast!.learntFrom).toBe(items.length * 2);
    }
    const types = (await service.events('n1')).map((event) => event.type);
    expect(types).toContain('forecast.compared');
    // What the health of the master slowed down would make the next forecast, and its drift, too slow.
    const first = await service.get('n1');
    const held = { ...newHealth(0), level: 0.4 };
    const health = { ...noHealthLimits, masterLatencyMs: 20 };
    expect(measuredSyncs([first])).toHaveLength(2);
    expect(measuredSyncs([{ ...first, policy: { ...first.policy, health }, health: held }])).toEqual([]);
  });

  test('is made anew before each batch: grown beyond the tolerance, the expansion waits for approval', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1', 'n2'] }, '3.5.4');
    const service = virtualService(cluster);
    const forecast = await service.forecast('m', ['n1', 'n2']);
    await service.accept('e', 'm', ['n1', 'n2'], { forecastTolerance: 0.5 }, forecast);
    service.startProcess();
    const sizeAfterDump = async () => (await service.get('e')).masterTracker.dumps.at(-1)?.sstBytesAfter;
    await service.until(async () => typeof (await sizeAfterDump()) === 'number', minute);
    cluster.load('m', { strings: 3000, valueBytes: 100, prefix: 'more' });
    const waits = await service.until(
      async () => (await service.get('e')).state === 'awaiting_approval',
      10 * minute,
    );
    expect(waits).toBe(true);
    const held = await service.get('e');
    expect(held.stateReason?.text).toMatch(/the snapshot was planned with .* and is .* now/);
    expect(held.joins[1]!.attempts).toHaveLength(0);
    await service.store.addControl('e', {
      id: 'c',
      verb: 'approve',
      node: null,
      reason: 'expected',
      by: 'test',
      at: 0,
    });
    expect(await service.until(() => service.ended('e'), 60 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
  });
});

describe('the forecast, before every batch', () => {
  const three = ['n1', 'n2', 'n3'];
  const begun = async (policy: PolicyInput) => {
    const cluster = createCluster({ seed: 1, dataScale: (400 * MB) / (500 * 190), binlogScale: 400 });
    fill(cluster, { master: 'm', nodes: three }, '3.5.4');
    const service = virtualService(cluster);
    const forecast = await service.forecast('m', three);
    await service.accept('e', 'm', three, policy, forecast);
    service.startProcess();
    const copies = (index: number): Promise<boolean> =>
      service.until(async () => (await service.get('e')).joins[index]!.phase === 'transferring', 10 * minute);
    return { cluster, service, copies };
  };
  /** About five megabytes of binlog a second. */
  const busy = (cluster: Cluster): void => {
    cluster.startWrites('m', { perSecond: 60, mix: { update: 1 } });
  };

  test('also the third: what the master writes has grown since the second', async () => {
    const { cluster, service, copies } = await begun({});
    expect(await copies(1)).toBe(true);
    busy(cluster);
    const held = async (): Promise<boolean> => (await service.get('e')).state === 'awaiting_approval';
    expect(await service.until(held, 10 * minute)).toBe(true);
    const { currentBatch, forecastDrift, joins } = await service.get('e');
    expect(currentBatch).toBe(2);
    expect(forecastDrift?.figures.map(({ name }) => name)).toEqual(['write_bytes_per_second']);
    expect(joins.map((join) => join.phase)).toEqual(['verified', 'verified', 'waiting']);
  });

  test('but never with a tolerance of null', async () => {
    const { cluster, service, copies } = await begun({ forecastTolerance: null });
    expect(await copies(1)).toBe(true);
    busy(cluster);
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
  });
});

describe('time windows', () => {
  test('batches begin inside them only, the next one is told, and a running sync is not cut', async () => {
    const start = Date.parse('2026-11-23T21:59:00Z');
    const cluster = createCluster({ seed: 1, dataScale: (4000 * MB) / (500 * 190), now: start });
    fill(cluster, { master: 'm', nodes: ['n1', 'n2'] }, '3.5.4');
    const service = virtualService(cluster);
    // A copy takes three minutes, the window lasts one.
    await service.accept('e', 'm', ['n1', 'n2'], {
      windows: [
        { from: '22:00', to: '22:01', timeZone: 'UTC' },
        { from: '22:10', to: '22:11', timeZone: 'UTC' },
      ],
    });
    service.startProcess();
    await service.until(async () => (await service.get('e')).joins[0]!.waitingFor !== null, minute);
    expect((await service.get('e')).joins[0]!.waitingFor?.text).toContain('opens at Mon 23 Nov 22:00 (UTC)');
    expect(await service.until(() => service.ended('e'), 60 * minute)).toBe(true);
    const attached = (await service.events('e'))
      .filter((event) => event.type === 'node.attempt')
      .map((event) => new Date(event.at).toISOString().slice(0, 16));
    expect(attached).toEqual(['2026-11-23T22:00', '2026-11-23T22:10']);
    const [first] = (await service.get('e')).joins;
    expect(first!.attempts).toHaveLength(1);
    expect(first!.attempts[0]!.endedAt! - first!.attempts[0]!.startedAt).toBeGreaterThan(2 * minute);
    expect((await service.get('e')).state).toBe('succeeded');
  });
});

/** The most full syncs that ran at any moment. */
function mostAtOnce(cluster: Cluster, masters: readonly string[]): () => number {
  let most = 0;
  cluster.world.clock.after(0, function watch() {
    most = Math.max(most, masters.flatMap((id) => cluster.observe(id).slavesInFullSync).length);
    cluster.world.clock.after(250, watch);
  });
  return () => most;
}

describe('slots', () => {
  const run = async (slots: SlotLimits): Promise<{ most: number; waits: string[] }> => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1', 'n2'], host: 'one' });
    fill(cluster, { master: 'w', nodes: ['n3', 'n4'], host: 'one' });
    const most = mostAtOnce(cluster, ['m', 'w']);
    const service = virtualService(cluster, { slots });
    await service.accept('e', 'm', ['n1', 'n2'], { batchSize: 2 });
    await service.accept('f', 'w', ['n3', 'n4'], { batchSize: 2 });
    // Two processes: what counts is what the store says, not what one of them knows.
    service.startProcess();
    service.startProcess();
    expect(await service.until(() => service.ended('e', 'f'), 30 * minute)).toBe(true);
    expect([(await service.get('e')).state, (await service.get('f')).state]).toEqual([
      'succeeded',
      'succeeded',
    ]);
    const events = [...(await service.events('e')), ...(await service.events('f'))];
    const waits = events.filter((event) => event.type === 'node.waiting').map((event) => event.text);
    return { most: most(), waits };
  };

  test('without limits two expansions of two nodes run side by side', async () => {
    expect((await run(noSlotLimits)).most).toBe(4);
  });

  test.each([
    ['total', 3],
    ['perNodeHost', 2],
    ['perMasterHost', 1],
  ] as const)('never more full syncs than slots.%s allows, over all workers', async (name, limit) => {
    const { most, waits } = await run({ ...noSlotLimits, [name]: limit });
    expect(most).toBe(limit);
    expect(waits.some((text) => text.includes(`slots.${name}`))).toBe(true);
  });
});

describe('a budget of bandwidth', () => {
  const started = async (version: '3.5.4' | '4.0.1' = '4.0.1', budget = 8 * MB) => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1', 'n2'] }, version);
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1', 'n2'], { bandwidthBytesPerSecond: budget });
    const process = service.startProcess();
    const transferring = (): Promise<boolean> =>
      service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', minute);
    return { cluster, service, process, transferring };
  };
  const sharedOut = (cluster: Cluster): number => outgoingBytesPerSecond(cluster.node('m'));

  test('is kept by all nodes together, and their own throttles are put back at the end', async () => {
    const { cluster, service } = await started();
    let most = 0;
    let over = 0;
    cluster.world.clock.after(0, function watch() {
      const now = sharedOut(cluster);
      most = Math.max(most, now);
      // The moment in which a second node begins, until the first one's throttle follows.
      if (now > 8 * MB * 1.05) over += 1;
      cluster.world.clock.after(100, watch);
    });
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    expect(most).toBeGreaterThan(7 * MB);
    expect(over).toBeLessThan(40);
    expect(['n1', 'n2'].map((id) => throttleOf(cluster, id))).toEqual(['20000000', '20000000']);
    expect((await service.get('e')).joins.map((join) => join.borrowed?.state)).toEqual([
      'restored',
      'restored',
    ]);
  });

  test('is shared with the expansions of other masters on the same host', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1'], host: 'one' });
    fill(cluster, { master: 'w', nodes: ['n2'], host: 'one' });
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1'], { bandwidthBytesPerSecond: 8 * MB });
    await service.accept('f', 'w', ['n2'], { bandwidthBytesPerSecond: 8 * MB });
    service.startProcess();
    const samples: number[] = [];
    cluster.world.clock.after(0, function watch() {
      const rates = ['m', 'w'].map((id) => outgoingBytesPerSecond(cluster.node(id)));
      if (rates.every((rate) => rate > 0)) samples.push(rates[0]! + rates[1]!);
      cluster.world.clock.after(100, watch);
    });
    expect(await service.until(() => service.ended('e', 'f'), 30 * minute)).toBe(true);
    // Each learns of the other within its next second.
    const settled = samples.slice(30);
    expect(settled.length).toBeGreaterThan(100);
    expect(Math.max(...settled)).toBeLessThanOrEqual(8 * MB * 1.05);
    expect(Math.min(...settled)).toBeGreaterThan(7 * MB);
  });

  test('the old value is stored before the change', async () => {
    const { cluster, service } = await started('3.5.4');
    await service.until(async () => throttleOf(cluster, 'n1') !== '20000000', minute);
    expect((await service.get('e')).joins[0]!.borrowed).toMatchObject({ old: '20000000', state: 'borrowed' });
  });

  test('on cancel the throttle is put back before the expansion ends', async () => {
    const { cluster, service, transferring } = await started();
    await transferring();
    await service.store.addControl('e', {
      id: 'c',
      verb: 'cancel',
      node: null,
      reason: 'enough',
      by: 'test',
      at: 0,
    });
    expect(await service.until(() => service.ended('e'), 10 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('cancelled');
    expect(['n1', 'n2'].map((id) => throttleOf(cluster, id))).toEqual(['20000000', '20000000']);
  });

  test('after a crash of the worker the next one puts it back', async () => {
    const { cluster, service, process, transferring } = await started();
    await transferring();
    process.kill();
    cluster.advance(5 * minute);
    expect(throttleOf(cluster, 'n1')).not.toBe('20000000');
    service.startProcess();
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    expect(['n1', 'n2'].map((id) => throttleOf(cluster, id))).toEqual(['20000000', '20000000']);
  });

  test.each(['3.5.4', '4.0.1'] as const)(
    'on %s after a restart of the node too, in its memory and in its file',
    async (version) => {
      const { cluster, service, transferring } = await started(version);
      await transferring();
      cluster.fault.crash('n1');
      await service.until(() => false, 5000);
      cluster.fault.restart('n1');
      expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
      expect((await service.get('e')).state).toBe('succeeded');
      expect(throttleOf(cluster, 'n1')).toBe('20000000');
      cluster.fault.crash('n1');
      cluster.fault.restart('n1');
      expect(throttleOf(cluster, 'n1')).toBe('20000000');
    },
  );

  test('a value that somebody else has set meanwhile is left, and reported', async () => {
    const { cluster, service, transferring } = await started('3.5.4');
    await transferring();
    cluster.execute('n1', ['CONFIG', 'SET', 'throttle-bytes-per-second', '12345678']);
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect(throttleOf(cluster, 'n1')).toBe('12345678');
    expect((await service.get('e')).joins[0]!.borrowed?.state).toBe('left');
    const left = (await service.events('e')).find((event) => event.type === 'node.setting_left');
    expect(left?.text).toContain('12345678');
    expect(left?.text).toContain('it was 20000000');
  });

  test('a node that never comes back keeps it, and the operator is told what to do', async () => {
    const { cluster, service, transferring } = await started('3.5.4');
    await transferring();
    cluster.fault.crash('n1');
    await service.until(
      async () => (await service.events('e')).some((event) => event.type === 'node.setting_lost'),
      20 * minute,
    );
    const lost = (await service.events('e')).find((event) => event.type === 'node.setting_lost');
    expect(lost?.text).toContain('CONFIG SET throttle-bytes-per-second 20000000');
  });
});

describe('a throttle that could not be put back, or not be set', () => {
  test('is still the old one when the node is tried again after it came back', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1'] }, '3.5.4');
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1'], { bandwidthBytesPerSecond: 8 * MB, maxAttempts: 1 });
    service.startProcess();
    const state = async (): Promise<string | undefined> => (await service.get('e')).joins[0]!.borrowed?.state;
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', minute);
    cluster.fault.crash('n1');
    expect(await service.until(async () => (await state()) === 'lost', 20 * minute)).toBe(true);
    cluster.fault.restart('n1');
    expect(throttleOf(cluster, 'n1')).toBe(String(8 * MB));
    await service.store.addControl('e', {
      id: 'c',
      verb: 'retry',
      node: service.target('n1').name,
      reason: 'it is back',
      by: 'test',
      at: 0,
    });
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    expect(throttleOf(cluster, 'n1')).toBe('20000000');
  });

  test('is told once, and asked for once', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1'] });
    const perform = cluster.perform.bind(cluster);
    cluster.perform = (id, argv, session) =>
      argv[1]?.toLowerCase() === 'set'
        ? { reply: { error: 'NOPERM this user has no permissions' }, readyAt: cluster.now() }
        : perform(id, argv, session);
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1'], { bandwidthBytesPerSecond: 8 * MB });
    service.startProcess();
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    const told = (await service.events('e')).filter((event) => event.type.startsWith('node.setting'));
    expect(told.map(({ type }) => type)).toEqual(['node.setting', 'node.setting_refused']);
    expect(told[1]!.text).toMatch(/NOPERM .* It stays at 20\.0 MB\/s\.$/);
  });

  test('a freeze does not keep it from being put back', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1', 'n2'] }, '3.5.4');
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1', 'n2'], { bandwidthBytesPerSecond: 8 * MB });
    service.startProcess();
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', minute);
    await service.store.freeze({ reason: 'works', by: 'test' });
    const back = (): boolean => throttleOf(cluster, 'n1') === '20000000';
    expect(await service.until(back, 30 * minute)).toBe(true);
    expect((await service.get('e')).joins[1]!.attempts).toHaveLength(0);
  });
});

describe('throttle by health', () => {
  const latencyMs = (outgoing: number): number => 1 + (outgoing / MB) * 2;
  const limitMs = 40;

  test('keeps the p99 of a master whose latency rises with what it sends under the limit, and uses most of what that allows', async () => {
    const cluster = createCluster({ seed: 1, dataScale: (4000 * MB) / (500 * 190) });
    cluster.addNode({
      id: 'm',
      host: hostOf('m'),
      version: '4.0.1',
      binlogAt: { file: 12, offset: 0 },
      replyDelayMs: latencyMs,
    });
    cluster.load('m', { strings: 400, hashes: 100, valueBytes: 100, outsideBinlog: true });
    for (const id of ['n1', 'n2'])
      cluster.addNode({
        id,
        host: hostOf(id),
        version: '4.0.1',
        config: { 'throttle-bytes-per-second': 100 * MB },
      });
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1', 'n2'], {
      health: { masterLatencyMs: limitMs },
      bandwidthBytesPerSecond: 60 * MB,
    });
    const samples: number[] = [];
    cluster.world.clock.after(0, function watch() {
      const outgoing = outgoingBytesPerSecond(cluster.node('m'));
      const copying = ['n1', 'n2'].filter((id) => cluster.observe(id).states.db0 === 'WaitDBSync');
      if (outgoing > 0 && copying.length === 2) samples.push(outgoing);
      cluster.world.clock.after(100, watch);
    });
    service.startProcess();
    expect(await service.until(() => service.ended('e'), 60 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    const allowed = ((limitMs - 1) / 2) * MB;
    const latencies = samples.map(latencyMs).sort((a, b) => a - b);
    const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length;
    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(limitMs);
    expect(mean / allowed).toBeGreaterThan(0.8);
  });

  test('a command rate over its limit holds batches back, without a break, until it is within', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1'] });
    let busy = true;
    cluster.world.clock.after(0, function clients() {
      if (!busy) return;
      for (let i = 0; i < 50; i += 1) cluster.execute('m', ['PING']);
      cluster.world.clock.after(100, clients);
    });
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1'], { health: { commandsPerSecond: 300 } });
    service.startProcess();
    await service.until(() => false, minute);
    const [node] = (await service.get('e')).joins;
    expect(node!.attempts).toHaveLength(0);
    // The clients' 500, and the looks before the first node.
    expect(node!.waitingFor?.text).toMatch(
      /command rate of the master \(per second\) is [56]\d\d, its limit 300/,
    );
    busy = false;
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    const types = (await service.events('e')).map((event) => event.type);
    expect(types.filter((type) => type.startsWith('health.'))).toEqual(['health.over', 'health.calm']);
  });

  test('the lag of a slave that was there before holds batches back until it has caught up', async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1', 'before'] });
    const { host, port } = cluster.node('m');
    cluster.execute('before', ['SLAVEOF', host, String(port)]);
    cluster.advanceUntil(() => cluster.observe('before').states.db0 === 'Connected', 5 * minute);
    let behind = 25 * MB;
    const perform = cluster.perform.bind(cluster);
    cluster.perform = (id, argv, session) => {
      const outcome = perform(id, argv, session);
      const { reply } = outcome;
      if (id !== 'm' || typeof reply !== 'string') return outcome;
      const lagging = (line: string): string => line.replace(/\(db0:0\)/, `(db0:${behind})`);
      return { ...outcome, reply: reply.replace(new RegExp(`ip=${hostOf('before')},.*`), lagging) };
    };
    const service = virtualService(cluster);
    await service.accept('e', 'm', ['n1'], { health: { slaveLagBytes: 10 * MB } });
    service.startProcess();
    await service.until(() => false, minute);
    const [node] = (await service.get('e')).joins;
    expect(node!.attempts).toHaveLength(0);
    expect(node!.waitingFor?.text).toBe(
      'the lag of a slave that was there before (bytes) is 25000000, its limit 10000000',
    );
    behind = 0;
    expect(await service.until(() => service.ended('e'), 60 * minute)).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
  });

  test("an operator's figure over its limit holds batches back, with value and limit, until it is within", async () => {
    const cluster = cluster400MB();
    fill(cluster, { master: 'm', nodes: ['n1'] });
    let figure = 9;
    const service = virtualService(cluster, { readFigure: async () => figure });
    await service.accept('e', 'm', ['n1'], {
      health: { endpoint: { url: 'http://127.0.0.1:1/load', limit: 5 } },
    });
    service.startProcess();
    await service.until(
      async () => (await service.get('e')).joins[0]!.waitingFor?.text.includes('limit') === true,
      minute,
    );
    expect((await service.get('e')).joins[0]!.waitingFor?.text).toBe(
      "the operator's own figure is 9, its limit 5",
    );
    expect((await service.get('e')).joins[0]!.attempts).toHaveLength(0);
    figure = 1;
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    const events = await service.events('e');
    expect(events.map(({ type }) => type)).toContain('health.over');
    expect(events.find(({ type }) => type === 'health.calm')?.text).toMatch(/is 1, its limit 5/);
  });
});
