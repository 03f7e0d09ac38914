/** Who may do what: the actions, the roles, and which actions a role has. Routes, docs, the dashboard and tokens take it from here. */
import { plain, type Text } from './text.ts';

/** What can be done. Each route names its action. */
export const actionTexts = {
  read: plain('read', '查看'),
  plan: plain('make plans, rehearse them, and ask servers for what they hold', '生成计划、演练并查询服务器'),
  expand: plain('start expansions and campaigns', '启动扩容任务和批量扩容'),
  steer: plain(
    'pause, resume, cancel, retry and skip, acknowledge incidents, and answer questions in place of webhooks',
    '暂停、继续、取消、重试、跳过，确认事项，以及代 webhook 回答问题',
  ),
  approve: plain('approve', '批准'),
  freeze: plain('freeze everything, and lift the freeze', '全局冻结与解除冻结'),
  hold: plain('hold masters for backups', '为备份占用主节点'),
  compare: plain('compare data', '比对数据'),
  audit: plain('audit', '巡检'),
  guard: plain('guard', '值守'),
  replace: plain('take slaves out and replace them', '摘除和替换从节点'),
  webhooks: plain(
    'make, change and delete webhooks and channels, and read what their receivers answered',
    '管理 webhook 和通知渠道，并查看其应答',
  ),
  trail: plain('read the trail', '查看操作留痕'),
  tokens: plain('create, revoke and rotate tokens', '创建、吊销和轮换令牌'),
  report: plain('report what an agent sees of its servers', '上报代理所见的服务器状况'),
  produce: plain('put jobs into the queue', '向队列提交任务'),
} as const satisfies Readonly<Record<string, Text>>;

export type Action = keyof typeof actionTexts;
export const actions = Object.keys(actionTexts) as readonly Action[];

const steering: readonly Action[] = [
  'read',
  'plan',
  'expand',
  'steer',
  'approve',
  'freeze',
  'hold',
  'compare',
  'audit',
  'guard',
  'replace',
  'webhooks',
  'trail',
];

/** What each role may do. */
export const roleActions = {
  viewer: ['read'],
  operator: steering,
  approver: ['read', 'approve'],
  admin: [...steering, 'tokens'],
  agent: ['report'],
  producer: ['produce'],
} as const satisfies Readonly<Record<string, readonly Action[]>>;

export type Role = keyof typeof roleActions;
export const roles = Object.keys(roleActions) as readonly Role[];

/** The roles that have an action, the least powerful first. */
export const rolesWith = (action: Action): readonly Role[] =>
  roles.filter((role) => (roleActions[role] as readonly Action[]).includes(action));

/**
 * What a token is bound to, beside its role. A list that is left out binds nothing; but if only one list of addresses is
 * given, it counts for masters and nodes.
 */
export interface Scope {
  /** Host names, name patterns, IP addresses and networks, each with `:port` or without. */
  readonly masters?: readonly string[];
  /** Of an agent: the servers that it may speak for. */
  readonly nodes?: readonly string[];
  /** Of the actions of its role; `read` stays with a role that has it. */
  readonly actions?: readonly Action[];
}

/** Of whom a right is asked. */
export interface Rights {
  /** Name of the token; two tokens of one name are one person. */
  readonly name: string;
  readonly role: Role;
  readonly scope: Scope;
}

/** What a token of this role and scope may do, in the order of the actions. */
export const actionsOf = ({ role, scope }: Pick<Rights, 'role' | 'scope'>): readonly Action[] =>
  (roleActions[role] as readonly Action[]).filter(
    (action) => action === 'read' || (scope.actions?.includes(action) ?? true),
  );

/** Whether it is bound to addresses. An agent's list says for whom it speaks. */
export const isBound = ({ role, scope }: Pick<Rights, 'role' | 'scope'>): boolean =>
  role !== 'agent' && (scope.masters !== undefined || scope.nodes !== undefined);

/** Whether two names are of one person, who cannot approve what they asked for themselves. */
export const isSamePerson = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();
