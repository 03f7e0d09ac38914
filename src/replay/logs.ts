/** Reads log files of Pika servers and says what they tell of full syncs. Memory does not grow with the files. */
import { type MasterTold, newLogJudge } from '../core/sync/log-attempts.ts';
import { type LogLine, logLines } from '../engines/pika/log-lines.ts';
import { type LogFact, type LogReport, type LogTrouble, logReport } from '../model/full-sync-log.ts';
import { nobody, type Reader } from '../model/text.ts';
import { readFacts } from './log-files.ts';

/** Dumps and lists of one master's log that are kept to set beside the slave's. */
const mostKept = 100_000;
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
  const listsReceived: LogFact[] = [];
  const told = master && masterBeside(master, listsReceived);
  const judge = newLogJudge(told);
  const last = await readFacts(paths, (fact) => {
    if (fact.code === 'list_received' && listsReceived.length < mostKept) listsReceived.push(fact);
    note(findings, fact);
    judge.take(fact);
  });
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
  await readFacts(paths, (fact) => {
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
