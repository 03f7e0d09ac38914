/**
 * The lines of Pika's log files that tell of full syncs, and how a line is read. Patterns match the text of a line,
 * never its source line number: that differs between releases. Recorded on 3.5.4, 3.5.5, 4.0.0 and 4.0.1.
 */
import { type LogFact, longestLogQuote } from '../../model/full-sync-log.ts';
import { plain, type Text } from '../../model/text.ts';

export interface LogLine {
  /** Whose log holds it. */
  readonly log: 'slave' | 'master';
  /** I, W, E or F: a line stands in the file of its own severity and of all lower ones. */
  readonly severity: 'I' | 'W' | 'E' | 'F';
  readonly file: string;
  readonly pattern: RegExp;
  readonly meaning: Text;
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
    meaning: plain('a process begins', '进程启动'),
  },
  meta_asked: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client.cc',
    recordings: '01',
    pattern: /^Try Send Meta Sync Request to Master \((?<master>\S+)\)/,
    meaning: plain(
      'the node asks for a session, again every 10 s while nobody answers',
      '节点请求会话；无应答时每 10 s 重试',
    ),
  },
  sync_granted: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+) Need Wait To Sync/,
    meaning: plain('the master grants a full sync', '主节点同意全量同步'),
  },
  rsync_begins: {
    log: 'slave',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '01, 14',
    pattern: /^(?:ActivateRsync \.\.\.|Slave DB: (?<db>\w+) Activating Rsync \.\.\.)/,
    meaning: plain('the node begins to ask for the list of files', '节点开始请求文件列表'),
  },
  list_refused: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '26, 27',
    pattern: /^IO error: kRsyncMeta request failed! db is not exist or doing bgsave, retries:(?<retries>\d+)/,
    meaning: plain(
      'the dump is not ready; the node asks 10 times, once per second. One such line is normal',
      '快照尚未就绪；节点每秒请求一次，共 10 次。出现一行属正常',
    ),
  },
  list_unanswered: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '14, 15',
    finding: true,
    pattern: /^rsync PullRemoteMeta request timeout, retry times: (?<retries>\d+)/,
    meaning: plain('port + 10001 of the master does not answer', '主节点的端口 + 10001 没有应答'),
  },
  list_given_up: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '14, 15, 27',
    finding: true,
    pattern: /^copy remote meta failed! error:(?<error>.*)/,
    meaning: plain('no list of files after 10 tries', '10 次尝试后仍没有文件列表'),
  },
  rsync_failed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '14, 15, 27',
    pattern:
      /^Slave DB: (?<db>\w+) rsync failed! full synchronization will be retried later(?<info>, error info)?/,
    meaning: plain(
      '3.5.4 waits 75 to 90 s, later releases ask again at once',
      '3.5.4 等待 75 到 90 s，之后的版本立即重试',
    ),
  },
  list_received: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^receive rsync meta infos, snapshot_uuid: (?<uuid>[0-9a-f]*?)files count: (?<count>\d+)/,
    meaning: plain('the list of files has come', '文件列表已到达'),
  },
  list_taken: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern:
      /^copy meta data done, db name: (?<db>\w+) snapshot_uuid: (?<uuid>\w*) file count: (?<count>\d+)/,
    meaning: plain(
      'the files to come are known; a line “file_set” for each follows',
      '要复制的文件已确定；随后每个文件一行 “file_set”',
    ),
  },
  list_file: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^file_set: (?<name>\S+)/,
    meaning: plain('a file of the list', '列表中的一个文件'),
  },
  copy_begins: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^RsyncClient begin to copy remote files/,
    meaning: plain('the copy begins', '开始复制'),
  },
  file_begun: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01',
    pattern: /^copy remote file, filename: (?<name>\S+)/,
    meaning: plain(
      'a worker begins this file; its file before is whole',
      '工作线程开始复制该文件；它的上一个文件已完整',
    ),
  },
  file_failed: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '04b, 05, 10, 12, 21',
    pattern: /^copy remote file failed, msg: (?<error>.*)/,
    meaning: plain('a file failed; the worker begins it again', '一个文件失败；工作线程会重新复制'),
  },
  file_unanswered: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '07, 21, 22',
    finding: true,
    pattern: /^Timeout: rsync timeout: timeout during\(in ms\) is (?<ms>\d+)/,
    meaning: plain(
      'a request for a piece of a file got no answer in rsync-timeout-ms',
      '文件片段请求在 rsync-timeout-ms 内没有应答',
    ),
  },
  write_failed: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '10, 11, 25',
    finding: true,
    pattern: /^pwrite failed, filename: (?<name>\S+?) ?errno: (?<error>.+?) ?n: \d+/,
    meaning: plain(
      'the node cannot write; “No space left on device” means a full disk',
      '节点无法写入；“No space left on device” 表示磁盘已满',
    ),
  },
  worker_done: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01, 05, 07',
    pattern: /^work_thread index: (?<index>\d+) copy remote files done/,
    meaning: plain('a worker ended, also after an abort', '一个工作线程结束（中止后也会出现）'),
  },
  copy_ended: {
    log: 'slave',
    severity: 'I',
    file: 'rsync_client.cc',
    recordings: '01, 04, 07',
    pattern: /^RsyncClient copy remote files done/,
    meaning: plain(
      'all workers ended, also after an abort: no proof of a whole copy',
      '所有工作线程结束（中止后也会出现），不能证明副本完整',
    ),
  },
  newer_dump: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '04, 05, 12',
    finding: true,
    pattern: /^receive newer dump, reset state to STOP/,
    meaning: plain('the master replaced the dump: this copy is spoilt', '主节点更换了快照：这个副本已作废'),
  },
  copy_deleted: {
    log: 'slave',
    severity: 'E',
    file: 'rsync_client.cc',
    recordings: '05, 12',
    versions: '3.5.5, 4.0.1',
    finding: true,
    pattern: /^RsyncClient stopped with errors, (?:deleted:|but failed to delete )/,
    meaning: plain('the node throws the copy away and begins again', '节点丢弃副本并重新开始'),
  },
  client_stopped: {
    log: 'slave',
    severity: 'W',
    file: 'rsync_client.cc',
    recordings: '06, 07, 22, 24, 25',
    pattern: /^RsyncClient stop \.\.\./,
    meaning: plain(
      'the copy is aborted: connection lost, NO ONE, or a new full sync',
      '复制被中止：连接断开、NO ONE 或重新全量同步',
    ),
  },
  info_missing: {
    log: 'slave',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '04d, 05',
    finding: true,
    pattern: /^info path: (?<path>\S+) not exist(?<again>, Slave DB:)?/,
    meaning: plain(
      '3.5.4 and 4.0.0: ten times a second, the node hangs for ever. 3.5.5 and 4.0.1: the node begins again',
      '3.5.4 与 4.0.0：每秒十次，节点永远卡住。3.5.5 与 4.0.1：节点重新开始',
    ),
  },
  info_read: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01, 12',
    pattern:
      /^DB: (?<db>\w+) Information from dbsync info,\s+master_ip: (?<ip>\S*), master_port: (?<port>\d+), filenum: (?<file>\d+), offset: (?<offset>\d+)/,
    meaning: plain(
      'where the increments begin; an empty master_ip means a broken dump',
      '增量同步的起点；master_ip 为空说明快照已损坏',
    ),
  },
  swap_begun: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+), Prepare change db from: (?<path>\S+)/,
    meaning: plain('the copy takes the place of the database', '副本开始替换数据库'),
  },
  swap_done: {
    log: 'slave',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01',
    pattern: /^DB: (?<db>\w+), Change db success/,
    meaning: plain('the copy is open; the old data are deleted', '副本已打开；旧数据已删除'),
  },
  other_mount: {
    log: 'slave',
    severity: 'W',
    file: 'env.cc',
    recordings: '18',
    finding: true,
    pattern: /^filesystem error: cannot rename: Invalid cross-device link/,
    meaning: plain(
      'db-path and db-sync-path lie on different mounts',
      'db-path 与 db-sync-path 不在同一挂载点',
    ),
  },
  swap_failed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '18',
    finding: true,
    pattern: /^DB: (?<db>\w+), Failed to change db/,
    meaning: plain(
      'no database is open: the next read kills the node',
      '没有打开的数据库：下一次读取会使节点退出',
    ),
  },
  open_failed: {
    log: 'slave',
    severity: 'F',
    file: 'storage.cc',
    recordings: '04, 23',
    finding: true,
    pattern: /^open (?:\w+ )?db failed,? ?(?<error>.*)/,
    meaning: plain(
      'the database does not open, so the process ends, at each start. If db0_bak lies beside the folder, the folder is an unfinished copy: move it away',
      '数据库打不开，每次启动进程都会退出。如果旁边有 db0_bak，该目录就是未完成的副本：请移走它',
    ),
  },
  port_taken: {
    log: 'slave',
    severity: 'F',
    file: 'pika_server.cc',
    recordings: '13',
    finding: true,
    pattern: /^Start .*\bbind port/,
    meaning: plain(
      'port, + 2000 or + 10001 is taken: the process ends',
      '端口、+ 2000 或 + 10001 被占用：进程退出',
    ),
  },
  increments_run: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '01, 30',
    pattern: /^DB: (?<db>\w+) TrySync Ok/,
    meaning: plain('incremental sync begins', '增量同步开始'),
  },
  increments_refused: {
    log: 'slave',
    severity: 'I',
    file: 'pika_repl_client_conn.cc',
    recordings: '05, 06, 07',
    pattern: /^DB: (?<db>\w+) Need To Try DBSync/,
    meaning: plain('the master refuses increments: a full sync follows', '主节点拒绝增量：随后全量同步'),
  },
  auth_refused: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '08',
    finding: true,
    pattern: /^Meta Sync Failed: Auth with master error/,
    meaning: plain(
      'masterauth is wrong or missing; the node does not try again',
      'masterauth 错误或缺失；节点不再重试',
    ),
  },
  id_refused: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '24',
    finding: true,
    pattern: /^Meta Sync Failed: replicationid on both sides of the connection are inconsistent/,
    meaning: plain(
      'the node holds the replication id of another master; it does not try again',
      '节点带有其他主节点的 replication id；不再重试',
    ),
  },
  databases_differ: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: '09',
    finding: true,
    pattern:
      /^Self db structs\(number of databases: (?<own>\d+)\) inconsistent with master\(number of databases: (?<master>\d+)\)/,
    meaning: plain(
      'databases in pika.conf differ; the node does not try again',
      'pika.conf 中的 databases 不一致；节点不再重试',
    ),
  },
  refused_for_good: {
    log: 'slave',
    severity: 'W',
    file: 'pika_server.cc',
    recordings: '08, 09, 24',
    pattern: /^Sync error, set repl_state to PIKA_REPL_ERROR/,
    meaning: plain('the node gives the master up', '节点放弃该主节点'),
  },
  still_listed: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_conn.cc',
    recordings: 'source',
    finding: true,
    pattern: /^Meta Sync Failed: .* will keep sending MetaSync msg/,
    meaning: plain(
      'the master still lists the earlier session; the node asks again after 10 s',
      '主节点仍列着先前的会话；节点 10 s 后再次请求',
    ),
  },
  master_unreachable: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client.cc',
    recordings: '24',
    finding: true,
    pattern: /^Failed to connect master, Master \((?<master>\S+?)\), try reconnect/,
    meaning: plain('the port of the master is refused or silent', '主节点端口拒绝连接或没有应答'),
  },
  session_lost: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_thread.cc',
    recordings: '07, 22',
    finding: true,
    pattern: /^Master conn disconnect : (?<master>\S+) try reconnect/,
    meaning: plain('the connection to the master is lost', '与主节点的连接断开'),
  },
  session_idle: {
    log: 'slave',
    severity: 'W',
    file: 'pika_repl_client_thread.cc',
    recordings: '27, 30',
    finding: true,
    pattern: /^Master conn timeout : (?<master>\S+) try reconnect/,
    meaning: plain(
      'nothing came for 60 s: a failed copy, or an answer that was missed',
      '60 s 内没有数据：复制失败，或应答被错过',
    ),
  },
  detached: {
    log: 'slave',
    severity: 'I',
    file: 'pika_server.cc',
    recordings: '08, 24',
    pattern: /^Remove Master Success, ip_port: (?<master>\S+)/,
    meaning: plain('SLAVEOF NO ONE, or another master', 'SLAVEOF NO ONE，或换了主节点'),
  },
  stopping: {
    log: 'slave',
    severity: 'I',
    file: 'pika.cc',
    recordings: 'source',
    pattern: /^Catch Signal (?<signal>\d+), cleanup/,
    meaning: plain('the process is told to stop', '进程收到停止信号'),
  },
  list_served: {
    log: 'master',
    severity: 'I',
    file: 'rsync_server.cc',
    recordings: '01, 12',
    pattern: /^Rsync Meta request, snapshot_uuid: (?<uuid>[0-9a-f]*) ?files count: (?<count>\d+)/,
    meaning: plain(
      'the master serves the list of files; a single file means a failed dump',
      '主节点给出文件列表；只有一个文件说明快照失败',
    ),
  },
  dump_begun: {
    log: 'master',
    severity: 'I',
    file: 'pika_db.cc',
    recordings: '01, 05',
    pattern: /^(?<db>\w+) bgsave_info: path=(?<path>\S+),/,
    meaning: plain(
      'a dump begins; whoever copies the dump before loses it',
      '开始做快照；正在复制前一个快照的节点会失去它',
    ),
  },
  dump_failed: {
    log: 'master',
    severity: 'W',
    file: 'pika_db.cc',
    recordings: '12',
    finding: true,
    pattern: /^(?<db>\w+) create new backup failed ?:(?<error>.*)/,
    meaning: plain('the dump failed, with the reason', '快照失败及其原因'),
  },
  bgsave_by_hand: {
    log: 'master',
    severity: 'I',
    file: 'pika_command.cc',
    recordings: '05, 12',
    finding: true,
    pattern: /^command: BGSAVE/i,
    meaning: plain('somebody ran BGSAVE', '有人执行了 BGSAVE'),
  },
  dump_file_gone: {
    log: 'master',
    severity: 'E',
    file: 'rsync_server.h',
    recordings: '04, 05, 12',
    finding: true,
    pattern: /^open file \[(?<path>\S+)\] failed! error: /,
    meaning: plain('a node asks for a file of a dump that is gone', '节点请求的文件所在快照已不存在'),
  },
  slave_silent: {
    log: 'master',
    severity: 'W',
    file: 'pika_rm.cc',
    recordings: '25, 27, 30',
    finding: true,
    pattern: /^\((?<db>\w+)\) Master del Recv Timeout slave success (?<slave>\S+)/,
    meaning: plain('the master heard nothing from a slave for 20 s', '主节点 20 s 没有收到从节点的消息'),
  },
} as const satisfies Readonly<Record<string, LogLine>>;

export type LogLineCode = keyof typeof logLines;

const rows = Object.entries(logLines) as readonly [LogLineCode, LogLine][];

/** Rows by the first word of their lines, so that a line is tried against a few patterns; '' = the word varies. */
const byFirstWord = new Map<string, (readonly [LogLineCode, LogLine])[]>();
for (const row of rows) {
  const word = /^\^([A-Za-z_]+:?) /.exec(row[1].pattern.source)?.[1] ?? '';
  byFirstWord.set(word, [...(byFirstWord.get(word) ?? []), row]);
}
const varying = byFirstWord.get('') ?? [];

/** glog's prefix, with the year or, in older builds, without it. */
const prefix = /^([IWEF])(\d{4})?(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{6})\s+(\d+) [\w.]+:\d+\] (.*)$/;

/** Whether the line is one of a Pika log at all; and the fact, where the table knows it. */
export interface ReadLine {
  readonly at: number;
  readonly fact: LogFact | null;
}

/** Reads a line of a log file. `year`: of lines that name none. null = not a line with glog's prefix. */
export function readLogLine(line: string, year: number): ReadLine | null {
  const found = prefix.exec(line);
  if (!found) return null;
  const [, , namedYear, month, day, hours, minutes, seconds, micros, thread, text] = found;
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
  return { at, fact: logFactOf(text!.trimEnd(), at, Number(thread)) };
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
