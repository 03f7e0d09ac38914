/** Findings about what a node is and holds before it is attached. */
import { listed, plain } from '../text.ts';
import { askAgainWith, nothingToDo, row } from './row.ts';

/** The present master of the node, and the state of the link. */
export interface Present {
  readonly presentMaster: string;
  readonly link: 'up' | 'down' | null;
}

const link = { up: 'link up', down: 'link down' } as const;
const linkZh = { up: '连接正常', down: '连接断开' } as const;
const linkText = (state: Present['link']): string => (state === null ? 'link unknown' : link[state]);
const linkTextZh = (state: Present['link']): string => (state === null ? '连接状态未知' : linkZh[state]);

const dbFatalStep = plain<unknown>(
  'Look for "background error" in its log (often a full disk) and repair it first.',
  '请在其日志中查找“background error”（常见原因是磁盘写满），先修复再继续。',
);

export const standingFindings = {
  already_slave_of: row<Present & { sinceBegun: boolean }>({
    severity: 'error',
    meaning: plain(
      'The node is a slave of another master, and the request does not permit to repoint it.',
      '该节点是另一个主节点的从节点，而请求没有允许改挂。',
    ),
    text: {
      en: ({ node, presentMaster, link, sinceBegun }) =>
        sinceBegun
          ? `${node} became a slave of ${presentMaster} (${linkText(link)}) after this expansion began: somebody else attached it.`
          : `${node} is a slave of ${presentMaster} (${linkText(link)}).`,
      zh: ({ node, presentMaster, link, sinceBegun }) =>
        sinceBegun
          ? `本扩容任务开始之后，${node} 成了 ${presentMaster} 的从节点（${linkTextZh(link)}）：有其他人挂载了它。`
          : `${node} 是 ${presentMaster} 的从节点（${linkTextZh(link)}）。`,
    },
    nextStep: {
      en: ({ node, presentMaster, sinceBegun }, reader) =>
        sinceBegun
          ? 'Find out who attached it. Then retry this node (the service takes it back), or skip it.'
          : `If it may be taken away from ${presentMaster}, ${askAgainWith(node, ['repoint'], reader)}.`,
      zh: ({ node, presentMaster, sinceBegun }, reader) =>
        sinceBegun
          ? '请查明是谁挂载了它，然后重试该节点（本服务会将其收回）或跳过它。'
          : `若允许将它从 ${presentMaster} 改挂过来，${askAgainWith(node, ['repoint'], reader)}。`,
    },
  }),
  already_slave_of_this_master: row<Present>({
    severity: 'error',
    meaning: plain(
      'The node is a slave of this master already. Its state alone does not tell whether its data are complete. A new full sync needs the permission to repoint it.',
      '该节点已是这个主节点的从节点。仅凭其状态无法判断数据是否完整；重新全量同步需要允许改挂。',
    ),
    text: {
      en: ({ node, master, link }) =>
        `${node} is a slave of ${master} already (${linkText(link)}). Its state alone does not show whether its data are complete.`,
      zh: ({ node, master, link }) =>
        `${node} 已是 ${master} 的从节点（${linkTextZh(link)}）。仅凭其状态无法判断数据是否完整。`,
    },
    nextStep: {
      en: ({ node }, reader) =>
        `To be certain, compare the data of the two. For a new full sync, ${askAgainWith(node, ['repoint', 'overwriteData'], reader)}.`,
      zh: ({ node }, reader) =>
        `如需确认，请比对两者的数据。如需重新全量同步，${askAgainWith(node, ['repoint', 'overwriteData'], reader)}。`,
    },
  }),
  will_be_repointed: row<Present & { ours: boolean }>({
    severity: 'warning',
    meaning: plain(
      'The service will take the node away from its present master, as the request permits.',
      '本服务将按请求的许可把该节点从现在的主节点改挂过来。',
    ),
    text: {
      en: ({ node, master, presentMaster, link, ours }) =>
        `${node} is a slave of ${ours ? 'this master' : presentMaster} (${linkText(link)}). The service detaches it and makes a new full sync from ${master}, as the request permits.`,
      zh: ({ node, master, presentMaster, link, ours }) =>
        `${node} 是${ours ? '这个主节点' : ` ${presentMaster} `}的从节点（${linkTextZh(link)}）。本服务会按请求的许可将其断开，并从 ${master} 重新全量同步。`,
    },
    nextStep: plain(
      'Nothing to do. Clients that read from this node get no current data until it is verified.',
      '无需操作。在该节点通过校验之前，从它读取的客户端得不到最新数据。',
    ),
  }),
  has_slaves: row<{ slaves: readonly string[] }>({
    severity: 'error',
    meaning: plain(
      'The node has slaves of its own. Pika refuses SLAVEOF on it ("already master of others, invalid usage"), and its slaves would lose their source.',
      '该节点自己有从节点。Pika 拒绝在其上执行 SLAVEOF（"already master of others, invalid usage"），且其从节点会失去数据源。',
    ),
    text: {
      en: ({ node, slaves }, reader) =>
        `${node} has slaves of its own${slaves.length > 0 ? `: ${listed(slaves, reader)}` : ''}. Pika refuses SLAVEOF there ("already master of others").`,
      zh: ({ node, slaves }, reader) =>
        `${node} 自己有从节点${slaves.length > 0 ? `：${listed(slaves, reader)}` : ''}。Pika 会拒绝其上的 SLAVEOF（"already master of others"）。`,
    },
    nextStep: plain(
      'Point its slaves elsewhere first (SLAVEOF on each of them). A dead slave disappears from its list within 180 s.',
      '请先把它的从节点挂到别处（在每个从节点上执行 SLAVEOF）。已停掉的从节点会在 180 s 内从列表中消失。',
    ),
  }),
  stale_entry: row<{ entry: string }>({
    severity: 'warning',
    meaning: plain(
      'The master still lists the node, although the node is not its slave. The master would answer a SLAVEOF with "Slave AlreadyExist" until the entry is gone (up to 180 s).',
      '主节点仍列着该节点，而它并不是其从节点。在该条目消失之前（最长 180 s），主节点会以 "Slave AlreadyExist" 拒绝。',
    ),
    text: {
      en: ({ node, master, entry }) =>
        `The master ${master} still lists ${entry}, although ${node} is not its slave. The service attaches the node when the entry is gone (up to 180 s).`,
      zh: ({ node, master, entry }) =>
        `主节点 ${master} 仍列着 ${entry}，而 ${node} 并不是它的从节点。待该条目消失后（最长 180 s）本服务才会挂载。`,
    },
    nextStep: plain(
      'Nothing to do. If the entry stays, another server announces itself under this address: look for it.',
      '无需操作。若该条目一直存在，说明另有服务器以此地址报到，请找出它。',
    ),
  }),

  node_protected: row<{ readonly permission: 'overwriteData' | 'repoint' }>({
    severity: 'error',
    meaning: plain(
      'The configuration protects the node, and the request permits what the protection forbids.',
      '配置保护该节点，而请求中的许可正是保护所禁止的。',
    ),
    text: {
      en: ({ node, permission }) =>
        `The configuration protects ${node}: ${permission === 'repoint' ? 'nobody may take it away from its master' : 'nobody may replace its data'}.`,
      zh: ({ node, permission }) =>
        `配置保护 ${node}：${permission === 'repoint' ? '不允许将其从主节点摘走' : '不允许替换其数据'}。`,
    },
    nextStep: plain(
      'Leave the node, or this permission, out. Who runs the service can change PIKA_EXPANDER_PROTECTED.',
      '请去掉该节点或该许可。服务的运维人员可修改 PIKA_EXPANDER_PROTECTED。',
    ),
  }),
  holds_data: row({
    severity: 'error',
    meaning: plain(
      'The node holds keys, and the request does not permit to replace them.',
      '该节点中有 key，而请求没有允许覆盖。',
    ),
    text: {
      en: ({ node }) => `${node} holds keys. A full sync would replace all of them.`,
      zh: ({ node }) => `${node} 中有 key，全量同步会将其全部覆盖。`,
    },
    nextStep: {
      en: ({ node }, reader) =>
        `If its data may go, ${askAgainWith(node, ['overwriteData'], reader)}. Otherwise take another node.`,
      zh: ({ node }, reader) =>
        `若其数据可以丢弃，${askAgainWith(node, ['overwriteData'], reader)}；否则请换一个节点。`,
    },
  }),
  data_unknown: row({
    severity: 'error',
    meaning: plain(
      'Whether the node holds keys could not be read, and the request does not permit to replace them.',
      '未能读到该节点中是否有 key，而请求没有允许覆盖。',
    ),
    text: {
      en: ({ node }) => `The service could not read whether ${node} holds keys.`,
      zh: ({ node }) => `未能读到 ${node} 中是否有 key。`,
    },
    nextStep: {
      en: ({ node }, reader) =>
        `Let the user of the service run SELECT and SCAN on this node. Or, if its data may go, ${askAgainWith(node, ['overwriteData'], reader)}.`,
      zh: ({ node }, reader) =>
        `请允许本服务的用户在该节点上执行 SELECT 和 SCAN；若其数据可以丢弃，也可${askAgainWith(node, ['overwriteData'], reader)}。`,
    },
  }),
  data_will_be_replaced: row({
    severity: 'warning',
    meaning: plain(
      'The full sync will replace the keys of the node, as the request permits.',
      '全量同步将按请求的许可覆盖该节点的 key。',
    ),
    text: {
      en: ({ node }) =>
        `${node} holds keys. The full sync replaces all of them by the data of the master, as the request permits.`,
      zh: ({ node }) => `${node} 中有 key，全量同步会按请求的许可用主节点的数据将其全部覆盖。`,
    },
    nextStep: plain(
      'Nothing to do. This is the last chance to keep a copy.',
      '无需操作。如需备份，请在此之前完成。',
    ),
  }),
  replication_id_differs: row<{ replicationId: string }>({
    severity: 'warning',
    meaning: plain(
      'The node remembers the replication id of another master. With it this master would refuse the node for good, so the service clears it before SLAVEOF.',
      '该节点记着另一个主节点的 replication id，会因此被这个主节点一直拒绝，所以本服务在 SLAVEOF 之前将其清除。',
    ),
    text: {
      en: ({ node }) =>
        `${node} remembers the replication id of another master. With this id, this master would refuse it for good.`,
      zh: ({ node }) => `${node} 记着另一个主节点的 replication id，这个主节点会因此一直拒绝它。`,
    },
    nextStep: plain(
      'Nothing to do. The service clears the id before SLAVEOF.',
      '无需操作。本服务会在 SLAVEOF 之前清除该 id。',
    ),
  }),
  replication_id_same: row<{ replicationId: string }>({
    severity: 'warning',
    meaning: plain(
      'The node remembers the replication id of this master, so Pika may skip the full sync and come up without data. The service clears it and forces a full sync.',
      '该节点记着这个主节点的 replication id，Pika 可能跳过全量同步，起来后没有数据。本服务会清除该 id 并强制全量同步。',
    ),
    text: {
      en: ({ node }) =>
        `${node} remembers the replication id of this master. A plain SLAVEOF could skip the full sync and leave it without data.`,
      zh: ({ node }) =>
        `${node} 记着这个主节点的 replication id，普通的 SLAVEOF 可能跳过全量同步，使它没有数据。`,
    },
    nextStep: plain(
      'Nothing to do. The service clears the id and forces a full sync.',
      '无需操作。本服务会清除该 id 并强制全量同步。',
    ),
  }),
  node_writable_as_slave: row({
    severity: 'warning',
    meaning: plain(
      'The node takes writes while it is a slave (slave-read-only no), so its data can drift from the master.',
      '该节点作为从节点时仍接受写入（slave-read-only no），其数据可能与主节点不一致。',
    ),
    text: {
      en: ({ node }) =>
        `${node} is configured with slave-read-only no. Clients could write to it and make it differ from the master.`,
      zh: ({ node }) => `${node} 配置为 slave-read-only no，客户端可以写入，使其与主节点不一致。`,
    },
    nextStep: plain(
      'Set slave-read-only yes in its configuration file (it cannot be changed while it runs) and restart it.',
      '请在其配置文件中设置 slave-read-only yes（运行中无法修改）并重启。',
    ),
  }),
  node_db_fatal: row({
    severity: 'error',
    meaning: plain(
      'The database of the node reports a fatal background error.',
      '该节点的数据库报告了严重的后台错误。',
    ),
    text: {
      en: ({ node }) => `${node} reports db_fatal: its database has stopped on a background error.`,
      zh: ({ node }) => `${node} 报告 db_fatal：其数据库因后台错误已停止工作。`,
    },
    nextStep: dbFatalStep,
  }),

  master_is_slave: row<{ presentMaster: string }>({
    severity: 'warning',
    meaning: plain(
      'The master is itself a slave: the nodes become slaves of a slave (a chain).',
      '主节点本身也是从节点：各节点将成为从节点的从节点（级联）。',
    ),
    text: {
      en: ({ master, presentMaster }) =>
        `${master} is itself a slave of ${presentMaster}, so the nodes become slaves of a slave. They get only the data that ${master} has. If ${master} makes a new full sync, they lose their data until their own sync is repeated.`,
      zh: ({ master, presentMaster }) =>
        `${master} 本身是 ${presentMaster} 的从节点，各节点将成为从节点的从节点。它们只能得到 ${master} 已有的数据；若 ${master} 重新全量同步，它们在自己重新同步之前会失去数据。`,
    },
    nextStep: {
      en: ({ presentMaster }) =>
        `Nothing to do if a chain is meant. Otherwise name ${presentMaster} as the master.`,
      zh: ({ presentMaster }) => `若本意就是级联，无需操作；否则请将主节点改为 ${presentMaster}。`,
    },
  }),
  master_still_syncing: row<{
    presentMaster: string;
    linkStatus: 'up' | 'down' | null;
    dbStates: Readonly<Record<string, string>>;
  }>({
    severity: 'error',
    meaning: plain(
      'The master is itself a slave whose own sync is not finished. Nodes attached below it come up with no data.',
      '主节点本身是从节点，且自己的同步尚未完成。挂在它下面的节点起来后没有数据。',
    ),
    text: {
      en: ({ master, presentMaster, linkStatus, dbStates }) =>
        `${master} is itself a slave of ${presentMaster} and not in sync with it (${[linkText(linkStatus), ...waiting(dbStates)].join(', ')}). Nodes attached below it now would come up without data.`,
      zh: ({ master, presentMaster, linkStatus, dbStates }) =>
        `${master} 本身是 ${presentMaster} 的从节点，且尚未与其同步（${[linkTextZh(linkStatus), ...waiting(dbStates)].join('，')}）。此时挂在它下面的节点起来后没有数据。`,
    },
    nextStep: {
      en: ({ master, presentMaster }) =>
        `Wait until ${master} is in sync with ${presentMaster}, or name ${presentMaster} as the master.`,
      zh: ({ master, presentMaster }) =>
        `请等待 ${master} 与 ${presentMaster} 同步完成，或将主节点改为 ${presentMaster}。`,
    },
  }),
  master_not_eligible: row({
    severity: 'warning',
    meaning: plain(
      'The master says that it is not eligible for election: a full sync of its own was begun and not finished, so its own data may be incomplete.',
      '主节点自称不具备选举资格：它自己的一次全量同步已开始而未完成，因此其数据可能不完整。',
    ),
    text: {
      en: ({ master }) =>
        `The master ${master} says is_eligible_for_master_election:false. It began a full sync of its own and never finished it, so its data may be incomplete. The nodes would get the same data.`,
      zh: ({ master }) =>
        `主节点 ${master} 显示 is_eligible_for_master_election:false：它自己的一次全量同步没有完成，数据可能不完整，各节点会得到同样的数据。`,
    },
    nextStep: plain(
      'Compare its data with their source before it is expanded.',
      '请在扩容之前将其数据与来源比对。',
    ),
  }),
  master_db_fatal: row({
    severity: 'error',
    meaning: plain(
      'The database of the master reports a fatal background error. A dump of it would not be complete.',
      '主节点的数据库报告了严重的后台错误，其快照不会完整。',
    ),
    text: {
      en: ({ master }) =>
        `The master ${master} reports db_fatal: its database has stopped on a background error.`,
      zh: ({ master }) => `主节点 ${master} 报告 db_fatal：其数据库因后台错误已停止工作。`,
    },
    nextStep: dbFatalStep,
  }),
  master_replaced: row<{ changes: readonly IdentityChange[] }>({
    severity: 'error',
    meaning: plain(
      'Another server answers at the address of the master than the server of the plan.',
      '主节点地址上应答的已不是制定计划时的那台服务器。',
    ),
    text: {
      en: ({ master, changes }, reader) =>
        `The server at ${master} is not the server of the plan: ${listed(changes.map(changeText), reader)}.`,
      zh: ({ master, changes }) =>
        `${master} 上的服务器已不是制定计划时的那台：${changes.map(changeTextZh).join('；')}。`,
    },
    nextStep: plain(
      'Check which server should be the master. If this server is right, cancel this expansion and make a new expansion.',
      '请确认哪台服务器应是主节点。若现在这台正确，请取消本扩容任务并新建一个。',
    ),
  }),
  master_restarted_since_plan: row<{ uptimeSeconds: number | null }>({
    severity: 'info',
    meaning: plain('The master was restarted since the plan was made.', '制定计划之后主节点重启过。'),
    text: {
      en: ({ master, uptimeSeconds }) =>
        `The master ${master} was restarted since the plan was made${uptimeSeconds === null ? '' : ` (${uptimeSeconds} s ago)`}. Its data and replication id are as before.`,
      zh: ({ master, uptimeSeconds }) =>
        `制定计划之后主节点 ${master} 重启过${uptimeSeconds === null ? '' : `（${uptimeSeconds} s 前）`}，其数据和 replication id 未变。`,
    },
    nextStep: nothingToDo,
  }),
};

const waiting = (dbStates: Readonly<Record<string, string>>): string[] =>
  Object.entries(dbStates)
    .filter(([, state]) => state !== 'Connected')
    .map(([db, state]) => `${db} ${state}`);

/** A difference that one server never shows, however often it restarts. */
export type IdentityChange =
  | { readonly of: 'replication_id' | 'version'; readonly before: string; readonly after: string }
  | { readonly of: 'binlog'; readonly db: string; readonly before: string; readonly after: string | null };

function changeText(change: IdentityChange): string {
  if (change.of !== 'binlog')
    return `its ${change.of === 'version' ? 'version' : 'replication id'} changed from ${change.before} to ${change.after || '(none)'}`;
  return change.after === null
    ? `it has no ${change.db} any more`
    : `the binlog of ${change.db} went back from ${change.before} to ${change.after}`;
}

function changeTextZh(change: IdentityChange): string {
  if (change.of !== 'binlog')
    return `${change.of === 'version' ? '版本' : 'replication id'}由 ${change.before} 变为 ${change.after || '（无）'}`;
  return change.after === null
    ? `不再有 ${change.db}`
    : `${change.db} 的 binlog 由 ${change.before} 退回到 ${change.after}`;
}
