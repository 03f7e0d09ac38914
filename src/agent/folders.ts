/** What lies in the folders of a server: the newest dump, the arriving copy, and the tables that it has open. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { Folder, FolderFile } from '../model/views/agent.ts';
import { OpenFolder, reasonOf, within } from './confined.ts';
import type { FileIdentity, Hasher } from './hashes.ts';
import { ManifestReader } from './manifest.ts';
import type { PikaConf } from './pika-conf.ts';

/** What a report is to hold of folders. */
export interface Wanted {
  readonly list: boolean;
  readonly hash: boolean;
  /** Lists that the service has. */
  readonly held?: readonly string[];
}

/** Of a folder with more files there is no listing, and no more of them are looked at. */
const mostListed = 100_000;
/** Of the time, no more than a fifth is spent on walking through a long copy that grows. */
const [longCopy, restPerWalk] = [1000, 4];
/** dbN / type / file: Pika lays nothing deeper. */
const deepest = 3;
/** Five short lines; anything else is no `info`. */
const longestInfo = 4096;
/** A file that was just written to may still grow. */
const settledMs = 1000;
/** A MANIFEST that was just written to may be in the middle of a record. */
const freshMs = 2000;

interface Found extends FileIdentity {
  readonly name: string;
}

/** Tables as they were seen last, of a copy or of the database that it has become: the folder keeps its inode. */
interface Came {
  readonly inode: bigint;
  readonly tables: Map<string, Found>;
}

/** A folder as it was listed last. While its time stands, no file was added to it, taken away or replaced. */
interface KnownFolder {
  readonly inode: bigint;
  readonly mtimeNs: bigint;
  readonly files: readonly Found[];
  readonly folders: readonly string[];
  /** Whether more files lie in it. */
  readonly cut: boolean;
}

/** The tables of a database that were seen. Their size and content never change, and no number is given twice. */
interface KnownTables {
  readonly inode: bigint;
  mtimeNs: bigint;
  readonly tables: Map<string, Found>;
}

/** Below the name of the folder: the folders on the way to a file, then the file. */
const openFound = (root: string, name: string) => async () => {
  const parts = name.split('/');
  const file = parts.pop()!;
  let folder = await OpenFolder.at(root);
  for (const part of parts) {
    const parent = folder;
    folder = await parent.folder(part).finally(() => parent.close());
  }
  return within(Promise.resolve(folder), (last) => last.file(file));
};

export class ServerFolders {
  readonly #conf: PikaConf;
  readonly #paths: Paths;
  readonly #hasher: Hasher;
  readonly #mostListed: number;
  readonly #tablesOf = new Map<string, KnownTables>();
  /** Folders of finished dumps, by path. */
  #dumpFolders: ReadonlyMap<string, KnownFolder> = new Map();
  #copiesWalked: { readonly wanted: string; readonly until: number; readonly copies: Folder[] } | null = null;
  readonly #manifests = new Map<string, { readonly id: string; readonly reader: ManifestReader }>();
  /** By database, while listings are wanted: of its folder, and of the copy that may take its place. */
  readonly #came = new Map<string, readonly Came[]>();

  /** `paths`: absolute. */
  constructor(conf: PikaConf, paths: Paths, hasher: Hasher, most = mostListed) {
    this.#mostListed = most;
    this.#conf = conf;
    this.#paths = paths;
    this.#hasher = hasher;
  }

  /** The newest dump of each database. */
  async dumps(wanted: Wanted): Promise<Folder[]> {
    const prefix = this.#conf.dumpPrefix;
    const dates = (await foldersIn(this.#paths.dump))
      .filter((name) => name.startsWith(prefix) && /^\d{8}$/.test(name.slice(prefix.length)))
      .toSorted()
      .toReversed();
    const newest = new Map<string, string>();
    for (const date of dates)
      for (const db of this.#databases(await foldersIn(join(this.#paths.dump, date))))
        if (!newest.has(db)) newest.set(db, join(this.#paths.dump, date, db));
    const kept = new Map<string, KnownFolder>();
    const dumps = await this.#each([...newest], (db, path) =>
      this.#whole(db, path, wanted, { known: this.#dumpFolders, kept }),
    );
    this.#dumpFolders = kept;
    return unlessHeld(dumps, wanted);
  }

  /** What has come of each database. */
  async copies(wanted: Wanted): Promise<Folder[]> {
    const asked = `${wanted.list} ${wanted.hash}`;
    const [startedAt, before] = [performance.now(), this.#copiesWalked];
    if (before?.wanted === asked && startedAt < before.until) return unlessHeld(before.copies, wanted);
    const path = this.#paths.dbSync;
    const databases = this.#databases(await foldersIn(path));
    const found = await this.#each(
      databases.map((db) => [db, join(path, db)]),
      (db, folder) =>
        this.#whole(db, folder, wanted, {
          seen: (ino, files) => this.#remember(db, ino, files, wanted),
        }),
    );
    // The folders of a copy to come are made empty.
    const copies = found.filter(({ files, problem }) => files > 0 || problem !== undefined);
    const isLong = copies.some(({ files }) => files > longCopy);
    const endedAt = performance.now();
    const until = isLong ? endedAt + restPerWalk * (endedAt - startedAt) : 0;
    this.#copiesWalked = { wanted: asked, until, copies };
    return unlessHeld(copies, wanted);
  }

  /** The table files that each database consists of, as its CURRENT and MANIFEST say. */
  async opened(wanted: Wanted): Promise<Folder[]> {
    const path = this.#paths.db;
    const databases = this.#databases(await foldersIn(path));
    const opened = await this.#each(
      databases.map((db) => [db, join(path, db)]),
      (db, folder) => this.#tables(db, folder, wanted),
    );
    return unlessHeld(opened, wanted);
  }

  /** The data from before a swap that did not end. */
  async backups(): Promise<string[]> {
    const names = (await foldersIn(this.#paths.db)).filter((name) => /^db\d+_bak$/.test(name));
    return names.toSorted().map((name) => join(this.#paths.db, name));
  }

  #databases(names: readonly string[]): string[] {
    return names
      .filter((name) => /^db\d+$/.test(name) && Number(name.slice(2)) < this.#conf.databases)
      .toSorted();
  }

  async #each(
    folders: readonly (readonly [db: string, path: string])[],
    read: (db: string, path: string) => Promise<Folder>,
  ): Promise<Folder[]> {
    const found: Folder[] = [];
    for (const [db, path] of folders) {
      try {
        found.push(await read(db, path));
      } catch (error) {
        // It vanished meanwhile: a swap, or a dump that is made again.
        if (reasonOf(error) === 'ENOENT') continue;
        found.push({ ...nothing(db, path), problem: reasonOf(error) });
      }
    }
    return found;
  }

  /** What has come of a database, as long as somebody wants to know. */
  #remember(db: string, inode: bigint, found: readonly Found[], { list }: Wanted): void {
    if (!list) {
      this.#came.delete(db);
      return;
    }
    const known = this.#cameOf(db, inode);
    const { tables } = known ?? { tables: new Map<string, Found>() };
    if (!known) this.#came.set(db, [...(this.#came.get(db) ?? []), { inode, tables }].slice(-2));
    for (const file of found)
      if (file.name.endsWith('.sst') && (tables.has(file.name) || tables.size < this.#mostListed))
        tables.set(file.name, file);
  }

  #cameOf(db: string, inode: bigint): Came | undefined {
    return this.#came.get(db)?.find((came) => came.inode === inode);
  }

  /** The tables that came with this folder and are not in it any more. */
  #gone(db: string, inode: bigint, found: readonly Found[]): Found[] {
    const there = new Set(found.map(({ name }) => name));
    return [...(this.#cameOf(db, inode)?.tables.values() ?? [])].filter(({ name }) => !there.has(name));
  }

  #whole(
    db: string,
    path: string,
    wanted: Wanted,
    { known = new Map(), kept, seen }: WholeOptions,
  ): Promise<Folder> {
    return within(OpenFolder.at(path), async (folder) => {
      const { ino, mtimeNs } = await folder.stat();
      const walk: Walk = { known, walked: new Map(), left: this.#mostListed, cut: false };
      const found = await filesBelow(folder, path, walk);
      seen?.(ino, found);
      const info = found.find(({ name }) => name === 'info');
      // Of a copy it is empty at first.
      const dumpId = info && info.size > 0 && info.size <= longestInfo ? await md5(folder, 'info') : null;
      // It is written last: a dump without it may still grow.
      if (dumpId !== null) for (const [at, each] of walk.walked) kept?.set(at, each);
      const described = this.#described(db, path, ino, mtimeNs, found, {
        ...wanted,
        list: wanted.list && !walk.cut,
      });
      if (!walk.cut) return { ...described, dumpId };
      return { ...described, dumpId, problem: `more than ${this.#mostListed} files` };
    });
  }

  #tables(db: string, path: string, wanted: Wanted): Promise<Folder> {
    return within(OpenFolder.at(path), async (folder) => {
      const { ino, mtimeNs } = await folder.stat();
      const found: Found[] = [];
      const problems: string[] = [];
      for (const name of await foldersOf(folder)) {
        const part = await within(folder.folder(name), (inner) => this.#partTables(join(path, name), inner));
        for (const file of part.found) found.push({ ...file, name: `${name}/${file.name}` });
        if (part.problem !== null) problems.push(`${name}/${part.problem}`);
      }
      this.#remember(db, ino, found, wanted);
      return {
        ...this.#described(db, path, ino, mtimeNs, found, wanted, this.#gone(db, ino, found)),
        ...(problems.length > 0 ? { problem: problems.join('; ').slice(0, 300) } : {}),
      };
    });
  }

  /** One RocksDB of a database. Files vanish under the eyes of whoever reads: the list is then read once more. */
  async #partTables(path: string, folder: OpenFolder): Promise<{ found: Found[]; problem: string | null }> {
    const first = await this.#namedTables(path, folder);
    return first.problem === null ? first : this.#namedTables(path, folder);
  }

  async #namedTables(path: string, folder: OpenFolder): Promise<{ found: Found[]; problem: string | null }> {
    const none = (problem: string) => ({ found: [], problem });
    let current: string;
    try {
      current = (await readText(folder, 'CURRENT')).trimEnd();
    } catch (error) {
      return none(`CURRENT: ${reasonOf(error)}`);
    }
    if (!/^MANIFEST-\d+$/.test(current)) return none('CURRENT: names no MANIFEST');
    const manifest = await this.#manifest(path, folder, current);
    if (typeof manifest === 'string') return none(`${current}: ${manifest}`);
    if (manifest.length > this.#mostListed)
      return none(`${current}: names more than ${this.#mostListed} tables`);
    const { tables } = await this.#knownTables(path, folder);
    const found: Found[] = [];
    const wrong: string[] = [];
    for (const { number, bytes } of manifest) {
      const name = `${String(number).padStart(6, '0')}.sst`;
      const known = tables.get(name);
      const file = Number(known?.size) === bytes ? known! : await fileIn(folder, name);
      if (file === null) wrong.push(`${name}: missing`);
      else {
        found.push(file);
        if (Number(file.size) === bytes) tables.set(name, file);
        else wrong.push(`${name}: ${file.size} of ${bytes} bytes`);
      }
    }
    return { found, problem: wrong.length > 0 ? wrong.slice(0, 3).join(', ') : null };
  }

  /** The tables of a folder that were seen before and that nobody has taken away. */
  async #knownTables(path: string, folder: OpenFolder): Promise<KnownTables> {
    const { ino, mtimeNs } = await folder.stat();
    const before = this.#tablesOf.get(path);
    const known = before?.inode === ino ? before : { inode: ino, mtimeNs: 0n, tables: new Map() };
    this.#tablesOf.set(path, known);
    if (known.tables.size > 0 && known.mtimeNs !== mtimeNs) {
      const there = new Set((await folder.entries(2 * this.#mostListed)).map(({ name }) => name));
      for (const name of known.tables.keys()) if (!there.has(name)) known.tables.delete(name);
    }
    known.mtimeNs = isFresh(mtimeNs) ? 0n : mtimeNs;
    return known;
  }

  /** The tables that it names; a text = why it cannot be read. */
  async #manifest(path: string, folder: OpenFolder, name: string) {
    try {
      const file = await folder.file(name);
      try {
        const { dev, ino, mtimeMs } = await file.stat();
        const id = `${name} ${dev}:${ino}`;
        const known = this.#manifests.get(path);
        const reader = known?.id === id ? known.reader : new ManifestReader();
        this.#manifests.delete(path);
        await reader.advance(file);
        this.#manifests.set(path, { id, reader });
        if (reader.cutShort && Date.now() - mtimeMs > freshMs) return 'ends in the middle of a record';
        return reader.tables();
      } finally {
        await file.close();
      }
    } catch (error) {
      return reasonOf(error);
    }
  }

  #described(
    db: string,
    path: string,
    ino: bigint,
    mtimeNs: bigint,
    found: readonly Found[],
    wanted: Wanted,
    gone: readonly Found[] = [],
  ): Folder {
    const newest = found.reduce((most, file) => (file.mtimeNs > most ? file.mtimeNs : most), mtimeNs);
    return {
      db,
      path,
      inode: String(ino),
      changedAt: Number(newest / 1_000_000n),
      dumpId: null,
      files: found.length,
      bytes: found.reduce((sum, { size }) => sum + Number(size), 0),
      ...(wanted.list && found.length <= this.#mostListed
        ? named([
            ...found.map((file) => this.#listed(path, file, wanted.hash)),
            ...gone.slice(0, this.#mostListed - found.length).map((file) => this.#goneListed(file)),
          ])
        : { listing: null }),
    };
  }

  #listed(path: string, file: Found, hash: boolean): FolderFile {
    const settled = Date.now() - Number(file.mtimeNs / 1_000_000n) > settledMs;
    return {
      name: file.name,
      bytes: Number(file.size),
      sha256: hash && settled ? this.#hasher.hashOf(file, openFound(path, file.name)) : null,
    };
  }

  #goneListed(file: Found): FolderFile {
    return {
      name: file.name,
      bytes: Number(file.size),
      sha256: this.#hasher.known(file),
      gone: true,
    };
  }
}

export interface Paths {
  readonly db: string;
  readonly dump: string;
  readonly dbSync: string;
  readonly log: string;
}

const nothing = (db: string, path: string): Folder => ({
  db,
  path,
  inode: '',
  changedAt: 0,
  dumpId: null,
  files: 0,
  bytes: 0,
  listing: null,
});

const named = (listing: readonly FolderFile[]): Pick<Folder, 'listing' | 'listingId'> => ({
  listing,
  listingId: createHash('md5').update(JSON.stringify(listing)).digest('hex'),
});

/** The folders without the lists that the service has. */
const unlessHeld = (folders: readonly Folder[], { held = [] }: Wanted): Folder[] =>
  folders.map((folder) =>
    folder.listingId !== undefined && held.includes(folder.listingId) ? { ...folder, listing: null } : folder,
  );

const identityOf = ({ dev, ino, size, mtimeNs }: FileIdentity): FileIdentity => ({ dev, ino, size, mtimeNs });

/** Within these, times of files and folders may be the same before and after a change. */
const isFresh = (mtimeNs: bigint): boolean => Date.now() - Number(mtimeNs / 1_000_000n) < freshMs;

const namesOf = (entries: readonly Dirent[], kind: 'isFile' | 'isDirectory'): string[] =>
  entries.flatMap((entry) => (entry[kind]() ? [entry.name] : [])).toSorted();

const foldersOf = async (folder: OpenFolder): Promise<string[]> =>
  namesOf(await folder.entries(mostListed), 'isDirectory');

async function fileIn(folder: OpenFolder, name: string): Promise<Found | null> {
  const file = await folder.lstat(name).catch(() => null);
  return file?.isFile() ? { ...identityOf(file), name } : null;
}

/** Names of the folders in a folder; none where it cannot be read, which the room of its mount tells too. */
async function foldersIn(path: string): Promise<string[]> {
  return within(OpenFolder.at(path), foldersOf).catch(() => []);
}

/** A way through the folders of a database. */
interface Walk {
  readonly known: ReadonlyMap<string, KnownFolder>;
  /** Those whose files stand, by path. */
  readonly walked: Map<string, KnownFolder>;
  /** So many more files are looked at. */
  left: number;
  cut: boolean;
}

async function filesBelow(folder: OpenFolder, path: string, walk: Walk, depth = 1): Promise<Found[]> {
  const { files, folders } = await listed(folder, path, walk);
  const found = [...files];
  if (depth >= deepest) return found;
  for (const name of folders) {
    const below = await within(folder.folder(name), (child) =>
      filesBelow(child, join(path, name), walk, depth + 1),
    ).catch(() => []);
    for (const file of below) found.push({ ...file, name: `${name}/${file.name}` });
  }
  return found;
}

async function listed(folder: OpenFolder, path: string, walk: Walk): Promise<KnownFolder> {
  const { ino: inode, mtimeNs } = await folder.stat();
  const before = walk.known.get(path);
  if (before?.inode === inode && before.mtimeNs === mtimeNs) {
    walk.left -= before.files.length;
    walk.cut ||= before.cut;
    walk.walked.set(path, before);
    return before;
  }
  const entries = await folder.entries(walk.left + 1);
  const names = namesOf(entries, 'isFile');
  const cut = entries.length > walk.left;
  walk.cut ||= cut;
  const files: Found[] = [];
  for (const name of names.slice(0, walk.left)) {
    const file = await fileIn(folder, name);
    if (file) files.push(file);
  }
  walk.left -= files.length;
  const now = { inode, mtimeNs, files, folders: namesOf(entries, 'isDirectory'), cut };
  if (![mtimeNs, ...files.map((file) => file.mtimeNs)].some(isFresh)) walk.walked.set(path, now);
  return now;
}

interface WholeOptions {
  readonly known?: ReadonlyMap<string, KnownFolder>;
  /** Takes the folders of a finished dump. */
  readonly kept?: Map<string, KnownFolder>;
  readonly seen?: (inode: bigint, found: readonly Found[]) => void;
}

async function readText(folder: OpenFolder, name: string): Promise<string> {
  const file = await folder.file(name);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestInfo), 0, longestInfo, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function md5(folder: OpenFolder, name: string): Promise<string | null> {
  const text = await readText(folder, name).catch(() => null);
  return text === null ? null : createHash('md5').update(text, 'latin1').digest('hex');
}
