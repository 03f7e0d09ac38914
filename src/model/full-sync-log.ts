/** What the log files of a server tell of its full syncs: facts, attempts, verdicts, and how they read. */
import { plain, type Reader, type Text } from './text.ts';

/** A line of a log that means something to us. */
export interface LogFact {
  /** Row of the table of lines. */
  readonly code: string;
  /** Milliseconds since 1970 as the server's own clock and time zone show them: logs name no zone. */
  readonly at: number;
  readonly thread: number;
  /** What the pattern captured. */
  readonly values: Readonly<Record<string, string>>;
}

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

interface LogCauseRow {
  readonly title: Text;
  readonly step: Text;
}

/** Why an attempt did not end complete, as far as a log tells. */
export const logCauses = {
  snapshot_superseded: {
    title: plain(
      'The master made a newer dump while the node was still copying the old dump.',
      '节点还在复制旧快照时，主节点又做了新的快照。',
    ),
    step: plain(
      'Add nodes one at a time, keep BGSAVE away from the master, and repeat the full sync with SLAVEOF … force.',
      '逐个添加节点，期间不要在主节点执行 BGSAVE，并用 SLAVEOF … force 重做全量同步。',
    ),
  },
  dump_during_copy: {
    title: plain(
      'The master began a dump while the node copied its last files: they may belong to another dump.',
      '节点复制最后几个文件时主节点开始做新快照：这些文件可能来自另一个快照。',
    ),
    step: plain('Compare the data of node and master.', '对比节点与主节点的数据。'),
  },
  dump_failed: {
    title: plain(
      'The master could not make its dump, or its files are gone.',
      '主节点没能做成快照，或者快照文件已不存在。',
    ),
    step: plain(
      'Free space for dump-path on the master, run BGSAVE, then repeat the full sync.',
      '在主节点为 dump-path 腾出空间，执行 BGSAVE，然后重做全量同步。',
    ),
  },
  doing_bgsave: {
    title: plain(
      'The dump of the master took longer than the node waits for the list of files.',
      '主节点做快照的时间超过了节点等待文件列表的时间。',
    ),
    step: plain(
      'Wait: the node asks again (3.5.4 after 75 to 90 s). If it happens again, look at the disk of the master.',
      '等待：节点会再次请求（3.5.4 在 75 到 90 s 之后）。如果再次出现，请检查主节点的磁盘。',
    ),
  },
  disk_full: {
    title: plain('The disk of the node is full.', '节点的磁盘已满。'),
    step: plain(
      'Free space on the node for the old data and the whole dump. The copy then goes on by itself.',
      '在节点上为旧数据与整个快照腾出空间，复制会自动继续。',
    ),
  },
  write_failed: {
    title: plain('The node could not write a file.', '节点无法写入文件。'),
    step: plain(
      'Look at the disk of the node and the rights of db-sync-path.',
      '检查节点的磁盘与 db-sync-path 的权限。',
    ),
  },
  rsync_port_closed: {
    title: plain(
      'The node got no answer from port + 10001 of the master, through which the files come.',
      '节点连不上主节点的端口 + 10001（传输文件的端口），或得不到应答。',
    ),
    step: plain(
      'From the host of the node, connect to port + 10001 of the master; open it in the firewall.',
      '从节点所在主机连接主节点的端口 + 10001，并在防火墙中放行。',
    ),
  },
  copy_on_another_mount: {
    title: plain(
      'db-sync-path and db-path lie on different mounts: the copy cannot be put in place.',
      'db-sync-path 与 db-path 不在同一个挂载点：副本无法就位。',
    ),
    step: plain(
      'Stop the node, bring db0_bak back as db0 (the old data lie there), put both paths on one mount.',
      '停止节点，把 db0_bak 恢复为 db0（旧数据在其中），并将两个路径放到同一挂载点。',
    ),
  },
  manifest_missing: {
    title: plain(
      'The node died when it opened the copy: the MANIFEST is missing.',
      '节点打开副本时退出：缺少 MANIFEST。',
    ),
    step: plain(
      'Move the copied db folder of the node away (the old data lie beside it in db0_bak), start the node, repeat the full sync.',
      '移走节点上复制来的 db 目录（旧数据在旁边的 db0_bak 中），启动节点，重做全量同步。',
    ),
  },
  checksum: {
    title: plain(
      'The node died when it opened the copy: a checksum is wrong.',
      '节点打开副本时退出：校验和不符。',
    ),
    step: plain(
      'Check disk and memory of both hosts, move the copied db folder away, start the node, repeat the full sync.',
      '检查两台主机的磁盘与内存，移走复制来的 db 目录，启动节点，重做全量同步。',
    ),
  },
  crashed_on_open: {
    title: plain('The node died when it opened its database.', '节点打开数据库时退出。'),
    step: plain(
      'Move the copied db folder of the node away (the old data lie beside it in db0_bak), start the node, repeat the full sync.',
      '移走节点上复制来的 db 目录（旧数据在旁边的 db0_bak 中），启动节点，重做全量同步。',
    ),
  },
  hung_in_full_sync: {
    title: plain(
      'The node hangs: its copy ended without the file info, and it waits for this file for ever.',
      '节点卡住：复制结束但没有 info 文件，节点会永远等下去。',
    ),
    step: plain(
      'Repeat the full sync: SLAVEOF NO ONE, then SLAVEOF … force.',
      '重做全量同步：先 SLAVEOF NO ONE，再 SLAVEOF … force。',
    ),
  },
  swap_failed: {
    title: plain('The node could not put the copy in place of its database.', '节点无法用副本替换原数据库。'),
    step: plain(
      'Look at the rights and mounts of db-path and db-sync-path.',
      '检查 db-path 与 db-sync-path 的权限和挂载点。',
    ),
  },
  session_lost: {
    title: plain('The node lost its connection to the master.', '节点与主节点的连接断开。'),
    step: plain(
      'Wait: the node begins the full sync again by itself after 10 s.',
      '等待：节点会在 10 s 后自行重新开始全量同步。',
    ),
  },
  detached: {
    title: plain('Somebody gave the node another master, or none.', '有人给节点换了主节点，或取消了主节点。'),
    step: plain('Find who sent SLAVEOF to the node.', '查明是谁向节点发送了 SLAVEOF。'),
  },
  node_restarted: {
    title: plain('The process of the node ended.', '节点进程结束了。'),
    step: plain(
      'Find why it ended; after a start the node begins the full sync again.',
      '查明原因；启动后节点会重新开始全量同步。',
    ),
  },
  master_refuses: {
    title: plain('The master refuses the node for good.', '主节点永久拒绝该节点。'),
    step: plain(
      'Set masterauth, the number of databases or the replication id right, then SLAVEOF NO ONE and SLAVEOF again.',
      '更正 masterauth、databases 数量或 replication id，然后 SLAVEOF NO ONE 再 SLAVEOF。',
    ),
  },
  files_not_read: {
    title: plain('The master answers requests for files with errors.', '主节点对文件请求返回错误。'),
    step: plain('Look into the log of the master for “open file”.', '在主节点日志中查找 “open file”。'),
  },
  copy_stalled: {
    title: plain('Files come slowly or not at all: requests time out.', '文件到达很慢或不再到达：请求超时。'),
    step: plain('Check the network between node and master.', '检查节点与主节点之间的网络。'),
  },
  log_begins_later: {
    title: plain('The log begins in the middle of the attempt.', '日志从尝试的中途开始。'),
    step: plain('Give the earlier log file too.', '请同时给出更早的日志文件。'),
  },
  log_has_gaps: {
    title: plain('Lines of the attempt are missing from the log.', '日志中缺少该次尝试的部分行。'),
    step: plain(
      'Give the INFO log. If its disk was full, compare the data.',
      '请给出 INFO 日志。如果当时日志磁盘已满，请对比数据。',
    ),
  },
} as const satisfies Readonly<Record<string, LogCauseRow>>;

export type LogCause = keyof typeof logCauses;

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
}

/** A kind of trouble, with how often the log tells it. Times as in {@link LogFact}. */
export interface LogTrouble {
  readonly code: string;
  /** The log that tells it. */
  readonly log: 'slave' | 'master';
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The first of its lines, as Pika wrote it, cut at 300 characters. */
  readonly line: string;
}

/** With times as the logs show them (`2026-11-28T03:54:00.076`, of no zone), and what they mean in words. */
type Worded<T, Times extends keyof T> = Omit<T, Times> & {
  readonly [K in Times]: T[K] extends number ? string : string | null;
} & { readonly text: string };

/** What the logs of a server tell. */
export interface LogReport {
  readonly attempts: readonly (Worded<LogAttempt, 'startedAt' | 'endedAt'> & {
    readonly nextStep: string | null;
  })[];
  readonly findings: readonly Worded<LogTrouble, 'firstAt' | 'lastAt'>[];
}

const shownTime = (at: number): string => new Date(at).toISOString().slice(0, -1);

/** The report for this reader; `meaning`: what a line of the log means. */
export function logReport(
  attempts: readonly LogAttempt[],
  troubles: readonly LogTrouble[],
  meaning: (code: string) => Text,
  reader: Reader,
): LogReport {
  const words = (row: Text): string => row[reader.language]({}, reader);
  return {
    attempts: attempts.map((attempt) => {
      const cause = attempt.cause === null ? null : logCauses[attempt.cause];
      return {
        ...attempt,
        startedAt: shownTime(attempt.startedAt),
        endedAt: attempt.endedAt === null ? null : shownTime(attempt.endedAt),
        text: words(cause?.title ?? logVerdictTexts[attempt.verdict]),
        nextStep: cause && words(cause.step),
      };
    }),
    findings: troubles.map((trouble) => ({
      ...trouble,
      firstAt: shownTime(trouble.firstAt),
      lastAt: shownTime(trouble.lastAt),
      text: words(meaning(trouble.code)),
    })),
  };
}
