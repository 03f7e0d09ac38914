import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OpenFolder } from '../../src/agent/confined.ts';
import { ServerFolders } from '../../src/agent/folders.ts';
import { Hasher } from '../../src/agent/hashes.ts';
import { parsePikaConf } from '../../src/agent/pika-conf.ts';
import { fixture, Host, md5, sha256 } from './host.ts';

const counts = { list: false, hash: false };
const lists = { list: true, hash: false };
const hashes = { list: true, hash: true };

let host: Host;
let hasher: Hasher;
beforeEach(async () => {
  host = await Host.start();
  hasher = new Hasher({ bytesPerSecond: 1e12, sleep: async () => {} });
  await host.server('a', 9221);
});
afterEach(async () => {
  await hasher.stop();
  await host.stop();
});

function folders(conf = 'databases : 2', most?: number): ServerFolders {
  const paths = { db: 'db', dump: 'dump', dbSync: 'dbsync', log: 'log' } as const;
  const absolute = Object.fromEntries(
    Object.entries(paths).map(([key, name]) => [key, host.path('a', name)]),
  );
  return new ServerFolders(parsePikaConf(`port : 9221\n${conf}`), absolute as never, hasher, most);
}

/** A database as 4.0.1 wrote it, with its only table at the size that its MANIFEST says. */
async function database(at: string, tableBytes = 172_890): Promise<void> {
  await host.writeOld(`${at}/0/CURRENT`, 'MANIFEST-000005\n');
  await host.writeOld(`${at}/0/MANIFEST-000005`, await fixture('4.0.1-MANIFEST-000005'));
  await host.writeOld(`${at}/0/000021.sst`, Buffer.alloc(tableBytes, 7));
  await host.writeOld(`${at}/0/000099.sst`, 'not named by the MANIFEST');
}

test('the newest dump of each database, with the id by which its master names it', async () => {
  await host.write('a/dump/20261127/db0/strings/000001.sst', 'old');
  await host.write('a/dump/20261127/db1/strings/000002.sst', '22');
  await host.write('a/dump/20261128/db0/strings/000003.sst', '333');
  await host.write('a/dump/20261128/db0/info', '3s\n127.0.0.1\n9221\n1\n2\n');
  await host.write('a/dump/20261128/db0_FAILED/info', '');
  await host.write('a/dump/20261128/db7/info', 'beyond the databases of pika.conf');
  await host.write('a/dump/other/db0/info', '');
  const dumps = await folders().dumps(lists);
  expect(dumps.map(({ db, path, files, bytes }) => [db, path, files, bytes])).toEqual([
    ['db0', host.path('a/dump/20261128/db0'), 2, 25],
    ['db1', host.path('a/dump/20261127/db1'), 1, 2],
  ]);
  expect(dumps[0]!.dumpId).toBe(md5('3s\n127.0.0.1\n9221\n1\n2\n'));
  expect(dumps[0]!.listing).toEqual([
    { name: 'info', bytes: 22, sha256: null },
    { name: 'strings/000003.sst', bytes: 3, sha256: null },
  ]);
  expect(dumps[1]!.dumpId).toBe(null);
});

test('a dump with a prefix, and another folder of the same name', async () => {
  await host.write('a/dump/p-20261128/db0/info', 'x');
  await host.write('a/dump/20261129/db0/info', 'x');
  const [first] = await folders('dump-prefix : p-').dumps(counts);
  expect(first).toMatchObject({ path: host.path('a/dump/p-20261128/db0'), listing: null });
  await rename(host.path('a/dump/p-20261128/db0'), host.path('a/dump/kept'));
  await host.write('a/dump/p-20261128/db0/info', 'x');
  const [second] = await folders('dump-prefix : p-').dumps(counts);
  expect(second!.inode).not.toBe(first!.inode);
});

test('the arriving copy; the empty folders that Pika makes before are none', async () => {
  await mkdir(host.path('a/dbsync/db0/strings'), { recursive: true });
  expect(await folders().copies(lists)).toEqual([]);
  await host.write('a/dbsync/db0/strings/000012.sst', '4444');
  expect(await folders().copies(lists)).toMatchObject([
    { db: 'db0', files: 1, bytes: 4, listing: [{ name: 'strings/000012.sst', bytes: 4 }] },
  ]);
});

test('the tables that a database has open are those that its MANIFEST names', async () => {
  await database('a/db/db0');
  const [opened] = await folders().opened(lists);
  expect(opened).toMatchObject({
    db: 'db0',
    files: 1,
    bytes: 172_890,
    listing: [{ name: '0/000021.sst', bytes: 172_890, sha256: null }],
  });
  expect(opened!.problem).toBe(undefined);
});

test('a table that a compaction replaces is told as it came, from the folder that became the database', async () => {
  const reader = folders();
  await host.writeOld('a/db/db0/0/000002.sst', 'of the data before');
  await database('a/dbsync/db0');
  await host.writeOld('a/dbsync/db0/0/000020.sst', 'came, and is replaced at once');
  await reader.copies(hashes);
  await reader.opened(hashes);
  await hasher.idle();
  await reader.copies(hashes);
  await reader.opened(hashes);

  await rename(host.path('a/db/db0'), host.path('a/db/db0_bak'));
  await rename(host.path('a/dbsync/db0'), host.path('a/db/db0'));
  await rm(host.path('a/db/db0/0/000020.sst'));
  await reader.copies(hashes);
  const [opened] = await reader.opened(hashes);
  expect(opened).toMatchObject({ files: 1, bytes: 172_890 });
  expect(opened!.listing).toEqual([
    { name: '0/000021.sst', bytes: 172_890, sha256: expect.any(String) },
    { name: '0/000020.sst', bytes: 29, sha256: sha256('came, and is replaced at once'), gone: true },
    // The MANIFEST does not name it.
    expect.objectContaining({ name: '0/000099.sst', gone: true }),
  ]);
  expect((await reader.opened(counts))[0]!.listing).toBe(null);
  expect((await reader.opened(lists))[0]!.listing).toHaveLength(1);
});

test.each([
  ['a table is missing', () => rm(host.path('a/db/db0/0/000021.sst')), '0/000021.sst: missing'],
  ['a table is cut', () => database('a/db/db0', 1000), '0/000021.sst: 1000 of 172890 bytes'],
  ['CURRENT never came', () => rm(host.path('a/db/db0/0/CURRENT')), '0/CURRENT: ENOENT'],
  ['CURRENT is empty', () => writeFile(host.path('a/db/db0/0/CURRENT'), ''), '0/CURRENT: names no MANIFEST'],
  ['the MANIFEST never came', () => rm(host.path('a/db/db0/0/MANIFEST-000005')), '0/MANIFEST-000005: ENOENT'],
  [
    'the MANIFEST is cut',
    async () =>
      host.writeOld('a/db/db0/0/MANIFEST-000005', (await fixture('4.0.1-MANIFEST-000005')).subarray(0, 300)),
    '0/MANIFEST-000005: ends in the middle of a record',
  ],
  [
    'the MANIFEST is damaged',
    async () => {
      const bytes = await fixture('4.0.1-MANIFEST-000005');
      bytes[200]! ^= 1;
      await host.writeOld('a/db/db0/0/MANIFEST-000005', bytes);
    },
    '0/MANIFEST-000005: a checksum is wrong',
  ],
])('says that %s', async (_what, spoil, problem) => {
  await database('a/db/db0');
  await spoil();
  expect((await folders().opened(lists))[0]!.problem).toBe(problem);
});

test('follows a MANIFEST that grows, and one that takes its place', async () => {
  await database('a/db/db0');
  const reader = folders();
  const bytes = await fixture('4.0.1-MANIFEST-000005');
  const manifest = host.path('a/db/db0/0/MANIFEST-000005');
  await writeFile(manifest, bytes.subarray(0, 100));
  await reader.opened(lists);
  await writeFile(manifest, bytes);
  expect((await reader.opened(lists))[0]).toMatchObject({ files: 1 });
  await host.write('a/db/db0/0/MANIFEST-000013', await fixture('3.5.4-MANIFEST-000013'));
  await writeFile(host.path('a/db/db0/0/CURRENT'), 'MANIFEST-000013\n');
  expect((await reader.opened(lists))[0]).toMatchObject({ files: 0 });
});

test('names the folders that hold the data from before a swap', async () => {
  await mkdir(host.path('a/db/db0_bak'));
  await mkdir(host.path('a/db/dbx_bak'));
  expect(await folders().backups()).toEqual([host.path('a/db/db0_bak')]);
});

test('a link is followed nowhere but at the paths of pika.conf themselves', async () => {
  await host.write('elsewhere/db0/strings/secret.sst', 'secret');
  await host.write('elsewhere/20261128/db0/info', 'secret');
  await host.write('a/dump/20261127/db0/strings/000001.sst', 'own');
  await symlink(host.path('elsewhere/20261128'), host.path('a/dump/20261128'));
  await symlink(host.path('elsewhere/db0/strings/secret.sst'), host.path('a/dump/20261127/db0/info'));
  await symlink(host.path('elsewhere/db0/strings'), host.path('a/dump/20261127/db0/hashes'));
  await symlink(host.path('elsewhere/db0'), host.path('a/dbsync/db0'));
  await host.write('a/db/db0/0/CURRENT', 'MANIFEST-000005\n');
  await host.write('elsewhere/MANIFEST', await fixture('4.0.1-MANIFEST-000005'));
  await symlink(host.path('elsewhere/MANIFEST'), host.path('a/db/db0/0/MANIFEST-000005'));
  const [dump, ...others] = await folders().dumps(hashes);
  expect([dump!.listing, dump!.dumpId, others]).toEqual([
    [{ name: 'strings/000001.sst', bytes: 3, sha256: null }],
    null,
    [],
  ]);
  expect(await folders().copies(lists)).toEqual([]);
  expect((await folders().opened(lists))[0]!.problem).toBe('0/MANIFEST-000005: ELOOP');

  await rm(host.path('a/dbsync'), { recursive: true });
  await symlink(host.path('elsewhere'), host.path('a/dbsync'));
  expect(await folders().copies(counts)).toMatchObject([{ db: 'db0', files: 1 }]);
});

test.runIf(process.platform === 'linux')('a pipe in place of a file stops nothing', async () => {
  await mkdir(host.path('a/db/db0/0'), { recursive: true });
  execFileSync('mkfifo', [host.path('a/db/db0/0/CURRENT')]);
  expect((await folders().opened(lists))[0]!.problem).toBe('0/CURRENT: not a regular file');
});

async function old(...paths: string[]): Promise<void> {
  const aMinuteAgo = new Date(Date.now() - 60_000);
  for (const path of paths) await utimes(host.path(path), aMinuteAgo, aMinuteAgo);
}

describe('what stands is not looked at again', () => {
  const looksAtFiles = async (work: () => Promise<unknown>): Promise<number> => {
    const spy = vi.spyOn(OpenFolder.prototype, 'lstat');
    try {
      await work();
      return spy.mock.calls.filter(([name]) => name.endsWith('.sst')).length;
    } finally {
      spy.mockRestore();
    }
  };
  test('a dump that is finished, until a folder of it changes', async () => {
    const at = 'a/dump/20261128/db0';
    await host.writeOld(`${at}/strings/000001.sst`, '1');
    await host.writeOld(`${at}/strings/000002.sst`, '22');
    await host.writeOld(`${at}/info`, '3s\n127.0.0.1\n9221\n1\n2\n');
    await old(`${at}/strings`, at);
    const reader = folders();
    const first = await reader.dumps(lists);
    let second: typeof first = [];
    expect(
      await looksAtFiles(async () => {
        second = await reader.dumps(lists);
      }),
    ).toBe(0);
    expect(second).toEqual(first);
    await rm(host.path(`${at}/strings/000001.sst`));
    expect((await reader.dumps(lists))[0]).toMatchObject({ files: 2, bytes: 24 });
  });

  test('not a dump that is being made, whose files may grow in silence', async () => {
    const at = 'a/dump/20261128/db0';
    await host.writeOld(`${at}/strings/000001.sst`, '1');
    await old(`${at}/strings`, at);
    const reader = folders();
    await reader.dumps(lists);
    await writeFile(host.path(`${at}/strings/000001.sst`), '4444');
    await old(`${at}/strings/000001.sst`);
    expect((await reader.dumps(lists))[0]).toMatchObject({ bytes: 4 });
  });

  test('the tables of a database, until they are taken away', async () => {
    await database('a/db/db0');
    await old('a/db/db0/0');
    const reader = folders();
    const first = await reader.opened(lists);
    let second: typeof first = [];
    expect(
      await looksAtFiles(async () => {
        second = await reader.opened(lists);
      }),
    ).toBe(0);
    expect(second).toEqual(first);
    await rm(host.path('a/db/db0/0/000021.sst'));
    expect((await reader.opened(lists))[0]!.problem).toBe('0/000021.sst: missing');
  });
});

test('of a folder with too many files only so many are looked at, and there is no list', async () => {
  for (let n = 0; n < 20; n++) await host.writeOld(`a/dump/20261128/db0/strings/${n}.sst`, 'x');
  await host.writeOld('a/dump/20261128/db0/info', 'info');
  await old('a/dump/20261128/db0/strings', 'a/dump/20261128/db0');
  const reader = folders(undefined, 10);
  for (const _ of [1, 2])
    expect((await reader.dumps(lists))[0]).toMatchObject({
      files: 10,
      listing: null,
      problem: 'more than 10 files',
      dumpId: md5('info'),
    });
  expect((await folders(undefined, 21).dumps(lists))[0]!.listing).toHaveLength(21);
});

test.runIf(process.platform === 'linux')(
  'names that are no text, pipes and devices stop nothing',
  async () => {
    await host.write('a/dbsync/db0/strings/000001.sst', '1');
    const strange = Buffer.concat([
      Buffer.from(host.path('a/dbsync/db0/strings/')),
      Buffer.from([0xff, 0xfe]),
    ]);
    await writeFile(strange, 'no text');
    execFileSync('mkfifo', [host.path('a/dbsync/db0/strings/000002.sst')]);
    await symlink('/dev/zero', host.path('a/dbsync/db0/strings/000003.sst'));
    expect((await folders().copies(lists))[0]!.listing).toEqual([
      { name: 'strings/000001.sst', bytes: 1, sha256: null },
    ]);
  },
);

test.runIf(process.platform === 'linux')('a pipe is not opened: its writer would go on', async () => {
  await mkdir(host.path('a/db/db0/0'), { recursive: true });
  execFileSync('mkfifo', [host.path('a/db/db0/0/CURRENT')]);
  const opening = open(host.path('a/db/db0/0/CURRENT'), 'w').then((file) => file.close());
  let opened = false;
  void opening.then(() => {
    opened = true;
  });
  const reader = folders();
  for (let n = 0; n < 20; n++) await reader.opened(lists);
  expect(opened).toBe(false);
  await (await open(host.path('a/db/db0/0/CURRENT'), constants.O_RDONLY | constants.O_NONBLOCK)).close();
  await opening;
});

test('hashes what has settled, and knows it again under another name', async () => {
  await host.writeOld('a/dbsync/db0/0/000021.sst', 'table');
  await host.write('a/dbsync/db0/0/000022.sst', 'still growing');
  await utimes(host.path('a/dbsync/db0/0/000022.sst'), new Date(), new Date(Date.now() + 3_600_000));
  await folders().copies(hashes);
  await hasher.idle();
  const [copy] = await folders().copies(hashes);
  expect(copy!.listing!.map(({ sha256 }) => sha256)).toEqual([sha256('table'), null]);
  await mkdir(host.path('a/dump/20261128'));
  await rename(host.path('a/dbsync/db0'), host.path('a/dump/20261128/db0'));
  const [moved] = await folders().dumps(hashes);
  expect(moved!.listing![0]!.sha256).toBe(sha256('table'));
});
