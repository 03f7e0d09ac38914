/** Reads log files of Pika servers and says what they tell of full syncs. Memory does not grow with the files. */
import { type MasterTold, newLogJudge } from '../core/sync/log-attempts.ts';
import { type LogLine, logLines } from '../engines/pika/log-lines.ts';
import { type LogFact, type LogReport, type LogTrouble, logReport } from '../model/full-sync-log.ts';
import { nobody, type Reader } from '../model/text.ts';
import { readFacts } from './log-files.ts';

/** Dumps and lists of one master's log that are kept to set beside the slave's. */
const mostKept = 100_000;
const longestKey = 64;
/** Clocks of node and master may differ by this much beside whole quarters of an hour, which are time zones. */
const clockSlackMs = 60_000;
const quarterHourMs = 15 * 60_000;

/**
 * What the logs of a slave tell, beside the logs of its master if there are any. Paths are files (also .gz) or folders
 * of log files, in any order. Throws LogFileError.
 */
export async function readLogs(
  paths: readonly string[],
  masterPaths: readonly string[] = [],
  reader: Reader = nobody,
): Promise<LogReport> {
  const findings = new Map<string, LogTrouble>();
  const master = masterPaths.length > 0 ? await readMaster(masterPaths, findings) : null;
  let list: LogFact | null = null;
  const told = master && masterBeside(master, () => list);
  const judge = newLogJudge(told);
  const last = await readFacts(paths, (fact) => {
    if (fact.code === 'list_received') list = fact;
    note(findings, fact);
    judge.take(fact);
  });
  judge.end(last);
  const troubles = [...findings.values()].toSorted((a, b) => a.firstAt - b.firstAt);
  return logReport(judge.attempts(), troubles, reader);
}

/** Times by the dump's id, or by its database. */
type Times = ReadonlyMap<string, readonly number[]>;

interface MasterFacts {
  readonly served: Times;
  readonly begun: Times;
  readonly failed: Times;
}

async function readMaster(paths: readonly string[], findings: Map<string, LogTrouble>): Promise<MasterFacts> {
  const kept = {
    list_served: new Map<string, number[]>(),
    dump_begun: new Map<string, number[]>(),
    dump_failed: new Map<string, number[]>(),
  };
  let count = 0;
  await readFacts(paths, ({ code, at, values, ...fact }) => {
    if (lineOf(code).log === 'master') note(findings, { code, at, values, ...fact });
    if (!Object.hasOwn(kept, code) || count++ >= mostKept) return;
    const times = kept[code as keyof typeof kept];
    const key = copied((values.uuid ?? values.db!).slice(0, longestKey));
    const known = times.get(key);
    if (known) known.push(at);
    else times.set(key, [at]);
  });
  return { served: kept.list_served, begun: kept.dump_begun, failed: kept.dump_failed };
}

/** A part of a text keeps the whole of it in memory. */
const copied = (text: string): string => Buffer.from(text).toString();

/** Sets the master's times beside the slave's by the lists of files, which both logs tell with the dump's id. */
function masterBeside(master: MasterFacts, list: () => LogFact | null): MasterTold {
  const offset = (): number | null => {
    const latest = list();
    if (!latest) return null;
    const offsets = (master.served.get(latest.values.uuid!) ?? []).map((at) => latest.at - at);
    const nearest = offsets.toSorted((a, b) => beyondZone(a) - beyondZone(b))[0];
    return nearest !== undefined && beyondZone(nearest) < clockSlackMs ? nearest : null;
  };
  const happened = (times: Times, db: string | null, from: number, to: number): boolean => {
    const shift = db === null ? null : offset();
    if (shift === null) return false;
    return (times.get(db!) ?? []).some((at) => at + shift > from && at + shift < to);
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
