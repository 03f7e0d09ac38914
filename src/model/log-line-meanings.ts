/** What the lines of a server's log mean that tell of full syncs; how a line is found: engines/pika/log-lines.ts. */
import { plain, type Text } from './text.ts';

export const logLineMeanings = {
  started: plain('a process begins', '进程启动'),
  meta_asked: plain(
    'the node asks for a session, again every 10 s while nobody answers',
    '节点请求会话；无应答时每 10 s 重试',
  ),
  sync_granted: plain('the master grants a full sync', '主节点同意全量同步'),
  rsync_begins: plain('the node begins to ask for the list of files', '节点开始请求文件列表'),
  list_refused: plain(
    'the dump is not ready; the node asks 10 times, once per second. One such line is normal',
    '快照尚未就绪；节点每秒请求一次，共 10 次。出现一行属正常',
  ),
  list_unanswered: plain('port + 10001 of the master does not answer', '主节点的端口 + 10001 没有应答'),
  list_given_up: plain('no list of files after 10 tries', '10 次尝试后仍没有文件列表'),
  rsync_failed: plain(
    '3.5.4 waits 75 to 90 s, later releases ask again at once',
    '3.5.4 等待 75 到 90 s，之后的版本立即重试',
  ),
  list_received: plain('the list of files has come', '文件列表已到达'),
  list_taken: plain(
    'the files to come are known; a line “file_set” for each follows',
    '要复制的文件已确定；随后每个文件一行 “file_set”',
  ),
  list_file: plain('a file of the list', '列表中的一个文件'),
  copy_begins: plain('the copy begins', '开始复制'),
  file_begun: plain(
    'a worker begins this file; its file before is whole',
    '工作线程开始复制该文件；它的上一个文件已完整',
  ),
  file_failed: plain('a file failed; the worker begins it again', '一个文件失败；工作线程会重新复制'),
  file_unanswered: plain(
    'a request for a piece of a file got no answer in rsync-timeout-ms',
    '文件片段请求在 rsync-timeout-ms 内没有应答',
  ),
  write_failed: plain(
    'the node cannot write; “No space left on device” means a full disk',
    '节点无法写入；“No space left on device” 表示磁盘已满',
  ),
  worker_done: plain('a worker ended, also after an abort', '一个工作线程结束（中止后也会出现）'),
  copy_ended: plain(
    'all workers ended, also after an abort: no proof of a whole copy',
    '所有工作线程结束（中止后也会出现），不能证明副本完整',
  ),
  newer_dump: plain('the master replaced the dump: this copy is spoilt', '主节点更换了快照：这个副本已作废'),
  copy_deleted: plain('the node throws the copy away and begins again', '节点丢弃副本并重新开始'),
  client_stopped: plain(
    'the copy is aborted: connection lost, NO ONE, or a new full sync',
    '复制被中止：连接断开、NO ONE 或重新全量同步',
  ),
  info_missing: plain(
    '3.5.4 and 4.0.0: ten times a second, the node hangs for ever. 3.5.5 and 4.0.1: the node begins again',
    '3.5.4 与 4.0.0：每秒十次，节点永远卡住。3.5.5 与 4.0.1：节点重新开始',
  ),
  info_read: plain(
    'where the increments begin; an empty master_ip means a broken dump',
    '增量同步的起点；master_ip 为空说明快照已损坏',
  ),
  swap_begun: plain('the copy takes the place of the database', '副本开始替换数据库'),
  swap_done: plain('the copy is open; the old data are deleted', '副本已打开；旧数据已删除'),
  other_mount: plain(
    'db-path and db-sync-path lie on different mounts',
    'db-path 与 db-sync-path 不在同一挂载点',
  ),
  swap_failed: plain(
    'no database is open: the next read kills the node',
    '没有打开的数据库：下一次读取会使节点退出',
  ),
  open_failed: plain(
    'the database does not open, so the process ends, at each start. If db0_bak lies beside the folder, the folder is an unfinished copy: move it away',
    '数据库打不开，每次启动进程都会退出。如果旁边有 db0_bak，该目录就是未完成的副本：请移走它',
  ),
  port_taken: plain(
    'port, + 2000 or + 10001 is taken: the process ends',
    '端口、+ 2000 或 + 10001 被占用：进程退出',
  ),
  increments_run: plain('incremental sync begins', '增量同步开始'),
  increments_refused: plain(
    'the master refuses increments: a full sync follows',
    '主节点拒绝增量：随后全量同步',
  ),
  auth_refused: plain(
    'masterauth is wrong or missing; the node does not try again',
    'masterauth 错误或缺失；节点不再重试',
  ),
  id_refused: plain(
    'the node holds the replication id of another master; it does not try again',
    '节点带有其他主节点的 replication id；不再重试',
  ),
  databases_differ: plain(
    'databases in pika.conf differ; the node does not try again',
    'pika.conf 中的 databases 不一致；节点不再重试',
  ),
  refused_for_good: plain('the node gives the master up', '节点放弃该主节点'),
  still_listed: plain(
    'the master still lists the earlier session; the node asks again after 10 s',
    '主节点仍列着先前的会话；节点 10 s 后再次请求',
  ),
  master_unreachable: plain('the port of the master is refused or silent', '主节点端口拒绝连接或没有应答'),
  session_lost: plain('the connection to the master is lost', '与主节点的连接断开'),
  session_idle: plain(
    'nothing came for 60 s: a failed copy, or an answer that was missed',
    '60 s 内没有数据：复制失败，或应答被错过',
  ),
  detached: plain('SLAVEOF NO ONE, or another master', 'SLAVEOF NO ONE，或换了主节点'),
  stopping: plain('the process is told to stop', '进程收到停止信号'),
  list_served: plain(
    'the master serves the list of files; a single file means a failed dump',
    '主节点给出文件列表；只有一个文件说明快照失败',
  ),
  dump_begun: plain(
    'a dump begins; whoever copies the dump before loses it',
    '开始做快照；正在复制前一个快照的节点会失去它',
  ),
  dump_failed: plain('the dump failed, with the reason', '快照失败及其原因'),
  bgsave_by_hand: plain('somebody ran BGSAVE', '有人执行了 BGSAVE'),
  dump_file_gone: plain('a node asks for a file of a dump that is gone', '节点请求的文件所在快照已不存在'),
  slave_silent: plain('the master heard nothing from a slave for 20 s', '主节点 20 s 没有收到从节点的消息'),
} as const satisfies Readonly<Record<string, Text>>;

export type LogLineCode = keyof typeof logLineMeanings;
