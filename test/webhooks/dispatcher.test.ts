import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import { createSender } from '../../src/net/send.ts';
import { type Dispatcher, outcomeOf, startDispatcher } from '../../src/webhooks/dispatcher.ts';
import { silence } from '../support/silence.ts';
import { MemoryWebhooks, webhookOf } from './memory-webhooks.ts';
import { Receiver } from './receiver.ts';

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 150_000 });

let store: MemoryWebhooks;
let good: Receiver;
let bad: Receiver;
let troubles: unknown[];
const open: Dispatcher[] = [];

beforeEach(async () => {
  store = new MemoryWebhooks();
  troubles = [];
  [good, bad] = await Promise.all([new Receiver().start(), new Receiver().start()]);
  await store.create(webhookOf('good', good.url));
  await store.create(webhookOf('bad', bad.url));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((dispatcher) => dispatcher.close()));
  await Promise.all([good.close(), bad.close()]);
});

/** Time passes `pace` times as fast for the pauses between rounds. */
function start(pace = 50, timeoutMs = 20_000): Dispatcher {
  const dispatcher = startDispatcher({
    store,
    news: silence,
    send: createSender({ timeoutMs, now: () => 1_700_000_000_000, wayOut: { allowed: ['127.0.0.1'] } }),
    sleep: async (ms, signal) => {
      await sleep(ms / pace, undefined, { signal }).catch(() => {});
    },
    now: () => store.now,
    random: () => 0.5,
    onTrouble: (error) => troubles.push(error),
  });
  open.push(dispatcher);
  return dispatcher;
}

const states = (id: string) => store.of(id).map((delivery) => delivery.state);

describe('telling receivers', () => {
  it('delivers everything, to a fast receiver without waiting for rounds', async () => {
    store.add('good', 100);
    start(1);
    await eventually(() => states('good').every((state) => state === 'delivered')).toBe(true);
    expect(good.received).toHaveLength(100);
    expect(good.mostOpen).toBeLessThanOrEqual(4);
  });

  it('lets a receiver that hangs hurt nobody', async () => {
    bad.answer = () => {};
    store.add('bad', 50);
    store.add('good', 50);
    start();
    await eventually(() => states('good').every((state) => state === 'delivered')).toBe(true);
    expect(bad.received).toHaveLength(4);
    expect(states('bad').every((state) => state === 'pending')).toBe(true);
  });

  describe('when sixteen receivers hang', () => {
    const hanging = Array.from({ length: 16 }, (_, i) => `hangs-${i}`);
    beforeEach(async () => {
      bad.answer = () => {};
      for (const id of hanging) await store.create(webhookOf(id, bad.url));
    });
    const moreDue = (): void => {
      for (const id of hanging) store.add(id, 50);
      store.add('good', 50);
    };

    it('a receiver that has answered finds places, whatever the others hold', async () => {
      start();
      store.add('good');
      await eventually(() => states('good')).toEqual(['delivered']);
      moreDue();
      await eventually(() => states('good').every((state) => state === 'delivered')).toBe(true);
      expect(bad.openNow).toBe(48);
    });

    it('and nothing has answered yet, a time limit frees the places, and none that hangs takes more than one again', async () => {
      moreDue();
      // Long enough for the receiver that answers, on a busy machine too.
      start(50, 1000);
      await eventually(() => states('good').every((state) => state === 'delivered')).toBe(true);
      // Each has held its four places once, and pauses.
      await eventually(() => bad.received.length).toBe(64);
      await eventually(() => bad.openNow).toBe(0);
      store.now = 1000;
      await eventually(() => bad.received.length).toBe(80);
      await eventually(() => bad.openNow).toBe(0);
      // The second pause is longer.
      store.now = 2000;
      store.add('good', 10);
      await eventually(() => states('good').every((state) => state === 'delivered')).toBe(true);
      expect(bad.received).toHaveLength(80);
    });

    it('one that answers again gets all its places back', async () => {
      moreDue();
      // As above: what is answered too late fails for good at last.
      start(50, 2000);
      await eventually(() => bad.received.length).toBe(64);
      bad.answer = (response) => response.writeHead(204).end();
      await eventually(() => {
        store.now += 100_000;
        return store.rows.every(({ state }) => state === 'delivered');
      }).toBe(true);
    });
  });

  it('tries again, later each time, until the receiver takes it', async () => {
    bad.answer = (response, index) => response.writeHead(index < 2 ? 500 : 200).end('no room\n');
    store.add('bad');
    start();
    await eventually(() => store.rows[0]?.lastError).toBe('answered 500: no room');
    expect(store.rows[0]?.nextAttemptAt).toBe(5000);
    expect(bad.received).toHaveLength(1);
    store.now = 5000;
    await eventually(() => store.rows[0]?.nextAttemptAt).toBe(35_000);
    store.now = 35_000;
    await eventually(() => store.rows[0]).toMatchObject({ state: 'delivered', attempts: 3, lastStatus: 200 });
    const ids = bad.received.map(({ headers }) => headers['pika-expander-delivery']);
    expect(new Set(ids).size).toBe(1);
  });

  it('goes on after the database was away', async () => {
    store.failures = 3;
    store.add('good');
    start();
    await eventually(() => states('good')).toEqual(['delivered']);
    expect(troubles).toHaveLength(3);
  });

  it('closes at once, leaving what was on its way to the next process', async () => {
    bad.answer = () => {};
    store.add('bad');
    const dispatcher = start();
    await eventually(() => bad.received.length).toBe(1);
    await dispatcher.close();
    expect(store.rows[0]).toMatchObject({ state: 'pending', lastError: null });
    store.now = 60_000;
    bad.answer = (response) => response.writeHead(200).end();
    start();
    await eventually(() => states('bad')).toEqual(['delivered']);
  });
});

describe('what an attempt comes to', () => {
  const answer = { status: 500, text: '', error: null, tookMs: 1 };

  it('gives up after eleven attempts over about a day', () => {
    const delays = Array.from({ length: 11 }, (_, i) => outcomeOf(answer, i + 1, 0.5).retryInMs);
    expect(delays.at(-1)).toBeNull();
    const hours = delays.reduce<number>((sum, delay) => sum + (delay ?? 0), 0) / 3_600_000;
    expect(hours).toBeGreaterThan(22);
    expect(hours).toBeLessThan(26);
  });

  it('gives up at once when the receiver is gone for good', () => {
    expect(outcomeOf({ ...answer, status: 410 }, 1, 0)).toMatchObject({ delivered: false, retryInMs: null });
  });

  it('counts only 2xx as delivered', () => {
    const delivered = [200, 204, 299, 199, 301, 400, null].map(
      (status) =>
        outcomeOf({ ...answer, status, error: status ? null : deliverySays('connection_refused') }, 1, 0)
          .delivered,
    );
    expect(delivered).toEqual([true, true, true, false, false, false, false]);
  });
});
