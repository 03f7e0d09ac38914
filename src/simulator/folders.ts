/**
 * What lies in the folders of a node, in the layout of its release and in the order of real servers: its dumps, the copies
 * that it receives and its databases (test/recordings/folders). It is worked out when somebody looks.
 */
import { begunFiles, blockNames, type Dump, type DumpFile, firstTable } from './dump.ts';
import {
  type DataFolder,
  type Disk,
  type DumpFolder,
  isSwapping,
  type SimDb,
  type SimNode,
  type World,
} from './world.ts';

export interface SimFile {
  /** Below its folder, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** What stands in it, where somebody reads it. */
  readonly text?: string;
  /** It is a MANIFEST that names these tables; its bytes are what that takes. */
  readonly tables?: readonly { readonly number: number; readonly bytes: number }[];
}

/** A folder of one DB. */
export interface SimFolder {
  /** Below the folder of the node: `dump/20261128/db0`. */
  readonly path: string;
  /** Another folder at the same path has another; a folder that is renamed keeps it. */
  readonly inode: string;
  /** Folders in it. */
  readonly folders: readonly string[];
  /** In the order in which they are made. */
  readonly files: readonly SimFile[];
}

const emptyDatabase = (inode: number): DataFolder => ({
  inode,
  copy: null,
  open: { tables: [], manifest: 5, wasCopied: false },
});

export const newDisk = (inode = 1): Disk => ({
  inodes: inode,
  dump: null,
  failedDump: null,
  copy: null,
  opened: emptyDatabase(inode),
  backup: null,
});

/** BGSAVE: the dump of before is deleted, and the failed one. */
export function dumpBegins(
  { disk }: SimDb,
  files: readonly DumpFile[],
  begunAt: number,
  takesMs: number,
): void {
  disk.dump = { inode: ++disk.inodes, files, begunAt, takesMs, dump: null };
  disk.failedDump = null;
  // What was in memory is written to tables first, and the dump links them.
  if (disk.opened?.open) disk.opened = withTables(disk.opened, disk.opened.open, files.filter(isTable));
}

export function dumpEnds({ disk }: SimDb, dump: Dump): void {
  if (disk.dump === null) return;
  disk.dump.dump = dump;
  if (dump.failed) [disk.failedDump, disk.dump] = [disk.dump, null];
}

export function dumpsDeleted({ disk }: SimDb): void {
  disk.dump = null;
  disk.failedDump = null;
}

/** PrepareRsync: before the node asks, and again when it has the list. */
export function copyExpected({ disk }: SimDb): void {
  disk.copy = { inode: ++disk.inodes, copy: null, open: null };
}

export function copyBegins({ disk }: SimDb, copy: NonNullable<DataFolder['copy']>): void {
  disk.copy = { inode: ++disk.inodes, copy, open: null };
}

export function copyDeleted({ disk }: SimDb): void {
  disk.copy = null;
}

/** Change db success: the copy is the database now, and the old one is deleted. */
export function swapped({ disk }: SimDb, lost: readonly string[]): void {
  if (disk.copy === null) return;
  const tables = cameOf(disk.copy).filter(
    (file) => isTable(file) && file.isWhole && !lost.includes(file.block),
  );
  disk.opened = withTables(disk.copy, { manifest: 0, wasCopied: true }, tables);
  disk.copy = null;
  disk.backup = null;
}

/** The process ended while it opened the copy. */
export function diedOpening({ disk }: SimDb): void {
  disk.backup = disk.opened;
  disk.opened = disk.copy;
  disk.copy = null;
}

/** The database was moved out of the way, and the copy could not take its place. */
export function movedAway({ disk }: SimDb): void {
  disk.backup = disk.opened;
  disk.opened = null;
}

/** The process starts: RocksDB begins a new MANIFEST, and makes a database where none is. */
export function reopened({ disk }: SimDb): void {
  const { opened } = disk;
  if (opened === null) disk.opened = emptyDatabase(++disk.inodes);
  else if (opened.open) disk.opened = withTables(opened, opened.open, opened.open.tables);
}

export function wiped({ disk }: SimDb): void {
  Object.assign(disk, { ...newDisk(disk.inodes + 1), dump: disk.dump });
}

/** A new MANIFEST names them. RocksDB gives no number twice in a folder. */
const withTables = (
  { inode }: DataFolder,
  before: Omit<NonNullable<DataFolder['open']>, 'tables'>,
  tables: readonly DumpFile[],
): DataFolder => ({
  inode,
  copy: null,
  open: { ...before, tables, manifest: 5 + Math.max(before.manifest, firstTable + tables.length) },
});

const numberOf = ({ name }: { readonly name: string }): number =>
  Number(/(\d+)(?:\.\w+)?$/.exec(name)?.[1] ?? 0);
const isTable = ({ name }: { readonly name: string }): boolean => name.endsWith('.sst');
const isCurrent = ({ name }: { readonly name: string }): boolean => name.endsWith('/CURRENT');

/** All folders of the databases of a node, each with what lies in it at this moment. */
export function foldersOf(world: World, node: SimNode): readonly SimFolder[] {
  return node.dbs.flatMap((db) => foldersOfDb(world, node, db));
}

function foldersOfDb(world: World, node: SimNode, db: SimDb): SimFolder[] {
  const { dump, failedDump, copy, opened, backup } = db.disk;
  const moving = isSwapping(db) && copy !== null;
  const place = (path: string, folder: DataFolder | null): SimFolder[] =>
    folder ? [dataFolder(node, db, path, folder)] : [];
  const dumps = (name: string, folder: DumpFolder | null): SimFolder[] =>
    folder ? [dumpFolder(world, node, db, name, folder)] : [];
  return [
    ...dumps(`${db.name}_FAILED`, failedDump),
    ...dumps(db.name, dump),
    ...place(`db/${db.name}_bak`, moving ? opened : backup),
    ...place(`db/${db.name}`, moving ? copy : opened),
    ...place(`dbsync/${db.name}`, moving ? null : copy),
  ];
}

/** While a database is linked into the dump, its folder ends in `.tmp`. `info` is written last. */
function dumpFolder(world: World, node: SimNode, db: SimDb, name: string, folder: DumpFolder): SimFolder {
  const { files, begunAt, takesMs, dump } = folder;
  const blocks = [...new Set(files.map(({ block }) => block))];
  const most = Math.max(...blocks.map((block) => files.filter((file) => file.block === block).length));
  // Where the disk is full or the process ends, it goes no further.
  const isMade = node.alive && db.bgsaving;
  const soFar = isMade ? Math.min(1, (world.clock.now() - begunAt) / takesMs) : 0.5;
  const share = dump === null || dump.failed ? soFar : 1;
  const linked = Math.floor(share * most);
  const parts = blocks.map((block) => {
    const own = files.filter((file) => file.block === block);
    const folderName = own.length <= linked ? block : `${block}.tmp`;
    const made = own.slice(0, linked).map((file) => ({
      ...simFile(file),
      name: `${folderName}/${file.name.slice(block.length + 1)}`,
    }));
    return { folderName, made };
  });
  const date = new Date(begunAt).toISOString().slice(0, 10).replaceAll('-', '');
  const info = dump === null ? [] : [{ name: 'info', bytes: dump.info.length, text: dump.info }];
  return {
    path: `dump/${date}/${name}`,
    inode: `${db.name} ${folder.inode}`,
    folders: parts.map(({ folderName }) => folderName),
    files: [...parts.flatMap(({ made }) => made), ...info],
  };
}

const simFile = ({ name, bytes }: DumpFile): SimFile => ({
  name,
  bytes: Math.round(bytes),
  ...(isCurrent({ name }) ? { text: 'MANIFEST-000005\n' } : {}),
});

function dataFolder(node: SimNode, db: SimDb, path: string, folder: DataFolder): SimFolder {
  const { traits } = node;
  const inDbPath = path.startsWith('db/');
  const names = { path, inode: `${db.name} ${folder.inode}` };
  const met = folder.copy || folder.open?.wasCopied ? [{ name: 'DUMP_META_DATA', bytes: 0 }] : [];
  if (folder.open === null) {
    // It is deleted before the copy is moved.
    const came = cameOf(folder).filter(({ name }) => !(inDbPath && name === 'info'));
    return { ...names, folders: blockNames(traits, 'sent'), files: [...met, ...came] };
  }
  const blocks = blockNames(traits, 'all');
  const { tables, manifest } = folder.open;
  return {
    ...names,
    folders: blocks,
    files: [...met, ...blocks.flatMap((block) => openedFiles(block, tables, manifest))],
  };
}

function openedFiles(block: string, all: readonly DumpFile[], manifest: number): SimFile[] {
  const number = (value: number): string => String(value).padStart(6, '0');
  const own = all.filter((file) => file.block === block).map(simFile);
  const tables = own.map(({ name, bytes }) => ({ number: numberOf({ name }), bytes }));
  return [
    ...own,
    { name: `${block}/LOCK`, bytes: 0 },
    { name: `${block}/LOG`, bytes: 29_000 },
    { name: `${block}/IDENTITY`, bytes: 36 },
    { name: `${block}/${number(manifest - 1)}.log`, bytes: 0 },
    { name: `${block}/MANIFEST-${number(manifest)}`, bytes: 0, tables },
    { name: `${block}/CURRENT`, bytes: 16, text: `MANIFEST-${number(manifest)}\n` },
    { name: `${block}/OPTIONS-${number(manifest + 2)}`, bytes: 6200 },
  ];
}

interface Came extends SimFile {
  readonly block: string;
  readonly isWhole: boolean;
}

/** The files of a dump that have come, as far as they came. */
function cameOf({ copy }: DataFolder): readonly Came[] {
  if (copy === null) return [];
  const { dump, copied, workers } = copy;
  if (dump.failed) return [{ name: 'info', block: 'info', bytes: 0, isWhole: false }];
  return begunFiles(dump.files, copied, workers).map(({ file, bytes }) => {
    const isWhole = bytes >= file.bytes;
    const { block } = file;
    return isWhole
      ? { ...simFile(file), ...(block === 'info' ? { text: dump.info } : {}), block, isWhole }
      : { name: file.name, bytes: Math.floor(bytes), block, isWhole };
  });
}
