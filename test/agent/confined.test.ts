import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenFolder } from '../../src/agent/confined.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'confined-'));
  await mkdir(join(root, 'own/inner'), { recursive: true });
  await mkdir(join(root, 'secret/inner'), { recursive: true });
  await writeFile(join(root, 'own/inner/file'), 'own');
  await writeFile(join(root, 'secret/inner/file'), 'secret');
  await writeFile(join(root, 'secret/inner/other'), 'secret');
});
afterEach(() => rm(root, { recursive: true }));

/** Puts a link to the secret in place of a folder. */
async function replace(path: string, by: string): Promise<void> {
  await rename(join(root, path), join(root, `${path}-moved`));
  await symlink(join(root, by), join(root, path));
}

test.runIf(process.platform === 'linux')(
  'a link in place of a folder that is open leads nowhere',
  async () => {
    const own = await OpenFolder.at(join(root, 'own'));
    await replace('own', 'secret');
    const inner = await own.folder('inner');
    expect((await inner.entries(10)).map(({ name }) => name)).toEqual(['file']);
    const file = await inner.file('file');
    expect((await file.readFile()).toString()).toBe('own');
    expect((await inner.lstat('file')).size).toBe(3n);
    await Promise.all([file.close(), inner.close(), own.close()]);
  },
);

test('a link in a folder is not followed', async () => {
  const own = await OpenFolder.at(join(root, 'own'));
  await replace('own/inner', 'secret/inner');
  await symlink(join(root, 'secret/inner/file'), join(root, 'own/file'));
  await expect(own.folder('inner')).rejects.toThrow(/ENOTDIR|ELOOP/);
  await expect(own.file('file')).rejects.toThrow('ELOOP');
  await own.close();
});
