import { realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Space } from '../model/views/agent.ts';
import { reasonOf } from './confined.ts';

/**
 * A folder of a server and the room on its mount; of a folder that the server has yet to make, the mount on which it will
 * lie. A folder that cannot be read has a problem in place of figures.
 */
export async function readSpace(path: string): Promise<Space> {
  try {
    const parent = await realpath(dirname(path));
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return join(parent, basename(path));
      throw error;
    });
    const [{ dev }, mount] = await mountOf(real).catch(() => mountOf(parent));
    // Some file systems make inodes as they need them, and count none.
    const countsInodes = mount.files > 0;
    return {
      path: real,
      device: dev,
      totalBytes: mount.blocks * mount.bsize,
      freeBytes: mount.bavail * mount.bsize,
      totalInodes: countsInodes ? mount.files : null,
      freeInodes: countsInodes ? mount.ffree : null,
      problem: null,
    };
  } catch (error) {
    const none = { device: null, totalBytes: null, freeBytes: null, totalInodes: null, freeInodes: null };
    return { path, ...none, problem: reasonOf(error) };
  }
}

const mountOf = (path: string) => Promise.all([stat(path), statfs(path)]);
