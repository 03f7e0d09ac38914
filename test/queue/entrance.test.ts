import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BackendFactory, createPostgresBackend, createRedisBackend, type IQueueBackend } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BullmqConnection } from '../../src/queue/connection.ts';
import { openQueueEntrance, type QueueEntrance } from '../../src/queue/entrance.ts';
import { startPostgres } from '../support/postgres.ts';
import { FakeService } from './fake-service.ts';
import { hasRedis, startRedis } from './redis-server.ts';

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 100_000 });

const script = fileURLToPath(new URL('./scripted-producer.mjs', import.meta.url));
const payload = { master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221', { address: '10.0.0.3:9221' }] };

interface Line {
  readonly kind: string;
  readonly value?: unknown;
  readonly data?: { readonly state: string };
  readonly failure?: { readonly code: string; readonly field?: string };
  readonly attemptsMade?: number;
}

type Factory = BackendFactory<IQueueBackend, unknown>;

interface Backend {
  readonly name: string;
  readonly usable: boolean;
  start(): Promise<BullmqConnection & { stop(): Promise<void> }>;
}

const backends: readonly Backend[] = [
  {
    name: 'Redis (needs redis-server)',
    usable: hasRedis,
    start: async () => {
      const redis = await startRedis();
      const connection = { path: redis.path, maxRetriesPerRequest: null };
      return {
        connection,
        factory: createRedisBackend as unknown as Factory,
        answers: async () => true,
        asking: {},
        stop: () => redis.stop(),
      };
    },
  },
  {
    name: 'PostgreSQL',
    usable: true,
    start: async () => {
      const postgres = await startPostgres();
      const database = await postgres.createDatabase();
      const stop = async () => {
        await database.drop();
        await postgres.stop();
      };
      return {
        connection: { connectionString: database.url, migrate: true },
        factory: createPostgresBackend as unknown as Factory,
        answers: async () => true,
        asking: {},
        stop,
      };
    },
  },
];
const usable = backends.filter((backend) => backend.usable);

describe.each(usable)('a producer that knows only BullMQ and the payload, on $name', (kind) => {
  let backend: Awaited<ReturnType<Backend['start']>>;
  let service: FakeService;
  let entrances: QueueEntrance[];
  beforeAll(async () => {
    backend = await kind.start();
  });
  afterAll(() => backend?.stop());
  beforeEach(() => {
    service = new FakeService();
    entrances = [];
  });
  afterEach(async () => {
    await Promise.all(entrances.map((entrance) => entrance.close()));
  });

  async function open(parts = service): Promise<QueueEntrance> {
    const entrance = openQueueEntrance(backend, parts, { lockMs: 3000, checkMs: 500 });
    entrances.push(entrance);
    await entrance.ready();
    return entrance;
  }

  function produce(jobId: string, data: unknown) {
    const args = [script, JSON.stringify(backend.connection), jobId, JSON.stringify(data)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: Line[] = [];
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() as string;
      lines.push(...parts.map((part) => JSON.parse(part) as Line));
    });
    const ended = once(child, 'close').then(([code]) => code as number);
    return { lines, ended };
  }

  const find = (lines: readonly Line[], kind: string) => lines.find((line) => line.kind === kind);

  it('gets progress and the result', async () => {
    await open();
    const { lines, ended } = produce('order-1', payload);
    await eventually(() => find(lines, 'progress')?.data?.state).toBe('pending');
    service.change('exp_1', { state: 'running' });
    await eventually(() => lines.at(-1)?.data?.state).toBe('running');
    service.change('exp_1', { state: 'succeeded' });
    expect(await ended).toBe(0);
    expect(find(lines, 'result')?.value).toMatchObject({ expansionId: 'exp_1', state: 'succeeded' });
    expect(service.expansions.get('exp_1')).toMatchObject({ via: 'queue', requestedBy: 'queue' });
  });

  it('sees a bad payload fail at once with the field named, and not retried', async () => {
    await open();
    const { lines, ended } = produce('order-2', { ...payload, nodes: [{ address: 'b:2', colour: 'red' }] });
    expect(await ended).toBe(0);
    expect(find(lines, 'failed')).toMatchObject({
      failure: { code: 'validation_failed', field: 'nodes[0].colour' },
      attemptsMade: 1,
    });
    expect(service.expandCalls).toBe(1);
  });

  it('gets the same expansion for the same job id', async () => {
    await open();
    const first = produce('order-3', payload);
    await eventually(() => service.expansions.size).toBe(1);
    const second = produce('order-3', payload);
    await eventually(() => find(second.lines, 'added')).toBeDefined();
    service.change('exp_1', { state: 'succeeded' });
    await Promise.all([first.ended, second.ended]);
    expect(find(first.lines, 'result')).toEqual(find(second.lines, 'result'));
    expect(service.expandCalls).toBe(1);
  });

  it('gets its result although the worker that took the job went away', async () => {
    const first = await open();
    const { lines, ended } = produce('order-4', payload);
    await eventually(() => service.expansions.size).toBe(1);
    await first.close();
    await open();
    service.change('exp_1', { state: 'succeeded' });
    expect(await ended).toBe(0);
    expect(find(lines, 'result')?.value).toMatchObject({ expansionId: 'exp_1', state: 'succeeded' });
    expect(service.expansions.size).toBe(1);
  });
});
