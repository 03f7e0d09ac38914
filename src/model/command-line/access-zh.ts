import type * as english from './access-en.ts';

/** Webhook 与已登录的浏览器。 */
export const webhooks: typeof english.webhooks = {
  none: '还没有 webhook。',
  columns: { id: 'ID', kind: '类型', of: '范围', url: 'URL', by: '创建者', since: '创建时间' },
  all: '所有事件',
  made: (id) => `已创建 webhook ${id}。签名密钥只显示这一次：`,
  removed: (id) => `已删除 webhook ${id} 及其投递记录。`,
  noDelivery: '还没有向该 webhook 发送任何内容。',
  deliveries: { at: '时间', type: '类型', state: '状态', tries: '次数', answer: '应答' },
  states: { pending: '将重试', delivered: '已送达', failed: '已放弃' },
  wrongKind: (text, kinds) => `--kind 为“${text}”；可用类型：${kinds}。`,
};

export const sessions: typeof english.sessions = {
  none: '没有已登录的浏览器。',
  columns: { id: 'ID', name: '名称', by: '方式', from: '来源', since: '登录时间', until: '到期时间' },
  by: { token: '令牌', person: '个人' },
  ended: (id, name) => `已结束 ${name} 的会话 ${id}。`,
};

export const tokens: typeof english.tokens = {
  needsName: '请用 --name 填写令牌的名称；令牌的每次操作都以该名称记录。',
  needsRole: (roles) => `请用 --role 填写角色：${roles.join('、')}。`,
  noAction: (text, actions) => `“${text}”不是可授权的操作；可用：${actions.join('、')}。`,
  duration: '时长，例如 90d、12h 或 10m',
  none: '还没有创建令牌。配置中的令牌不在此列出。',
  columns: {
    id: 'ID',
    name: '名称',
    role: '角色',
    scope: '范围',
    state: '状态',
    ends: '到期时间',
    by: '创建者',
  },
  states: { living: '有效', expired: '已过期', revoked: '已吊销' },
  never: '不自动过期',
  revoked: (id, name) => `已吊销令牌 ${id}（${name}）。`,
  made: ({ id, name, role, ends, oldUntil }) =>
    `令牌 ${id}（${name}，${role}）${ends === null ? '不自动过期' : `于 ${ends} 到期`}。${oldUntil === null ? '' : `旧内容有效至 ${oldUntil}。`}令牌内容只显示这一次：`,
  everything: '不限',
  scopes: { masters: '主节点', nodes: '节点', actions: '操作' },
  scope: (lists) => lists.map(([name, list]) => `${name} ${list.join(',')}`).join('；'),
};

export const trail: typeof english.trail = {
  none: '没有条目。',
  columns: {
    seq: '序号',
    time: '时间',
    who: '操作者',
    from: '来源',
    via: '途径',
    act: '操作',
    object: '对象',
    outcome: '结果',
  },
  noTime: (text) => `--since ${text} 不是时间：请写 24h 或 2026-12-01T22:00。`,
  written: (file) => `操作日志已写入 ${file}。检查：pika-expander trail verify ${file}`,
  unreadable: (what, why) =>
    `无法读取${{ trail: '操作日志', head: '保存的日志头', key: '密钥' }[what]}：${why}`,
  forms: {
    trail: '导出文件由 pika-expander trail export --out FILE 写出：docs/trail.md。',
    head: '日志头由 pika-expander trail head 输出：docs/trail.md。',
    key: '请给出密钥的 id，或含 PEM 公钥的文件：GET /v1/evidence-key。',
  },
};
