/** Why a batch has its size: a row per reason. */
import { readableBytes, readableSeconds } from './quantities.ts';
import { counted, plain, type Said, saidBy, text } from './text.ts';

interface Bound {
  readonly version: string;
  /** The node that bounds it; null = the master. */
  readonly node: string | null;
  readonly size: number;
}

const bound = ({ version, node, size }: Bound, on: 'On' | 'on' = 'On'): string =>
  `${on} ${version} (${node ?? 'the master'}) at most ${counted(size, 'full sync')} of one master may run at a time.`;
const boundZh = ({ version, node, size }: Bound): string =>
  `在 ${version}（${node ?? '主节点'}）上，同一主节点最多同时进行 ${size} 个全量同步。`;

const together = (size: number): string =>
  `Chosen by the service: ${size === 1 ? 'one at a time' : `${size} together`}, because`;
const togetherZh = (size: number): string =>
  `由本服务选择${size === 1 ? '逐个添加' : `同时添加 ${size} 个`}：`;

const rateWords = (budget: number | null): string =>
  budget === null ? 'a network card of one gigabit' : `the budget of ${readableBytes(budget)}/s`;
const rateWordsZh = (budget: number | null): string =>
  budget === null ? '千兆网卡' : `带宽预算 ${readableBytes(budget)}/s`;

interface Size {
  readonly size: number;
}

export const batchReasons = {
  version_unknown: plain(
    'The version of the master is not known, so full syncs run one at a time.',
    '主节点的版本未知，因此全量同步逐个进行。',
  ),
  version: text<Bound>({ en: (facts) => bound(facts), zh: boundZh }),
  asked_over_version: text<Bound & { asked: number }>({
    en: ({ asked, ...facts }) => `The request asks for ${asked}, but ${bound(facts, 'on')}`,
    zh: ({ asked, ...facts }) => `请求为 ${asked} 个，但${boundZh(facts)}`,
  }),
  asked_over_nodes: text<{ asked: number; nodes: number }>({
    en: ({ asked, nodes }) => `The request asks for ${asked}; it names ${counted(nodes, 'node')}.`,
    zh: ({ asked, nodes }) => `请求为 ${asked} 个，但只有 ${nodes} 个节点。`,
  }),
  as_asked: text<Bound>({
    en: (facts) => `As the request asks. ${bound(facts)}`,
    zh: (facts) => `按请求。${boundZh(facts)}`,
  }),
  all_nodes: plain('All nodes of the request together.', '请求中的所有节点同时添加。'),
  hosts: text<Size & { nodes: number; hosts: number; perNodeHost: number | null }>({
    en: ({ size, nodes, hosts, perNodeHost }) =>
      `${together(size)} the ${nodes === 1 ? 'node lies' : `${nodes} nodes lie`} on ${hosts === 1 ? 'one host' : `${hosts} hosts`}, and ${
        perNodeHost === null || perNodeHost === 1
          ? 'nodes on one host share its disk'
          : `at most ${perNodeHost} full syncs may run to one host (slots.perNodeHost)`
      }.`,
    zh: ({ size, nodes, hosts, perNodeHost }) =>
      `${togetherZh(size)}${nodes} 个节点位于 ${hosts} 台主机上，${
        perNodeHost === null || perNodeHost === 1
          ? '同一主机上的节点共用磁盘'
          : `每台主机最多同时进行 ${perNodeHost} 个全量同步（slots.perNodeHost）`
      }。`,
  }),
  tiny: text<Size & { snapshotBytes: number }>({
    en: ({ size, snapshotBytes }) =>
      `${together(size)} copying ${readableBytes(snapshotBytes)} takes them seconds only.`,
    zh: ({ size, snapshotBytes }) => `${togetherZh(size)}复制 ${readableBytes(snapshotBytes)} 只需数秒。`,
  }),
  usual: text<Size>({
    en: ({ size }) => `${together(size)} more would leave the master little room for its clients.`,
    zh: ({ size }) => `${togetherZh(size)}再多会使主节点难以兼顾客户端。`,
  }),
  share: text<Size & { leastBytesPerSecond: number; budget: number | null }>({
    en: ({ size, leastBytesPerSecond, budget }) =>
      `${together(size)} each is to get at least ${readableBytes(leastBytesPerSecond)}/s of ${rateWords(budget)}, as far as it goes.`,
    zh: ({ size, leastBytesPerSecond, budget }) =>
      `${togetherZh(size)}在${rateWordsZh(budget)}内，每个节点至少应得到 ${readableBytes(leastBytesPerSecond)}/s。`,
  }),
  huge: text<Size & { snapshotBytes: number; budget: number | null; seconds: number }>({
    en: ({ size, snapshotBytes, budget, seconds }) =>
      `${together(size)} a copy of ${readableBytes(snapshotBytes)} at its share of ${rateWords(budget)} takes ${readableSeconds(seconds)}; a copy that is cut off begins again, and the dump takes disk of the master until the last copy is done.`,
    zh: ({ size, snapshotBytes, budget, seconds }) =>
      `${togetherZh(size)}按${rateWordsZh(budget)}中的份额复制 ${readableBytes(snapshotBytes)} 需要 ${readableSeconds(seconds)}；复制中断会从头再来，且在最后一个复制完成之前快照会占用主节点的磁盘。`,
  }),
};

export const batchReason = (code: keyof typeof batchReasons, facts: object): Said =>
  saidBy(batchReasons, code, facts as Said['facts']);
