import { mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSpace } from '../../src/agent/disk.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'disk-')));
});
afterEach(() => rm(folder, { recursive: true }));

test('says the room of a mount, through a link that the server has too', async () => {
  await symlink(folder, join(folder, 'link'));
  const space = await readSpace(join(folder, 'link'));
  expect(space).toMatchObject({ path: folder, device: (await stat(folder)).dev, problem: null });
  expect(space.freeBytes!).toBeGreaterThan(0);
  expect(space.totalBytes!).toBeGreaterThanOrEqual(space.freeBytes!);
});

test('of a folder that is yet to be made, it is the mount on which it will lie', async () => {
  const path = join(folder, 'dbsync');
  expect(await readSpace(path)).toMatchObject({ path, device: (await stat(folder)).dev, problem: null });
});

test('says why a folder has no figures', async () => {
  const path = join(folder, 'none', 'db');
  expect(await readSpace(path)).toMatchObject({ path, device: null, freeBytes: null, problem: 'ENOENT' });
});
