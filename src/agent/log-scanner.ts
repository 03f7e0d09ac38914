import { longestLogLine, mayBeKnown, readLogLine } from '../engines/pika/log-lines.ts';
import type { LogFact } from '../model/full-sync-log.ts';

const [newline, bracket, blank] = [0x0a, 0x5d, 0x20];
/** Severity, date, time, thread and the name of a source file. */
const [shortestPrefix, longestPrefix] = [24, 160];

/** Finds the lines that the table knows in pieces of a log, whatever else the pieces hold. */
export class LogScanner {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = Buffer.alloc(0);
  #pending = 0;
  readonly #take: (fact: LogFact) => void;
  #startYear = 1970;
  #startMonth = 1;

  constructor(take: (fact: LogFact) => void) {
    this.#take = take;
  }

  /** A file begins. `start`: when, as its name says: `20261128-040014`. Its lines may name no year. */
  begin(start: string): void {
    this.end();
    this.#startYear = Number(start.slice(0, 4));
    this.#startMonth = Number(start.slice(4, 6));
  }

  /** Bytes of the line whose end has not come. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes the next bytes of the file. They are not kept. */
  push(bytes: Buffer): void {
    let from = 0;
    if (this.#pending > 0) {
      const end = bytes.indexOf(newline);
      const piece = bytes.subarray(0, end < 0 ? bytes.length : end);
      const room = Math.max(0, longestLogLine - this.#rest.length);
      this.#rest = Buffer.concat([this.#rest, piece.subarray(0, room)]);
      this.#pending += piece.length;
      if (end < 0) return;
      this.end();
      from = end + 1;
    }
    for (;;) {
      const end = bytes.indexOf(newline, from);
      if (end < 0) break;
      this.#line(bytes, from, end);
      from = end + 1;
    }
    this.#pending = bytes.length - from;
    this.#rest = Buffer.from(bytes.subarray(from, from + longestLogLine));
  }

  /** No more of this file comes: a last line without an end is one. */
  end(): void {
    this.#line(this.#rest, 0, this.#rest.length);
    this.drop();
  }

  /** Forgets the line that has begun: what follows does not belong to it. */
  drop(): void {
    this.#rest = Buffer.alloc(0);
    this.#pending = 0;
  }

  /** When the last whole line of a piece was written, by the server's own clock and zone; null = it has no time. */
  lastTime(bytes: Buffer): number | null {
    const end = bytes.lastIndexOf(newline);
    if (end < 0) return null;
    const from = end === 0 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1;
    return this.#read(bytes, from, end)?.at ?? null;
  }

  #line(bytes: Buffer, from: number, end: number): void {
    const severity = bytes[from];
    if (severity !== 0x49 && severity !== 0x57 && severity !== 0x45 && severity !== 0x46) return;
    const last = Math.min(end - 4, from + longestPrefix);
    let at = from + shortestPrefix;
    while (at < last && bytes[at] !== bracket) at++;
    if (at >= last || bytes[at + 1] !== blank || !mayBeKnown(bytes, at + 2)) return;
    const fact = this.#read(bytes, from, end)?.fact;
    if (fact) this.#take(fact);
  }

  #read(bytes: Buffer, from: number, end: number): ReturnType<typeof readLogLine> {
    const line = bytes.toString('utf8', from, Math.min(end, from + longestLogLine));
    // Without a year in the line, months before the first one are of the next year.
    const month = Number(line.slice(1, 3));
    return readLogLine(line, month < this.#startMonth ? this.#startYear + 1 : this.#startYear);
  }
}
