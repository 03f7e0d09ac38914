import { afterEach, expect, test } from 'vitest';
import { type Reconciler, type ReconcilerOptions, startReconciler } from '../../src/work/reconciler.ts';
import { until } from '../support/until.ts';

let reconciler: Reconciler | null = null;
afterEach(() => reconciler?.close());

function start(due: () => readonly string[], more: Partial<ReconcilerOptions> = {}) {
  const seen = { looks: 0, rings: [] as { id: string; look: number }[] };
  reconciler = startReconciler({
    store: {
      due: async () => {
        seen.looks += 1;
        return due();
      },
      dueInMs: async () => 0,
    },
    doorbell: {
      ring: async (id) => {
        seen.rings.push({ id, look: seen.looks });
      },
    },
    intervalMs: 1,
    ...more,
  });
  return seen;
}

test('rings at once for what has become due, and ever more rarely for what stays due', async () => {
  const seen = start(() => ['waits']);
  await until(() => seen.looks > 96);
  expect(seen.rings.map(({ look }) => look).slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 96]);
});

test('rings late for what becomes due while what was rung for waits for room', async () => {
  let looks = 0;
  const seen = start(() => (++looks > 10 ? ['waits', 'new'] : ['waits']), { isFull: () => looks < 10 });
  await until(() => seen.looks > 40);
  expect(seen.rings.filter(({ id }) => id === 'waits').map(({ look }) => look)).toEqual([8, 16, 32]);
  expect(seen.rings.find(({ id }) => id === 'new')!.look).toBe(11);
});

test('rings at once for all that is due when the queue has come back', async () => {
  let away = false;
  const seen = start(
    () => {
      away = seen.looks === 16;
      return ['waits'];
    },
    {
      doorbell: {
        ring: async (id) =>
          away ? Promise.reject(new Error('away')) : void seen.rings.push({ id, look: seen.looks }),
      },
    },
  );
  await until(() => seen.looks > 20);
  expect(seen.rings.map(({ look }) => look).slice(0, 6)).toEqual([1, 2, 4, 8, 17, 18]);
});

test('what was worked on meanwhile is rung for at once when it is due again', async () => {
  let looks = 0;
  const seen = start(() => (++looks === 6 ? [] : ['comes back']));
  await until(() => seen.looks > 8);
  expect(seen.rings.map(({ look }) => look).slice(0, 5)).toEqual([1, 2, 4, 7, 8]);
});

test('takes over what a dead worker left and rings for the rest', async () => {
  const taken: string[] = [];
  const left = {
    find: async () => ['left'],
    workers: async () => 1,
    takeOver: (id: string) => taken.push(id),
  };
  const seen = start(() => ['left', 'new'], { left });
  await until(() => seen.looks > 2);
  expect(taken).toContain('left');
  expect(new Set(seen.rings.map(({ id }) => id))).toEqual(new Set(['new']));
});
