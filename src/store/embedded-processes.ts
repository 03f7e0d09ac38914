import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Id of the server process that the data folder's pid file names; null = there is no such file. */
export async function pidInFile(dataFolder: string): Promise<number | null> {
  const text = await readFile(pidFile(dataFolder), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
}

export const pidFile = (dataFolder: string): string => join(dataFolder, 'postmaster.pid');

/**
 * Whether this process is a PostgreSQL on that folder. After a reboot, or in a new container, another program may
 * have the number that the file names.
 */
export async function isServerOn(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const args = await commandLine(pid);
  return args.includes(dataFolder) && args.includes('postgres');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Empty for a process that is gone, or that has ended and waits for its parent. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
