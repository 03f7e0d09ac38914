import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';

const inMemory = '/dev/shm/';
/** Of the servers of all tests that run at a time, many times over. */
const roomNeeded = 4e9;
/** Beside what the tests themselves take. */
const memoryNeeded = 2 * roomNeeded;

/**
 * Lets tests have their files in memory where Linux has room there, until this process ends: a database is some 2,000 files, and a disk
 * takes a second of the processor for them.
 */
export function keepFilesInMemory(): void {
  if (!hasRoom()) return;
  removeLeft();
  const folder = mkdtempSync(`${inMemory}px-${process.pid}-`);
  // Some servers run as another user.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** What processes left that were killed. */
function removeLeft(): void {
  for (const name of readdirSync(inMemory)) {
    const pid = /^px-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(inMemory + name, { recursive: true, force: true });
  }
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize > roomNeeded && process.availableMemory() > memoryNeeded;
  } catch {
    return false;
  }
}
