/** Follows the log files of one server: through rotations, restarts, truncation and removal. Memory is bounded. */
import { readdir, stat } from 'node:fs/promises';
import { type LogJudge, newLogJudge } from '../core/sync/log-attempts.ts';
import { perFileLines } from '../engines/pika/log-lines.ts';
import { type LogAttempt, type LogFact, longestLogQuote } from '../model/full-sync-log.ts';
import { Tail } from '../platform/tail.ts';
import { OpenFolder, reasonOf, within } from './confined.ts';
import { LogScanner } from './log-scanner.ts';

/** Of a log that is longer, or that grows faster than it is read, the rest is skipped. */
const mostBehindBytes = 256 * 1024 * 1024;
/** What is still read of a log after a part was skipped. */
const keptAfterSkipBytes = 16 * 1024 * 1024;
const pieceBytes = 256 * 1024;
const longestValue = 1000;
const keptFacts = 500;
const keptFactsOfCode = 40;
const keptAttempts = 64;
const freshMs = 2000;

/** Where in the log the next reading begins, and what stood before. It goes into the agent's state. */
export interface LogPlace {
  readonly file: string;
  readonly inode: string;
  readonly at: number;
  readonly attempts: readonly LogAttempt[];
  readonly facts: readonly LogFact[];
}

interface Opened {
  readonly tail: Tail;
  readonly name: LogName;
  readonly inode: string;
}

interface LogName {
  readonly file: string;
  /** The name that glog gave it: a file may be renamed after. */
  readonly given: string;
  readonly start: string;
}

export interface LogNeeds {
  /** A text without what must not be sent, cut to its longest. */
  clean(text: string, most: number): string;
  /** A line of this time was the last one when the file was written. */
  onTime(local: number, writtenAt: number): void;
  /** A line that means something has come. */
  onFact?(code: string): void;
}

export interface ReadLimits {
  readonly bytes: number;
  readonly ms: number;
}

export class ServerLog {
  /** Why nothing can be read; null = something is. */
  problem: string | null = null;
  /** Bytes that were not read because the log grew too fast, since the agent started. */
  skippedBytes = 0;
  /** Lines that mean something and that no report could hold, since the agent started. */
  dropped = 0;
  readonly #folder: string;
  readonly #needs: LogNeeds;
  readonly #scanner = new LogScanner((fact) => this.#take(fact));
  readonly #judge: LogJudge = newLogJudge();
  readonly #earlier: readonly LogAttempt[];
  readonly #facts: LogFact[];
  /** How many of the facts at the end of the list no report has held. */
  #unsent = 0;
  #taken = 0;
  #current: Opened | null = null;
  #place: LogPlace | null;
  #caughtUp = false;
  #listed: { readonly folder: string; readonly files: readonly LogName[] } = { folder: '', files: [] };

  /** `place`: where an earlier agent ended. */
  constructor(folder: string, place: LogPlace | null, needs: LogNeeds) {
    this.#folder = folder;
    this.#needs = needs;
    this.#place = place;
    this.#earlier = place?.attempts ?? [];
    this.#facts = [...(place?.facts ?? [])];
  }

  /** Latest full syncs, oldest first; times as the log shows them. */
  attempts(): readonly LogAttempt[] {
    return [...this.#earlier, ...this.#judge.soFar()].slice(-keptAttempts);
  }

  facts(): readonly LogFact[] {
    return this.#facts;
  }

  /** How many facts there were so far. */
  taken(): number {
    return this.#taken;
  }

  /** A report arrived that held the facts when there were this many. */
  sent(taken: number): void {
    this.#unsent = Math.min(this.#unsent, this.#taken - taken);
  }

  /** Where to begin after a restart of the agent; an attempt that goes on is read again from its beginning. */
  place(): LogPlace | null {
    return this.#place;
  }

  /** Reads what has come, within the limits. Resolves with whether all of it was read. */
  async read(limits: ReadLimits): Promise<boolean> {
    const until = performance.now() + limits.ms;
    let bytes = limits.bytes;
    try {
      for (;;) {
        // A newer file is looked for before the current one is read to its end: nothing is written to the older one then.
        const next = await this.#nextFile();
        this.problem = null;
        if (this.#current) {
          bytes = await this.#readCurrent(this.#current, bytes, until);
          if (bytes <= 0 || performance.now() >= until) return false;
        }
        if (!next) break;
        await this.#turnTo(next);
      }
      if (!this.#current) this.problem = 'ENOENT';
    } catch (error) {
      this.problem = reasonOf(error);
    }
    this.#caughtUp = true;
    return true;
  }

  /** The server's process ended: its full syncs ended with it. */
  processEnded(): void {
    this.#judge.processEnded();
  }

  async close(): Promise<void> {
    await this.#current?.tail.handle.close();
    this.#current = null;
  }

  /** The files of the log, the oldest first. They are looked for again when the folder has changed. */
  async #files(): Promise<readonly LogName[]> {
    const { ino, mtimeMs } = await stat(this.#folder);
    const folder = `${ino} ${mtimeMs}`;
    if (this.#listed.folder === folder) return this.#listed.files;
    const files = (await readdir(this.#folder)).map(logName).filter((name) => name !== null);
    const inOrder = files.toSorted((a, b) => compare(a.start, b.start) || compare(a.given, b.given));
    // A change within the same tick of the clock shows no other time.
    this.#listed = { folder: Date.now() - mtimeMs < freshMs ? '' : folder, files: inOrder };
    return inOrder;
  }

  async #nextFile(): Promise<LogName | null> {
    const inOrder = await this.#files();
    const current = this.#current;
    if (current) {
      const later = inOrder.filter(
        ({ given, start }) =>
          start > current.name.start || (start === current.name.start && given > current.name.given),
      );
      return later[0] ?? null;
    }
    const place = this.#place;
    if (place) return inOrder.find(({ given }) => given >= place.file) ?? null;
    return inOrder.at(-2) ?? inOrder[0] ?? null;
  }

  async #turnTo(name: LogName): Promise<void> {
    const handle = await within(OpenFolder.at(this.#folder), (folder) => folder.file(name.file));
    const stat = await handle.stat({ bigint: true });
    const [inode, size] = [String(stat.ino), Number(stat.size)];
    let at = 0;
    if (!this.#current) {
      const place = this.#place;
      if (place?.file === name.given && place.inode === inode && place.at <= size) at = place.at;
      else if (place) this.#judge.gap();
      if (size - at > mostBehindBytes) at = size - mostBehindBytes;
    }
    await this.#current?.tail.handle.close();
    this.#current = { tail: new Tail(handle, at), name, inode };
    this.#scanner.begin(name.start);
  }

  /** Resolves with how many more bytes may be read. */
  async #readCurrent(file: Opened, limit: number, until: number): Promise<number> {
    let left = limit;
    const { tail } = file;
    const before = await tail.handle.stat();
    if (before.size < tail.at) {
      tail.skipTo(0);
      this.#truncated();
    }
    if (before.size === tail.at) return left;
    if (before.size - tail.at > mostBehindBytes) this.#skip(tail, before.size);
    const buffer = Buffer.allocUnsafe(pieceBytes);
    while (left > 0 && performance.now() < until) {
      const piece = await tail.read(buffer);
      if (piece === null) {
        this.#truncated();
        continue;
      }
      if (piece.length === 0) break;
      this.#scanner.push(piece);
      left -= piece.length;
      if (tail.at >= before.size) await this.#atEnd(file, piece, before.mtimeMs);
    }
    return left;
  }

  async #atEnd(file: Opened, piece: Buffer, writtenAt: number): Promise<void> {
    const { size, mtimeMs } = await file.tail.handle.stat();
    if (size !== file.tail.at || mtimeMs !== writtenAt) return;
    const local = this.#scanner.lastTime(piece);
    if (local !== null) this.#needs.onTime(local, writtenAt);
    if (!this.#judge.busy())
      this.#place = {
        file: file.name.given,
        inode: file.inode,
        at: file.tail.at - this.#scanner.pending,
        attempts: this.attempts(),
        facts: [...this.#facts],
      };
  }

  /** Whoever truncated the file may have taken lines away that nobody had read. */
  #truncated(): void {
    this.#scanner.drop();
    this.#judge.gap();
  }

  #skip(tail: Tail, size: number): void {
    const to = size - keptAfterSkipBytes;
    this.skippedBytes += to - tail.at;
    tail.skipTo(to);
    this.#scanner.drop();
    this.#judge.gap();
  }

  #take(fact: LogFact): void {
    this.#judge.take(fact);
    if (perFileLines.has(fact.code)) return;
    const values = Object.entries(fact.values).filter(([, value]) => value !== undefined);
    this.#facts.push({
      ...fact,
      values: Object.fromEntries(
        values.map(([name, value]) => [name, this.#needs.clean(value, longestValue)]),
      ),
      line: this.#needs.clean(fact.line, longestLogQuote),
    });
    this.#unsent++;
    this.#taken++;
    this.#needs.onFact?.(fact.code);
    const ofCode = this.#facts.filter(({ code }) => code === fact.code).length;
    if (ofCode > keptFactsOfCode) this.#drop(this.#facts.findIndex(({ code }) => code === fact.code));
    else if (this.#facts.length > keptFacts) this.#drop(0);
  }

  #drop(index: number): void {
    this.#facts.splice(index, 1);
    if (index < this.#facts.length + 1 - this.#unsent) return;
    this.#unsent--;
    // What an agent finds when it starts is history.
    if (this.#caughtUp) this.dropped++;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** pika.<host>.<user>.log.INFO.<date-time>.<pid>, perhaps with what a rotation put behind. null = another file. */
function logName(file: string): LogName | null {
  const found = /^(.+\.log\.INFO\.(\d{8}-\d{6})\.\d+)(?:\.(?!gz$|bz2$|xz$|zst$)[\w-]{1,20})?$/.exec(file);
  return found && { file, given: found[1]!, start: found[2]! };
}
