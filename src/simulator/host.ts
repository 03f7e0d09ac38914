/** The host of a simulated node, as an agent on it finds it: a process, its pika.conf, its log and its folders. */
import { appendFile, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import type { SimFile, SimFolder } from './folders.ts';
import { log, table } from './manifest.ts';

interface WrittenFolder {
  path: string;
  folders: readonly string[];
  /** By name: as JSON. */
  files: ReadonlyMap<string, string>;
}

export class SimulatedHost {
  readonly #cluster: Cluster;
  readonly #id: string;
  readonly #folder: string;
  readonly #proc: string;
  #processId: number | null = null;
  /** By inode. */
  readonly #written = new Map<string, WrittenFolder>();
  readonly #lines = new Map<string, number>();

  /** `folder`: where the node's files are made. `proc`: where what Linux shows of its process is. */
  constructor(cluster: Cluster, id: string, folder: string, proc: string) {
    this.#cluster = cluster;
    this.#id = id;
    this.#folder = folder;
    this.#proc = proc;
  }

  get conf(): string {
    return join(this.#folder, 'pika.conf');
  }

  get log(): string {
    return join(this.#folder, 'log');
  }

  async make(): Promise<void> {
    const { port, dbs } = this.#cluster.node(this.#id);
    for (const name of ['db', 'dbsync', 'dump', 'log'])
      await mkdir(join(this.#folder, name), { recursive: true });
    await writeFile(this.conf, `port : ${port}\ndatabases : ${dbs.length}\n`);
    await this.write();
  }

  /** Brings all up to this moment. What a line says is in the folders when the line is in the log. */
  async write(): Promise<void> {
    const now = this.#cluster.now();
    const lines = this.#newLines();
    const folders = this.#cluster.foldersOf(this.#id);
    const { alive, processId } = this.#cluster.node(this.#id);
    await this.#writeProcess(alive ? processId : null);
    await this.#writeFolders(folders);
    const path = join(this.log, 'pika.sim.pika.log.INFO.20261128-000000.1');
    await appendFile(path, lines.join(''));
    // Lines name no zone: an agent compares their times with that of the file.
    await utimes(path, now / 1000, now / 1000);
  }

  /** While a copy goes on, the model orders its lines anew each time. */
  #newLines(): string[] {
    const seen = new Map<string, number>();
    return this.#cluster
      .logOf(this.#id)
      .filter((line) => {
        const words = line.slice(line.indexOf(' ', 20));
        const count = (seen.get(words) ?? 0) + 1;
        seen.set(words, count);
        if (count <= (this.#lines.get(words) ?? 0)) return false;
        this.#lines.set(words, count);
        return true;
      })
      .map((line) => `${line}\n`);
  }

  async #writeProcess(processId: number | null): Promise<void> {
    if (processId === this.#processId) return;
    if (this.#processId !== null) await rm(join(this.#proc, String(this.#processId)), { recursive: true });
    this.#processId = processId;
    if (processId === null) return;
    const own = join(this.#proc, String(processId));
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'status'), `NSpid: ${processId}\n`);
    await writeFile(join(own, 'environ'), 'TZ=UTC\0');
    await symlink(this.#folder, join(own, 'cwd'));
    await writeFile(join(own, 'cmdline'), 'pika\0-c\0pika.conf\0');
  }

  async #writeFolders(folders: readonly SimFolder[]): Promise<void> {
    const there = new Set(folders.map(({ inode }) => inode));
    for (const [inode, { path }] of this.#written) {
      if (there.has(inode)) continue;
      await rm(join(this.#folder, path), { recursive: true });
      this.#written.delete(inode);
    }
    for (const folder of folders) await this.#writeFolder(folder);
  }

  async #writeFolder({ path, inode, folders, files }: SimFolder): Promise<void> {
    const before = this.#written.get(inode) ?? { path, folders: [], files: new Map() };
    const at = join(this.#folder, path);
    if (before.path !== path) await rename(join(this.#folder, before.path), at);
    for (const name of ['', ...folders]) await mkdir(join(at, name), { recursive: true });
    const now = new Map(files.map((file) => [file.name, JSON.stringify(file)]));
    for (const file of files)
      if (before.files.get(file.name) !== now.get(file.name)) await writeSimFile(join(at, file.name), file);
    for (const name of before.files.keys()) if (!now.has(name)) await rm(join(at, name), { force: true });
    for (const name of before.folders)
      if (!folders.includes(name)) await rm(join(at, name), { recursive: true });
    this.#written.set(inode, { path, folders, files: now });
  }
}

/** A file that nobody reads has its size and takes no room. */
async function writeSimFile(path: string, { bytes, text, tables }: SimFile): Promise<void> {
  const content = tables ? log(tables.map((each) => table(each.number, each.bytes))) : text;
  if (content === undefined) {
    await appendFile(path, '');
    await truncate(path, bytes);
    return;
  }
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
