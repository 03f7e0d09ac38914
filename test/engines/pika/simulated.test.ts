import { afterEach, expect, test } from 'vitest';
import { createPikaEngine } from '../../../src/engines/pika/engine.ts';
import type { Address, Look } from '../../../src/model/observation.ts';
import {
  bulkText,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
  simulatedVersions,
} from '../../../src/simulator/index.ts';

const served: ServedCluster[] = [];
afterEach(async () => {
  await Promise.all(served.splice(0).map((each) => each.close()));
});

const sections = ['server', 'replication', 'stats', 'lastsave', 'sizes', 'config', 'data', 'keys'] as const;

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function answered(look: Look) {
  if (look.kind !== 'answered') throw new Error(JSON.stringify(look));
  return look.facts;
}

test.each(simulatedVersions)(
  'a simulated %s is read, known for what it is, attached and detached',
  async (version) => {
    const cluster = createCluster({ seed: 1, timers: fastTimers });
    cluster.addNode({ id: 'm', version });
    cluster.addNode({ id: 's', version });
    cluster.load('m', { strings: 50 });
    const up = await serveCluster(cluster, { timeScale: 20 });
    served.push(up);
    const engine = createPikaEngine();
    const connect = (id: string) => {
      const address = addressOf(up.addresses[id]!);
      return engine.connect({ name: id, address, seenAs: address, credential: null }, null);
    };
    const [master, slave] = [connect('m'), connect('s')];
    const look = async (connection: typeof master) =>
      answered(await connection.look({ sections, timeoutMs: 10_000 }));
    try {
      const facts = await look(master);
      const found = engine.capabilities(facts);
      expect(found.version).toBe(version);
      expect(found.canProveFullSync).toBe(true);
      expect(facts.holdsKeys).toBe(true);
      expect(facts.sizes !== undefined).toBe(found.hasRocksdbSizes);
      expect(facts.lastSaveUnixSeconds !== undefined).toBe(found.hasLastSave);
      expect(facts.dbSizeBytes !== undefined).toBe(!found.infoDataIsCostly);
      expect((facts.stats?.replInputBytes ?? null) !== null).toBe(found.hasReplByteCounters);
      expect((await look(slave)).holdsKeys).toBe(false);

      const at = addressOf(up.addresses.m!);
      expect(await slave.command({ kind: 'slaveof', master: at, force: true }, 10_000)).toMatchObject({
        outcome: 'ok',
      });
      await expect
        .poll(async () => (await look(slave)).replication?.linkStatus, { timeout: 30_000 })
        .toBe('up');
      expect(Object.values((await look(slave)).replication!.dbStates)).toEqual(['Connected']);
      expect((await look(master)).replication!.slaves).toHaveLength(1);
      expect((await look(slave)).holdsKeys).toBe(true);

      expect(await slave.command({ kind: 'slaveof_no_one' }, 10_000)).toMatchObject({ outcome: 'ok' });
      expect((await look(slave)).replication?.role).toBe('master');
      expect((await slave.command({ kind: 'clear_replication_id' }, 10_000)).outcome).toBe(
        found.hasReplicationId ? 'ok' : 'refused',
      );
    } finally {
      master.close();
      slave.close();
    }
  },
);

test('a slave whose copy could not be moved into place is asked for its states and settings, and lives on', async () => {
  const cluster = createCluster({ seed: 1 });
  cluster.addNode({ id: 'm', version: '3.5.4' });
  cluster.addNode({ id: 's', version: '3.5.4', copiesOnAnotherMount: true });
  cluster.load('m', { strings: 50 });
  cluster.execute('s', ['SLAVEOF', '127.0.0.1', String(cluster.node('m').port)]);
  const shown = () => bulkText(cluster.execute('s', ['INFO', 'replication']));
  expect(cluster.advanceUntil(() => shown().includes('Error'), 60_000)).toBe(true);
  const up = await serveCluster(cluster, { timeScale: 0.001 });
  served.push(up);
  const address = addressOf(up.addresses.s!);
  const slave = createPikaEngine().connect({ name: 's', address, seenAs: address, credential: null }, null);
  try {
    const facts = answered(await slave.look({ sections, timeoutMs: 10_000 }));
    expect(facts.replication?.dbStates).toEqual({ db0: 'Error' });
    expect(facts.config?.binlogFileSizeBytes).toBeGreaterThan(0);
    expect([facts.stats, facts.sizes, facts.holdsKeys]).toEqual([undefined, undefined, undefined]);
    expect(cluster.observe('s').alive).toBe(true);
  } finally {
    slave.close();
  }
});
