/** Reads log files of Pika servers and says what they tell of full syncs. Memory does not grow with the files. */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { type MasterTold, newLogJudge } from '../core/sync/log-attempts.ts';
import { type LogLine, logLines, readLogLine } from '../engines/pika/log-lines.ts';
import { type LogFact, type LogReport, type LogTrouble, logReport } from '../model/full-sync-log.ts';
import { nobody, type Reader } from '../model/text.ts';

/** A file that cannot be read, or in which no line is one of a Pika log. */
export class LogFileError extends Error {}

/** Longer lines are cut: no line of the table is near. */
const longestLine = 16_384;
/** Dumps and lists of one master's log that are kept to set beside the slave's. */
const mostKept = 100_000;
/** Clocks of node and master may differ by this much beside whole quarters of an hour, which are time zones. */
const clockSlackMs = 60_000;
const quarterHourMs = 15 * 60_000;

interface LogFile {
  readonly path: string;
  /** Host, user and process, where the name is one of glog's. */
  readonly process: string | null;
  readonly severity: string;
}

/**
 * What the logs of a slave tell, beside the logs of its master if there are any. Paths are files (also .gz) or folders
 * of log files. Of one process's files, the file with the most lines is read. Throws LogFileError.
 */
export async function readLogs(
  paths: readonly string[],
  masterPaths: readonly string[] = [],
  reader: Reader = nobody,
): Promise<LogReport> {
  const findings = new Map<string, LogTrouble>();
  const master = masterPaths.length > 0 ? await readMaster(masterPaths, findings) : null;
  const files = await chosenFiles(paths);
  const listsReceived: LogFact[] = [];
  const told = master && masterBeside(master, listsReceived);
  const judge = newLogJudge(told);
  const started = await Promise.all(files.map(async (file) => ({ file, at: await firstTime(file) })));
  const inOrder = started.toSorted((a, b) => a.at - b.at);
  let last = 0;
  for (const { file } of inOrder) {
    last = await readFacts(file, (fact) => {
      if (fact.code === 'list_received' && listsReceived.length < mostKept) listsReceived.push(fact);
      note(findings, fact);
      judge.take(fact);
    });
  }
  judge.end(last);
  const troubles = [...findings.values()].toSorted((a, b) => a.firstAt - b.firstAt);
  return logReport(judge.attempts(), troubles, reader);
}

interface MasterFacts {
  readonly served: readonly LogFact[];
  readonly begun: readonly LogFact[];
  readonly failed: readonly LogFact[];
}

async function readMaster(paths: readonly string[], findings: Map<string, LogTrouble>): Promise<MasterFacts> {
  const kept: Record<string, LogFact[]> = { list_served: [], dump_begun: [], dump_failed: [] };
  for (const file of await chosenFiles(paths))
    await readFacts(file, (fact) => {
      if (lineOf(fact.code).log === 'master') note(findings, fact);
      const facts = kept[fact.code];
      if (facts && facts.length < mostKept) facts.push(fact);
    });
  return { served: kept.list_served!, begun: kept.dump_begun!, failed: kept.dump_failed! };
}

/** Sets the master's times beside the slave's by the lists of files, which both logs tell with the dump's id. */
function masterBeside(master: MasterFacts, received: readonly LogFact[]): MasterTold {
  const offset = (): number | null => {
    const latest = received.at(-1);
    if (!latest) return null;
    const offsets = master.served
      .filter(({ values }) => values.uuid === latest.values.uuid)
      .map(({ at }) => latest.at - at)
      .toSorted((a, b) => beyondZone(a) - beyondZone(b));
    return offsets[0] !== undefined && beyondZone(offsets[0]) < clockSlackMs ? offsets[0] : null;
  };
  const happened = (facts: readonly LogFact[], db: string | null, from: number, to: number): boolean => {
    const shift = offset();
    if (shift === null) return false;
    return facts.some(({ at, values }) => values.db === db && at + shift > from && at + shift < to);
  };
  return {
    dumpBegun: (db, from, to) => happened(master.begun, db, from, to),
    dumpFailed: (db, from, to) => happened(master.failed, db, from, to),
  };
}

const beyondZone = (ms: number): number => Math.abs(ms - Math.round(ms / quarterHourMs) * quarterHourMs);

const lineOf = (code: LogFact['code']): LogLine => logLines[code];

function note(findings: Map<string, LogTrouble>, fact: LogFact): void {
  const { log, finding } = lineOf(fact.code);
  if (!finding) return;
  const before = findings.get(fact.code);
  findings.set(fact.code, {
    code: fact.code,
    log,
    count: (before?.count ?? 0) + 1,
    firstAt: before?.firstAt ?? fact.at,
    lastAt: fact.at,
    line: before?.line ?? fact.line,
  });
}

/** Calls back for each line that the table knows; the time of the last line. Throws LogFileError. */
async function readFacts(file: LogFile, take: (fact: LogFact) => void): Promise<number> {
  let year = (await stat(file.path)).mtime.getUTCFullYear();
  let last = 0;
  let isLog = false;
  await eachLine(file.path, (line) => {
    const named = /^Log file created at: (\d{4})\//.exec(line);
    if (named) year = Number(named[1]);
    const read = readLogLine(line, year);
    isLog ||= read !== null || named !== null;
    if (!read) return;
    last = read.at;
    if (read.fact) take(read.fact);
  });
  if (!isLog) throw new LogFileError(`${file.path} holds no line of a Pika log.`);
  return last;
}

async function firstTime(file: LogFile): Promise<number> {
  const enough = new AbortController();
  let at = Number.POSITIVE_INFINITY;
  const year = (await stat(file.path)).mtime.getUTCFullYear();
  await eachLine(
    file.path,
    (line) => {
      const read = readLogLine(line, year);
      if (!read) return;
      at = read.at;
      enough.abort();
    },
    enough.signal,
  ).catch((error) => {
    if (!enough.signal.aborted) throw error;
  });
  return at;
}

/** The lines of a file, unpacked if its name ends in .gz. */
async function eachLine(path: string, take: (line: string) => void, signal?: AbortSignal): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const lines = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop()!.slice(0, longestLine);
      for (const part of parts) {
        if (signal?.aborted) return;
        take(part.length > longestLine ? part.slice(0, longestLine) : part);
      }
    }
    if (rest && !signal?.aborted) take(rest);
  };
  const file = createReadStream(path);
  try {
    await (path.endsWith('.gz') ? pipeline(file, createGunzip(), lines) : pipeline(file, lines));
  } catch (error) {
    throw new LogFileError(`${path} cannot be read: ${(error as Error).message}`);
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
