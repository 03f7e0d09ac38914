import { type AddressInfo, connect, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type Cluster,
  createCluster,
  createDemoCluster,
  type ServedCluster,
  scaleTimers,
  serveCluster,
} from '../../src/simulator/index.ts';

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function serve(cluster: Cluster): Promise<ServedCluster> {
  const served = await serveCluster(cluster);
  open.push(served);
  return served;
}

function client(served: ServedCluster, id: string): Redis {
  const [host, port] = served.addresses[id]!.split(':');
  const redis = new Redis({
    host: host!,
    port: Number(port),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: () => 20,
    maxRetriesPerRequest: 100,
  });
  redis.on('error', () => {});
  open.push({ close: () => redis.disconnect() });
  return redis;
}

const quick = scaleTimers(0.02);
const until = { timeout: 20_000, interval: 10 };

test('a slave joins over TCP: a healthy full sync, all keys there', async () => {
  const cluster = createDemoCluster({ timers: quick, transferMs: 100, keys: 1200, emptyNodes: 1 });
  const served = await serve(cluster);
  const [m, n1] = [client(served, 'm'), client(served, 'n1')];
  const [host, port] = served.addresses.m!.split(':');
  expect(await n1.slaveof(host!, Number(port))).toBe('OK');
  await vi.waitFor(
    async () => expect(await n1.info('replication')).toContain('master_link_status:up'),
    until,
  );
  expect(await m.info('replication')).toMatch(/slave0:ip=127\.0\.0\.1,port=\d+,conn_fd=\d+,lag=\(db0:\d+\)/);
  cluster.fault.pauseWrites('m');
  await vi.waitFor(() => expect(cluster.observe('n1').missing).toBe(0), until);
  const key = 'key:strings:000000007';
  expect(await n1.get(key)).toBe(await m.get(key));
  expect(await n1.set('x', '1').catch((error: Error) => error.message)).toBe('ERR Server in read-only');
});

test('a burst of SLAVEOFs over TCP loses keys on 3.5.4 though every link says up', async () => {
  const cluster = createDemoCluster({ timers: quick, transferMs: 600, keys: 1200, emptyNodes: 2 });
  cluster.fault.nextSuperseded('n1', 'loss');
  const served = await serve(cluster);
  const [host, port] = served.addresses.m!.split(':');
  const [m, n1, n2] = ['m', 'n1', 'n2'].map((id) => client(served, id)) as [Redis, Redis, Redis];
  const bytes = async (): Promise<number> =>
    Number(/total_net_repl_input_bytes:(\d+)/.exec(await n1.info('stats'))![1]);
  await n1.config('SET', 'throttle-bytes-per-second', '20000000');
  await n1.slaveof(host!, Number(port));
  await vi.waitFor(async () => expect(await bytes()).toBeGreaterThan(1_000_000), until);
  await n2.slaveof(host!, Number(port));
  for (const node of [n1, n2])
    await vi.waitFor(async () => expect(await node.info('replication')).toContain('link_status:up'), until);
  expect(cluster.observe('n1').lost).toBeGreaterThan(500);
  expect(cluster.observe('n2').lost).toBe(0);
  expect(cluster.observe('m').dumpsMade).toBe(2);
  expect(await m.lastsave()).toBeGreaterThan(0);
});

test('a crashed node refuses connections and comes back at the same port', async () => {
  const cluster = createCluster({ seed: 1, timers: quick });
  cluster.addNode({ id: 'a' });
  const served = await serve(cluster);
  const a = client(served, 'a');
  expect(await a.ping()).toBe('PONG');
  cluster.fault.crash('a');
  const [host, port] = served.addresses.a!.split(':');
  const refused = await new Promise((resolve) => {
    connect(Number(port), host!).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  expect(refused).toBe('ECONNREFUSED');
  cluster.fault.restart('a');
  await vi.waitFor(async () => expect(await a.ping()).toBe('PONG'), until);
});

test('the port of a dead node is given to no other program', async () => {
  const cluster = createCluster({ seed: 1, timers: quick });
  for (let n = 0; n < 20; n += 1) cluster.addNode({ id: `n${n}` });
  const { addresses } = await serve(cluster);
  // A port that a client was connected to stays its own for a minute anyway.
  for (const id of Object.keys(addresses)) cluster.fault.crash(id);
  const ports = Object.values(addresses).map((address) => Number(address.split(':')[1]));
  for (let given = 0; given < 4000; given += 1) expect(ports).not.toContain(await aFreePort());
});

const aFreePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

test('a stalled node answers late, in order, and nothing is lost', async () => {
  const cluster = createCluster({ seed: 1, timers: quick });
  cluster.addNode({ id: 'a' });
  const served = await serve(cluster);
  const a = client(served, 'a');
  await a.ping();
  cluster.fault.stall('a', 300);
  const before = performance.now();
  const replies = await Promise.all([a.set('k', '1'), a.incr('k'), a.get('k')]);
  expect(replies).toEqual(['OK', 2, '2']);
  expect(performance.now() - before).toBeGreaterThan(250);
});

test('time runs faster by timeScale, and faults from outside act at once', async () => {
  const cluster = createCluster({ seed: 1, dataScale: 10_000, defaults: { config: slowest } });
  cluster.addNode({ id: 'm', binlogAt: { file: 9, offset: 0 } });
  cluster.addNode({ id: 'n1' });
  cluster.load('m', { strings: 100 });
  const served = await serveCluster(cluster, { timeScale: 20 });
  open.push(served);
  const n1 = client(served, 'n1');
  const [virtual, real] = [cluster.now(), performance.now()];
  await n1.slaveof('127.0.0.1', Number(served.addresses.m!.split(':')[1]));
  const says = (word: string): Promise<void> =>
    vi.waitFor(async () => expect(await n1.info('replication')).toContain(word), until);
  await says('WaitDBSync');
  cluster.fault.crash('m');
  await says('NoConnect');
  cluster.fault.restart('m');
  await says('WaitDBSync');
  await n1.config('SET', 'throttle-bytes-per-second', '1000000000');
  await says('master_link_status:up');
  expect(cluster.now() - virtual).toBeGreaterThan(10 * (performance.now() - real));
});

/** A transfer that does not end by itself. */
const slowest = { 'throttle-bytes-per-second': 1 };

test('bytes that are no command get an error and a closed connection', async () => {
  const cluster = createCluster({ seed: 1 });
  cluster.addNode({ id: 'a' });
  const served = await serve(cluster);
  const [host, port] = served.addresses.a!.split(':');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), host!, () => socket.write('*1\r\n$99999999999\r\n'));
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    socket.on('close', () => resolve(text));
  });
  expect(answer).toBe('-ERR Protocol error: invalid bulk length\r\n');
});
