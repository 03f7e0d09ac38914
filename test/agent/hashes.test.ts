import { mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Hasher } from '../../src/agent/hashes.ts';
import { sha256 } from './host.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hashes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const ask = async (hasher: Hasher, path: string): Promise<string | null> =>
  hasher.hashOf(await stat(path, { bigint: true }), () => open(path));

test('hashes a file once, however often it is asked', async () => {
  const path = join(folder, 'a');
  await writeFile(path, 'x'.repeat(600_000));
  let opened = 0;
  const hasher = new Hasher({ bytesPerSecond: 1e12, sleep: async () => {} });
  const identity = await stat(path, { bigint: true });
  const get = () =>
    hasher.hashOf(identity, () => {
      opened++;
      return open(path);
    });
  expect([get(), get()]).toEqual([null, null]);
  await hasher.idle();
  expect([get(), opened]).toEqual([sha256('x'.repeat(600_000)), 1]);
});

test('reads no faster than it may', async () => {
  const path = join(folder, 'a');
  await writeFile(path, Buffer.alloc(1_000_000));
  let sleptMs = 0;
  const startedAt = performance.now();
  const hasher = new Hasher({
    bytesPerSecond: 1000,
    sleep: async (ms) => {
      sleptMs = Math.max(sleptMs, ms);
    },
  });
  await ask(hasher, path);
  await hasher.idle();
  expect(sleptMs).toBeGreaterThan(1_000_000 - (performance.now() - startedAt) - 1);
});

test('a file that changes while it is hashed has no hash; one that is renamed has', async () => {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  await writeFile(a, 'one');
  await writeFile(b, 'two');
  const hasher = new Hasher({
    bytesPerSecond: 1,
    sleep: async () => {
      await writeFile(a, 'another');
      await rename(b, join(folder, 'c')).catch(() => {});
    },
  });
  await ask(hasher, b);
  const identity = await stat(b, { bigint: true });
  await ask(hasher, a);
  await hasher.idle();
  expect(hasher.hashOf(identity, () => open(join(folder, 'c')))).toBe(sha256('two'));
  expect(await ask(hasher, a)).toBe(null);
  await hasher.stop();
});

test('a file that vanished keeps nobody', async () => {
  const path = join(folder, 'a');
  await writeFile(path, 'one');
  const hasher = new Hasher({ bytesPerSecond: 1e12, sleep: async () => {} });
  hasher.hashOf(await stat(path, { bigint: true }), () => open(join(folder, 'none')));
  await hasher.idle();
  expect(await ask(hasher, path)).toBe(null);
  await hasher.idle();
  expect(await ask(hasher, path)).toBe(sha256('one'));
});
