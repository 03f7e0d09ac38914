/** What a recording alone can say of a full sync: other reasons are the words of the rules, anomalies and causes. */
import { plain, type TextTable, text } from './text.ts';

export const replayTexts = {
  no_size: plain(
    'The size of the snapshot was not recorded while the master made it.',
    '录制中没有主节点生成快照期间的快照大小。',
  ),
  no_bytes: plain(
    'The recording does not hold the bytes that the node received: INFO stats, once per second.',
    '录制中没有节点接收的字节数：每秒一次的 INFO stats。',
  ),
  no_lastsave: plain(
    'The recording does not hold LASTSAVE of the master, which tells of newer dumps.',
    '录制中没有主节点的 LASTSAVE，它能说明是否有更新的 dump。',
  ),
  log_speaks_against: plain(
    'The node’s log tells that the copy ended before every file had come.',
    '节点的日志表明：复制在所有文件到齐之前就已结束。',
  ),
  log_tells: text<{ readonly cause: string }>({
    en: ({ cause }) => `The node’s log: ${cause}`,
    zh: ({ cause }) => `节点的日志：${cause}`,
  }),
} as const satisfies TextTable;
