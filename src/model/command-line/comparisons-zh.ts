import type { comparisons as english } from './comparisons-en.ts';
import { verbZh } from './verbs-zh.ts';

/** 数据比对。 */
export const comparisons: typeof english = {
  accepted: (id) => `已接受数据比对 ${id}。`,
  lookAtIt: (id) => `查看：pika-expander comparison ${id}`,
  goesOn: (id) => `数据比对 ${id} 继续进行：pika-expander comparison ${id}`,
  none: '没有数据比对。',
  columns: { id: 'ID', result: '结果', left: '左侧', right: '右侧', differences: '差异' },
  verdicts: { equal: '一致', empty: '两侧皆空', different: '不一致', inconclusive: '无法判定' },
  kinds: {
    missing: '右侧缺失',
    foreign: '仅右侧存在',
    type: '类型不同',
    value: '值不同',
    length: '长度不同',
    ttl: 'TTL 不同',
  },
  depths: { counts: '计数', sample: '抽样', full: '全量' },
  title: ({ id, left, right, state }) => `${id}  ${left}（左侧）与 ${right}（右侧）：${state}`,
  askedFor: (verb, reason) => `已请求${verbZh(verb)}：${reason}`,
  keys: (lookedAt, estimated) => `${lookedAt}${estimated === null ? '' : ` / 约 ${estimated}`} 个 key`,
  keysPerSecond: (rate) => `每秒 ${rate} 个 key`,
  left: (duration) => `剩余 ${duration}`,
  differencesSoFar: (count) => `目前有 ${count} 处差异`,
  waits: (why) => `等待：${why}`,
  parts: (parts) => parts.join('，'),
  lookedAt: ({ keys, share, estimated, took, depth }) =>
    `已查看 ${keys} 个 key${share === null ? '' : `（占约 ${estimated ?? '?'} 个的 ${share}）`}，用时 ${took}，深度：${depth}`,
  differences: (total, kinds) =>
    `差异：${total}${kinds.length === 0 ? '' : `（${kinds.map(([kind, count]) => `${kind} ${count}`).join('，')}）`}`,
  example: ({ db, type, key, kind, left, right }) =>
    `db${db} ${type} ${key}：${kind}；左侧 ${left ?? '无'}，右侧 ${right ?? '无'}`,
  more: (count) => `另有 ${count} 处`,
  note: (text) => `说明：${text}`,
  counted: (name, left, right) => `${name}：左侧 ${left} 个 key，右侧 ${right} 个`,
  anyLoss: '已查看全部 key：即使只丢失一个也会被发现',
  smallestLoss: (percent) => `丢失达 ${percent} % 的 key 即会被发现（99 %）`,
};
