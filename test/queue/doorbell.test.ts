import { once } from 'node:events';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DoorbellWorkerOptions,
  openDoorbell,
  startDoorbellWorker,
} from '../../src/queue/bullmq-doorbell.ts';
import { openQueueBackend, type QueueBackend } from '../../src/queue/connection.ts';
import { type Doorbell, type DoorbellWorker, upTo, type WakeUpHandler } from '../../src/queue/doorbell.ts';
import { openDatabase } from '../../src/store/database.ts';
import { startReconciler } from '../../src/work/reconciler.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

interface Place {
  /** As another process does. */
  open(): Promise<QueueBackend>;
  /** Empties the queue behind everybody's back. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

describe('on Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describeDoorbell(async () => ({
    open: () => openQueueBackend({ redisUrl: redis.url }),
    lose: () => redis.flushAll(),
    close: () => redis.flushAll(),
  }));

  it('goes on when Redis is killed and comes back without its data', async () => {
    const backend = await openQueueBackend({ redisUrl: redis.url });
    const doorbell = openDoorbell(backend, { replyWithinMs: 2_000 });
    const called: string[] = [];
    const worker = startDoorbellWorker(backend, doorbell, async (id) => {
      called.push(id);
      return null;
    });
    await doorbell.ring('later', 600_000);
    await redis.kill();
    await expect(doorbell.ring('during')).rejects.toMatchObject({ code: 'queue_unavailable' });
    await expect(doorbell.ping()).rejects.toMatchObject({ code: 'queue_unavailable' });
    await redis.restart();

    const due = new Set(['later', 'during']);
    const reconciler = startReconciler({
      store: { due: async () => [...due].filter((id) => !called.includes(id)), dueInMs: async () => 0 },
      doorbell,
      intervalMs: 50,
    });
    await until(() => called.includes('later') && called.includes('during'));
    await reconciler.close();
    await worker.close();
    await doorbell.close();
  });
});

it.each([
  ['away', (redis: TestRedis) => redis.stop()],
  ['there, but answers nothing', async (redis: TestRedis) => redis.hang()],
])('closes at once while Redis is %s, after its handlers have returned', async (_, trouble) => {
  const redis = await startRedis();
  const backend = await openQueueBackend({ redisUrl: redis.url });
  const doorbell = openDoorbell(backend);
  let returned = false;
  let called = false;
  const worker = startDoorbellWorker(backend, doorbell, async (_, signal) => {
    called = true;
    await once(signal, 'abort');
    returned = true;
    return 0;
  });
  await doorbell.ring('a');
  await until(() => called);
  await trouble(redis);
  const closing = Date.now();
  await worker.close();
  await doorbell.close();
  expect(returned).toBe(true);
  expect(Date.now() - closing).toBeLessThan(10_000);
  await redis.stop();
});

it('closes although Redis has come back just now, and the connection of the worker has not noticed', async () => {
  const redis = await startRedis();
  const backend = await openQueueBackend({ redisUrl: redis.url });
  const doorbell = openDoorbell(backend);
  const troubles: Error[] = [];
  const workers = Array.from({ length: 3 }, () =>
    startDoorbellWorker(backend, doorbell, async () => null, { onTrouble: (error) => troubles.push(error) }),
  );
  await Promise.all(workers.map((worker) => worker.ready()));
  await redis.kill();
  // By then they try again once a second.
  await until(() => troubles.length >= 60);
  await redis.restart();
  const closing = Date.now();
  await Promise.all(workers.map((worker) => worker.close()));
  await doorbell.close();
  expect(Date.now() - closing).toBeLessThan(10_000);
  await redis.stop();
});

describe('on PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createDatabase();
  });
  afterAll(() => postgres.stop());

  const lose = async (backend: QueueBackend) => {
    const queue = new Queue(
      'expansion-wake-ups',
      { connection: backend.forProducers.connection },
      backend.forProducers.factory,
    );
    await queue.obliterate({ force: true });
    await queue.resume();
    await queue.close();
  };
  describeDoorbell(async () => {
    const open = () => openQueueBackend({ postgres: database.connection });
    const empty = async () => lose(await open());
    return { open, lose: empty, close: empty };
  });

  it('goes on when PostgreSQL is killed and comes back', async () => {
    const backend = await openQueueBackend({ postgres: database.connection });
    const doorbell = openDoorbell(backend);
    const called = new Set<string>();
    const worker = startDoorbellWorker(backend, doorbell, async (id) => {
      called.add(id);
      return null;
    });
    await doorbell.ring('before');
    await until(() => called.has('before'));
    const killed = postgres.pid()!;
    process.kill(killed, 'SIGKILL');
    // Its other processes answer for a moment longer.
    await until(() => ![null, killed].includes(postgres.pid()));
    const reconciler = startReconciler({
      store: { due: async () => ['after'], dueInMs: async () => 0 },
      doorbell,
      intervalMs: 100,
    });
    await until(() => called.has('after'));
    await reconciler.close();
    await worker.close();
    await doorbell.close();
  });

  it('tells of a worker that was started while PostgreSQL was away, and would stay idle', async () => {
    const another = await startPostgres();
    const { connection } = await another.createDatabase();
    const backend = await openQueueBackend({ postgres: connection });
    await another.stop();
    const doorbell = openDoorbell(backend);
    const worker = startDoorbellWorker(backend, doorbell, async () => null);
    await expect(worker.ready()).rejects.toMatchObject({ code: 'queue_unavailable' });
    await worker.close();
    await doorbell.close();
  });

  it('readies its tables once, however many processes start at the same time', async () => {
    const fresh = await postgres.createDatabase();
    await Promise.all(
      Array.from({ length: 4 }, () => openQueueBackend({ postgres: { connectionString: fresh.url } })),
    );
    const database = openDatabase({ connection: fresh.connection });
    const steps = await database.query<{ version: number }>(
      'select version from pika_expander_queue.migration order by version',
    );
    await database.close();
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.map(({ version }) => version)).toEqual(steps.map((_, index) => index + 1));
    await fresh.drop();
  });
});

/** What the doorbell promises on any backend. */
function describeDoorbell(make: () => Promise<Place>): void {
  let place: Place;
  let backend: QueueBackend;
  let doorbell: Doorbell;
  const workers: DoorbellWorker[] = [];
  const troubles: Error[] = [];

  beforeEach(async () => {
    place = await make();
    backend = await place.open();
    doorbell = openDoorbell(backend);
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await doorbell.close();
    await place.close();
    troubles.length = 0;
  });

  const answer = (handler: WakeUpHandler, options: DoorbellWorkerOptions = {}, at = backend) => {
    const worker = startDoorbellWorker(at, doorbell, handler, {
      onTrouble: (error) => troubles.push(error),
      ...options,
    });
    workers.push(worker);
    return worker;
  };
  /** A handler that stays until it is let go, as a session does that looks at its nodes. */
  const session = () => {
    const calls: string[] = [];
    const leave: (() => void)[] = [];
    const handler: WakeUpHandler = async (id, signal) => {
      calls.push(id);
      await new Promise<void>((resolve) => {
        leave.push(resolve);
        signal.addEventListener('abort', () => resolve());
      });
      return null;
    };
    const letGo = () => {
      for (const go of leave.splice(0)) go();
    };
    return { calls, handler, letGo };
  };

  it('calls a worker for a ring', async () => {
    const called: string[] = [];
    answer(async (id) => {
      called.push(id);
      return null;
    });
    await doorbell.ring('exp:1');
    await doorbell.ring('42');
    await until(() => called.length === 2);
    expect([...called].sort()).toEqual(['42', 'exp:1']);
  });

  it('tells how many processes answer it', async () => {
    expect(await doorbell.workers()).toBe(0);
    const first = answer(async () => null);
    answer(async () => null, {}, await place.open());
    await until(async () => (await doorbell.workers()) === 2);
    await first.close();
    await until(async () => (await doorbell.workers()) === 1);
  });

  it('merges rings for the same id', async () => {
    for (let n = 0; n < 5; n++) await doorbell.ring('a');
    await doorbell.ring('b');
    const { calls, handler } = session();
    answer(handler);
    await until(() => calls.includes('a') && calls.includes('b'));
    await doorbell.ring('a');
    await doorbell.ring('c');
    await until(() => calls.includes('c'));
    expect([...calls].sort()).toEqual(['a', 'b', 'c']);
  });

  it('rings again for an id whose work was done', async () => {
    const called: string[] = [];
    answer(async (id) => {
      called.push(id);
      return null;
    });
    for (let n = 1; n <= 3; n++) {
      await until(async () => {
        // The wake-up before may still be on its way out, and swallow this one: a reconciler's ring comes again.
        await doorbell.ring('a');
        return called.length >= n;
      });
    }
  });

  it('waits as long as asked, and is brought forward by a ring that comes at once', async () => {
    const called: string[] = [];
    answer(async (id) => {
      called.push(id);
      return null;
    });
    await doorbell.ring('patient', 600_000);
    await doorbell.ring('soon', 150);
    await until(() => called.includes('soon'));
    expect(called).toEqual(['soon']);
    await doorbell.ring('patient');
    await until(() => called.includes('patient'));
  });

  it('calls again after the time that the handler asks for', async () => {
    const times: number[] = [];
    answer(async () => {
      times.push(Date.now());
      return times.length < 3 ? 120 : null;
    });
    await doorbell.ring('a');
    await until(() => times.length === 3);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(100);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(100);
  });

  it('calls again when the handler threw, and says what it threw', async () => {
    let calls = 0;
    answer(async () => {
      if (++calls === 1) throw new Error('no database');
      return null;
    });
    await doorbell.ring('a');
    await until(() => calls === 2);
    expect(troubles.map((error) => error.message)).toContain('no database');
  });

  it('handles many at the same time', async () => {
    const { calls, handler } = session();
    answer(handler, { room: upTo(40) });
    await Promise.all(Array.from({ length: 40 }, (_, n) => doorbell.ring(`exp-${n}`)));
    await until(() => calls.length === 40);
  });

  it('leaves what it has no room for to a worker that has room, and takes over whatever room it has', async () => {
    const [full, free] = [session(), session()];
    const first = answer(full.handler, { room: upTo(1) });
    await doorbell.ring('a');
    await until(() => full.calls.includes('a'));
    await doorbell.ring('b');
    answer(free.handler);
    await until(() => free.calls.includes('b'));
    first.takeOver('c');
    first.takeOver('a');
    await until(() => full.calls.includes('c'));
    expect(full.calls).toEqual(['a', 'c']);
  });

  it('works on what it rings for itself, unless it has no room, others wait for the room, or it closes', async () => {
    const { calls, handler, letGo } = session();
    const rings: string[] = [];
    let asked = 0;
    let has = true;
    const room = { take: () => ++asked > 0 && has };
    const ring = async (id: string) => void rings.push(id);
    const worker = startDoorbellWorker(backend, { ring }, handler, { room });
    workers.push(worker);
    await worker.ready();
    await worker.ring('a');
    await until(() => calls.includes('a'));
    await worker.ring('later', 1000);
    has = false;
    await worker.ring('no room');
    asked = 0;
    await doorbell.ring('waits');
    await until(() => asked > 0);
    has = true;
    await worker.ring('behind');
    await until(() => calls.includes('waits'));
    await worker.ring('a');
    expect({ calls, rings }).toEqual({ calls: ['a', 'waits'], rings: ['later', 'no room', 'behind'] });
    letGo();
    await until(() => rings.includes('a'));
    const closed = worker.close();
    await worker.ring('late');
    expect(rings).toContain('late');
    await closed;
  });

  it('works once on what is taken over while its wake-up waits for room', async () => {
    const { calls, handler, letGo } = session();
    let asked = 0;
    let has = false;
    const worker = answer(handler, { room: { take: () => ++asked > 0 && has } });
    await doorbell.ring('a');
    await until(() => asked > 0);
    worker.takeOver('a');
    await until(() => calls.length === 1);
    has = true;
    await doorbell.ring('b');
    await until(() => calls.includes('b'));
    expect(calls).toEqual(['a', 'b']);
    letGo();
    // The wake-up that waited was a ring, too.
    await until(() => calls.filter((id) => id === 'a').length === 2);
  });

  it('calls again at once for a ring that came while it worked', async () => {
    const { calls, handler, letGo } = session();
    answer(handler);
    // One comes after the other: who is called says that the wake-up before has left the queue.
    const rung = async (id: string) => {
      await doorbell.ring(id);
      await until(() => calls.includes(id));
    };
    await rung('a');
    await rung('b');
    await doorbell.ring('a');
    await rung('c');
    letGo();
    await until(() => calls.filter((id) => id === 'a').length === 2);
  });

  it('keeps a wake-up that is handled for longer than its lock lasts', async () => {
    const { calls, handler, letGo } = session();
    answer(handler, { lockMs: 600 });
    answer(handler, { lockMs: 600 });
    const since = Date.now();
    await doorbell.ring('a');
    await until(() => Date.now() - since > 2_500);
    expect(calls).toEqual(['a']);
    letGo();
  });

  it('aborts its handlers when it closes, and another worker goes on with their work', async () => {
    const first = session();
    const signals: AbortSignal[] = [];
    const worker = answer(async (id, signal) => {
      signals.push(signal);
      await first.handler(id, signal);
      return 0;
    });
    await doorbell.ring('a');
    await until(() => first.calls.length === 1);
    await worker.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const second = session();
    answer(second.handler);
    await until(() => second.calls.includes('a'));
  });

  it('has everything due done though the queue was emptied in the middle (promise 6)', async () => {
    const open = new Set(['waiting', 'running', 'delayed']);
    let running = 0;
    const handler: WakeUpHandler = async (id) => {
      if (id === 'running' && ++running === 1) await until(() => lost);
      else if (lost) open.delete(id);
      return null;
    };
    let lost = false;
    await doorbell.ring('running');
    answer(handler);
    await until(() => running === 1);
    await doorbell.ring('delayed', 600_000);
    await place.lose();
    lost = true;

    const reconciler = startReconciler({
      store: { due: async () => [...open], dueInMs: async () => 0 },
      doorbell,
      intervalMs: 50,
    });
    await until(() => open.size === 0);
    await reconciler.close();
  });

  it('leaves nothing behind in the queue', async () => {
    const called = new Set<string>();
    answer(async (id) => {
      called.add(id);
      return null;
    });
    for (let n = 0; n < 20; n++) await doorbell.ring(`exp-${n}`);
    await until(() => called.size === 20);
    const { connection, factory } = backend.forProducers;
    const queue = new Queue('expansion-wake-ups', { connection }, factory);
    await until(async () => {
      const counts = await queue.getJobCounts('completed', 'failed', 'active', 'waiting', 'delayed');
      return Object.values(counts).every((count) => count === 0);
    });
    await queue.close();
  });

  it('can be pinged', () => doorbell.ping());
}
