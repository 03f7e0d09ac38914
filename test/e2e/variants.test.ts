/** What real clusters have, on real Pika (see pika.test.ts): passwords, several DBs, every type, keys that expire. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChainableCommander } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startService } from '../../src/main.ts';
import { type PikaNode, startPika } from '../support/pika.ts';
import { expand, pikaMissing, type Rig, stopRig } from './rig.ts';

const binary = process.env.PIKA_BIN;
const firstPort = Number(process.env.PIKA_E2E_PORT ?? 17_100) + 200;
const password = 'pass word:of-the:nodes';
const dbs = 3;
const collections = 2000;
const strings = 60_000;
const filler = 'v'.repeat(1000);

if (pikaMissing) console.log(`test/e2e/variants.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('variants on real Pika', { timeout: 600_000 }, () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await startGuardedRig();
    for (let db = 0; db < dbs; db++) await fill(rig.master, db);
  }, 300_000);

  afterEach(() => stopRig(rig), 120_000);

  it('passwords, three DBs, every type and expiries: every node ends verified, alike to the last member', async () => {
    const ended = await expand(rig, rig.slaves);
    expect([ended.state, ended.joins.map(({ phase }) => phase)]).toEqual([
      'succeeded',
      ['verified', 'verified'],
    ]);
    for (let db = 0; db < dbs; db++) {
      const master = await contentOf(rig.master, db);
      expect(master.size).toBe(strings / dbs + 5 * collections);
      const notFound = [...master].filter(([key, value]) => !key.startsWith('empty') && isVoid(value));
      expect(notFound).toEqual([]);
      for (const slave of rig.slaves) {
        const content = await contentOf(slave, db);
        const wrong = [...master].filter(([key, value]) => content.get(key) !== value).map(([key]) => key);
        expect([slave.name, db, content.size, wrong]).toEqual([slave.name, db, master.size, []]);
      }
    }
    console.log(
      `${dbs} DBs, ${dbs * (strings / dbs + 5 * collections)} keys of 5 types on each of 2 nodes: alike`,
    );
  });
});

/** A master and two nodes that ask for a password, and a service that knows it. */
async function startGuardedRig(): Promise<Rig> {
  const settings = {
    'throttle-bytes-per-second': 10 * 1024 * 1024,
    databases: dbs,
    requirepass: password,
    masterauth: password,
    userpass: password,
  };
  const [master, ...slaves] = (await Promise.all(
    [0, 1, 2].map((i) => startPika({ binary: binary!, port: firstPort + 10 * i, settings, password })),
  )) as [PikaNode, ...PikaNode[]];
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-e2e-'));
  const service = await startService({ dataDir, port: 0, logLevel: 'error' }, { PIKA_PASSWORD: password });
  return { master, slaves, service, dataDir, writes: null };
}

/**
 * Strings, some that expire in a day, and collections of each type, with odd names and members. No zero bytes in names: 4.0.1
 * forgets what follows them (docs/comparison.md).
 */
async function fill(node: PikaNode, db: number): Promise<void> {
  await node.send('SELECT', db);
  await inPipelines(node, strings / dbs, (pipeline, i) => {
    pipeline.set(`string:${db}:${i}`, `${db}:${i}:${filler}`);
    if (i % 10 === 0) pipeline.expire(`string:${db}:${i}`, 86_400);
  });
  await inPipelines(node, collections, (pipeline, i) => {
    const name = (type: string) => `${type}:${db}:${i}: \u0001\r\n é中`;
    pipeline.hmset(name('hash'), 'a', i, 'b', `\r\n${i}`);
    pipeline.rpush(name('list'), 'x', i, 'x');
    pipeline.sadd(name('set'), 'm', i, '');
    pipeline.zadd(name('zset'), 1.5, 'm', i, 'n');
    pipeline.set(name('empty'), '');
  });
}

async function inPipelines(
  node: PikaNode,
  count: number,
  add: (pipeline: ChainableCommander, i: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const pipeline = node.client.pipeline();
    for (let i = from; i < Math.min(count, from + 500); i++) add(pipeline, i);
    const failed = (await pipeline.exec())!.find(([error]) => error !== null);
    if (failed) throw failed[0];
  }
}

const readers: Readonly<Record<string, (pipeline: ChainableCommander, key: string) => unknown>> = {
  string: (pipeline, key) => pipeline.get(key),
  hash: (pipeline, key) => pipeline.hgetall(key),
  list: (pipeline, key) => pipeline.lrange(key, 0, -1),
  set: (pipeline, key) => pipeline.smembers(key),
  zset: (pipeline, key) => pipeline.zrange(key, '0', '-1', 'WITHSCORES'),
};

/** What a reader says of a key that it does not find. */
const isVoid = (value: string): boolean => /^\[(?:null|""|\[\]|\{\}),/.test(value);

/** Everything that a node holds in one DB, as text by key; read by a client that is not the product's. */
async function contentOf(node: PikaNode, db: number): Promise<Map<string, string>> {
  await node.send('SELECT', db);
  const keys = new Set<string>();
  for (let cursor = ''; cursor !== '0'; ) {
    const [next, page] = (await node.send('SCAN', cursor || '0', 'COUNT', 10_000)) as [string, string[]];
    for (const key of page) keys.add(key);
    cursor = next;
  }
  const content = new Map<string, string>();
  const names = [...keys];
  for (let from = 0; from < names.length; from += 500) {
    const page = names.slice(from, from + 500);
    const pipeline = node.client.pipeline();
    for (const key of page) {
      const type = key.startsWith('empty') ? 'string' : key.slice(0, key.indexOf(':'));
      readers[type]!(pipeline, key);
      pipeline.ttl(key);
    }
    const replies = (await pipeline.exec())!;
    page.forEach((key, i) => {
      const [value, ttl] = [replies[2 * i]![1], replies[2 * i + 1]![1] as number];
      const unordered = key.startsWith('set:') ? [...(value as string[])].sort() : value;
      content.set(key, JSON.stringify([unordered, ttl > 0 ? 'expires' : 'stays']));
    });
  }
  return content;
}
