import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { backUp, markRestored, restore } from '../../src/backup/index.ts';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import { patiently } from '../support/patiently.ts';

vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let service: Service | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-backup-'));
});
afterAll(async () => {
  await service?.close();
  await rm(folder, { recursive: true, force: true });
});

const place = () => ({ dataDir: join(folder, 'data') });
const start = async () => {
  service = await startService({ ...place(), port: 0, logLevel: 'silent', role: 'all' });
  return service;
};
const frozen = async (url: string) =>
  ((await (await patiently(() => fetch(`${url}/v1/freeze`))).json()) as { frozen: boolean }).frozen;

test('a folder that holds no database is refused and stays as it is', async () => {
  const dataDir = join(folder, 'wrong');
  const wrong = backUp(join(folder, 'wrong.gz'), { dataDir, verify: false }, {});
  await expect(wrong).rejects.toMatchObject({
    code: 'database_empty',
    message: `the data folder ${dataDir} holds nothing of the service yet`,
  });
  expect(await readdir(folder)).toEqual([]);
});

test('the embedded database is backed up while the service runs, and restored once it is stopped', async () => {
  const { url, close } = await start();
  const file = join(folder, 'backup.gz');
  const made = await backUp(file, { ...place(), verify: true }, {});
  expect(made.verified).toBe(true);
  expect((await stat(file)).mode & 0o077).toBe(0);
  await expect(backUp(file, { ...place(), verify: false }, {})).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(restore(file, { ...place(), replace: true }, {})).rejects.toMatchObject({
    code: 'data_folder_in_use',
  });
  expect(await frozen(url)).toBe(false);
  await close();

  const bytes = await readFile(file);
  const cut = join(folder, 'cut.gz');
  await writeFile(cut, bytes.subarray(0, bytes.length / 2));
  await expect(restore(cut, { ...place(), replace: true }, {})).rejects.toMatchObject({
    code: 'backup_broken',
  });
  await restore(file, { ...place(), replace: false }, {});
  const again = await start();
  expect(await frozen(again.url)).toBe(true);
  const headers = { 'content-type': 'application/json' };
  await patiently(() =>
    fetch(`${again.url}/v1/freeze`, { method: 'DELETE', headers, body: '{"reason":"looked"}' }),
  );
  await again.close();

  // Seen to once.
  const third = await start();
  expect(await frozen(third.url)).toBe(false);
  await third.close();
  await markRestored(place(), {});
  const marked = await start();
  expect(await frozen(marked.url)).toBe(true);
});
