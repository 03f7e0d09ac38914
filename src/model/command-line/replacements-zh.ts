import type * as english from './replacements-en.ts';

/** 替换与占用。 */
export const replacements: typeof english.replacements = {
  accepted: (id) => `已接受替换 ${id}。`,
  watchIt: (id) => `查看进度：pika-expander replacement show ${id} --watch`,
  notAPair: (text) => `“${text}”不是“旧=新”的形式。`,
  pairForm: '请写成 10.0.0.2:9221=10.0.0.5:9221，并在逗号后写明对新节点的许可。',
  none: '没有替换。',
  columns: { id: 'ID', state: '状态', since: '开始时间', master: '主节点', out: '已下线', label: '标签' },
  goesOn: (id) => `替换 ${id} 继续进行：pika-expander replacement show ${id} --watch`,
  cancelling: (id) => `正在取消替换 ${id}。`,
  approved: (id) => `已批准替换 ${id}。`,
  headline: ({ id, label, state, reason }) =>
    `${id}${label === null ? '' : `（${label}）`}  ${state}：${reason}`,
  master: (name) => `主节点 ${name}`,
  newNodes: (expansionId) => `新节点：pika-expander show ${expansionId}`,
  approvedBy: (by, reason) => `由 ${by} 批准：${reason}`,
  cancelledBy: (by, reason) => `由 ${by} 取消：${reason}`,
  pair: ({ old, node, phase, reason }) =>
    `${old}${node === null ? '' : ` → ${node}`}  ${phase}${reason === null ? '' : `：${reason}`}`,
};

export const holds: typeof english.holds = {
  asked: (id) => `占用 ${id}。`,
  waitForIt: (id) => `等待：pika-expander hold show ${id} --wait`,
  endIt: (id) => `结束：pika-expander hold end ${id} --reason "…"`,
  goesOn: (id) => `占用仍然有效：pika-expander hold show ${id}`,
  none: '没有占用。',
  noneActive: '没有生效中的占用。',
  columns: { id: 'ID', master: '主节点', state: '状态', until: '到期时间', by: '发起人', reason: '原因' },
  ended: (id, master) => `占用 ${id} 已结束：${master} 可以开始新的全量同步。`,
  endedBy: ({ id, master, by, reason }) => `对 ${master} 的占用 ${id} 已由 ${by} 结束：${reason}`,
  expired: ({ id, master, by, reason }) => `对 ${master} 的占用 ${id} 已到期（${by}：${reason}）。`,
  safe: ({ id, master, by, reason, until }) =>
    `安全：请现在对 ${master} 做快照。占用 ${id}，有效至 ${until}（${by}：${reason}）`,
  notSafe: ({ id, master, by, reason, until, waitingFor }) =>
    `还不安全：${waitingFor}。对 ${master} 的占用 ${id}，有效至 ${until}（${by}：${reason}）`,
  fullSync: ({ node, expansionId, phase, since, ends }) =>
    `${node}（${expansionId}）：${phase}，始于 ${since}${ends === null ? '' : `，该阶段预计于 ${ends} 结束`}`,
};
