/** Findings about settings of master and nodes, and about what the master is at. */

import type { ForecastRange } from '../forecast.ts';
import type { SlaveLag } from '../observation.ts';
import { readableBytes, readableSeconds } from '../quantities.ts';
import { counted, listed, plain, type Reader, type Text } from '../text.ts';
import { row } from './row.ts';

export interface Unequal {
  readonly setting: string;
  readonly ofMaster: number;
  readonly ofNode: number;
}

const unequal = (meaning: Text) =>
  row<Unequal>({
    severity: 'error',
    meaning,
    text: {
      en: ({ node, master, setting, ofMaster, ofNode }) =>
        `${setting} is ${ofNode} on ${node} and ${ofMaster} on the master ${master}.`,
      zh: ({ node, master, setting, ofMaster, ofNode }) =>
        `${setting} 在 ${node} 上是 ${ofNode}，在主节点 ${master} 上是 ${ofMaster}。`,
    },
    nextStep: {
      en: ({ node, setting, ofMaster }) =>
        `Set ${setting} ${ofMaster} in the configuration file of ${node} and restart it (it cannot be changed while it runs).`,
      zh: ({ node, setting, ofMaster }) =>
        `请在 ${node} 的配置文件中设置 ${setting} ${ofMaster} 并重启（运行中无法修改）。`,
    },
  });

const setMasterauth: Text<{ readonly node: string; readonly master: string }> = {
  en: ({ node, master }) =>
    `CONFIG SET masterauth on ${node} to the requirepass of ${master}, and CONFIG REWRITE to keep it over a restart.`,
  zh: ({ node, master }) =>
    `请在 ${node} 上用 CONFIG SET 把 masterauth 设为 ${master} 的 requirepass，并执行 CONFIG REWRITE 使其在重启后仍有效。`,
};

/** What a master is at that a full sync must not meet. */
export type MasterWork =
  | { readonly what: 'dump' | 'scan' | 'compaction' }
  | { readonly what: 'slave'; readonly slave: string; readonly lag: Readonly<Record<string, SlaveLag>> };

const workWords = {
  dump: { en: 'a dump is being made (is_bgsaving)', zh: '正在生成快照（is_bgsaving）' },
  scan: { en: 'a key scan is running (is_scaning_keyspace)', zh: '正在扫描 key（is_scaning_keyspace）' },
  compaction: { en: 'a compaction is running (is_compact)', zh: '正在压缩（is_compact）' },
} as const;

export function masterWorkText(work: MasterWork, { language }: Pick<Reader, 'language'>): string {
  if (work.what !== 'slave') return workWords[work.what][language];
  const lag = Object.entries(work.lag).map(([db, state]) => `${db}: ${state}`);
  return {
    en: `slave ${work.slave} is not in sync yet (${lag.join(', ')})`,
    zh: `从节点 ${work.slave} 尚未同步（${lag.join('，')}）`,
  }[language];
}

export interface BinlogGrowth {
  readonly writeBytesPerSecond: number;
  readonly duringBatchBytes: Pick<ForecastRange, 'expected' | 'high'> | null;
  readonly keptBytes: number;
  readonly keptFiles: number | null;
  readonly neededFiles: number;
}

function growth(facts: BinlogGrowth & { readonly master: string }): string {
  const { writeBytesPerSecond, duringBatchBytes: written, keptBytes, keptFiles, master } = facts;
  const rate = `${readableBytes(writeBytesPerSecond)}/s`;
  const kept = `the settings of ${master} keep ${readableBytes(keptBytes)} (${counted(keptFiles ?? 0, 'file')} a DB)`;
  return written === null
    ? `${rate} of binlog are written; ${kept}, which lasts ${readableSeconds(keptBytes / writeBytesPerSecond)}. How long a full sync takes is not known on this version.`
    : `${readableBytes(written.expected)} (up to ${readableBytes(written.high)}) of binlog are written during the longest batch, at ${rate}; ${kept}.`;
}

function growthZh(facts: BinlogGrowth & { readonly master: string }): string {
  const { writeBytesPerSecond, duringBatchBytes: written, keptBytes, keptFiles, master } = facts;
  const rate = `${readableBytes(writeBytesPerSecond)}/s`;
  const kept = `${master} 的设置保留 ${readableBytes(keptBytes)}（每个 DB ${keptFiles ?? 0} 个文件）`;
  return written === null
    ? `binlog 写入速率为 ${rate}；${kept}，可维持 ${readableSeconds(keptBytes / writeBytesPerSecond)}。该版本无法得知一次全量同步要多久。`
    : `最长的批次期间会写入 ${readableBytes(written.expected)}（最多 ${readableBytes(written.high)}）binlog，速率 ${rate}；${kept}。`;
}

/** How the reader permits the service to raise `expire-logs-nums`. */
const raisePermission: Text<unknown> = {
  en: (_facts, { tool }) =>
    ({
      rest: '"mayRaiseBinlogRetention": true in the policy',
      cli: '--may-raise-binlog-retention',
      dashboard: '“expire-logs-nums of the master may be raised meanwhile”',
    })[tool],
  zh: (_facts, { tool }) =>
    ({
      rest: '策略中的 "mayRaiseBinlogRetention": true',
      cli: '--may-raise-binlog-retention',
      dashboard: '“期间允许调高主节点的 expire-logs-nums”',
    })[tool],
};

const roomForLogs: Text<{ readonly master: string }> = {
  en: ({ master }) =>
    `See that the log folder of ${master} has room for it, or run the expansion when less is written.`,
  zh: ({ master }) => `请确认 ${master} 的日志目录有足够空间，或在写入较少时执行扩容。`,
};

export const settingFindings = {
  databases_differ: unequal(
    plain(
      'The number of databases differs. Pika refuses such a slave for good.',
      'databases 数量不同，Pika 会一直拒绝这样的从节点。',
    ),
  ),
  db_instance_num_differs: unequal(
    plain(
      'db-instance-num differs. Pika 4 refuses such a slave for good.',
      'db-instance-num 不同，Pika 4 会一直拒绝这样的从节点。',
    ),
  ),
  binlog_file_size_differs: unequal(
    plain(
      'binlog-file-size differs, so the two binlogs cannot correspond.',
      'binlog-file-size 不同，两边的 binlog 无法对应。',
    ),
  ),
  settings_unreadable: row<{ unread: readonly string[]; unreadOfMaster: readonly string[] }>({
    severity: 'warning',
    meaning: plain(
      'Settings that must be equal on both sides could not be read, and so not compared.',
      '两边必须相同的设置未能读到，因此没有比较。',
    ),
    text: {
      en: ({ node, master, unread, unreadOfMaster }, reader) =>
        `CONFIG GET did not tell ${listed([...unread.map((name) => `${name} of ${node}`), ...unreadOfMaster.map((name) => `${name} of ${master}`)], reader)}, so the service did not compare it.`,
      zh: ({ node, master, unread, unreadOfMaster }, reader) =>
        `CONFIG GET 未给出 ${listed([...unread.map((name) => `${node} 的 ${name}`), ...unreadOfMaster.map((name) => `${master} 的 ${name}`)], reader)}，因此没有比较。`,
    },
    nextStep: plain(
      'Let the user of the service run CONFIG GET, or compare these settings by hand.',
      '请允许本服务的用户执行 CONFIG GET，或手工核对这些设置。',
    ),
  }),
  masterauth_missing: row({
    severity: 'error',
    meaning: plain(
      'The master wants a password, but the node has no masterauth. Pika refuses such a slave for good.',
      '主节点要求密码，而该节点没有设置 masterauth，Pika 会一直拒绝这样的从节点。',
    ),
    text: {
      en: ({ node, master }) =>
        `The master ${master} wants a password, but ${node} has no masterauth. The link would stay down for good.`,
      zh: ({ node, master }) => `主节点 ${master} 要求密码，而 ${node} 没有设置 masterauth，连接会一直断开。`,
    },
    nextStep: setMasterauth,
  }),
  masterauth_differs: row<{ equalsConfigured: boolean }>({
    severity: 'error',
    meaning: plain(
      'The masterauth of the node is not the password of the master. Pika refuses such a slave for good.',
      '该节点的 masterauth 不是主节点的密码，Pika 会一直拒绝这样的从节点。',
    ),
    text: {
      en: ({ node, equalsConfigured }) =>
        equalsConfigured
          ? `The masterauth of ${node} equals the configured password, which is not the requirepass of the master. The link would stay down for good.`
          : `The masterauth of ${node} is not the password of the master. The link would stay down for good.`,
      zh: ({ node, equalsConfigured }) =>
        equalsConfigured
          ? `${node} 的 masterauth 与本服务配置的密码相同，但那不是主节点的 requirepass，连接会一直断开。`
          : `${node} 的 masterauth 不是主节点的密码，连接会一直断开。`,
    },
    nextStep: setMasterauth,
  }),
  masterauth_unproven: row<{ masterWantsPassword: boolean | null; masterauthSet: boolean | null }>({
    severity: 'warning',
    meaning: plain(
      'Whether the masterauth of the node is the password of the master could not be compared.',
      '未能比较该节点的 masterauth 是否就是主节点的密码。',
    ),
    text: {
      en: ({ node, master, masterWantsPassword, masterauthSet }) =>
        masterWantsPassword === null
          ? `The service could not read whether the master ${master} wants a password.`
          : masterauthSet === null
            ? `The master ${master} wants a password. The service could not read whether ${node} has it as masterauth.`
            : `The service could not compare the masterauth of ${node} with the password of the master.`,
      zh: ({ node, master, masterWantsPassword, masterauthSet }) =>
        masterWantsPassword === null
          ? `未能读到主节点 ${master} 是否要求密码。`
          : masterauthSet === null
            ? `主节点 ${master} 要求密码，但未能读到 ${node} 的 masterauth 是否就是该密码。`
            : `未能比较 ${node} 的 masterauth 与主节点的密码。`,
    },
    nextStep: setMasterauth,
  }),
  master_password_differs: row({
    severity: 'warning',
    meaning: plain(
      'The configured password is not the requirepass of the master. With an empty userpass Pika accepts any password at login, so a login proves nothing.',
      '本服务配置的密码不是主节点的 requirepass。userpass 为空时 Pika 接受任何密码登录，因此能登录并不说明什么。',
    ),
    text: {
      en: ({ master }) =>
        `The master ${master} let the service in, but the configured password is not its requirepass (Pika takes any password while userpass is empty). The service cannot check the nodes' masterauth against it.`,
      zh: ({ master }) =>
        `主节点 ${master} 允许本服务登录，但配置的密码不是它的 requirepass（userpass 为空时 Pika 接受任何密码），因此无法核对各节点的 masterauth。`,
    },
    nextStep: plain(
      'Put the real requirepass of the master into the credential.',
      '请在凭据中填写主节点真正的 requirepass。',
    ),
  }),
  sharding_mode: row({
    severity: 'error',
    meaning: plain(
      'instance-mode of a server is sharding. SLAVEOF has no effect in this mode.',
      '服务器的 instance-mode 是 sharding，在该模式下 SLAVEOF 不起作用。',
    ),
    text: {
      en: ({ node, master }) => `instance-mode of ${node || `the master ${master}`} is sharding.`,
      zh: ({ node, master }) => `${node || `主节点 ${master}`} 的 instance-mode 是 sharding。`,
    },
    nextStep: plain(
      'The service adds slaves in classic mode only. Name servers whose instance-mode is classic.',
      '本服务只支持 classic 模式，请改用 instance-mode 为 classic 的服务器。',
    ),
  }),
  rsync_parallel_too_high: row<{ value: number; version: string }>({
    severity: 'warning',
    meaning: plain(
      'max-rsync-parallel-num of a node is above 4. On 3.5.0 to 3.5.3 slaves are reported to die of it during a full sync. Later releases read it as 4.',
      '节点的 max-rsync-parallel-num 大于 4。据报告，3.5.0 至 3.5.3 的从节点会因此在全量同步中崩溃；更新的版本按 4 处理。',
    ),
    text: {
      en: ({ node, value, version }) =>
        `max-rsync-parallel-num of ${node} is ${value}. Nodes of ${version} are reported to die during a full sync with more than 4.`,
      zh: ({ node, value, version }) =>
        `${node} 的 max-rsync-parallel-num 是 ${value}。据报告，大于 4 时 ${version} 的节点会在全量同步中崩溃。`,
    },
    nextStep: {
      en: ({ node }) => `Run CONFIG SET max-rsync-parallel-num 4 on ${node} before the full sync.`,
      zh: ({ node }) => `请在全量同步之前在 ${node} 上执行 CONFIG SET max-rsync-parallel-num 4。`,
    },
  }),
  paths_apart: row<{ dbPath: string; dbSyncPath: string }>({
    severity: 'info',
    meaning: plain(
      'db-path and db-sync-path of a node begin with different folders. They must be on one filesystem, because the node renames the copy into place. The service cannot see mounts, so this is a hint and no proof.',
      '节点的 db-path 与 db-sync-path 的第一级目录不同。节点要用重命名把副本移到位，两者必须在同一文件系统上。本服务看不到挂载情况，因此这只是提示。',
    ),
    text: {
      en: ({ node, dbPath, dbSyncPath }) =>
        `On ${node} db-path is ${dbPath} and db-sync-path is ${dbSyncPath}. On two filesystems the full sync fails at its end, and the next full sync deletes the old data.`,
      zh: ({ node, dbPath, dbSyncPath }) =>
        `${node} 的 db-path 是 ${dbPath}，db-sync-path 是 ${dbSyncPath}。若不在同一文件系统上，全量同步会在最后一步失败，再次同步会删除原有数据。`,
    },
    nextStep: {
      en: ({ node, dbPath, dbSyncPath }) =>
        `Check on ${node} that \`df ${dbPath} ${dbSyncPath}\` shows one filesystem. If not, set db-sync-path to a folder beside db-path and restart the node.`,
      zh: ({ node, dbPath, dbSyncPath }) =>
        `请在 ${node} 上执行 \`df ${dbPath} ${dbSyncPath}\`，确认两者在同一文件系统上；否则请把 db-sync-path 设到 db-path 旁边并重启节点。`,
    },
  }),
  dump_path_apart: row<{ dbPath: string; dumpPath: string }>({
    severity: 'info',
    meaning: plain(
      'db-path and dump-path of the master begin with different folders. On one filesystem a dump links its files and takes milliseconds. On two filesystems each dump copies all data. The service cannot see mounts, so this is a hint and no proof.',
      '主节点的 db-path 与 dump-path 的第一级目录不同。在同一文件系统上，快照只建硬链接，几毫秒即可完成；否则每次快照都要复制全部数据。本服务看不到挂载情况，因此这只是提示。',
    ),
    text: {
      en: ({ master, dbPath, dumpPath }) =>
        `On the master ${master} db-path is ${dbPath} and dump-path is ${dumpPath}. On two filesystems each dump copies all data: it needs their size in dump-path, and nodes of 3.5.3 and 3.5.4 give up after 10 s.`,
      zh: ({ master, dbPath, dumpPath }) =>
        `主节点 ${master} 的 db-path 是 ${dbPath}，dump-path 是 ${dumpPath}。若不在同一文件系统上，每次快照都会复制全部数据：dump-path 需要同样大的空间，而 3.5.3 与 3.5.4 的节点等待 10 秒后就会放弃。`,
    },
    nextStep: {
      en: ({ master, dbPath, dumpPath }) =>
        `Check on ${master} that \`df ${dbPath} ${dumpPath}\` shows one filesystem. If not, set dump-path to a folder beside db-path and restart the master at a quiet time.`,
      zh: ({ master, dbPath, dumpPath }) =>
        `请在 ${master} 上执行 \`df ${dbPath} ${dumpPath}\`，确认两者在同一文件系统上；否则请把 dump-path 设到 db-path 旁边，并在空闲时重启主节点。`,
    },
  }),
  conn_rbuf_differs: row<{ value: number; masterValue: number }>({
    severity: 'warning',
    meaning: plain(
      'max-conn-rbuf-size differs. Pika asks for the same value on a master and its slaves: a command that is larger than the smaller buffer ends the connection of the slave.',
      'max-conn-rbuf-size 不同。Pika 要求主从节点取相同的值：大于较小缓冲区的命令会使从节点的连接中断。',
    ),
    text: {
      en: ({ node, master, value, masterValue }) =>
        `max-conn-rbuf-size is ${value} on ${node} and ${masterValue} on the master ${master}. A command that is larger than the smaller value ends the connection of the node.`,
      zh: ({ node, master, value, masterValue }) =>
        `max-conn-rbuf-size 在 ${node} 上是 ${value}，在主节点 ${master} 上是 ${masterValue}。大于较小值的命令会使该节点的连接中断。`,
    },
    nextStep: {
      en: ({ node, masterValue }) => `Set max-conn-rbuf-size of ${node} to ${masterValue}.`,
      zh: ({ node, masterValue }) => `请把 ${node} 的 max-conn-rbuf-size 设为 ${masterValue}。`,
    },
  }),
  blob_files_differ: row<{ masterUses: boolean }>({
    severity: 'info',
    meaning: plain(
      'enable-blob-files differs. The copy is whole all the same; later writes are laid out otherwise on the node, so the sizes of the two drift apart.',
      'enable-blob-files 不同。复制仍是完整的；之后的写入在节点上的存储方式不同，两边的数据大小会逐渐不同。',
    ),
    text: {
      en: ({ node, masterUses }) =>
        masterUses
          ? `The master uses blob files and ${node} does not. Later writes are laid out otherwise on the node.`
          : `${node} uses blob files and the master does not. Later writes are laid out otherwise on the node.`,
      zh: ({ node, masterUses }) =>
        masterUses
          ? `主节点使用 blob 文件而 ${node} 不使用，之后的写入在该节点上的存储方式不同。`
          : `${node} 使用 blob 文件而主节点不使用，之后的写入在该节点上的存储方式不同。`,
    },
    nextStep: plain(
      'Nothing to do for the full sync. Give both the same enable-blob-files if the node may become the master.',
      '全量同步无需处理。若该节点可能成为主节点，请让两边的 enable-blob-files 相同。',
    ),
  }),
  never_promoted: row({
    severity: 'info',
    meaning: plain(
      'slave-priority of the node is 0, so a sentinel never promotes the node.',
      '节点的 slave-priority 为 0，哨兵永远不会把它提升为主节点。',
    ),
    text: {
      en: ({ node }) => `slave-priority of ${node} is 0: a sentinel will never promote this node to master.`,
      zh: ({ node }) => `${node} 的 slave-priority 为 0，哨兵永远不会把它提升为主节点。`,
    },
    nextStep: {
      en: ({ node }) =>
        `Nothing to do if this is intended. Otherwise run CONFIG SET slave-priority 100 on ${node}.`,
      zh: ({ node }) => `若有意如此，无需操作；否则请在 ${node} 上执行 CONFIG SET slave-priority 100。`,
    },
  }),
  binlog_off: row({
    severity: 'error',
    meaning: plain(
      'write-binlog of the master is no: slaves get what it held when it made its dump, and nothing that is written later.',
      '主节点的 write-binlog 为 no：从节点只能得到快照时的数据，之后的写入不会到达。',
    ),
    text: {
      en: ({ master }) =>
        `write-binlog of the master ${master} is no: what clients write after the dump never reaches a slave.`,
      zh: ({ master }) => `主节点 ${master} 的 write-binlog 为 no：快照之后的写入不会到达任何从节点。`,
    },
    nextStep: {
      en: ({ master }) =>
        `Run CONFIG SET write-binlog yes on ${master}, and set it in its configuration file. Then plan again.`,
      zh: ({ master }) =>
        `请在 ${master} 上执行 CONFIG SET write-binlog yes，并写入其配置文件，然后重新计划。`,
    },
  }),
  commands_blacklisted: row<{ commands: readonly string[] }>({
    severity: 'error',
    meaning: plain(
      'The userblacklist of a server holds commands that the service needs, and the service did not log in with the requirepass. Pika refuses these commands to a login by userpass.',
      '服务器的 userblacklist 中有本服务所需的命令，而本服务登录所用的不是 requirepass。对用 userpass 登录的用户，Pika 会拒绝这些命令。',
    ),
    text: {
      en: ({ node, master, commands }, reader) =>
        `The userblacklist of ${node || `the master ${master}`} holds ${listed(
          commands.map((name) => name.toUpperCase()),
          reader,
        )}, and the configured password is not its requirepass. It would refuse the service.`,
      zh: ({ node, master, commands }, reader) =>
        `${node || `主节点 ${master}`} 的 userblacklist 中有 ${listed(
          commands.map((name) => name.toUpperCase()),
          reader,
        )}，而配置的密码不是它的 requirepass，它会拒绝本服务。`,
    },
    nextStep: plain(
      'Put the requirepass into the credential, or take these commands out of userblacklist.',
      '请在凭据中填写 requirepass，或从 userblacklist 中去掉这些命令。',
    ),
  }),
  master_busy: row<{ work: readonly MasterWork[] }>({
    severity: 'warning',
    meaning: plain(
      'The master is at work on something that a full sync must not meet. The expansion waits for its end.',
      '主节点正在做不能与全量同步同时进行的事，扩容任务会等它结束。',
    ),
    text: {
      en: ({ master, work }, reader) =>
        `The master ${master} is busy: ${listed(
          work.map((each) => masterWorkText(each, reader)),
          reader,
        )}. The service attaches no node before this has ended.`,
      zh: ({ master, work }, reader) =>
        `主节点 ${master} 正忙：${work.map((each) => masterWorkText(each, reader)).join('；')}。在此结束之前本服务不会挂载任何节点。`,
    },
    nextStep: plain(
      'Nothing to do. To make it quicker, end this work. A dead slave stays in the list for up to 180 s.',
      '无需操作。如需加快，请结束这些工作。已停掉的从节点最长在列表中保留 180 s。',
    ),
  }),

  binlog_retention_risk: row<BinlogGrowth>({
    severity: 'warning',
    meaning: plain(
      'More binlog is written during a full sync than the master keeps, and its version does not spare the binlog of a slave in full sync from purging (up to 3.4). Where it is not known how long a full sync takes: the binlog that is kept lasts less than a day.',
      '全量同步期间写入的 binlog 多于主节点保留的量，而该版本（至 3.4）清理时不会为全量同步中的从节点保留 binlog。在无法得知全量同步时长时：保留的 binlog 不足一天。',
    ),
    text: {
      en: (facts) =>
        `${growth(facts)} This version does not spare the binlog of a slave in full sync, so the master may purge the part that a node needs after its snapshot. The full sync of this node then begins again and again.`,
      zh: (facts) =>
        `${growthZh(facts)}该版本不会为全量同步中的从节点保留 binlog，主节点可能清掉节点在快照之后所需的部分，使其全量同步一再重来。`,
    },
    nextStep: {
      en: ({ master, neededFiles }, reader) =>
        `Let the service raise expire-logs-nums on ${master} to ${neededFiles} for the time of the expansion (${raisePermission.en({}, reader)}). Or raise it yourself, or run the expansion when less is written.`,
      zh: ({ master, neededFiles }, reader) =>
        `请允许本服务在扩容期间把 ${master} 的 expire-logs-nums 调高到 ${neededFiles}（${raisePermission.zh({}, reader)}），或自行调高，或在写入较少时执行。`,
    },
  }),
  binlog_retention_raised: row<BinlogGrowth>({
    severity: 'info',
    meaning: plain(
      'As binlog_retention_risk; the request permits the service to raise expire-logs-nums on the master for the time of the expansion.',
      '同 binlog_retention_risk；请求允许本服务在扩容期间调高主节点的 expire-logs-nums。',
    ),
    text: {
      en: (facts) =>
        `${growth(facts)} As the request permits, the service raises expire-logs-nums of ${facts.master} to ${facts.neededFiles} while nodes are synced, and puts it back afterwards.`,
      zh: (facts) =>
        `${growthZh(facts)}按请求的许可，本服务在节点同步期间把 ${facts.master} 的 expire-logs-nums 调高到 ${facts.neededFiles}，之后恢复原值。`,
    },
    nextStep: roomForLogs,
  }),
  binlog_disk_growth: row<BinlogGrowth>({
    severity: 'warning',
    meaning: plain(
      'More binlog is written during a full sync than the settings of the master keep. From 3.5.0 on nothing is purged while a slave is in full sync, so it piles up on disk.',
      '全量同步期间写入的 binlog 多于主节点设置保留的量。从 3.5.0 起，有从节点处于全量同步时不会清理，binlog 会堆积在磁盘上。',
    ),
    text: {
      en: (facts) =>
        `${growth(facts)} The version purges nothing while a slave is in full sync, so the log folder grows beyond the settings.`,
      zh: (facts) => `${growthZh(facts)}该版本在有从节点全量同步时不清理 binlog，日志目录会超出设置的大小。`,
    },
    nextStep: roomForLogs,
  }),
};
