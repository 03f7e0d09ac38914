/** Reads the lines of log files in the order of their times, whatever files they stand in. */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { longestLogLine, readLogLine } from '../engines/pika/log-lines.ts';
import type { LogFact } from '../model/full-sync-log.ts';

/** A file that cannot be read, or in which no line is one of a Pika log. */
class LogFileError extends Error {}

const dayMs = 86_400_000;

interface LogFile {
  readonly path: string;
  /** Host, user and process, where the name is one of glog's. */
  readonly process: string | null;
  readonly severity: string;
}

/**
 * Calls back for each line that the table knows, and resolves with the time of the last line. A line that stands in
 * several files, as in those of two severities, counts once. Of one process's files, the file with the most lines is read.
 * Files that do not overlap are read one after another, so memory does not grow with them. Throws LogFileError.
 */
export async function readFacts(paths: readonly string[], take: (fact: LogFact) => void): Promise<number> {
  const files = await chosenFiles(paths);
  const begun = await Promise.all(files.map(async ({ path }) => ({ path, at: await firstTime(path) })));
  const waiting = begun.toSorted((a, b) => a.at - b.at);
  const open: Source[] = [];
  let last = 0;
  let at = Number.NEGATIVE_INFINITY;
  const of = new Map<string, Source>();
  while (open.length > 0 || waiting.length > 0) {
    const head = earliest(open);
    const next = waiting[0];
    if (next !== undefined && (head === null || next.at <= head.facts[head.index]!.at)) {
      waiting.shift();
      open.push(await openSource(next.path));
    } else {
      const fact = head!.facts[head!.index++]!;
      if (fact.at !== at) of.clear();
      at = fact.at;
      const key = `${fact.thread} ${fact.line}`;
      const first = of.get(key) ?? head!;
      of.set(key, first);
      if (first === head) take(fact);
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

/** Of the first line. Throws LogFileError for a file without a line of a Pika log. */
async function firstTime(path: string): Promise<number> {
  const read = await lineReader(path);
  let named = false;
  for await (const lines of linesOf(path))
    for (const line of lines) {
      const found = read(line);
      if (found) return found.at;
      named ||= createdAt.test(line);
    }
  if (named) return Number.POSITIVE_INFINITY;
  throw new LogFileError(`${path} holds no line of a Pika log.`);
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
    let found = readLogLine(line, year);
    if (found === null) return null;
    if (before === null && !isNamed && found.at > changedAt) found = readLogLine(line, --year)!;
    else if (before !== null && found.at < before - 180 * dayMs) found = readLogLine(line, ++year)!;
    before = found.at;
    return found;
  };
}

/** The lines of a file, a piece at a time; unpacked if its name ends in .gz. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8');
  const file = createReadStream(path);
  const unpacked = path.endsWith('.gz') ? createGunzip() : null;
  file.on('error', (error) => unpacked?.destroy(error));
  let rest = '';
  try {
    for await (const chunk of unpacked ? file.pipe(unpacked) : file) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop()!.slice(0, longestLogLine);
      yield lines;
    }
    if (rest) yield [rest];
  } catch (error) {
    throw new LogFileError(`${path} cannot be read: ${(error as Error).message}`);
  } finally {
    file.destroy();
    unpacked?.destroy();
  }
}

async function chosenFiles(paths: readonly string[]): Promise<readonly LogFile[]> {
  const named = (await Promise.all(paths.map(filesAt))).flat();
  const real = await Promise.all(named.map((path) => realpath(path)));
  const files = [...new Set(real)].map(logFile);
  // A process has a file per severity, and a further one after each rotation.
  return files.filter(
    (file) =>
      !files.some(
        (other) => other.process !== null && other.process === file.process && rank(other) < rank(file),
      ),
  );
}

async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => logFile(name).process !== null);
    if (names.length === 0) throw new LogFileError(`The folder ${path} holds no log file of a Pika.`);
    return names.map((name) => join(path, name));
  } catch (error) {
    if (error instanceof LogFileError) throw error;
    throw new LogFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** pika.<host>.<user>.log.<SEVERITY>.<date-time>.<pid> */
function logFile(path: string): LogFile {
  const found = /^(.*)\.log\.(INFO|WARNING|ERROR|FATAL)\.\d{8}-\d{6}\.(\d+)(?:\.gz)?$/.exec(basename(path));
  return {
    path,
    process: found ? `${path.slice(0, -basename(path).length)}${found[1]} ${found[3]}` : null,
    severity: found?.[2] ?? 'INFO',
  };
}

const severities = ['INFO', 'WARNING', 'ERROR', 'FATAL'];
const rank = ({ severity }: LogFile): number => severities.indexOf(severity);
