import { expect, test } from 'vitest';
import { DatabaseEmptyError } from '../../src/store/backup.ts';
import { RestoreError } from '../../src/store/restore.ts';
import { Harness } from './harness.ts';

const made = { madeAt: 0, rows: 12, tables: 3, verified: true };

test('a backup is made where the service keeps its database, and says whether it was verified', async () => {
  const asked: unknown[] = [];
  const { exitCode, out } = await new Harness({
    entrances: {
      backup: async (...args) => {
        asked.push(args);
        return made;
      },
    },
  }).run('backup', 'b.gz', '--verify', '--data-dir', 'data');
  expect([exitCode, asked]).toEqual([0, [['b.gz', { dataDir: 'data', verify: true }]]]);
  expect(out).toContain('12 rows of 3 tables; restored elsewhere, it holds the same');
});

test('a backup of nothing fails, and says which database to name', async () => {
  const refused = await new Harness({
    entrances: {
      backup: async () => {
        throw new DatabaseEmptyError();
      },
    },
  }).run('backup', 'b.gz');
  expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('DATABASE_URL')]);
});

test('a restore says what to do next, and why it was refused', async () => {
  const good = await new Harness({ entrances: { restore: async () => made } }).run(
    'restore',
    'b.gz',
    '--replace',
  );
  expect([good.exitCode, good.out]).toEqual([0, expect.stringContaining('lift the freeze')]);
  const refused = await new Harness({
    entrances: {
      restore: async () => {
        throw new RestoreError('database_holds_expansions', 'the database holds expansions already');
      },
    },
  }).run('restore', 'b.gz');
  expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('--replace')]);
});

test('either a file or the mark', async () => {
  expect((await new Harness().run('restore')).exitCode).toBe(2);
  expect((await new Harness().run('restore', 'b.gz', '--mark')).exitCode).toBe(2);
  const marked = await new Harness({ entrances: { markRestored: async () => {} } }).run('restore', '--mark');
  expect([marked.exitCode, marked.out]).toEqual([0, expect.stringContaining('marked as restored')]);
});
