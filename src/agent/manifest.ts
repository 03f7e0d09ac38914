/**
 * Reads a MANIFEST of RocksDB: the log of changes that says which table files a database consists of. What it does not
 * know it refuses, with a reason, instead of guessing.
 */
import type { FileHandle } from 'node:fs/promises';

export class ManifestError extends Error {}

const blockBytes = 32_768;
const [full, first, middle, last] = [1, 2, 3, 4];
/** Records of these types and above carry the number of their log: files that are used again. */
const recyclable = 5;
/** No change of a database comes near. */
const longestRecord = 64 * 1024 * 1024;

/** Follows one MANIFEST: each `advance` reads what was added. */
export class ManifestReader {
  /** Whether the file ends in the middle of a record: of a running server, it may be writing it. */
  cutShort = false;
  /** Where the next record begins. */
  #at = 0;
  readonly #live = new Map<string, { readonly number: number; readonly bytes: number }>();
  #group: Edit[] = [];

  /** Numbers and sizes of the table files that the database consists of. */
  tables(): readonly { readonly number: number; readonly bytes: number }[] {
    return [...this.#live.values()];
  }

  /** Throws ManifestError; the reader is of no use then. */
  async advance(file: FileHandle): Promise<void> {
    const block = Buffer.alloc(blockBytes);
    let pieces: Buffer[] = [];
    let pieceBytes = 0;
    let at = this.#at;
    for (;;) {
      const left = blockBytes - (at % blockBytes);
      const { bytesRead } = await file.read(block, 0, left, at);
      let from = 0;
      while (left - from >= 7) {
        const piece = pieceAt(block.subarray(0, bytesRead), from);
        if (piece === null) {
          this.cutShort = pieces.length > 0 || bytesRead > from;
          return;
        }
        if (piece === 'empty') {
          this.cutShort = pieces.length > 0;
          return;
        }
        if ((piece.type === full || piece.type === first) !== (pieces.length === 0))
          throw new ManifestError(`a record at ${at + from} does not follow the one before`);
        pieces.push(Buffer.from(piece.data));
        pieceBytes += piece.data.length;
        if (pieceBytes > longestRecord) throw new ManifestError('a record is too long');
        from += piece.length;
        if (piece.type !== full && piece.type !== last) continue;
        this.#apply(Buffer.concat(pieces));
        pieces = [];
        pieceBytes = 0;
        this.#at = at + from;
      }
      if (bytesRead < left) {
        this.cutShort = pieces.length > 0;
        return;
      }
      at += left;
    }
  }

  #apply(record: Buffer): void {
    const edit = editOf(record);
    this.#group.push(edit);
    // Of a group, either all edits count or none.
    if (edit.groupLeft > 0) return;
    for (const { dropped, deleted, added, family } of this.#group) {
      if (dropped)
        for (const key of this.#live.keys()) if (key.startsWith(`${family}:`)) this.#live.delete(key);
      for (const number of deleted) this.#live.delete(`${family}:${number}`);
      for (const table of added) this.#live.set(`${family}:${table.number}`, table);
    }
    this.#group = [];
  }
}

interface Piece {
  readonly type: number;
  readonly data: Buffer;
  readonly length: number;
}

/** null = cut short; 'empty' = room that was reserved and not written. */
function pieceAt(block: Buffer, from: number): Piece | 'empty' | null {
  if (block.length - from < 7) return null;
  const bytes = block.readUInt16LE(from + 4);
  const type = block[from + 6]!;
  if (type === 0 && bytes === 0 && block.readUInt32LE(from) === 0) return 'empty';
  const header = type >= recyclable ? 11 : 7;
  const kind = type >= recyclable ? type - 4 : type;
  if (![full, first, middle, last].includes(kind)) throw new ManifestError(`a record has the type ${type}`);
  const length = header + bytes;
  if (block.length - from < length) return null;
  if (unmasked(block.readUInt32LE(from)) !== crc32c(block.subarray(from + 6, from + length)))
    throw new ManifestError('a checksum is wrong');
  return { type: kind, data: block.subarray(from + header, from + length), length };
}

interface Edit {
  family: number;
  dropped: boolean;
  /** Edits of its group that are still to come. */
  groupLeft: number;
  readonly deleted: number[];
  readonly added: { readonly number: number; readonly bytes: number }[];
}

/** Tags from the future that may be skipped have this bit, and so do custom fields that may not. */
const [skippable, notSkippable] = [1 << 13, 1 << 6];

function editOf(record: Buffer): Edit {
  const input = new Input(record);
  const edit: Edit = { family: 0, dropped: false, groupLeft: 0, deleted: [], added: [] };
  while (!input.done) {
    const tag = input.number();
    switch (tag) {
      case 1: // comparator
      case 201: // name of a new column family
        input.bytes();
        break;
      case 2: // log number
      case 3: // next file number
      case 4: // last sequence
      case 9: // previous log number
      case 10: // oldest log to keep
      case 203: // highest column family
        input.number();
        break;
      case 5: // where compaction goes on
        input.number();
        input.bytes();
        break;
      case 6:
        input.number();
        edit.deleted.push(input.number());
        break;
      case 7:
      case 100:
      case 102:
      case 103:
        edit.added.push(tableOf(input, tag));
        break;
      case 200:
        edit.family = input.number();
        break;
      case 202:
        edit.dropped = true;
        break;
      case 300:
        edit.groupLeft = input.number();
        break;
      default:
        if ((tag & skippable) === 0) throw new ManifestError(`a change has the tag ${tag}`);
        input.bytes();
    }
  }
  return edit;
}

function tableOf(input: Input, tag: number): { number: number; bytes: number } {
  input.number(); // level
  const number = input.number();
  if (tag === 102) onlyFirstPath(input.number());
  const bytes = input.number();
  input.bytes(); // smallest key
  input.bytes(); // largest key
  if (tag !== 7) {
    input.number(); // smallest sequence
    input.number(); // largest sequence
  }
  if (tag === 103)
    for (let field = input.number(); field !== 1; field = input.number()) {
      const value = input.bytes();
      if (field === 65) onlyFirstPath(value[0] ?? 0);
      else if ((field & notSkippable) !== 0) throw new ManifestError(`a table file has the field ${field}`);
    }
  return { number, bytes };
}

function onlyFirstPath(path: number): void {
  if (path !== 0) throw new ManifestError('a table file lies in another folder');
}

class Input {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get done(): boolean {
    return this.#at >= this.#buffer.length;
  }

  /** A number of up to 64 bits; beyond 2^53 it is not exact, and such numbers are skipped only. */
  number(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 64; factor *= 128) {
      const byte = this.#buffer[this.#at++];
      if (byte === undefined) throw new ManifestError('a change ends too early');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new ManifestError('a number is too long');
  }

  bytes(): Buffer {
    const length = this.number();
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#buffer.length) throw new ManifestError('a change ends too early');
    return this.#buffer.subarray(from, this.#at);
  }
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = castagnoli[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** RocksDB stores checksums turned and shifted, so that a checksum of checksums is no trouble. */
function unmasked(stored: number): number {
  const turned = (stored - 0xa282ead8) >>> 0;
  return ((turned >>> 17) | (turned << 15)) >>> 0;
}
