/** Reads the lines of log files in the order of their times, whatever files they stand in. */
import { createReadStream } from 'node:fs';
import { open as openFile, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { constants, createGunzip } from 'node:zlib';
import { longestLogLine, readLogLine } from '../engines/pika/log-lines.ts';
import type { LogFact } from '../model/full-sync-log.ts';

/** A file that cannot be read, or in which no line is one of a Pika log. */
class LogFileError extends Error {}

const dayMs = 86_400_000;
/** Lines that are kept to know them again: those of two files come close together. */
const mostKnown = 5000;

interface LogFile {
  readonly path: string;
  /** Host, user and process, where the name is one of glog's. */
  readonly process: string | null;
  readonly severity: string;
  /** Named by the user, not found in a folder. */
  readonly given: boolean;
}

/**
 * Calls back for each line that the table knows, and resolves with the time of the last line. A line that stands twice, as
 * in the files of two severities, counts once. Of one process's files, the file with the most lines is read.
 * Files that do not overlap are read one after another, so memory does not grow with them. Throws LogFileError.
 */
export async function readFacts(paths: readonly string[], take: (fact: LogFact) => void): Promise<number> {
  const begun: { readonly path: string; readonly at: number }[] = [];
  let empty = 0;
  for (const { path, given } of await chosenFiles(paths)) {
    const at = await firstTime(path, given);
    if (at === null) empty++;
    else if (at !== undefined) begun.push({ path, at });
  }
  if (begun.length + empty === 0) throw new LogFileError(`${paths.join(', ')} holds no line of a Pika log.`);
  const waiting = begun.toSorted((a, b) => a.at - b.at);
  const open: Source[] = [];
  let last = 0;
  let known = new Set<string>();
  let earlier = new Set<string>();
  while (open.length > 0 || waiting.length > 0) {
    const head = earliest(open);
    const next = waiting[0];
    if (next !== undefined && (head === null || next.at <= head.facts[head.index]!.at)) {
      waiting.shift();
      open.push(await openSource(next.path));
    } else {
      const fact = head!.facts[head!.index++]!;
      const key = keyOf(fact);
      if (!known.has(key) && !earlier.has(key)) {
        if (known.size >= mostKnown) [earlier, known] = [known, new Set()];
        known.add(key);
        take(fact);
      }
    }
    for (const source of open.slice()) {
      if (source.index < source.facts.length || (await more(source))) continue;
      open.splice(open.indexOf(source), 1);
      last = Math.max(last, source.lastAt());
    }
  }
  return last;
}

/** A file that is being read, with the facts of the piece that is in memory. */
interface Source {
  readonly pieces: AsyncIterator<LogFact[]>;
  /** Of the last line that has been read. */
  readonly lastAt: () => number;
  facts: LogFact[];
  index: number;
}

function earliest(open: readonly Source[]): Source | null {
  let found: Source | null = null;
  for (const source of open)
    if (found === null || source.facts[source.index]!.at < found.facts[found.index]!.at) found = source;
  return found;
}

/** False = the file is at its end. */
async function more(source: Source): Promise<boolean> {
  const next = await source.pieces.next();
  if (next.done) return false;
  source.facts = next.value;
  source.index = 0;
  return true;
}

async function openSource(path: string): Promise<Source> {
  const sections = await sectionsOf(path);
  if (sections) {
    const facts = inOrder(sections);
    const last = Math.max(...sections.map(({ lastAt }) => lastAt));
    const pieces = (async function* () {
      if (facts.length > 0) yield facts;
    })();
    return { pieces, lastAt: () => last, facts: [], index: 0 };
  }
  const read = await lineReader(path);
  let last = 0;
  async function* pieces(): AsyncGenerator<LogFact[]> {
    for await (const lines of linesOf(path)) {
      const facts: LogFact[] = [];
      for (const line of lines) {
        const found = read(line);
        if (found === null) continue;
        last = found.at;
        if (found.fact) facts.push(found.fact);
      }
      if (facts.length > 0) yield facts;
    }
  }
  return { pieces: pieces(), lastAt: () => last, facts: [], index: 0 };
}

/** A log file, or one of several that stand in one file: `cat *` puts ERROR before INFO. */
interface Section {
  readonly facts: LogFact[];
  /** Letters of its lines. */
  readonly severities: Set<string>;
  firstAt: number;
  lastAt: number;
  /** Lines that are later, or earlier, than the line before. */
  later: number;
  earlier: number;
}

/** Files with more characters are read line by line, in the order of their lines. */
const mostSorted = 32_000_000;

/** Threads write their lines a little later than the time in them. */
const jitterMs = 100;

/** null = the file is too long to be put in order. */
async function sectionsOf(path: string): Promise<readonly Section[] | null> {
  if ((await stat(path)).size > mostSorted) return null;
  const read = await lineReader(path);
  const sections: Section[] = [];
  let section: Section | null = null;
  let length = 0;
  for await (const lines of linesOf(path))
    for (const line of lines) {
      length += line.length + 1;
      if (length > mostSorted) return null;
      const found = read(line);
      if (found === null) {
        if (createdAt.test(line)) section = null;
        continue;
      }
      const { at, severity, fact } = found;
      // `sort` puts all lines of a severity together.
      if (section && at < section.lastAt && !section.severities.has(severity)) section = null;
      if (!section) {
        section = { facts: [], severities: new Set(), firstAt: at, lastAt: at, later: 0, earlier: 0 };
        sections.push(section);
      }
      if (at > section.lastAt) section.later++;
      else if (at < section.lastAt) section.earlier++;
      section.severities.add(severity);
      section.lastAt = at;
      if (fact) section.facts.push(fact);
    }
  // Latest line first, as some tools print logs. A clock that is set back leaves few such steps.
  for (const each of sections)
    if (each.earlier > each.later) {
      each.facts.reverse();
      [each.firstAt, each.lastAt] = [each.lastAt, each.firstAt];
    }
  return sections;
}

/** INFO logs in the order of their times, if they do not overlap, and what only the files of other severities hold. */
function inOrder(sections: readonly Section[]): LogFact[] {
  const isInfo = ({ severities }: Section) => severities.has('I');
  const main = sections.some(isInfo) ? sections.filter(isInfo) : sections;
  const byTime = main.toSorted((a, b) => a.firstAt - b.firstAt);
  const apart = byTime.every(
    ({ firstAt }, index) => index === 0 || firstAt >= byTime[index - 1]!.lastAt - jitterMs,
  );
  const facts = (apart ? byTime : main).flatMap((section) => section.facts);
  if (main.length === sections.length) return facts;
  const known = new Set(facts.map(keyOf));
  const others = sections
    .filter((section) => !isInfo(section))
    .flatMap((section) => section.facts)
    .filter((fact) => !known.has(keyOf(fact)));
  return others.length === 0 ? facts : [...facts, ...others].toSorted((a, b) => a.at - b.at);
}

const keyOf = ({ at, thread, line }: LogFact): string => `${at} ${thread} ${line}`;

/**
 * Of the first line; null = glog began the file and wrote no line, undefined = nothing of a Pika log stands in it. Throws
 * LogFileError for a file that the user named and that holds something else.
 */
async function firstTime(path: string, given: boolean): Promise<number | null | undefined> {
  const read = await lineReader(path);
  let named = false;
  let holds = false;
  for await (const lines of linesOf(path))
    for (const line of lines) {
      const found = read(line);
      if (found) return found.at;
      named ||= createdAt.test(line);
      holds ||= line !== '';
    }
  if (named) return null;
  if (given && holds) throw new LogFileError(`${path} holds no line of a Pika log.`);
  return undefined;
}

const createdAt = /^Log file created at: (\d{4})\//;

/**
 * Reads lines in their order. Where lines name no year, the head of the file does, or the time of its last change, which
 * no line is after; the year goes on where December is followed by January.
 */
async function lineReader(path: string): Promise<(line: string) => ReturnType<typeof readLogLine>> {
  const changedAt = (await stat(path)).mtimeMs + dayMs;
  let year = new Date(changedAt).getUTCFullYear();
  let isNamed = false;
  let before: number | null = null;
  return (line) => {
    const named = createdAt.exec(line);
    if (named) {
      [year, isNamed, before] = [Number(named[1]), true, null];
      return null;
    }
    let text = line;
    let found = readLogLine(text, year);
    if (found === null) {
      text = withoutWrapping(line);
      found = text === '' ? null : readLogLine(text, year);
    }
    if (found === null) return null;
    if (before === null && !isNamed && found.at > changedAt) found = readLogLine(text, --year)!;
    else if (before !== null && found.at < before - 180 * dayMs && year < 9999)
      found = readLogLine(text, ++year)!;
    before = found.at;
    return found;
  };
}

/**
 * What stands before a line by grep, Docker, Kubernetes, journald or colours, the zeros of a file that was truncated, or the
 * beginning of another line that a full disk cut off. '' = no line of a log.
 */
function withoutWrapping(line: string): string {
  const plain = line.includes('\u001b') ? stripVTControlCharacters(line) : line;
  const at = plain.search(/[IWEF](?:\d{4}|\d{8}) \d\d:\d\d:\d\d\.\d{6}\s+\d+ [\w.]+:\d+\] /);
  return at === -1 ? '' : plain.slice(at).replace(/\\n","stream":.*$/, '');
}

/** The lines of a file, a piece at a time, whether it is packed by gzip or not; of a file that was cut short, what there is. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  let file: ReturnType<typeof createReadStream> | null = null;
  let unpacked: ReturnType<typeof createGunzip> | null = null;
  let rest = '';
  try {
    const packed = await isPacked(path);
    file = createReadStream(path);
    if (packed) {
      unpacked = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
      file.on('error', (error) => unpacked!.destroy(error));
    }
    let decoder: StringDecoder | null = null;
    for await (const chunk of unpacked ? file.pipe(unpacked) : file) {
      decoder ??= new StringDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf16le' : 'utf8');
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop()!.slice(0, longestLogLine);
      yield lines;
    }
    if (rest) yield [rest];
  } catch (error) {
    throw new LogFileError(`${path} cannot be read: ${(error as Error).message}`);
  } finally {
    file?.destroy();
    unpacked?.destroy();
  }
}

async function isPacked(path: string): Promise<boolean> {
  const file = await openFile(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.readUInt16BE() === 0x1f8b;
  } finally {
    await file.close();
  }
}

async function chosenFiles(paths: readonly string[]): Promise<readonly LogFile[]> {
  const files = new Map<string, LogFile>();
  for (const path of paths) for (const file of await filesAt(path)) files.set(file.path, file);
  // A process has a file per severity, and a further one after each rotation.
  return [...files.values()].filter(
    (file) =>
      ![...files.values()].some(
        (other) => other.process !== null && other.process === file.process && rank(other) < rank(file),
      ),
  );
}

async function filesAt(path: string): Promise<readonly LogFile[]> {
  try {
    const at = await stat(path);
    if (at.isFile()) return [logFile(await realpath(path), true)];
    if (!at.isDirectory()) throw new LogFileError(`${path} is neither a file nor a folder.`);
    const files: LogFile[] = [];
    for (const name of await readdir(path)) {
      const found = join(path, name);
      if (
        await stat(found)
          .then((each) => each.isFile())
          .catch(() => false)
      )
        files.push(logFile(await realpath(found), false));
    }
    const named = files.filter((file) => severityIn.test(basename(file.path)));
    if (named.length > 0) return named;
    if (files.length > 0) return files;
    throw new LogFileError(`The folder ${path} holds no log file of a Pika.`);
  } catch (error) {
    if (error instanceof LogFileError) throw error;
    throw new LogFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

const severityIn = /(?:^|\.)(?:INFO|WARNING|ERROR|FATAL)(?:\.|$)/;

/** pika.<host>.<user>.log.<SEVERITY>.<date-time>.<pid>, and what the rotation of others adds */
function logFile(path: string, given: boolean): LogFile {
  const found = /^(.*)\.log\.(INFO|WARNING|ERROR|FATAL)\.\d{8}-\d{6}\.(\d+)(?:[.-].*)?$/.exec(basename(path));
  return {
    path,
    process: found ? `${path.slice(0, -basename(path).length)}${found[1]} ${found[3]}` : null,
    severity: found?.[2] ?? 'INFO',
    given,
  };
}

const severities = ['INFO', 'WARNING', 'ERROR', 'FATAL'];
const rank = ({ severity }: LogFile): number => severities.indexOf(severity);
