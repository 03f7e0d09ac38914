import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPikaProcesses, type Strangers, stillRuns } from '../../src/agent/processes.ts';

let proc: string;
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'proc-'));
});
afterEach(() => rm(proc, { recursive: true }));

async function process(
  pid: number,
  args: readonly string[],
  { environ = '', nspid = String(pid), mnt = 'mnt:[1]', cwd = '/srv/pika' } = {},
): Promise<void> {
  const folder = join(proc, String(pid));
  await mkdir(join(folder, 'ns'), { recursive: true });
  await writeFile(join(folder, 'cmdline'), args.map((arg) => `${arg}\0`).join(''));
  await writeFile(join(folder, 'status'), `Name:\tpika\nNSpid:\t${nspid}\n`);
  await writeFile(
    join(folder, 'limits'),
    'Limit                     Soft Limit           Hard Limit\nMax open files            5000                 524288               files\n',
  );
  await writeFile(join(folder, 'environ'), environ);
  await symlink(cwd, join(folder, 'cwd'));
  await symlink(mnt, join(folder, 'ns/mnt'));
}

test('finds servers by their arguments, with what /proc says of each', async () => {
  await process(1, ['/sbin/init']);
  await process(20, ['/usr/bin/pika', '-c', 'conf/pika.conf'], { environ: 'A=1\0TZ=Asia/Shanghai\0B=2\0' });
  await process(21, ['./pika', '-c/etc/pika.conf'], { nspid: '21 7', mnt: 'mnt:[2]' });
  await process(22, ['pika-expander', '-c', 'x']);
  await process(23, ['vim', '-c', 'pika']);
  await symlink(join(proc, '20'), join(proc, 'self'));
  expect(await findPikaProcesses(proc)).toEqual([
    {
      pid: 20,
      ownPid: 20,
      conf: '/srv/pika/conf/pika.conf',
      workingFolder: '/srv/pika',
      ownFiles: false,
      timeZone: 'Asia/Shanghai',
      openFileLimit: 5000,
    },
    {
      pid: 21,
      ownPid: 7,
      conf: '/etc/pika.conf',
      workingFolder: '/srv/pika',
      ownFiles: true,
      timeZone: null,
      openFileLimit: 5000,
    },
  ]);
});

test('a process that is none of Pika is looked at twice, and then rarely, as long as it runs', async () => {
  const strangers: Strangers = new Map();
  const look = async (): Promise<number> => (await findPikaProcesses(proc, strangers)).length;
  const becomesPika = () => writeFile(join(proc, '20/cmdline'), 'pika\0-c\0/etc/pika.conf\0');
  await process(20, ['sh']);
  expect(await look()).toBe(0);
  await becomesPika();
  expect(await look()).toBe(1);
  await writeFile(join(proc, '20/cmdline'), 'sh\0');
  expect([await look(), await look()]).toEqual([0, 0]);
  await becomesPika();
  const found: number[] = [];
  while (found.length < 12 && found.at(-1) !== 1) found.push(await look());
  expect(found).toEqual([...Array(10).fill(0), 1]);
  await rm(join(proc, '20'), { recursive: true });
  expect([await look(), strangers.size]).toEqual([0, 0]);
});

test('a process that ended, or whose number another program took, runs no more', async () => {
  await process(20, ['pika', '-c', '/etc/pika.conf']);
  const [found] = await findPikaProcesses(proc);
  expect(await stillRuns(found!, proc)).toBe(true);
  await writeFile(join(proc, '20/cmdline'), 'bash\0');
  expect(await stillRuns(found!, proc)).toBe(false);
  await rm(join(proc, '20'), { recursive: true });
  expect(await stillRuns(found!, proc)).toBe(false);
});

test('where there is no /proc, no process is found', async () => {
  expect(await findPikaProcesses(join(proc, 'none'))).toEqual([]);
});
