/** What speaks for and against the causes of a node in trouble, and what follows from the likeliest. */
import { causeSteps, causeText, causeWouldTell } from './causes.ts';
import { readableBytes as bytes } from './quantities.ts';
import {
  counted,
  type Facts,
  listed,
  plain,
  type Reader,
  readSaid,
  type Said,
  saidBy,
  type TextTable,
  text,
} from './text.ts';
import type { Diagnosis } from './views/diagnosis.ts';

const clock = (at: number): string => new Date(at).toISOString();
const serverZh = { node: '节点', master: '主节点' } as const;

/** What speaks for or against a cause, with its figures. */
export const signs = {
  no_bytes: plain(
    'The node has received no byte of replication since it has shown NoConnect.',
    '自显示 NoConnect 以来，节点没有收到任何复制数据。',
  ),
  refused_once: text<{ readonly receivedBytes: number }>({
    en: ({ receivedBytes }) =>
      `The node has received ${bytes(receivedBytes)} since it has shown NoConnect: one question and its answer.`,
    zh: ({ receivedBytes }) =>
      `自显示 NoConnect 以来，节点收到 ${bytes(receivedBytes)}：一次提问与一次应答。`,
  }),
  some_bytes: text<{ readonly receivedBytes: number }>({
    en: ({ receivedBytes }) => `The node has received ${bytes(receivedBytes)} since it has shown NoConnect.`,
    zh: ({ receivedBytes }) => `自显示 NoConnect 以来，节点收到 ${bytes(receivedBytes)}。`,
  }),
  not_listed: plain('The master does not list the node.', '主节点没有列出该节点。'),
  unknown_entries: text<{ readonly entries: readonly string[] }>({
    en: ({ entries }, reader) =>
      `Since SLAVEOF the master lists ${listed(entries, reader)}, which is none of the nodes that the service knows.`,
    zh: ({ entries }, reader) =>
      `SLAVEOF 之后主节点列出了${listed(entries, reader)}，不属于本服务知道的任何节点。`,
  }),
  listed: plain('The master lists the node.', '主节点列出了该节点。'),
  trickle: text<{ readonly bytesPerSecond: number }>({
    en: ({ bytesPerSecond }) =>
      `${bytes(bytesPerSecond)} a second come and no file: the master answers requests with errors.`,
    zh: ({ bytesPerSecond }) => `每秒收到 ${bytes(bytesPerSecond)}而没有文件：主节点以错误应答请求。`,
  }),
  pings_only: text<{ readonly bytesPerSecond: number }>({
    en: ({ bytesPerSecond }) => `${bytes(bytesPerSecond)} a second come and no file: as much as pings alone.`,
    zh: ({ bytesPerSecond }) => `每秒收到 ${bytes(bytesPerSecond)}而没有文件：仅相当于心跳。`,
  }),
  errors_now: text<{ readonly bytesPerSecond: number }>({
    en: ({ bytesPerSecond }) =>
      `Since the last file ${bytes(bytesPerSecond)} a second come: the master answers requests with errors.`,
    zh: ({ bytesPerSecond }) => `最后一个文件之后每秒收到 ${bytes(bytesPerSecond)}：主节点以错误应答请求。`,
  }),
  pings_now: text<{ readonly bytesPerSecond: number }>({
    en: ({ bytesPerSecond }) =>
      `Since the last file ${bytes(bytesPerSecond)} a second come: as much as pings alone.`,
    zh: ({ bytesPerSecond }) => `最后一个文件之后每秒收到 ${bytes(bytesPerSecond)}：仅相当于心跳。`,
  }),
  no_file: plain('No file has come.', '没有收到任何文件。'),
  files_came: text<{ readonly receivedBytes: number }>({
    en: ({ receivedBytes }) => `Files came: ${bytes(receivedBytes)}.`,
    zh: ({ receivedBytes }) => `收到过文件：${bytes(receivedBytes)}。`,
  }),
  files_agree_so_far: plain(
    'INFO and the data agree, and no file was found to be wrong.',
    'INFO 与数据均一致，也没有发现错误的文件。',
  ),
  little_came: text<{ readonly cameBytes: number; readonly inMs: number }>({
    en: ({ cameBytes, inMs }) => `Only ${bytes(cameBytes)} came in ${Math.round(inMs / 1000)} s.`,
    zh: ({ cameBytes, inMs }) => `${Math.round(inMs / 1000)} 秒内只收到 ${bytes(cameBytes)}。`,
  }),
  all_came: plain('All bytes of the snapshot came.', '快照的全部字节都已到达。'),
  error_after_copy: plain('The state changed to Error after files had come.', '文件到达之后状态变为 Error。'),
  error_before_copy: plain(
    'The state changed to Error before any file came.',
    '任何文件到达之前状态就变为 Error。',
  ),
  deletes_in_use: text<{ readonly commands: readonly string[]; readonly version: string }>({
    en: ({ commands, version }, reader) =>
      `Clients of the master use ${listed(
        commands.map((name) => name.toUpperCase()),
        reader,
      )}, and slaves of ${version} lose writes that follow.`,
    zh: ({ commands, version }, reader) =>
      `主节点的客户端使用 ${listed(
        commands.map((name) => name.toUpperCase()),
        reader,
      )}，而 ${version} 的从节点会丢失其后的写入。`,
  }),
  error_after_restart: plain(
    'The process of the node was started again in the middle of the copy, and its state changed to Error.',
    '复制途中节点进程重新启动，随后状态变为 Error。',
  ),
  error_after_up: plain(
    'The state changed to Error after the link had been up.',
    '链路连通之后状态变为 Error。',
  ),
  version_gives_up: plain(
    'This version gives up after ten tries of 1 s.',
    '该版本每秒尝试一次，十次后放弃。',
  ),
  waits_for_reply: plain('INFO says WaitReply.', 'INFO 显示 WaitReply。'),
  other_database_connected: plain(
    'Another DB is connected, so the connection never idles and the node does not help itself.',
    '另一个 DB 已连接，连接不会空闲，节点无法自行恢复。',
  ),
  newer_dump_seen: plain('A newer dump was made during the copy.', '复制期间做了新的快照。'),
  list_given_up: text<{ readonly inMs: number }>({
    en: ({ inMs }) =>
      `The node gave the list of files up within ${(inMs / 1000).toFixed(1)} s: ten tries, each for rsync-timeout-ms.`,
    zh: ({ inMs }) =>
      `节点在 ${(inMs / 1000).toFixed(1)} 秒内就放弃了文件列表：尝试十次，每次等待 rsync-timeout-ms。`,
  }),
  no_file_ended: plain(
    'Only whole pieces of files came, and no end of a file: the node starts its files again before a file has ended.',
    '收到的都是完整的文件分片，没有文件的结尾：节点总在文件传完之前就从头开始。',
  ),
  came_slowly: text<{ readonly forMs: number }>({
    en: ({ forMs }) =>
      `For ${Math.round(forMs / 1000)} s less than a tenth of throttle-bytes-per-second came; a full disk slows nothing down.`,
    zh: ({ forMs }) =>
      `有 ${Math.round(forMs / 1000)} 秒的速率不到 throttle-bytes-per-second 的十分之一；磁盘已满不会使传输变慢。`,
  }),
  more_than_snapshot: plain('More bytes came than the snapshot holds.', '收到的字节多于快照的大小。'),
  offset_stands: text<{ readonly forMs: number; readonly flaps: number }>({
    en: ({ forMs, flaps }) =>
      `The node’s binlog offset has stood for ${Math.round(forMs / 1000)} s, while the link went down ${counted(flaps, 'time')}.`,
    zh: ({ forMs, flaps }) =>
      `节点的 binlog 偏移量停了 ${Math.round(forMs / 1000)} 秒，期间链路断开 ${flaps} 次。`,
  }),
  data_missing: plain(
    'Data of the master are missing on the node, or differ.',
    '节点缺少主节点的数据，或数据不同。',
  ),
  differences_like_faults: text<{
    readonly missingThatExpire: number;
    readonly valuesThatExpire: number;
    readonly emptied: number;
    readonly outlive: number;
  }>({
    en: ({ missingThatExpire, valuesThatExpire, emptied, outlive }) =>
      `The differences look like faults of replication: ${counted(missingThatExpire, 'missing key has', 'missing keys have')} an expiry, ${counted(valuesThatExpire, 'key with an expiry has', 'keys with an expiry have')} another value, ${counted(emptied, 'value is', 'values are')} empty, ${counted(outlive, 'key expires', 'keys expire')} later.`,
    zh: ({ missingThatExpire, valuesThatExpire, emptied, outlive }) =>
      `差异像是复制缺陷：缺失的键中有 ${missingThatExpire} 个带过期时间，${valuesThatExpire} 个带过期时间的键值不同，${emptied} 个值为空，${outlive} 个键过期更晚。`,
  }),
  full_sync_was_whole: plain('All rules of the full sync hold.', '全量同步的所有规则都成立。'),
  full_sync_in_doubt: plain('Not all rules of the full sync hold.', '全量同步的规则并非全部成立。'),
  version_replicates_wrongly: text<{ readonly version: string }>({
    en: ({ version }) => `Version ${version} is known to replicate some commands wrongly.`,
    zh: ({ version }) => `已知 ${version} 版本会错误地复制某些命令。`,
  }),
  version_loses_silently: text<{ readonly version: string }>({
    en: ({ version }) => `Version ${version} can open an incomplete copy.`,
    zh: ({ version }) => `${version} 版本可能打开不完整的副本。`,
  }),
  same_after_another_copy: plain('An earlier copy ended the same way.', '先前的一次复制以同样的方式结束。'),
  master_was_emptied: text<{ readonly receivedBytes: number; readonly masterBytes: number }>({
    en: ({ receivedBytes, masterBytes }) =>
      `The master holds ${bytes(masterBytes)} now, and ${bytes(receivedBytes)} were copied from it.`,
    zh: ({ receivedBytes, masterBytes }) =>
      `主节点现有 ${bytes(masterBytes)}，而复制了 ${bytes(receivedBytes)}。`,
  }),
  log_line: text<{
    readonly server: 'node' | 'master';
    readonly line: string;
    readonly at: number;
    readonly times: number;
  }>({
    en: ({ server, line, at, times }) =>
      times === 1
        ? `The log of the ${server} says at ${clock(at)}: “${line}”.`
        : `The log of the ${server} says ${times} times, last at ${clock(at)}: “${line}”.`,
    zh: ({ server, line, at, times }) =>
      times === 1
        ? `${serverZh[server]}日志 ${clock(at)}：“${line}”。`
        : `${serverZh[server]}日志中有 ${times} 行，最后一行在 ${clock(at)}：“${line}”。`,
  }),
  log_files: text<{ readonly listed: number; readonly copied: number }>({
    en: ({ listed, copied }) =>
      `By the node’s log, ${copied} of ${counted(listed, 'file')} came whole before this full sync stopped.`,
    zh: ({ listed, copied }) => `节点日志显示，全量同步停下之前 ${listed} 个文件中完整到达了 ${copied} 个。`,
  }),
  log_no_list: plain(
    'By the node’s log, this full sync stopped before the list of files came.',
    '节点日志显示，全量同步在文件列表到达之前就停下了。',
  ),
  log_complete: text<{ readonly files: number }>({
    en: ({ files }) =>
      `By the node’s log, ${counted(files, 'file')} of the list came whole, none is missing.`,
    zh: ({ files }) => `节点日志显示，列表中的 ${files} 个文件全部完整到达。`,
  }),
  master_busy_dumping: plain('The master was seen making a dump.', '看到主节点正在做快照。'),
} satisfies TextTable;

export type SignCode = keyof typeof signs;

export type { Diagnosis } from './views/diagnosis.ts';

export const sign = (code: SignCode, facts: Facts = {}): Said<SignCode> => saidBy(signs, code, facts);

/** The same diagnosis in the words of this reader; what this release does not know stays as it was stored. */
export function diagnosisFor(diagnosis: Diagnosis, reader: Reader): Diagnosis {
  const { remedy } = diagnosis;
  const [first] = diagnosis.causes;
  return {
    ...diagnosis,
    causes: diagnosis.causes.map((cause) => ({
      ...cause,
      text: causeText(cause, reader),
      wouldTell: causeWouldTell(cause, reader),
      speaksFor: cause.speaksFor.map((each) => ({ ...each, text: readSaid(signs, each, reader) })),
      speaksAgainst: cause.speaksAgainst.map((each) => ({ ...each, text: readSaid(signs, each, reader) })),
    })),
    remedy:
      remedy.kind === 'person' && first
        ? { ...remedy, steps: [...causeSteps(first, reader, remedy.steps)] }
        : remedy,
  };
}
