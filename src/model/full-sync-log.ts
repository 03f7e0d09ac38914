/** What the log files of a server tell of its full syncs: facts, attempts, verdicts, and how they read. */
import { type CauseCode, causeStepsBySlaveof, causes, type Refusal } from './causes.ts';
import { type LogLineCode, logLineMeanings } from './log-line-meanings.ts';
import { type Language, nobody, plain, type Reader, type Text } from './text.ts';

/** A line of a log that means something to us. */
export interface LogFact {
  /** Row of the table of lines. */
  readonly code: LogLineCode;
  /** Milliseconds since 1970 as the server's own clock and time zone show them: logs name no zone. */
  readonly at: number;
  readonly thread: number;
  /** What the pattern captured. */
  readonly values: Readonly<Record<string, string>>;
  /** As Pika wrote it, without glog's prefix, cut at 300 characters. */
  readonly line: string;
}

/** Of a line nothing more is kept. */
export const longestLogQuote = 300;

/**
 * `complete`: every file of the list came from one dump and was opened. `incomplete`: the node opened a database that
 * lacks files. `failed`: the attempt ended before a database was opened. `running`: the log ends in the middle of it.
 * `undecided`: the log does not hold enough.
 */
export const logVerdicts = ['complete', 'incomplete', 'failed', 'running', 'undecided'] as const;
export type LogVerdict = (typeof logVerdicts)[number];

const logVerdictTexts: Readonly<Record<LogVerdict, Text>> = {
  complete: plain('every file of the dump came and was opened', '快照的每个文件都已到达并打开'),
  incomplete: plain('the node opened a database that lacks files', '节点打开了缺少文件的数据库'),
  failed: plain('the attempt ended before a database was opened', '尝试在打开数据库之前就结束了'),
  running: plain('the log ends while the attempt goes on', '日志结束时尝试仍在进行'),
  undecided: plain('the log does not hold enough', '日志内容不足以判断'),
};

/** Why a log does not suffice to judge an attempt. */
export const logGaps = {
  log_begins_later: {
    title: plain('The log begins in the middle of the attempt.', '日志从尝试的中途开始。'),
    step: plain('Give the earlier log file too.', '请同时给出更早的日志文件。'),
  },
  log_has_gaps: {
    title: plain('Lines of the attempt are missing from the log.', '日志中缺少该次尝试的部分行。'),
    step: plain(
      'Give all pieces of the INFO log. If its disk was full, compare the data.',
      '请给出 INFO 日志的全部文件。如果当时日志磁盘已满，请对比数据。',
    ),
  },
} as const satisfies Readonly<Record<string, { readonly title: Text; readonly step: Text }>>;

/** Why an attempt did not end complete, as far as a log tells. */
export type LogCause = CauseCode | keyof typeof logGaps;

const isGap = (cause: LogCause): cause is keyof typeof logGaps => Object.hasOwn(logGaps, cause);

type CausedAttempt = Pick<LogAttempt, 'verdict' | 'seen'> & { readonly cause: LogCause };

/** What the cause is, and what somebody who has the servers alone does about it. */
function logCauseWords(
  { cause, verdict, seen = {} }: CausedAttempt,
  reader: Reader,
): { readonly title: string; readonly nextStep: string } {
  const { language } = reader;
  if (isGap(cause)) {
    const { title, step } = logGaps[cause];
    return { title: title[language]({}, reader), nextStep: step[language]({}, reader) };
  }
  const [titleOf, stepsOf] = [
    (code: CauseCode) => causes[code].title[language](seen, reader),
    (code: CauseCode) => causeStepsBySlaveof({ code, facts: { ...seen } }, reader),
  ];
  const goesOn = verdict === 'running' && goOnByThemselves.has(cause);
  const died = seen.died === true && !crashes.has(cause);
  const steps = [
    ...(verdict === 'incomplete' ? [keepAway[language]({}, reader)] : []),
    ...(died ? stepsOf('crashed_on_open').slice(0, -1) : []),
    ...(goesOn ? [...stepsOf(cause).slice(0, -1), goesOnStep[language]({}, reader)] : stepsOf(cause)),
  ];
  const space = { en: ' ', zh: '' }[language];
  return {
    title: [titleOf(cause), ...(died ? [titleOf('crashed_on_open')] : [])].join(space),
    nextStep: steps.join(space),
  };
}

/** Causes in whose names a process dies already. */
const crashes: ReadonlySet<LogCause> = new Set<CauseCode>([
  'manifest_missing',
  'checksum',
  'crashed_on_open',
]);

/** A copy that still runs overcomes these without another SLAVEOF. */
const goOnByThemselves: ReadonlySet<LogCause> = new Set<CauseCode>([
  'disk_full',
  'write_failed',
  'copy_stalled',
  'rsync_port_closed',
  'doing_bgsave',
]);

const goesOnStep = plain('The node then goes on by itself.', '之后节点会自行继续。');
const keepAway = plain(
  'Let no client read from this node: its database lacks files.',
  '不要让客户端读取该节点：它的数据库缺少文件。',
);

/** What a cause is; '' for a cause of another release. */
export const logCauseTitle = (cause: string, language: Language): string =>
  Object.hasOwn(causes, cause) || Object.hasOwn(logGaps, cause)
    ? logCauseWords({ cause: cause as LogCause, verdict: 'undecided' }, { ...nobody, language }).title
    : '';

/** One full sync of one database, as the log tells it. Times as in {@link LogFact}. */
export interface LogAttempt {
  /** null = refused before a database was named, or the log does not name it. */
  readonly db: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly verdict: LogVerdict;
  readonly cause: LogCause | null;
  readonly files: {
    /** Files in the master's list; null = the log does not show the list. */
    readonly listed: number | null;
    /** Files that came whole. */
    readonly copied: number;
  };
  /** What else the words of its cause are made from; nobody stores or sends it. */
  readonly seen?: SeenWithCause;
}

/** What a log tells of a cause beside its code. */
export interface SeenWithCause {
  /** Of the database on the node. */
  readonly folder?: string;
  /** The process ended when it opened the database. */
  readonly died?: true;
  /** For what the master refused the node. */
  readonly refusal?: Refusal;
}

/**
 * What the log of one server tells: its full syncs, and the lines that mean something, perhaps without those of single
 * files. Agents of other releases have other codes.
 */
export interface ToldByLog {
  readonly attempts: readonly (Omit<LogAttempt, 'cause' | 'seen'> & { readonly cause: string | null })[];
  readonly log: readonly (Omit<LogFact, 'code'> & { readonly code: string })[];
}

/** A kind of trouble, with how often the log tells it. Times as in {@link LogFact}. */
export interface LogTrouble {
  readonly code: LogLineCode;
  /** The log that tells it. */
  readonly log: 'slave' | 'master';
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The first of its lines. */
  readonly line: string;
}

/** With times as the logs show them (`2026-11-28T03:54:00.076`, of no zone), and what they mean in words. */
type Worded<T, Times extends keyof T> = Omit<T, Times> & {
  readonly [K in Times]: T[K] extends number ? string : string | null;
} & { readonly text: string };

/** What the logs of a server tell. */
export interface LogReport {
  readonly attempts: readonly (Worded<Omit<LogAttempt, 'seen'>, 'startedAt' | 'endedAt'> & {
    readonly nextStep: string | null;
  })[];
  readonly findings: readonly Worded<LogTrouble, 'firstAt' | 'lastAt'>[];
}

const shownTime = (at: number): string => new Date(at).toISOString().slice(0, -1);

/** The report for this reader. */
export function logReport(
  attempts: readonly LogAttempt[],
  troubles: readonly LogTrouble[],
  reader: Reader,
): LogReport {
  const words = (row: Text): string => row[reader.language]({}, reader);
  return {
    attempts: attempts.map(({ seen, ...attempt }) => {
      const { cause: code, verdict } = attempt;
      const cause =
        code === null ? null : logCauseWords({ cause: code, verdict, ...(seen && { seen }) }, reader);
      return {
        ...attempt,
        startedAt: shownTime(attempt.startedAt),
        endedAt: attempt.endedAt === null ? null : shownTime(attempt.endedAt),
        text: cause?.title ?? words(logVerdictTexts[attempt.verdict]),
        nextStep: cause?.nextStep ?? null,
      };
    }),
    findings: troubles.map((trouble) => ({
      ...trouble,
      firstAt: shownTime(trouble.firstAt),
      lastAt: shownTime(trouble.lastAt),
      text: words(logLineMeanings[trouble.code]),
    })),
  };
}
