import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import { createDemoCluster, type ServedCluster, serveCluster } from '../../src/simulator/index.ts';
import { Harness, jsonLines } from '../cli/harness.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { Receiver } from '../webhooks/receiver.ts';

const { query } = pg.Client.prototype;
const script = fileURLToPath(new URL('./scripted-producer.mjs', import.meta.url));
vi.setConfig({ testTimeout: 300_000 });
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 150_000 });

/** The service as `serve` runs it, on a real database, with simulated nodes. */
describe('the whole service, by its entrances', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let nodes: ServedCluster;
  let service: Service;
  let receiver: Receiver;
  const stops: (() => unknown)[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createDatabase();
    const cluster = createDemoCluster({ keys: 1200, transferMs: 1000, emptyNodes: 3, writesPerSecond: 1 });
    nodes = await serveCluster(cluster);
    service = await startService(
      { port: 0, logLevel: 'silent' },
      { DATABASE_URL: database.url, PIKA_EXPANDER_OUTGOING: '127.0.0.1' },
    );
    receiver = await new Receiver().start();
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    await service?.close();
    await nodes?.close();
    await receiver?.close();
    await database?.drop();
    await postgres?.stop();
  });

  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const asked = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await patiently(() => fetch(service.url + path, asked));
    expect(response.status).toBeLessThan(300);
    return (await response.json()) as Record<string, string>;
  };

  it('leaves the database alone while nothing happens', async () => {
    let askedAt = performance.now();
    const asked = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
      this: pg.Client,
      ...args: unknown[]
    ) {
      askedAt = performance.now();
      return (query as (...of: unknown[]) => unknown).apply(this, args);
    } as never);
    await until(() => performance.now() - askedAt > 4000, {
      what: 'four seconds in which nobody asks',
      withinMs: 60_000,
    });
    asked.mockRestore();
  });

  it('a job of the queue ends with its node verified, told of by progress and webhooks, held by a veto', async () => {
    receiver.answer = (response, index) => {
      const veto = receiver.received[index]?.headers['pika-expander-event'] === 'before_batch';
      response.writeHead(veto && !released ? 503 : 204).end(veto && !released ? 'peak hours' : undefined);
    };
    let released = false;
    await post('/v1/webhooks', { url: receiver.url, types: ['node.verified'] });
    const veto = await post('/v1/webhooks', { url: receiver.url, kind: 'veto' });

    const node = nodes.addresses.n1;
    const connection = { connectionString: database.url, schema: 'pika_expander_queue' };
    const payload = { master: nodes.addresses.m, nodes: [node] };
    const args = [script, JSON.stringify(connection), 'order-1', JSON.stringify(payload)];
    const producer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    stops.push(() => producer.kill('SIGKILL'));
    const exited = once(producer, 'exit');
    let out = '';
    producer.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk);
    });

    await eventually(() => receiver.received.length).toBeGreaterThan(0);
    const held = async () => (await new Harness().run('show', '--url', service.url)).out;
    await expect.poll(held, { timeout: 150_000 }).toContain('answered 503');
    released = true;
    const newest = () => JSON.stringify(jsonLines(out).at(-1));
    await eventually(newest).toContain('"kind":"result"');
    expect(jsonLines(out).at(-1)?.value).toMatchObject({
      state: 'succeeded',
      nodes: [{ node, verdict: 'verified' }],
    });
    expect(jsonLines(out).find((line) => line.kind === 'progress')).toBeDefined();
    await exited;
    await eventually(() =>
      receiver.received.some(({ headers }) => headers['pika-expander-event'] === 'node.verified'),
    ).toBe(true);
    await patiently(() => fetch(`${service.url}/v1/webhooks/${veto.id}`, { method: 'DELETE' }));
  });

  it('expand on the command line ends with 0 and the evidence holds', async () => {
    const cli = (...args: string[]) => new Harness().run('--url', service.url, ...args);
    const { m, n2, n3 } = nodes.addresses as Record<string, string>;
    const ran = await cli('expand', '-m', m!, n2!, n3!, '--yes');
    expect(ran.exitCode).toBe(0);
    expect(ran.out).toContain('2 of 2 nodes verified');
    const { out } = await cli('list', '--json');
    const { id } = (JSON.parse(out) as { items: { id: string }[] }).items[0]!;
    const evidence = await cli('evidence', id);
    expect(evidence.out).not.toContain('✖');
    expect(await cli('compare', m!, n2!)).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('equal') as string,
    });
  });
});
