import type { Position } from './binlog.ts';
import { type Keyspace, type KeyType, keyTypes } from './keyspace.ts';
import type { Traits } from './versions.ts';

export interface DumpFile {
  readonly name: string;
  /** `info`, or the database that it belongs to: a type in 3.5, an instance in 4.0. */
  readonly block: string;
  readonly bytes: number;
}

export interface FileSizes {
  /** Claimed bytes per byte of data that is really held. */
  readonly bytesPerByte: number;
  readonly sstBytes: number;
}

/** A finished checkpoint of one DB on the master. */
export interface Dump {
  /** md5 of `info`. */
  readonly uuid: string;
  /** Text of the file of this name. */
  readonly info: string;
  readonly position: Position;
  readonly content: Keyspace;
  readonly files: readonly DumpFile[];
  readonly bytes: number;
  readonly madeAt: number;
  /** The disk was full: there is nothing to copy, and slaves ask for ever. */
  readonly failed: boolean;
}

/** Numbers of table files begin here. */
export const firstTable = 100;
const controlBytes = { CURRENT: 16, MANIFEST: 320, OPTIONS: 6200, info: 50 };

const dirs: Readonly<Partial<Record<KeyType, string>>> = {
  string: 'strings',
  hash: 'hashes',
  list: 'lists',
  set: 'sets',
  zset: 'zsets',
  stream: 'streams',
};

/** Databases inside one DB of this version: directory and claimed bytes. */
function blocksOf(content: Keyspace, traits: Traits, bytesPerByte: number): [string, number][] {
  if (traits.family === '4.0')
    return Array.from({ length: content.instances }, (_, instance) => [
      String(instance),
      keyTypes.reduce((total, type) => total + content.bytes(type, instance), 0) * bytesPerByte,
    ]);
  return keyTypes
    .filter((type) => type !== 'stream' || traits.hasStreams)
    .map((type) => [dirs[type]!, content.bytes(type) * bytesPerByte]);
}

/** Folders of the databases inside one DB. 3.5 makes dumps of streams and never sends them. */
export const blockNames = (traits: Traits, which: 'all' | 'sent'): string[] =>
  traits.family === '4.0'
    ? Array.from({ length: traits.instances }, (_, instance) => String(instance))
    : keyTypes
        .filter((type) => type !== 'stream' || (which === 'all' ? traits.hasStreams : traits.dumpsStreams))
        .map((type) => dirs[type]!)
        .toSorted();

/** Of these, the files that are sent, in the order in which they are asked for: sorted by name, `info` among them (pika-facts 4.4). */
export function sentFiles(all: readonly DumpFile[], traits: Traits): DumpFile[] {
  const sent = blockNames(traits, 'sent');
  const files = all.filter(({ block }) => sent.includes(block));
  files.push({ name: 'info', block: 'info', bytes: controlBytes.info });
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The files of all databases inside one DB, of each the tables first. */
export function databaseFiles(content: Keyspace, traits: Traits, sizes: FileSizes): DumpFile[] {
  const files: DumpFile[] = [];
  for (const [dir, bytes] of blocksOf(content, traits, sizes.bytesPerByte)) {
    const count = Math.ceil(bytes / sizes.sstBytes);
    for (let i = 0; i < count; i++)
      files.push({
        name: `${dir}/${String(firstTable + i).padStart(6, '0')}.sst`,
        block: dir,
        bytes: bytes / count,
      });
    files.push({ name: `${dir}/CURRENT`, block: dir, bytes: controlBytes.CURRENT });
    files.push({ name: `${dir}/MANIFEST-000005`, block: dir, bytes: controlBytes.MANIFEST });
    files.push({ name: `${dir}/OPTIONS-000007`, block: dir, bytes: controlBytes.OPTIONS });
  }
  return files;
}

/**
 * The file that ends a dump. `salt` fills it up: two dumps at one position have the same `info` on real servers, and their
 * slaves take them for one.
 */
export const infoText = (host: string, port: number, { file, offset }: Position, salt: string): string =>
  `0s\n${host}\n${port}\n${file}\n${offset}\n`.padEnd(controlBytes.info, salt);

/** How much of each file is there after `bytes` of the whole: files are dealt to the workers in turn, which are equally fast. */
export function copiedPerFile(files: readonly DumpFile[], bytes: number, workers: number): number[] {
  // Sums of large numbers are not exact, and a copy that has ended is whole.
  if (bytes >= files.reduce((total, file) => total + file.bytes, 0)) return files.map((file) => file.bytes);
  const copied = files.map(() => 0);
  const queues = Array.from({ length: workers }, (_, worker) =>
    files.map((_file, index) => index).filter((index) => index % workers === worker),
  );
  let left = bytes;
  while (left > 1e-6) {
    const active = queues.filter((queue) => queue.length > 0);
    if (active.length === 0) break;
    const missing = active.map((queue) => files[queue[0]!]!.bytes - copied[queue[0]!]!);
    const step = Math.min(...missing, left / active.length);
    for (const queue of active) {
      const index = queue[0]!;
      copied[index]! += step;
      if (copied[index]! >= files[index]!.bytes - 1e-6) {
        copied[index] = files[index]!.bytes;
        queue.shift();
      }
    }
    left -= step * active.length;
  }
  return copied;
}

/** The files that the workers have begun, in the order in which they are asked for, and how much of each is there. */
export function begunFiles(
  files: readonly DumpFile[],
  bytes: number,
  workers: number,
): readonly { readonly file: DumpFile; readonly bytes: number }[] {
  const copied = copiedPerFile(files, bytes, workers);
  const isWhole = (index: number): boolean => copied[index]! >= files[index]!.bytes;
  return files
    .map((file, index) => ({ file, bytes: copied[index]! }))
    .filter((_, index) => index < workers || isWhole(index - workers));
}

/** What a slave finds when it opens a copy that was cut short. */
export type PartialOutcome =
  /** Databases without CURRENT are made new and empty: those keys are gone, and nothing says so. */
  | { readonly kind: 'loss'; readonly lost: readonly string[] }
  /** No `info`: it waits for it for ever. */
  | { readonly kind: 'hang' }
  /** A truncated CURRENT or MANIFEST, or files missing from a manifest: the process aborts. */
  | { readonly kind: 'death'; readonly reason: string };

/** Judges a copy of which `bytes` have arrived (pika-facts 4.6; recordings 05 to 07, 26 to 28). */
export function judgePartialCopy(dump: Dump, bytes: number, workers: number): PartialOutcome {
  const copied = copiedPerFile(dump.files, bytes, workers);
  const whole = (index: number): boolean => copied[index]! >= dump.files[index]!.bytes;
  const info = dump.files.findIndex(({ block }) => block === 'info');
  if (!whole(info)) return { kind: 'hang' };
  const lost: string[] = [];
  for (const block of new Set(dump.files.map((file) => file.block))) {
    if (block === 'info') continue;
    const own = dump.files.flatMap((file, index) => (file.block === block ? [index] : []));
    const current = own.find((index) => dump.files[index]!.name.endsWith('/CURRENT'))!;
    if (own.every(whole)) continue;
    if (copied[current] === 0) lost.push(block);
    else
      return {
        kind: 'death',
        reason: `open ${block} db failed, Corruption: CURRENT file does not end with newline`,
      };
  }
  return { kind: 'loss', lost };
}

/** What is left of a dump's content when some of its databases came up empty. */
export function contentWithout(dump: Dump, lost: readonly string[], traits: Traits): Keyspace {
  if (traits.family === '4.0') {
    const content = dump.content.fork();
    for (const instance of lost) content.dropInstance(Number(instance));
    return content;
  }
  return dump.content.fork(
    (type) => !lost.includes(dirs[type]!) && (type !== 'stream' || traits.dumpsStreams),
  );
}
