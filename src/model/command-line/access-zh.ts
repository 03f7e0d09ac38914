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
