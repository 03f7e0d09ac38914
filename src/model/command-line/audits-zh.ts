import type * as english from './audits-en.ts';

/** 巡检与值守。 */
export const audits: typeof english.audits = {
  accepted: (id) => `已接受巡检 ${id}。`,
  lookAtIt: (id) => `查看：pika-expander audits ${id}`,
  goesOn: (id) => `巡检 ${id} 继续进行：pika-expander audits ${id}`,
  allAndMasters: '--all 不能与主节点同时使用。',
  noMaster: '没有指定主节点。',
  nameMasters:
    '请写出主节点（host:port …），或用 --file FILE 给出每行一个的文件，或用 --all 选择服务所知的全部主节点。',
  nothingToRepair: (id, named) =>
    named === null
      ? `巡检 ${id} 没有发现可由扩容任务修复的从节点。`
      : `巡检 ${id} 中没有 ${named.join('、')} 的修复方案。`,
  nameOneOf: (slaves) => `请指定其中之一：${slaves.join('、')}`,
  seeWhy: (id) => `查看原因：pika-expander audits ${id}`,
  none: '没有巡检。',
  columns: {
    id: 'ID',
    state: '状态',
    asked: '发起时间',
    slaves: '从节点',
    damaged: '损坏',
    doubtful: '存疑',
    notJudged: '未判断',
  },
  line: (id, state, summary) => `${id}  ${state}：${summary}`,
  endedBy: (by, reason) => `由 ${by} 结束：${reason}`,
};

export const guards: typeof english.guards = {
  on: (id) => `值守 ${id} 已开始。`,
  nextAuditBegins: (at) => `下次巡检开始于 ${at}。`,
  lookAtIt: (id) => `查看：pika-expander guard show ${id}`,
  needAuditAt: '巡检的选项需要与 --audit-at 一起使用。',
  auditAtExample: '例如 --audit-at "30 3 * * 1"。',
  none: '没有值守。',
  columns: { id: 'ID', state: '状态', since: '开始时间', finds: '发现', label: '标签' },
  howMany: (count) => (count === 0 ? '没有进行中的值守。' : `有 ${count} 个进行中的值守。`),
  startOne: '启动一个：pika-expander guard start --all',
  nameOne: (ids) => `请指定其中之一：${ids.join('、')}`,
  ends: (id) => `正在结束值守 ${id}。`,
  forgets: (id, slave) => `值守 ${id} 不再值守 ${slave}。`,
  headline: ({ id, label, state, summary }) =>
    `${id}${label === null ? '' : `（${label}）`}  ${state}：${summary}`,
  endedBy: (by, reason) => `由 ${by} 结束：${reason}`,
  nextAudit: (at) => `下次巡检：${at}`,
  lastAudit: (id) => `上次巡检：pika-expander audits ${id}`,
  levels: { error: '错误', warning: '警告' },
  found: (level, since, text) => `${level}  始于 ${since}：${text}`,
};
