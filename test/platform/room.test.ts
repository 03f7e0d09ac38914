import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchEventLoop } from '../../src/platform/event-loop.ts';
import { watchRoom } from '../../src/platform/room.ts';
import { until } from '../support/until.ts';

let room: ReturnType<typeof watchRoom>;
beforeEach(() => {
  room = watchRoom(12);
});
afterEach(() => room.close());

/** Keeps the event loop from everything else. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('takes some at once, and more bit by bit up to the most', async () => {
  let working = 0;
  while (room.take(working)) working += 1;
  expect(working).toBeLessThan(12);
  await until(() => {
    while (room.take(working)) working += 1;
    return working === 12;
  });
});

test('takes no more while the event loop is busy, but for a few', async () => {
  const busy = async () => {
    spin(300);
    return !room.take(9);
  };
  await until(busy, { what: 'it has no room' });
  expect([room.take(7), room.take(8)]).toEqual([true, false]);
  await until(() => room.take(9), { what: 'it has room again' });
});

test('what is worked on and what begins in it take nothing from each other', () => {
  const both = [room.take, room.begin].map((gate) => {
    let working = 8;
    while (gate(working)) working += 1;
    return working;
  });
  expect(both[0]).toBe(both[1]);
  expect(both[0]).toBeGreaterThan(8);
});

test('takes no more while the database is slow to store something, but for a few', async () => {
  let store: () => void = () => undefined;
  const stored = room.stores(new Promise<void>((resolve) => (store = resolve)));
  let hadAt = performance.now();
  const hasNone = () => {
    const now = performance.now();
    if (room.take(8)) hadAt = now;
    // Three samples: what may begin in each of them begins.
    return now - hadAt > 600;
  };
  await until(hasNone, { what: 'it has no room' });
  expect(room.take(7)).toBe(true);
  store();
  await stored;
  await until(() => room.take(8), { what: 'it has room again' });
});

test('one full sync begins again and again, however busy it is', async () => {
  void room.stores(new Promise<void>(() => undefined));
  let begun = 0;
  await until(() => {
    spin(250);
    if (room.begin(9)) begun += 1;
    return begun === 3;
  });
  expect(room.begin(9)).toBe(false);
});

test('the more are under way, the rarer one begins that finds no room', async () => {
  const wide = watchRoom(1000);
  const begun = { few: 0, many: 0 };
  await until(() => {
    spin(250);
    if (room.begin(9)) begun.few += 1;
    if (wide.begin(80)) begun.many += 1;
    return begun.few - begun.many === 2;
  });
  await wide.close();
});

test('an event loop that stood still for a second is late by so much, not without end: requests are not shed for it', async () => {
  const startedAt = performance.now();
  const loop = watchEventLoop();
  spin(1500);
  await until(() => loop.delayMs() > 0);
  expect(loop.delayMs()).toBeLessThanOrEqual(performance.now() - startedAt);
  loop.stop();
});
