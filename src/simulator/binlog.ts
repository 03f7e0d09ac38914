/** Bytes around the command in a record: block header 8 and item header 34 (recording 21: CLEARREPLICATIONID took 71). */
const recordOverhead = 42;

export interface Position {
  readonly file: number;
  readonly offset: number;
}

/** A command as it is replicated. */
export interface BinlogRecord {
  readonly argv: readonly string[];
  /** When it was executed on the master; what expired later is still there for it. */
  readonly at: number;
}

interface BinlogFile {
  readonly number: number;
  /** Where the first record begins: above 0 in a file padded up to a dump's offset. */
  readonly start: number;
  readonly records: BinlogRecord[];
  readonly ends: number[];
}

/** Where a reader stands: before record `index` of file `file`. */
export interface Reader {
  file: number;
  index: number;
}

function recordBytes(argv: readonly string[]): number {
  return argv.reduce(
    (total, word) => total + 5 + String(word.length).length + word.length,
    3 + String(argv.length).length + recordOverhead,
  );
}

/** The replication log of one DB: files of records at byte offsets, the oldest of which get purged. */
export class Binlog {
  private files: BinlogFile[];
  private readonly fileBytes: number;
  private readonly bytesPerByte: number;

  /** `bytesPerByte`: how many bytes a record claims for each of its own. */
  constructor(fileBytes: number, bytesPerByte: number, at: Position = { file: 0, offset: 0 }) {
    this.fileBytes = fileBytes;
    this.bytesPerByte = bytesPerByte;
    this.files = [emptyFile(at)];
  }

  get position(): Position {
    const file = this.files.at(-1)!;
    return { file: file.number, offset: endOf(file) };
  }

  get firstFile(): number {
    return this.files[0]!.number;
  }

  get fileCount(): number {
    return this.files.length;
  }

  /** Bytes on disk. A padded file counts whole. */
  get totalBytes(): number {
    return this.files.reduce((total, file) => total + endOf(file), 0);
  }

  /** Appends a record; true = it opened a new file. */
  append(record: BinlogRecord): boolean {
    const rolled = endOf(this.files.at(-1)!) > this.fileBytes;
    if (rolled) this.files.push(emptyFile({ file: this.files.at(-1)!.number + 1, offset: 0 }));
    const file = this.files.at(-1)!;
    file.ends.push(endOf(file) + Math.max(1, Math.round(recordBytes(record.argv) * this.bytesPerByte)));
    file.records.push(record);
    return rolled;
  }

  has(file: number): boolean {
    return this.files.some(({ number }) => number === file);
  }

  /** A reader at `at`; undefined when that is no boundary of records. */
  readerAt({ file: number, offset }: Position): Reader | undefined {
    const file = this.files.find((each) => each.number === number);
    if (file === undefined) return undefined;
    if (offset === file.start || (offset === 0 && file.records.length === 0))
      return { file: number, index: 0 };
    const index = file.ends.indexOf(offset);
    return index === -1 ? undefined : { file: number, index: index + 1 };
  }

  /** Whether the reader has all; false too when its file is gone. */
  isAtEnd(reader: Reader): boolean {
    const last = this.files.at(-1)!;
    return reader.file === last.number && reader.index >= last.records.length;
  }

  /** The next record and its claimed size, moving the reader; undefined = none, or its file is gone. */
  read(reader: Reader): { readonly record: BinlogRecord; readonly bytes: number } | undefined {
    const position = this.files.findIndex(({ number }) => number === reader.file);
    const file = this.files[position];
    if (file === undefined) return undefined;
    if (reader.index >= file.records.length) {
      const next = this.files[position + 1];
      if (next === undefined) return undefined;
      reader.file = next.number;
      reader.index = 0;
      return this.read(reader);
    }
    const begin = reader.index === 0 ? file.start : file.ends[reader.index - 1]!;
    const found = { record: file.records[reader.index]!, bytes: file.ends[reader.index]! - begin };
    reader.index++;
    return found;
  }

  positionOf(reader: Reader): Position {
    const file = this.files.find(({ number }) => number === reader.file);
    if (file === undefined) return { file: reader.file, offset: 0 };
    return { file: reader.file, offset: reader.index === 0 ? file.start : file.ends[reader.index - 1]! };
  }

  /** Records after the reader, without moving it. */
  after(reader: Reader): BinlogRecord[] {
    const walker = { ...reader };
    const found: BinlogRecord[] = [];
    for (let next = this.read(walker); next !== undefined; next = this.read(walker)) found.push(next.record);
    return found;
  }

  /** Deletes files up to and with `through`, the oldest first, while `may` allows it. The newest always stays. */
  purge(through: number, may: (file: number) => boolean): number[] {
    const gone: number[] = [];
    while (this.files.length > 1 && this.files[0]!.number <= through && may(this.files[0]!.number))
      gone.push(this.files.shift()!.number);
    return gone;
  }

  /** Starts over at a dump's position (SetProducerStatus): all earlier files are gone. */
  reset(at: Position): void {
    this.files = [emptyFile(at)];
  }

  /** Adds `bytes` of padding: moves the end without a record that does anything. */
  pad(bytes: number): void {
    const rolled = endOf(this.files.at(-1)!) > this.fileBytes;
    if (rolled) this.files.push(emptyFile({ file: this.files.at(-1)!.number + 1, offset: 0 }));
    const file = this.files.at(-1)!;
    file.ends.push(endOf(file) + bytes);
    file.records.push({ argv: [], at: 0 });
  }
}

const emptyFile = ({ file, offset }: Position): BinlogFile => ({
  number: file,
  start: offset,
  records: [],
  ends: [],
});

const endOf = (file: BinlogFile): number => file.ends.at(-1) ?? file.start;

export const comparePositions = (a: Position, b: Position): number => a.file - b.file || a.offset - b.offset;
