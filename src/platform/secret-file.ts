import { statSync } from 'node:fs';

/** Whether every user of this machine may read or change the file. A pipe, or a file that is not there, is none of these. */
export function isOpenToOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & 0o006) !== 0;
}
