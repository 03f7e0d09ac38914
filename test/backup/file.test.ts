import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeLines } from '../../src/backup/file.ts';

test('nothing stays of a file whose lines end with an error, however early', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const failing = (): AsyncIterable<string> => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the database is away')) }),
  });
  const { signal } = new AbortController();
  const written = Array.from({ length: 200 }, (_, i) => writeLines(join(folder, `${i}`), failing(), signal));
  for (const result of await Promise.allSettled(written))
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'the database is away' } });
  expect(await readdir(folder)).toEqual([]);
});
