import { expect, test } from 'vitest';
import type { NewTrailEntry, TrailEntry } from '../../src/model/views/trail.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { clean } from '../../src/trail/clean.ts';
import { createStrangers } from '../../src/trail/strangers.ts';
import { createTrail } from '../../src/trail/writer.ts';
import { aTrailEntry } from '../support/trail.ts';
import { until } from '../support/until.ts';

/** A store that fails as it is told. */
function fakeStore() {
  const written: NewTrailEntry[] = [];
  const store = {
    written,
    fails: null as Error | null,
    batches: [] as number[],
    async append(entries: readonly NewTrailEntry[]): Promise<readonly TrailEntry[]> {
      store.batches.push(entries.length);
      if (store.fails) throw store.fails;
      if (entries.some(({ act }) => act === 'bad')) throw new Error('it does not fit');
      written.push(...entries);
      return entries.map((entry, index) => ({
        ...entry,
        v: 1,
        seq: written.length - entries.length + index + 1,
        hash: '',
      }));
    },
  };
  return store;
}

function aTrail(store: ReturnType<typeof fakeStore>, waitMs = 20) {
  const logged: unknown[] = [];
  const counts: Record<string, number> = {};
  const trail = createTrail({
    store,
    log: { error: (...told: unknown[]) => void logged.push(told), warn: () => undefined } as never,
    now: () => 5,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    waitMs,
    counted: (outcome, count) => {
      counts[outcome] = (counts[outcome] ?? 0) + count;
    },
  });
  return { trail, logged, counts };
}

test('an answer learns the number of its entry', async () => {
  const store = fakeStore();
  const { trail, counts } = aTrail(store, 10_000);
  expect(await Promise.all([1, 2, 3].map(() => trail.add(aTrailEntry())))).toEqual([1, 2, 3]);
  expect(counts).toEqual({ written: 3 });
  await trail.close();
});

test('while the database is away an act waits a bounded time, and its entry is written later', async () => {
  const store = fakeStore();
  const { trail, counts } = aTrail(store);
  store.fails = new StoreUnavailableError('away');
  expect(await trail.add(aTrailEntry({ act: 'POST /v1/freeze' }))).toBeNull();
  store.fails = null;
  await until(() => store.written.length === 1);
  expect(counts).toEqual({ late: 1 });
  await trail.close();
});

test('what waits is bounded; what is lost goes to the log, is counted, and the trail says so', async () => {
  const store = fakeStore();
  const { trail, logged, counts } = aTrail(store);
  store.fails = new StoreUnavailableError('away');
  await Promise.all(Array.from({ length: 1003 }, () => trail.add(aTrailEntry())));
  expect(logged).toHaveLength(3);
  expect(counts).toEqual({ lost: 3 });
  store.fails = null;
  await until(() => store.written.length === 1001);
  expect(store.written.find(({ act }) => act === 'entries_lost')).toMatchObject({ times: 3 });
  await trail.close();
});

test('an entry that cannot be stored keeps no other out', async () => {
  const store = fakeStore();
  const { trail, logged } = aTrail(store);
  const entries = ['a', 'bad', 'b'].map((act) => trail.add(aTrailEntry({ act })));
  expect((await Promise.all(entries)).map((seq) => seq === null)).toEqual([false, true, false]);
  await until(() => store.written.length === 3);
  expect(store.written.map(({ act }) => act)).toEqual(['a', 'b', 'entries_lost']);
  expect(logged).toHaveLength(1);
  await trail.close();
});

test('closing writes what can be written and logs the rest', async () => {
  const store = fakeStore();
  const { trail, logged } = aTrail(store);
  store.fails = new StoreUnavailableError('away');
  await trail.add(aTrailEntry());
  await trail.close();
  expect(logged).toHaveLength(1);
});

const hide = (text: string) => text.replaceAll('hunter2', '[redacted]');

test('no secret is in what is kept of a request', () => {
  const kept = clean(
    {
      token: 'abc',
      secret: 'def',
      nodes: ['10.0.0.1:9221,x=hunter2'],
      url: 'https://hooks.example.net/T00/B00/secretpath?key=secretquery',
      link: 'redis://user:secretpass@10.0.0.1',
      reason: `${'a'.repeat(296)}hunter2 and more`,
    },
    hide,
  );
  const text = JSON.stringify(kept);
  for (const secret of ['abc', 'def', 'hunter2', 'secretpath', 'secretquery', 'secretpass', 'hunt'])
    expect(text).not.toContain(secret);
  expect(text).toContain('hooks.example.net');
});

test.each([
  ['many texts', Array.from({ length: 5000 }, () => 'x'.repeat(1000))],
  ['deep', JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)],
  ['long names', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${'n'.repeat(2000)}${i}`, 1]))],
  ['one text', 'é'.repeat(5_000_000)],
  ['wide and deep', Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => Array(60).fill(1)))],
])('what is kept of a request is bounded: %s', (_name, value) => {
  expect(JSON.stringify(clean(value, hide)).length).toBeLessThan(16_000);
});

test('strangers get few entries of their own; the rest is counted', () => {
  const strangers = createStrangers();
  const refused = (at: number, address: string) =>
    aTrailEntry({
      at,
      from: { address, client: null, via: 'rest', requestId: null },
      outcome: { status: 401, code: 'bad_token' },
    });
  const own = Array.from({ length: 1000 }, (_, i) => strangers.admits(refused(1000 + i, '10.0.0.1')));
  expect(own.filter(Boolean)).toHaveLength(10);
  const many = Array.from({ length: 5000 }, (_, i) => strangers.admits(refused(3000, `10.1.${i}.1`)));
  expect(many.filter(Boolean).length).toBeLessThanOrEqual(100);
  expect(strangers.due(60_000)).toEqual([]);
  const due = strangers.due(61_000);
  expect(due.length).toBeLessThanOrEqual(101);
  const counted = due.reduce((sum, { times }) => sum + times, 0);
  expect(counted + own.filter(Boolean).length + many.filter(Boolean).length).toBe(6000);
  expect(strangers.admits(refused(70_000, '10.0.0.1'))).toBe(true);
});
