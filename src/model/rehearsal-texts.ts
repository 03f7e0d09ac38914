/** What a rehearsal plays, in words. */
import { plain, type Text, type TextTable, text } from './text.ts';
import type { FaultName } from './views/rehearsal.ts';

export const playedFaultTexts: Readonly<Record<FaultName, Text>> = {
  node_dies: plain(
    'The first node dies in the middle of its copy and is started again 30 s later.',
    '第一个节点在复制中途退出，30 秒后重新启动。',
  ),
  nightly_bgsave: plain(
    'A backup job runs BGSAVE on the master in the middle of the first copy.',
    '第一次复制进行到一半时，备份任务在主节点上执行 BGSAVE。',
  ),
  master_restarts: plain(
    'The master dies in the middle of the first copy and is started again 30 s later.',
    '主节点在第一次复制中途退出，30 秒后重新启动。',
  ),
};

/** What is played, and what is not. */
export const assumptionTexts = {
  simulated_nodes: text<{ readonly version: string }>({
    en: ({ version }) =>
      `All nodes are simulated Pika ${version}; they hold few keys that weigh as much as the master's tables.`,
    zh: ({ version }) => `所有节点都是模拟的 Pika ${version}；其中 key 很少，但总大小与主节点的数据相同。`,
  }),
  empty_nodes: plain(
    'Every node is empty, copies at the rate that the forecast expects, and nothing else uses the network.',
    '每个节点都是空的，按预测的速率复制，网络上没有其他流量。',
  ),
  left_out: plain(
    'Approvals, time windows, vetoes and other expansions are left out.',
    '不考虑批准、时间窗口、webhook 否决和其他扩容任务。',
  ),
  no_writes: plain(
    'The write rate was not measured, or nothing was written: the rehearsal writes nothing.',
    '没有测得写入速率，或期间没有写入：演练中不写入数据。',
  ),
} satisfies TextTable;
