import { appendFile, mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replayFile } from '../../src/replay/index.ts';
import { record } from '../../src/replay/record.ts';
import {
  type Cluster,
  createCluster,
  type ServedCluster,
  scaleTimers,
  serveCluster,
} from '../../src/simulator/index.ts';
import { until } from '../support/until.ts';

const password = 'of-the-record-test';
let cluster: Cluster;
let served: ServedCluster;
let folder: string;
let asked: string[];
let rows: string[];
let ending: AbortController;
let recording: ReturnType<typeof record>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-record-'));
  cluster = createCluster({ seed: 1, timers: scaleTimers(0.1), dataScale: 100 });
  const config = {
    'throttle-bytes-per-second': 40_000_000,
    requirepass: password,
    userpass: password,
    masterauth: password,
  };
  cluster.addNode({ id: 'm', version: '3.5.4', config, binlogAt: { file: 20, offset: 0 } });
  cluster.addNode({ id: 's1', version: '3.5.4', config });
  cluster.load('m', { strings: 2000 });
  served = await serveCluster(cluster);
  [asked, rows] = [[], []];
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await recording;
  await served.close();
  await rm(folder, { recursive: true });
});

const addressOf = (id: string) => {
  const [host, port] = served.addresses[id]!.split(':') as [string, string];
  return { host, port: Number(port) };
};
function start(given: { password?: string; logs?: ReadonlyMap<string, string> } = {}): void {
  recording = record({
    master: addressOf('m'),
    nodes: [addressOf('s1')],
    password: given.password ?? password,
    everyMs: 50,
    logs: given.logs ?? new Map(),
    write: (row) => rows.push(row),
    signal: ending.signal,
  });
}
const setThrottle = (bytesPerSecond: number) =>
  cluster.execute('s1', ['CONFIG', 'SET', 'throttle-bytes-per-second', String(bytesPerSecond)]);
const parsed = () => rows.map((row) => JSON.parse(row));
const saidBy = (node: string, text: string) =>
  parsed().some((row) => row.node === node && row.raw?.includes(text));
async function replayed() {
  ending.abort();
  await recording;
  const path = join(folder, 'recording.jsonl');
  await writeFile(path, rows.join('\n'));
  return replayFile(path);
}

it('holds what replay needs to judge a full sync of which it saw no SLAVEOF', async () => {
  start();
  await until(() => saidBy('m', 'role:master') && saidBy('s1', 'role:master'), { withinMs: 30_000 });
  // On a busy machine a copy of half a second can begin and end between two looks.
  setThrottle(100_000);
  cluster.execute('s1', ['SLAVEOF', '127.0.0.1', String(addressOf('m').port)]);
  await until(() => saidBy('s1', 'WaitDBSync'), { withinMs: 60_000 });
  setThrottle(40_000_000);
  await until(() => saidBy('s1', 'master_link_status:up') && saidBy('m', 'db0:0'), { withinMs: 60_000 });
  const { s1 } = await replayed();
  expect(s1).toMatchObject({ anomalies: [] });
  expect(s1!.fullSync).not.toBe('incomplete');
  expect(s1!.phases.map(([phase]) => phase)).toEqual(expect.arrayContaining(['catching_up']));
  expect(s1!.receivedBytes! / s1!.snapshotBytes!).toBeGreaterThan(0.9);
});

it('writes the password nowhere, also where the servers refuse it, and goes on asking', async () => {
  start({ password: `${password}-wrong` });
  await until(() => rows.length >= 3, { withinMs: 30_000 });
  expect(parsed().slice(1)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ node: 'm', error: expect.stringMatching(/password|WRONGPASS/i) }),
    ]),
  );
  expect(rows.join('\n')).not.toContain(password);
});

it('takes the password out of a log that repeats it', async () => {
  const log = join(folder, 'pika.INFO');
  await writeFile(log, '');
  start({ logs: new Map([['s1', log]]) });
  await until(() => rows.length > 1, { withinMs: 30_000 });
  const line = `I20261128 03:54:00.076643 17533 pika_rm.cc:510] DB: db0 Need Wait To Sync`;
  await appendFile(log, `${line.replace('db0', `db${password}`)}\n${line}\n`);
  await until(() => parsed().some((row) => row.log), { withinMs: 30_000 });
  expect(rows.join('\n')).not.toContain(password);
});

it('names the servers that never answered, and what came instead', async () => {
  start();
  cluster.fault.crash('s1');
  await until(() => parsed().some((row) => row.node === 's1' && row.error), { withinMs: 30_000 });
  await until(() => saidBy('m', 'role:master'), { withinMs: 30_000 });
  ending.abort();
  expect(await recording).toEqual([{ node: 's1', error: expect.stringContaining('ECONNREFUSED') }]);
});

it('records that a server is away, and what it says after its return', async () => {
  start();
  await until(() => saidBy('s1', 'role:master'), { withinMs: 30_000 });
  cluster.fault.crash('s1');
  await until(() => parsed().some((row) => row.node === 's1' && row.error), { withinMs: 30_000 });
  const away = rows.length;
  cluster.fault.restart('s1');
  await until(
    () =>
      parsed()
        .slice(away)
        .some((row) => row.node === 's1' && row.section === 'replication'),
    {
      withinMs: 30_000,
    },
  );
});

it('follows a log by its name, through rotation and truncation, and takes the lines that tell of full syncs', async () => {
  const line = (text: string) => `I20261128 03:54:00.076643 17533 pika_rm.cc:510] ${text}\n`;
  const link = join(folder, 'pika.INFO');
  await writeFile(join(folder, 'first'), line('DB: db0 Need Wait To Sync'));
  await symlink('first', link);
  start({ logs: new Map([['s1', link]]) });
  await until(() => saidBy('s1', 'role:master'), { withinMs: 30_000 });
  const logged = () => parsed().flatMap((row) => (row.log ? [row.log] : []));
  await appendFile(
    join(folder, 'first'),
    `${line('accept new conn')}${line('ActivateRsync ...').slice(0, 20)}`,
  );
  await appendFile(join(folder, 'first'), line('ActivateRsync ...').slice(20));
  await until(() => logged().length === 1, { withinMs: 30_000 });
  await writeFile(join(folder, 'second'), `${line('DB: db0 TrySync Ok')}${line('accept new conn')}`);
  await symlink('second', join(folder, 'new'));
  await rename(join(folder, 'new'), link);
  await until(() => logged().length === 2, { withinMs: 30_000 });
  await writeFile(join(folder, 'second'), '');
  await appendFile(join(folder, 'second'), line('RsyncClient stop ...'));
  await until(() => logged().length === 3, { withinMs: 30_000 });
  // Truncated, and longer than before when it is looked at again.
  await writeFile(
    join(folder, 'second'),
    `${line('accept new conn').repeat(3)}${line('DB: db0 TrySync Ok')}`,
  );
  await until(() => logged().length === 4, { withinMs: 30_000 });
  expect(logged()).toEqual([
    'I pika_rm.cc:510 ActivateRsync ...',
    'I pika_rm.cc:510 DB: db0 TrySync Ok',
    'I pika_rm.cc:510 RsyncClient stop ...',
    'I pika_rm.cc:510 DB: db0 TrySync Ok',
  ]);
  await unlink(link);
  expect(await readFile(join(folder, 'second'), 'utf8')).not.toBe('');
});

it('sends nothing but AUTH, INFO and LASTSAVE', async () => {
  const perform = cluster.perform;
  cluster.perform = (id, words, session) => {
    asked.push(words[0]!.toUpperCase());
    return perform(id, words, session);
  };
  start();
  await until(() => saidBy('m', 'role:master'), { withinMs: 30_000 });
  expect(new Set(asked)).toEqual(new Set(['AUTH', 'INFO', 'LASTSAVE']));
});
