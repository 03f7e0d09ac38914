/**
 * The lines of Pika's log files that tell of full syncs, and how a line is read. Patterns match the text of a line,
 * never its source line number: that differs between releases. Recorded on 3.5.4, 3.5.5, 4.0.0 and 4.0.1.
 */
import { type LogFact, longestLogQuote } from '../../model/full-sync-log.ts';
import type { LogLineCode } from '../../model/log-line-meanings.ts';

export interface LogLine {
  /** Whose log holds it. */
  readonly log: 'slave' | 'master';
  /** I, W, E or F: a line stands in the file of its own severity and of all lower ones. */
  readonly severity: 'I' | 'W' | 'E' | 'F';
  readonly file: string;
  readonly pattern: RegExp;
  /** Releases that write it; none = all. */
  readonly versions?: string;
  /** The line alone means trouble: shown as a finding. */
  readonly finding?: true;
  /** Situations of the recordings that show it. */
  readonly recordings: string;
}

export const logLines = {
  started: {
    log: 'slave',
    severity: 'I',
    file: 'pika.cc',
    recordings: 'all',
    pattern: /^Server at: (?<conf>\S+)/,
  },
  meta_asked: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client.cc',
    recordings: '01',
    pattern: /^Try Send Meta Sync Request to Master \((?<master>\S+)\)/,
  },
  sync_granted: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+) Need Wait To Sync/,
  },
  rsync_begins: {
    log: 'slave',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '01, 14',
    pattern: /^(?:ActivateRsync \.\.\.|Slave DB: (?<db>\w+) Activating Rsync \.\.\.)/,
  },
  list_refused: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '26, 27',
    pattern: /^IO error: kRsyncMeta request failed! db is not exist or doing bgsave, retries:(?<retries>\d+)/,
  },
  list_unanswered: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '14, 15',
    finding: true,
    pattern: /^rsync PullRemoteMeta request timeout, retry times: (?<retries>\d+)/,
  },
  list_given_up: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '14, 15, 27',
    finding: true,
    pattern: /^copy remote meta failed! error:(?<error>.*)/,
  },
  rsync_failed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '14, 15, 27',
    pattern:
      /^Slave DB: (?<db>\w+) rsync failed! full synchronization will be retried later(?<info>, error info)?/,
  },
  list_received: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^receive rsync meta infos, snapshot_uuid: (?<uuid>[0-9a-f]*?)files count: (?<count>\d+)/,
  },
  list_taken: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern:
      /^copy meta data done, db name: (?<db>\w+) snapshot_uuid: (?<uuid>\w*) file count: (?<count>\d+)/,
  },
  list_file: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^file_set: (?<name>\S+)/,
  },
  copy_begins: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^RsyncClient begin to copy remote files/,
  },
  file_begun: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^copy remote file, filename: (?<name>\S+)/,
  },
  file_failed: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '04b, 05, 10, 12, 21',
    pattern: /^copy remote file failed, msg: (?<error>.*)/,
  },
  file_unanswered: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '07, 21, 22',
    finding: true,
    pattern: /^Timeout: rsync timeout: timeout during\(in ms\) is (?<ms>\d+)/,
  },
  write_failed: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '10, 11, 25',
    finding: true,
    pattern: /^pwrite failed, filename: (?<name>\S+?) ?errno: (?<error>.+?) ?n: \d+/,
  },
  worker_done: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01, 05, 07',
    pattern: /^work_thread index: (?<index>\d+) copy remote files done/,
  },
  copy_ended: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01, 04, 07',
    pattern: /^RsyncClient copy remote files done/,
  },
  newer_dump: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '04, 05, 12',
    finding: true,
    pattern: /^receive newer dump, reset state to STOP/,
  },
  copy_deleted: {
    log: 'slave',
    severity: 'E',
    file: 'rsync_client.cc',
    recordings: '05, 12',
    versions: '3.5.5, 4.0.1',
    finding: true,
    pattern: /^RsyncClient stopped with errors, (?:deleted:|but failed to delete )(?<path>\S*)/,
  },
  client_stopped: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '06, 07, 22, 24, 25',
    pattern: /^RsyncClient stop \.\.\./,
  },
  info_missing: {
    log: 'slave',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '04d, 05',
    finding: true,
    pattern: /^info path: (?<path>\S+) not exist(?<again>, Slave DB:)?/,
  },
  info_read: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01, 12',
    pattern:
      /^DB: (?<db>\w+) Information from dbsync info,\s+master_ip: (?<ip>\S*), master_port: (?<port>\d+), filenum: (?<file>\d+), offset: (?<offset>\d+)/,
  },
  swap_begun: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+), Prepare change db from: (?<path>\S+)/,
  },
  swap_done: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+), Change db success/,
  },
  other_mount: {
    log: 'slave',
    severity: 'W',
    file: 'env.cc',
    recordings: '18',
    finding: true,
    pattern: /^filesystem error: cannot rename: Invalid cross-device link/,
  },
  swap_failed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '18',
    finding: true,
    pattern: /^DB: (?<db>\w+), Failed to change db/,
  },
  open_failed: {
    log: 'slave',
    severity: 'F',
    file: 'storage.cc',
    recordings: '04, 23',
    finding: true,
    pattern: /^open (?:\w+ )?db failed,? ?(?<error>.*)/,
  },
  port_taken: {
    log: 'slave',
    severity: 'F',
    file: 'pika_server.cc',
    recordings: '13',
    finding: true,
    pattern: /^Start .*\bbind port/,
  },
  increments_run: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '01, 30',
    pattern: /^DB: (?<db>\w+) TrySync Ok/,
  },
  increments_refused: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '05, 06, 07',
    pattern: /^DB: (?<db>\w+) Need To Try DBSync/,
  },
  auth_refused: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '08',
    finding: true,
    pattern: /^Meta Sync Failed: Auth with master error/,
  },
  id_refused: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '24',
    finding: true,
    pattern: /^Meta Sync Failed: replicationid on both sides of the connection are inconsistent/,
  },
  databases_differ: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '09',
    finding: true,
    pattern:
      /^Self db structs\(number of databases: (?<own>\d+)\) inconsistent with master\(number of databases: (?<master>\d+)\)/,
  },
  refused_for_good: {
    log: 'slave',
    severity: 'W',
    file: 'pika_server.cc',
    recordings: '08, 09, 24',
    pattern: /^Sync error, set repl_state to PIKA_REPL_ERROR/,
  },
  still_listed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: 'source',
    finding: true,
    pattern: /^Meta Sync Failed: .* will keep sending MetaSync msg/,
  },
  master_unreachable: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client.cc',
    recordings: '24',
    finding: true,
    pattern: /^Failed to connect master, Master \((?<master>\S+?)\), try reconnect/,
  },
  session_lost: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_thread.cc',
    recordings: '07, 22',
    finding: true,
    pattern: /^Master conn disconnect : (?<master>\S+) try reconnect/,
  },
  session_idle: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_thread.cc',
    recordings: '27, 30',
    finding: true,
    pattern: /^Master conn timeout : (?<master>\S+) try reconnect/,
  },
  detached: {
    log: 'slave',
    severity: 'I',
    file: 'pika_server.cc',
    recordings: '08, 24',
    pattern: /^Remove Master Success, ip_port: (?<master>\S+)/,
  },
  stopping: {
    log: 'slave',
    severity: 'I',
    file: 'pika.cc',
    recordings: 'source',
    pattern: /^Catch Signal (?<signal>\d+), cleanup/,
  },
  list_served: {
    log: 'master',
    severity: 'I',
    file: 'rsync_server.cc',
    recordings: '01, 12',
    pattern: /^Rsync Meta request, snapshot_uuid: (?<uuid>[0-9a-f]*) ?files count: (?<count>\d+)/,
  },
  dump_begun: {
    log: 'master',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01, 05',
    pattern: /^(?<db>\w+) bgsave_info: path=(?<path>\S+),/,
  },
  dump_failed: {
    log: 'master',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '12',
    finding: true,
    pattern: /^(?<db>\w+) create new backup failed ?:(?<error>.*)/,
  },
  bgsave_by_hand: {
    log: 'master',
    severity: 'I',
    file: 'pika_command.cc',
    recordings: '05, 12',
    finding: true,
    pattern: /^command: BGSAVE/i,
  },
  dump_file_gone: {
    log: 'master',
    severity: 'E',
    file: 'rsync_server.h',
    recordings: '04, 05, 12',
    finding: true,
    pattern: /^open file \[(?<path>\S+)\] failed! error: /,
  },
  slave_silent: {
    log: 'master',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '25, 27, 30',
    finding: true,
    pattern: /^\((?<db>\w+)\) Master del Recv Timeout slave success (?<slave>\S+)/,
  },
} as const satisfies Readonly<Record<LogLineCode, LogLine>>;

const rows = Object.entries(logLines) as readonly [LogLineCode, LogLine][];

/** Longer lines are cut: no line of the table is near. */
export const longestLogLine = 16_384;
/** A line per file: a judge counts them, nobody reads them one by one. */
export const perFileLines: ReadonlySet<string> = new Set(['list_file', 'file_begun']);

/** Rows by the first word of their lines, so that a line is tried against a few patterns; '' = the word varies. */
const byFirstWord = new Map<string, (readonly [LogLineCode, LogLine])[]>();
for (const row of rows) {
  const word = /^\^([A-Za-z_]+:?) /.exec(row[1].pattern.source)?.[1] ?? '';
  byFirstWord.set(word, [...(byFirstWord.get(word) ?? []), row]);
}
const varying = byFirstWord.get('') ?? [];

/** The alternatives of a pattern as text; databases are named db0, db1, … */
const beginnings = ({ source }: RegExp): readonly string[] =>
  (/^\^\(\?:([^)]*)/.exec(source)?.[1]?.split('|') ?? [source.slice(1)]).map((text) =>
    text.replace('(?<db>\\w+)', 'db#').replaceAll(/\\(.)/g, '$1'),
  );
const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
/** The first three bytes of every message that the table knows, as a number. */
const knownBeginnings = new Set(
  rows
    .flatMap(([, { pattern }]) => beginnings(pattern))
    .flatMap((text) => (text.startsWith('db#') ? digits.map((digit) => `db${digit}`) : [text.slice(0, 3)]))
    .map((text) => Buffer.from(text).readUIntBE(0, 3)),
);

/** Whether the table may know the message that begins at `at`: cheap, for logs that grow fast. Never false for what it knows. */
export const mayBeKnown = (bytes: Uint8Array, at: number): boolean =>
  knownBeginnings.has((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);

/** glog's prefix, with the year or, in older builds, without it. */
const prefix =
  /^([IWEF])(\d{4})?(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{6})\s+(\d+) [\w.]+:\d+\] (.*)\r*$/;

/** Whether the line is one of a Pika log at all; and the fact, where the table knows it. */
export interface ReadLine {
  readonly at: number;
  /** I, W, E or F. */
  readonly severity: string;
  readonly fact: LogFact | null;
}

/** Reads a line of a log file. `year`: of lines that name none. null = not a line with glog's prefix. */
export function readLogLine(line: string, year: number): ReadLine | null {
  const found = prefix.exec(line);
  if (!found) return null;
  const [, severity, namedYear, month, day, hours, minutes, seconds, micros, thread, text] = found;
  const at =
    Date.UTC(
      Number(namedYear ?? year),
      Number(month) - 1,
      Number(day),
      Number(hours),
      Number(minutes),
      Number(seconds),
    ) +
    Number(micros) / 1000;
  if (Number.isNaN(at)) return null;
  return { at, severity: severity!, fact: logFactOf(text!.trimEnd(), at, Number(thread)) };
}

/** What a line says whose prefix has been read. null = the table does not know it. */
export function logFactOf(message: string, at: number, thread: number): LogFact | null {
  const end = message.indexOf(' ');
  const named = byFirstWord.get(end === -1 ? message : message.slice(0, end)) ?? [];
  for (const [code, { pattern }] of [...named, ...varying]) {
    const found = pattern.exec(message);
    if (found)
      return { code, at, thread, values: { ...found.groups }, line: message.slice(0, longestLogQuote) };
  }
  return null;
}
