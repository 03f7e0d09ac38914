/** The catalogue of what goes wrong in a full sync: a row per anomaly. */
import { readableBytes, readableSeconds } from './quantities.ts';
import { counted, type Language, plain, type Text } from './text.ts';

/**
 * `wait`: the node helps itself. `reattach`: NO ONE, wait until the master no longer lists the node and 4 s at
 * least, CLEARREPLICATIONID where the ids differ, SLAVEOF … force. `quarantine`: no retry helps, the node may hold
 * partial data; where it still copies it is detached. `halt`: somebody else acts on the node; a person decides.
 */
export const remedies = ['wait', 'reattach', 'quarantine', 'halt'] as const;
export type Remedy = (typeof remedies)[number];

export const remedyTexts: Readonly<Record<Remedy, Text>> = {
  wait: plain('wait: the node helps itself', '等待：节点会自行恢复'),
  reattach: plain(
    're-attach: NO ONE, wait until the master no longer lists the node, SLAVEOF … force',
    '重新挂载：NO ONE，等主节点不再列出它，再 SLAVEOF … force',
  ),
  quarantine: plain('quarantine: no retry helps', '隔离：重试无济于事'),
  halt: plain('halt: a person decides', '停下：由人决定'),
};

type Steps<F = unknown> = Text<F, readonly string[]>;

export interface AnomalyRow<F> {
  readonly title: Text;
  readonly cause: Text;
  readonly versions: Text;
  /** Numbers of the recordings of real servers that show it: for the documents, and whoever looks for proof. */
  readonly recordings: readonly string[];
  /** What is done about it, unless its rule says otherwise. */
  readonly remedy: Remedy;
  /** What was seen, with its numbers. */
  readonly text: Text<F>;
  /** While the remedy is under way: what the service does, and what keeps it from happening again. */
  readonly underWay: Steps<F & { readonly remedy: Remedy }>;
  /** After the service has given the node up: what a person can do. */
  readonly givenUp: Steps<F>;
  /** How a person knows that it is over. */
  readonly over: Text;
}

const row = <F = unknown>(anomaly: AnomalyRow<F>): AnomalyRow<F> => anomaly;
const steps = (en: readonly string[], zh: readonly string[]): Steps => ({ en: () => en, zh: () => zh });

const timesOut = (facts: { readonly timesOut?: boolean }): boolean => 'timesOut' in facts && facts.timesOut;

const allVersions = plain('all', '所有版本');
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** What is said once, at the first look, must not tell for ever that it has lasted for 0 s. */
const longEnough = (ms: number, words: (time: string) => string, otherwise = ''): string =>
  ms < 1000 ? otherwise : words(seconds(ms));

const theServiceRepeats = {
  en: 'The service detaches the node and repeats the full sync by itself.',
  zh: '本服务会断开该节点并自动重新全量同步。',
};
const retryOrSkip = {
  en: 'Then retry this node, or skip it.',
  zh: '然后重试该节点，或跳过它。',
};
const nobodyReads = {
  en: 'Let no client read from this node: it may hold partial data.',
  zh: '不要让客户端从该节点读取：其数据可能不完整。',
};
const connectionLogs = {
  en: 'Look into the logs of the node and of the master: what ends their connection?',
  zh: '请查看该节点和主节点的日志，找出连接断开的原因。',
};
const threePorts = {
  en: 'From the node, try to reach the master’s port, port + 2000 and port + 10001.',
  zh: '请在该节点上尝试连接主节点的端口、端口 + 2000 和端口 + 10001。',
};

interface Sizes {
  readonly receivedBytes: number | null;
  readonly snapshotBytes: number | null;
}

type Hung = (
  | { readonly as: 'still'; readonly stillForMs: number }
  | { readonly as: 'refused'; readonly waitsForMs: number; readonly bytesPerSecond: number }
  | { readonly as: 'no_headway'; readonly cameBytes: number; readonly inMs: number }
  | { readonly as: 'uncounted'; readonly waitsForMs: number }
  | { readonly as: 'between'; readonly forMs: number; readonly dbStates: Readonly<Record<string, string>> }
) &
  Sizes;

type Incomplete =
  | { readonly as: 'not_eligible' }
  | { readonly as: 'few_bytes'; readonly receivedBytes: number; readonly snapshotBytes: number }
  | { readonly as: 'small_tables'; readonly receivedBytes: number; readonly nodeTableBytesAfterSwap: number }
  | { readonly as: 'uncertain_dump'; readonly unseenMs: number }
  | { readonly as: 'offset_stands_still'; readonly forMs: number }
  | {
      readonly as: 'data_differ';
      readonly differences: number;
      readonly lookedAtKeys: number;
      readonly share: number | null;
    };

type Away =
  | { readonly as: 'hangs'; readonly forMs: number }
  | {
      readonly as: 'away';
      readonly forMs: number;
      readonly how: 'unreachable' | 'denied' | 'garbled' | null;
      readonly met: string | null;
    };

/** Findings of `files_complete` after which nothing can prove this copy any more. */
export const proofGoneWords = {
  dump_during_copy: { en: 'the master began another dump during the copy', zh: '复制期间主节点又开始做快照' },
  dump_gone: { en: 'its dump is no longer on the master', zh: '对应的快照已不在主节点上' },
  came_too_late: {
    en: 'a compaction replaced tables before the agent saw them',
    zh: '代理程序看到之前 compaction 已取代了表文件',
  },
} as const;
export type ProofGone = keyof typeof proofGoneWords;

const states = (dbStates: Readonly<Record<string, string>>): string =>
  Object.entries(dbStates)
    .map(([db, state]) => `${db}: ${state}`)
    .join(', ');

const percent = (share: number | null): string => (share === null ? '?' : `${(share * 100).toFixed(2)} %`);

const skippedHow = {
  unfinished: {
    en: 'The node is up, but its last full sync was not finished: it went on from its own offset.',
    zh: '该节点已连接，但上一次全量同步没有完成：它从自己的偏移量继续。',
  },
  never: {
    en: 'The node is up without any full sync: no DB was seen in WaitDBSync.',
    zh: '该节点未经全量同步就已连接：没有任何 DB 进入过 WaitDBSync。',
  },
  by_binlog: {
    en: 'The node is up, but holds its data in memory and not in tables: the data came by the binlog, not by a full sync.',
    zh: '该节点已连接，但数据在内存中而不在表文件中：数据来自 binlog，而不是全量同步。',
  },
} as const;

const awayWords = {
  unreachable: { en: 'the connection fails', zh: '连接失败' },
  denied: { en: 'it refuses the login', zh: '它拒绝登录' },
  garbled: { en: 'what answers there does not speak like a Pika', zh: '应答方不像 Pika' },
} as const;

function awayText({ how, met }: Extract<Away, { as: 'away' }>, language: Language): string {
  if (how === null) return '';
  const words = awayWords[how][language];
  return {
    en: `: ${words}${met === null ? '' : ` (${met})`}`,
    zh: `：${words}${met === null ? '' : `（${met}）`}`,
  }[language];
}

export const anomalyTable = {
  snapshot_superseded: row<{
    by: 'later_dump' | 'bgsave_during_copy' | 'other_full_sync';
    otherSlave: string | null;
  }>({
    title: plain('A newer dump replaced the dump that the node was copying', '正在复制的快照被新快照取代'),
    cause: plain(
      'The master made another dump (for another slave, or by BGSAVE, for example a nightly backup) while this node was still copying. Up to 3.5.4 and on 4.0.0 the node takes the newer dump for the end of the transfer, and opens an incomplete database.',
      '该节点复制期间主节点又生成了快照（为另一个从节点，或由 BGSAVE 触发，例如夜间备份）。3.5.4 及更早版本和 4.0.0 上，节点会把新快照误认为传输结束，并打开不完整的数据库。',
    ),
    versions: plain(
      '3.5.0 to 3.5.4 and 4.0.0 lose data; 3.5.5 and 4.0.1 throw the copy away and start again',
      '3.5.0 至 3.5.4 和 4.0.0 会丢失数据；3.5.5 和 4.0.1 会丢弃已复制的部分并重新开始',
    ),
    recordings: ['05', '26', '30', '32', '34', '41'],
    remedy: 'reattach',
    over: plain(
      'LASTSAVE of the master stays the same during the whole copy, and the node is `verified`.',
      '整个复制期间主节点的 LASTSAVE 不变，且该节点为 `verified`。',
    ),
    text: {
      en: ({ by, otherSlave }) =>
        ({
          later_dump:
            'LASTSAVE on the master changed while the node was copying: the master made a newer dump.',
          bgsave_during_copy: 'The master was seen making another dump while the node was copying.',
          other_full_sync: `Another slave${otherSlave === null ? '' : ` (${otherSlave})`} began a full sync while the node was copying. On this version this makes a new dump.`,
        })[by],
      zh: ({ by, otherSlave }) =>
        ({
          later_dump: '该节点复制期间主节点的 LASTSAVE 发生变化：主节点生成了新快照。',
          bgsave_during_copy: '该节点复制期间看到主节点又在生成快照。',
          other_full_sync: `该节点复制期间另一个从节点${otherSlave === null ? '' : `（${otherSlave}）`}开始全量同步，在该版本上这会产生新快照。`,
        })[by],
    },
    underWay: {
      en: ({ remedy }) => [
        remedy === 'wait'
          ? 'Nothing to do: on this version the node throws its copy away and starts again by itself.'
          : 'The service detaches the node, and repeats the full sync once nothing else uses the master’s dump.',
        'Keep backups (BGSAVE) and other tools away from this master until the expansion has ended.',
      ],
      zh: ({ remedy }) => [
        remedy === 'wait'
          ? '无需操作：该版本的节点会丢弃已复制的部分并自行重新开始。'
          : '本服务会断开该节点，待主节点的快照不再被占用后自动重新全量同步。',
        '在扩容任务结束之前，请不要在该主节点上运行备份（BGSAVE）和其他工具。',
      ],
    },
    givenUp: steps(
      [
        'Find what makes dumps on this master (a backup, a script, another slave), and stop it for the time of the expansion.',
        retryOrSkip.en,
        nobodyReads.en,
      ],
      [
        '请找出是什么在该主节点上生成快照（备份、脚本、其他从节点），并在扩容期间停掉它。',
        retryOrSkip.zh,
        nobodyReads.zh,
      ],
    ),
  }),
  hung_in_full_sync: row<Hung>({
    title: plain('The full sync no longer moves', '全量同步停滞不前'),
    cause: plain(
      'The node waits for files of a dump that no longer exists (a newer dump replaced it before its info file was copied), or the transfer is blocked. It would wait for ever, and the master keeps all its binlogs meanwhile.',
      '该节点在等待已不存在的快照文件（在复制 info 文件之前快照被取代），或传输受阻。它会一直等下去，期间主节点无法清理 binlog。',
    ),
    versions: plain(
      '3.5.0 to 3.5.4, 4.0.0; on others only with a blocked rsync port',
      '3.5.0 至 3.5.4、4.0.0；其他版本仅在 rsync 端口受阻时',
    ),
    recordings: ['06', '27', '16'],
    remedy: 'reattach',
    over: plain(
      'The received bytes of the node rise again, and later the node is `verified`.',
      '该节点收到的字节数重新上升，之后该节点为 `verified`。',
    ),
    text: {
      en: (facts) => {
        const { snapshotBytes } = facts;
        switch (facts.as) {
          case 'still':
            return `The node has been in WaitDBSync without receiving anything for ${seconds(facts.stillForMs)}.`;
          case 'refused':
            return `The node has been in WaitDBSync for ${seconds(facts.waitsForMs)}, has received ${facts.bytesPerSecond} bytes a second and no file: the master refuses its requests. The master’s dump failed or is missing: look at the master’s log, and at the free space of its dump-path.`;
          case 'no_headway':
            return `Only ${readableBytes(facts.cameBytes)}${snapshotBytes === null ? '' : ` of ${readableBytes(snapshotBytes)}`} came in the last ${readableSeconds(facts.inMs / 1000)}: at this pace the copy never ends.`;
          case 'uncounted':
            return `The node has been in WaitDBSync for ${readableSeconds(facts.waitsForMs / 1000)}. Its version counts no bytes, so the service cannot see whether the copy moves.`;
          case 'between':
            return `The node has been neither connected nor copying for ${seconds(facts.forMs)} (${states(facts.dbStates)}).`;
        }
      },
      zh: (facts) => {
        const { snapshotBytes } = facts;
        switch (facts.as) {
          case 'still':
            return `该节点处于 WaitDBSync，已有 ${seconds(facts.stillForMs)} 没有收到任何字节。`;
          case 'refused':
            return `该节点处于 WaitDBSync 已 ${seconds(facts.waitsForMs)}，每秒收到 ${facts.bytesPerSecond} 字节而没有任何文件：主节点在拒绝它的请求。主节点的快照失败或缺失：请查看主节点日志和 dump-path 的剩余空间。`;
          case 'no_headway':
            return `最近 ${readableSeconds(facts.inMs / 1000)} 只收到 ${readableBytes(facts.cameBytes)}${snapshotBytes === null ? '' : `（共 ${readableBytes(snapshotBytes)}）`}：照此速度复制永远不会结束。`;
          case 'uncounted':
            return `该节点处于 WaitDBSync 已 ${readableSeconds(facts.waitsForMs / 1000)}。该版本不统计字节数，本服务无法看出复制是否在进行。`;
          case 'between':
            return `该节点已有 ${seconds(facts.forMs)} 既未连接也未复制（${states(facts.dbStates)}）。`;
        }
      },
    },
    underWay: steps(
      [
        'The service repeats the full sync by itself. SLAVEOF to the same master does nothing in this state: NO ONE is needed first.',
        'If it hangs again: check that the node reaches the master on its port, port + 2000 and port + 10001.',
      ],
      [
        '本服务会自动重新全量同步。在此状态下对同一主节点执行 SLAVEOF 不起作用，须先执行 NO ONE。',
        '若再次停滞：请确认该节点能连接主节点的端口、端口 + 2000 和端口 + 10001。',
      ],
    ),
    givenUp: {
      en: ({ as }) => [
        threePorts.en,
        'Look into the node’s log for rsync errors, and into the master’s log for the dump (bgsave).',
        ...(as === 'uncounted'
          ? [
              'If copies take longer here, raise the time that the policy allows for a busy master (masterBusyTimeoutMs).',
            ]
          : []),
        retryOrSkip.en,
      ],
      zh: ({ as }) => [
        threePorts.zh,
        '请在该节点的日志中查找 rsync 错误，在主节点的日志中查找快照（bgsave）。',
        ...(as === 'uncounted'
          ? ['若此处的复制确实更久，请调大策略中等待主节点的时间（masterBusyTimeoutMs）。']
          : []),
        retryOrSkip.zh,
      ],
    },
  }),
  reply_missed: row<{
    readonly dbs: readonly string[];
    readonly forMs: number;
    readonly otherDatabaseConnected: boolean;
    readonly helpsItselfWithinMs: number;
  }>({
    title: plain('The node has missed a reply of its master', '节点错过了主节点的应答'),
    cause: plain(
      'The reply came before the node had noted that it waits for a reply. The node then waits for ever. With one DB the node closes its idle connection after 60 s and is connected after 64 to 85 s. While another DB is connected it never is.',
      '应答早于节点记下“正在等待”，节点因此一直等待。只有一个 DB 时，60 秒后空闲连接关闭，64 到 85 秒后重新连接；另一个 DB 已连接时则永远不会。',
    ),
    versions: plain('3.5.3 and newer', '3.5.3 及更高版本'),
    recordings: ['49'],
    remedy: 'wait',
    over: plain(
      'The node leaves WaitReply and copies; later it is `verified`.',
      '该节点离开 WaitReply 并开始复制，之后为 `verified`。',
    ),
    text: {
      en: ({ dbs, forMs, otherDatabaseConnected, helpsItselfWithinMs }) =>
        `${dbs.join(', ')} of the node has waited for a reply of the master for ${seconds(forMs)}. ${
          otherDatabaseConnected
            ? 'Another DB is connected, so the node does not help itself.'
            : forMs < helpsItselfWithinMs
              ? `It should help itself within ${seconds(helpsItselfWithinMs)}.`
              : 'It should have helped itself by now.'
        }`,
      zh: ({ dbs, forMs, otherDatabaseConnected, helpsItselfWithinMs }) =>
        `节点的 ${dbs.join('、')} 等待主节点应答已 ${seconds(forMs)}。${
          otherDatabaseConnected
            ? '另一个 DB 已连接，节点无法自行恢复。'
            : forMs < helpsItselfWithinMs
              ? `应在 ${seconds(helpsItselfWithinMs)} 内自行恢复。`
              : '早该自行恢复。'
        }`,
    },
    underWay: {
      en: ({ remedy }) => [
        remedy === 'wait'
          ? 'Nothing to do: the service waits as long as the node helps itself.'
          : theServiceRepeats.en,
      ],
      zh: ({ remedy }) => [remedy === 'wait' ? '无需操作：本服务等待节点自行恢复。' : theServiceRepeats.zh],
    },
    givenUp: steps(
      ['Look at the load of the node’s host: a busy host makes this likelier.', retryOrSkip.en],
      ['请检查节点主机的负载：主机越忙越容易出现。', retryOrSkip.zh],
    ),
  }),
  copy_not_opened: row<Sizes>({
    title: plain('The node cannot open its copy', '节点无法打开副本'),
    cause: plain(
      'db-sync-path lies on another mount than db-path, so that Pika cannot move the copy into place. The old data lie in db/<db>_bak. The first read ends the process, and the next full sync deletes the old data.',
      'db-sync-path 与 db-path 不在同一挂载点，Pika 无法把副本移动到位。旧数据在 db/<db>_bak 中；第一次读取会使进程退出，下一次全量同步会删除旧数据。',
    ),
    versions: allVersions,
    recordings: ['50'],
    remedy: 'quarantine',
    over: plain(
      'db-sync-path and db-path lie on one mount (`df` shows it), and after a retry the node is `verified`.',
      'db-sync-path 与 db-path 在同一挂载点（`df` 可见），重试后该节点为 `verified`。',
    ),
    text: {
      en: ({ receivedBytes }) =>
        `${readableBytes(receivedBytes ?? 0)} of the snapshot had come at the last look before the node’s state became Error: the node did not open its copy.`,
      zh: ({ receivedBytes }) =>
        `状态变为 Error 之前的最后一次查看时已收到快照的 ${readableBytes(receivedBytes ?? 0)}：节点没有打开副本。`,
    },
    underWay: steps(
      ['The service detaches the node, and does not attach it again by itself.'],
      ['本服务会断开该节点，且不会自动重新挂载。'],
    ),
    givenUp: steps(
      [
        'Do not read from this node, and do not attach it again. Stop its process; save db/<db>_bak if the old data matter.',
        'Put db-sync-path on the same mount as db-path, and start the node.',
        retryOrSkip.en,
      ],
      [
        '不要读取该节点，也不要再次挂载。停止其进程；如果旧数据重要，请保存 db/<db>_bak。',
        '把 db-sync-path 放到与 db-path 相同的挂载点，并启动节点。',
        retryOrSkip.zh,
      ],
    ),
  }),
  binlog_not_applied: row<{ readonly forMs: number; readonly flaps: number }>({
    title: plain('The node no longer applies the binlog of its master', '节点不再应用主节点的 binlog'),
    cause: plain(
      'The node cannot parse a command of the binlog: PSETEX on 4.0.1, or SETEX and SET EX with an expiry after 2038-01-19 on 4.0.0 and 4.0.1. Its link goes up and down, its offset stands, and the lag is small. Another full sync does not help before the node was restarted.',
      '节点无法解析 binlog 中的某条命令：4.0.1 上的 PSETEX，或 4.0.0 与 4.0.1 上过期时间晚于 2038-01-19 的 SETEX、SET EX。链路时断时续，偏移量不动，落后量很小。重启节点之前，再做全量同步没有用。',
    ),
    versions: plain('4.0.0 and 4.0.1', '4.0.0 和 4.0.1'),
    recordings: ['45'],
    remedy: 'quarantine',
    over: plain(
      'The offset of the node passes the place where it stood, and the node is `verified`.',
      '该节点的偏移量越过停住的位置，且该节点为 `verified`。',
    ),
    text: {
      en: ({ forMs, flaps }) =>
        `The node’s binlog offset has stood for ${seconds(forMs)} while its master went on${flaps === 0 ? '' : `, and its link went down ${counted(flaps, 'time')} meanwhile`}.`,
      zh: ({ forMs, flaps }) =>
        `主节点继续写入，而该节点的 binlog 偏移量已 ${seconds(forMs)} 没有变化${flaps === 0 ? '' : `，期间链路断开 ${flaps} 次`}。`,
    },
    underWay: steps(
      ['The service detaches the node: another full sync does not help.'],
      ['本服务会断开该节点：再做全量同步没有用。'],
    ),
    givenUp: steps(
      [
        'Do not use these commands on 4.0: use SET and EXPIREAT instead.',
        'Run BGSAVE on the master, restart the node’s process, then retry the node.',
        'Check the other slaves of this master: the same command stops them all.',
      ],
      [
        '在 4.0 上不要使用这些命令：请改用 SET 加 EXPIREAT。',
        '在主节点执行 BGSAVE，重启该节点的进程，然后重试该节点。',
        '检查该主节点的其他从节点：同一条命令会使它们全部停止。',
      ],
    ),
  }),
  died_on_partial_database: row<{ forMs: number }>({
    title: plain('The node died while it opened an incomplete database', '节点打开不完整的数据库后崩溃'),
    cause: plain(
      'A newer dump cut the copy short, and RocksDB could not open the files. The node dies again at every start: its db directory holds the half-copied database, its former database lies beside it in the directory ending in _bak.',
      '新快照使复制中断，RocksDB 无法打开这些文件。该节点每次启动都会再次崩溃：db 目录里是复制了一半的数据库，原来的数据库在旁边以 _bak 结尾的目录中。',
    ),
    versions: plain('3.5.0 to 3.5.4, 4.0.0', '3.5.0 至 3.5.4、4.0.0'),
    recordings: ['07', '28', '34'],
    remedy: 'quarantine',
    over: plain(
      'The process stays up with an empty database, and after a retry the node is `verified`.',
      '进程以空库持续运行，重试后该节点为 `verified`。',
    ),
    text: {
      en: ({ forMs }) =>
        `The node stopped answering${longEnough(forMs, (time) => ` ${time} ago`)}, after its snapshot had been superseded.`,
      zh: ({ forMs }) => `快照被取代之后，该节点停止了应答${longEnough(forMs, (time) => `（${time} 前）`)}。`,
    },
    underWay: steps(
      ['The service waits whether the node comes back. A node that died here does not come back by itself.'],
      ['本服务会等待该节点恢复。在此崩溃的节点不会自行恢复。'],
    ),
    givenUp: steps(
      [
        'On the node: stop the process, move its db directory (and dbsync) away, and start it empty. Its former data lie in db/<db>_bak.',
        retryOrSkip.en,
      ],
      [
        '请在该节点上停止进程，移走 db 目录（及 dbsync），再以空库启动。原来的数据在 db/<db>_bak 中。',
        retryOrSkip.zh,
      ],
    ),
  }),
  full_sync_skipped: row<{ as: keyof typeof skippedHow }>({
    title: plain('The node is up without a full sync', '节点未经全量同步就已连接'),
    cause: plain(
      'The node went straight to incremental replication. Either it already knew the master’s replication id (wiped by hand, or killed during its first full sync), or it threw its copy away and went on from its own offset. Data outside the master’s binlog are missing.',
      '该节点直接进入了增量同步：它已有该主节点的 replication id（数据被手工清空，或首次全量同步时被杀掉），或它丢弃了已复制的部分并从自己的偏移量继续。主节点 binlog 之外的数据都缺失。',
    ),
    versions: allVersions,
    recordings: ['10b', '12b', '30', '31'],
    remedy: 'reattach',
    over: plain(
      'Every DB of the node was seen in WaitDBSync, and the node is `verified`.',
      '该节点的每个 DB 都进入过 WaitDBSync，且该节点为 `verified`。',
    ),
    text: {
      en: ({ as }) => skippedHow[as].en,
      zh: ({ as }) => skippedHow[as].zh,
    },
    underWay: steps(
      ['The service detaches the node and attaches it again with force, which makes a full sync.'],
      ['本服务会断开该节点并强制重新挂载，从而进行全量同步。'],
    ),
    givenUp: steps(
      [
        'The node skips its full sync again and again: stop its process, empty its db and log directories, and start it.',
        retryOrSkip.en,
        nobodyReads.en,
      ],
      ['该节点一再跳过全量同步：请停止其进程，清空 db 和日志目录，再启动。', retryOrSkip.zh, nobodyReads.zh],
    ),
  }),
  refused_for_good: row<{ noConnectForMs: number }>({
    title: plain(
      'The node gets no connection to its master, although the master answers the service',
      '节点无法与主节点建立连接，而主节点对本服务有应答',
    ),
    cause: plain(
      'The node cannot reach port + 2000 of its master, or the master refuses the node. A refusal comes from a wrong or missing masterauth, another number of databases, another replication id or an incompatible version. Pika shows NoConnect in both cases. A node that was refused never retries.',
      '节点连不上主节点的端口 + 2000，或主节点拒绝了它。拒绝的原因是 masterauth 错误或缺失、databases 数量不同、replication id 不同，或版本不兼容。两种情况下 Pika 都只显示 NoConnect。被拒绝的节点不会再试。',
    ),
    versions: allVersions,
    recordings: ['13', '15', '16', '21'],
    remedy: 'reattach',
    over: plain(
      'The node leaves NoConnect; later it is `verified`.',
      '该节点离开 NoConnect，之后为 `verified`。',
    ),
    text: {
      en: ({ noConnectForMs }) =>
        `The node has shown NoConnect for ${seconds(noConnectForMs)} although the master answers the service: the master refuses the node, or the node cannot reach it.`,
      zh: ({ noConnectForMs }) =>
        `该节点显示 NoConnect 已 ${seconds(noConnectForMs)}，而主节点对本服务有应答：主节点拒绝了它，或它连不上主节点。`,
    },
    underWay: steps(
      [
        theServiceRepeats.en,
        'Meanwhile look into the node’s log for “Invalid masterauth”, “inconsistent with master” or “replicationid”.',
      ],
      [
        theServiceRepeats.zh,
        '同时请在该节点的日志中查找“Invalid masterauth”、“inconsistent with master”或“replicationid”。',
      ],
    ),
    givenUp: steps(
      [
        'Look into the node’s log for “Invalid masterauth”, “inconsistent with master” or “replicationid”, and correct the setting.',
        threePorts.en,
        'Then retry the node: a setting alone changes nothing until the node is attached again.',
      ],
      [
        '请在该节点的日志中查找“Invalid masterauth”、“inconsistent with master”或“replicationid”，并改正设置。',
        threePorts.zh,
        '然后重试该节点：只改设置而不重新挂载不会生效。',
      ],
    ),
  }),
  master_unreachable: row<{ noConnectForMs: number }>({
    title: plain('The node cannot reach the master', '节点连不上主节点'),
    cause: plain(
      'The node shows NoConnect and the master does not list it. Either the address of the master is wrong from the node’s place, or a firewall blocks the master’s port, port + 2000 or port + 10001.',
      '该节点显示 NoConnect，主节点也没有列出它：从该节点所在位置看主节点的地址不对，或防火墙挡住了主节点的端口、端口 + 2000 或端口 + 10001。',
    ),
    versions: allVersions,
    recordings: ['14'],
    remedy: 'reattach',
    over: plain(
      'The node leaves NoConnect and receives bytes; later it is `verified`.',
      '该节点离开 NoConnect 并收到字节，之后为 `verified`。',
    ),
    text: {
      en: ({ noConnectForMs }) =>
        `The node has shown NoConnect for ${seconds(noConnectForMs)}, and the master does not answer.`,
      zh: ({ noConnectForMs }) => `该节点显示 NoConnect 已 ${seconds(noConnectForMs)}，主节点也没有应答。`,
    },
    underWay: steps(
      ['The service attaches the node again once the master answers.', threePorts.en],
      ['主节点恢复应答后，本服务会重新挂载该节点。', threePorts.zh],
    ),
    givenUp: steps(
      [
        threePorts.en,
        'If nodes see the master under another address than the service does, give this address as seenAs (seen-as on the command line) in a new request.',
        retryOrSkip.en,
      ],
      [
        threePorts.zh,
        '若各节点看到的主节点地址与本服务不同，请在新请求中用 seenAs（命令行为 seen-as）写明。',
        retryOrSkip.zh,
      ],
    ),
  }),
  master_still_syncing: row<{ seenAt: number }>({
    title: plain('The master is itself a slave in full sync', '主节点自己仍在全量同步'),
    cause: plain(
      'A node that joins a master which is still syncing gets the dump of an empty database and says up with no keys.',
      '挂到仍在同步的主节点上的节点会得到空库的快照，显示 up 而没有任何 key。',
    ),
    versions: allVersions,
    recordings: ['20'],
    remedy: 'reattach',
    over: plain(
      'master_link_status of the master is up, no DB of it is in full sync, and the node is `verified`.',
      '主节点自身的 master_link_status 为 up，其 DB 都不在全量同步中，且该节点为 `verified`。',
    ),
    text: plain(
      'The master was itself a slave with its link down while this node was attached.',
      '该节点挂载期间，主节点本身是从节点且其链路断开。',
    ),
    underWay: steps(
      ['The service repeats the full sync once the master’s own link is up.'],
      ['主节点自己的链路恢复后，本服务会重新全量同步。'],
    ),
    givenUp: steps(
      ['Wait until the master’s own link is up and it has its data.', retryOrSkip.en, nobodyReads.en],
      ['请等待主节点自己的链路恢复且数据完整。', retryOrSkip.zh, nobodyReads.zh],
    ),
  }),
  up_but_not_listed: row<{ as: 'not_listed' | 'not_syncing'; forMs: number }>({
    title: plain(
      'The node says up, but the master does not list it in binlog sync',
      '节点显示 up，但主节点没有将其列为增量同步',
    ),
    cause: plain(
      'The master dropped the node (for example when it swapped its own database). The node noticed nothing and gets no increments.',
      '主节点丢掉了该节点（例如在切换自己的数据库时），而该节点没有察觉，收不到增量。',
    ),
    versions: allVersions,
    recordings: ['20'],
    remedy: 'reattach',
    over: plain(
      'INFO replication of the master lists the node in binlog sync on every DB, and the node is `verified`.',
      '主节点的 INFO replication 列出该节点，且每个 DB 都在增量同步中；该节点为 `verified`。',
    ),
    text: {
      en: ({ as, forMs }) =>
        as === 'not_syncing'
          ? `The node says up, but for ${seconds(forMs)} the master has listed it as "not syncing".`
          : `The node says up, but for ${seconds(forMs)} the master has not listed it.`,
      zh: ({ as, forMs }) =>
        as === 'not_syncing'
          ? `该节点显示 up，但主节点将其列为“not syncing”已 ${seconds(forMs)}。`
          : `该节点显示 up，但主节点已有 ${seconds(forMs)} 没有列出它。`,
    },
    underWay: steps(['The service attaches the node again.'], ['本服务会重新挂载该节点。']),
    givenUp: steps(
      [
        'If the master lists the node under another address, give this address as seenAs (seen-as on the command line) in a new request.',
        connectionLogs.en,
        retryOrSkip.en,
      ],
      [
        '若主节点以另一个地址列出该节点，请在新请求中用 seenAs（命令行为 seen-as）写明。',
        connectionLogs.zh,
        retryOrSkip.zh,
      ],
    ),
  }),
  up_but_incomplete: row<Incomplete>({
    title: plain('The node is up, but data are missing', '节点已连接，但数据不完整'),
    cause: plain(
      'Fewer bytes came than the snapshot held, or the comparison with the master found differences that do not settle.',
      '收到的字节少于快照，或与主节点的数据比对发现了持续存在的差异。',
    ),
    versions: plain('3.5.0 to 3.5.4 and 4.0.0 above all', '主要是 3.5.0 至 3.5.4 和 4.0.0'),
    recordings: ['05', '26', '41'],
    remedy: 'reattach',
    over: plain(
      'A new comparison finds no difference, and the node is `verified`.',
      '新的数据比对没有发现差异，且该节点为 `verified`。',
    ),
    text: {
      en: (facts) => {
        switch (facts.as) {
          case 'not_eligible':
            return 'The node is up, but says itself that it began a full sync and did not finish it (is_eligible_for_master_election:false).';
          case 'few_bytes':
            return `The node is up after ${readableBytes(facts.receivedBytes)} of a snapshot of ${readableBytes(facts.snapshotBytes)} had come.`;
          case 'small_tables':
            return `The node opened tables of ${readableBytes(facts.nodeTableBytesAfterSwap)} after ${readableBytes(facts.receivedBytes)} had come: it found its copy incomplete and began an empty database.`;
          case 'uncertain_dump':
            return `The service did not see the master for ${(facts.unseenMs / 1000).toFixed(1)} s around its dump: the master may have replaced an older dump while the node was copying it.`;
          case 'offset_stands_still':
            return `The node says up, but its binlog offset has not moved for ${seconds(facts.forMs)} and lies behind the master's.`;
          case 'data_differ':
            return `The comparison found ${counted(facts.differences, 'difference')} among ${counted(facts.lookedAtKeys, 'key')} (${percent(facts.share)} of all).`;
        }
      },
      zh: (facts) => {
        switch (facts.as) {
          case 'not_eligible':
            return '该节点已连接，但自称有一次全量同步已开始而未完成（is_eligible_for_master_election:false）。';
          case 'few_bytes':
            return `快照有 ${readableBytes(facts.snapshotBytes)}，只收到 ${readableBytes(facts.receivedBytes)} 该节点就已连接。`;
          case 'small_tables':
            return `收到 ${readableBytes(facts.receivedBytes)} 之后，该节点打开的表只有 ${readableBytes(facts.nodeTableBytesAfterSwap)}：它发现副本不完整，改用了空数据库。`;
          case 'uncertain_dump':
            return `主节点生成快照前后有 ${(facts.unseenMs / 1000).toFixed(1)} s 本服务没有看到它：可能在复制期间旧快照已被取代。`;
          case 'offset_stands_still':
            return `该节点显示 up，但其 binlog 偏移量已有 ${seconds(facts.forMs)} 没有前进，且落后于主节点。`;
          case 'data_differ':
            return `数据比对在 ${facts.lookedAtKeys} 个 key（占全部的 ${percent(facts.share)}）中发现 ${facts.differences} 处差异。`;
        }
      },
    },
    underWay: steps([theServiceRepeats.en, nobodyReads.en], [theServiceRepeats.zh, nobodyReads.zh]),
    givenUp: steps(
      [
        nobodyReads.en,
        'Look at the evidence and at the differences of this node: do they lie in keys of one command, or of one time?',
        'A retry helps only if the cause is gone. Otherwise skip this node.',
      ],
      [
        nobodyReads.zh,
        '请查看该节点的证据和差异：它们是否集中在某类命令或某段时间写入的 key 上？',
        '只有原因消除后重试才有用，否则请跳过该节点。',
      ],
    ),
  }),
  files_unproven: row<{ as: ProofGone; db: string }>({
    title: plain('The agents can no longer prove the files of the copy', '代理程序已无法证明副本的文件'),
    cause: plain(
      'The policy requires the proof of the agents (`requireAgent`). What proves the copy was gone before they saw it: the master made another dump, or a compaction on the node replaced tables.',
      '策略要求代理程序的证明（`requireAgent`），但在代理程序看到之前证据已经消失：主节点又做了快照，或节点上的 compaction 取代了表文件。',
    ),
    versions: allVersions,
    recordings: [],
    remedy: 'reattach',
    over: plain(
      'The agent saw every file of the next copy, and the node is `verified`. Or you skipped the node with a reason.',
      '代理程序看到了下一次复制的全部文件，且该节点为 `verified`；或您已说明理由并跳过该节点。',
    ),
    text: {
      en: ({ as, db }) =>
        `The copy of ${db} agrees by INFO and data, and the agents cannot prove its files: ${proofGoneWords[as].en}.`,
      zh: ({ as, db }) =>
        `${db} 的副本在 INFO 与数据上均一致，但代理程序无法证明其文件：${proofGoneWords[as].zh}。`,
    },
    underWay: steps(
      ['The service copies the node once more. Keep backups (BGSAVE) away from the master meanwhile.'],
      ['本服务会再复制一次该节点。期间不要在主节点上做备份 (BGSAVE)。'],
    ),
    givenUp: steps(
      [
        'Keep backups (BGSAVE) and heavy writes away from the master until the full sync has ended.',
        'The data of the node agreed with the master. To accept that as proof, skip the node, or leave `requireAgent` out of a new request.',
        retryOrSkip.en,
      ],
      [
        '全量同步结束之前，不要在主节点上做备份 (BGSAVE)，并避免大量写入。',
        '该节点的数据与主节点一致。若认可这一点，可跳过该节点，或在新请求中去掉 `requireAgent`。',
        retryOrSkip.zh,
      ],
    ),
  }),
  sync_loop: row<{
    as: 'since_attach' | 'of_one_dump' | 'too_many_bytes';
    fullSyncs: number;
    receivedBytes?: number;
  }>({
    title: plain('The node starts one full sync after the other', '节点一次又一次地开始全量同步'),
    cause: plain(
      'The binlog that the node needs after each copy is purged before the copy ends, each copy is superseded, or the node’s connection to the master breaks during each copy.',
      '每次复制完成之前所需的 binlog 已被清理，或每次快照都被取代，或每次复制中途与主节点的连接都会断开。',
    ),
    versions: allVersions,
    recordings: [],
    remedy: 'quarantine',
    over: plain(
      'One copy ends before the binlog is purged, and the node is `verified`.',
      '一次复制在 binlog 被清理之前完成，且该节点为 `verified`。',
    ),
    text: {
      en: (facts) =>
        facts.as === 'too_many_bytes'
          ? `The node has received ${readableBytes(facts.receivedBytes ?? 0)} in ${facts.fullSyncs} copies since one SLAVEOF. Twice the snapshot is the limit, and no copy held.`
          : facts.as === 'of_one_dump'
            ? `The node has begun ${facts.fullSyncs} copies of one dump, and none held.`
            : `The node has begun ${facts.fullSyncs} full syncs since one SLAVEOF, and none held.`,
      zh: (facts) =>
        facts.as === 'too_many_bytes'
          ? `一次 SLAVEOF 之后，该节点在 ${facts.fullSyncs} 次复制中共收到 ${readableBytes(facts.receivedBytes ?? 0)}，已达到快照的两倍这一上限，没有一次成功。`
          : facts.as === 'of_one_dump'
            ? `该节点对同一快照已开始 ${facts.fullSyncs} 次复制，没有一次成功。`
            : `一次 SLAVEOF 之后该节点已开始 ${facts.fullSyncs} 次全量同步，没有一次成功。`,
    },
    underWay: steps(
      ['The service detaches the node, so that it no longer loads the master.'],
      ['本服务会断开该节点，使其不再占用主节点。'],
    ),
    givenUp: steps(
      [
        'Raise expire-logs-nums on the master, or the throttle on the node, so that the copy ends before the binlog is purged.',
        'Find what makes dumps on this master (LASTSAVE).',
        `If no other dump was made: ${connectionLogs.en.charAt(0).toLowerCase()}${connectionLogs.en.slice(1)}`,
        retryOrSkip.en,
      ],
      [
        '请调大主节点的 expire-logs-nums 或该节点的限速，使复制在 binlog 被清理之前完成。',
        '请找出是什么在该主节点上生成快照（LASTSAVE）。',
        `若没有其他快照：${connectionLogs.zh}`,
        retryOrSkip.zh,
      ],
    ),
  }),
  copy_begun_again: row<{ node: string; fullSyncs: number; limit: number } & Sizes>({
    title: plain('The node begins its copy again without a newer dump', '没有新快照，节点却重新开始复制'),
    cause: plain(
      'The connection between the node and the master broke during the copy, or the node heard nothing from the master for 20 s. Pika then copies everything from the first byte.',
      '复制期间与主节点的连接断开，或节点 20 s 没有收到主节点的消息；Pika 会从第一个字节重新复制。',
    ),
    versions: allVersions,
    recordings: [],
    remedy: 'wait',
    over: plain(
      'One copy ends without another beginning, and the node is `verified`.',
      '一次复制完成而没有重新开始，且该节点为 `verified`。',
    ),
    text: {
      en: ({ node, fullSyncs, limit, receivedBytes, snapshotBytes }) =>
        `${node} has begun its copy ${fullSyncs} times, and no newer dump was made. It has received ${readableBytes(receivedBytes ?? 0)}${snapshotBytes === null ? '' : ` for a snapshot of ${readableBytes(snapshotBytes)}`}. The service stops it if it begins more than ${limit} copies.`,
      zh: ({ node, fullSyncs, limit, receivedBytes, snapshotBytes }) =>
        `没有新快照，${node} 却已开始 ${fullSyncs} 次复制，共收到 ${readableBytes(receivedBytes ?? 0)}${snapshotBytes === null ? '' : `（快照 ${readableBytes(snapshotBytes)}）`}。若超过 ${limit} 次，本服务会停止它。`,
    },
    underWay: steps(
      [
        'Nothing to do: the service follows the new copy, and stops a node that begins its copy too often.',
        'If it happens again: look into the logs of node and master for what ends their connection.',
      ],
      [
        '无需操作：本服务会继续跟踪新的复制，并停止过于频繁重来的节点。',
        '若再次发生：请查看该节点和主节点的日志，找出连接断开的原因。',
      ],
    ),
    givenUp: steps([connectionLogs.en, retryOrSkip.en], [connectionLogs.zh, retryOrSkip.zh]),
  }),
  copy_without_end: row<
    Sizes & {
      node: string;
      /** The most that the dump can hold; null = it was made before anybody watched. */
      snapshotBytesAtMost: number | null;
      masterBytes: number;
      /** The way of the bytes tells that its requests time out; absent = not noted. */
      timesOut?: boolean;
    }
  >({
    title: plain('The node starts its copy again and again', '节点一遍又一遍地复制同样的文件'),
    cause: plain(
      'The node received more bytes than the snapshot holds, and its copy has not ended. A node that cannot write a file deletes this file and copies it again at once, without end. The usual cause is a full disk of the node. The other cause is a network that is too slow: the node sends each request again after rsync-timeout-ms, and after ten requests it starts the file again.',
      '收到的字节已多于快照，复制仍未结束。文件写不下时，节点会删除该文件并立即重新复制，永无止境。通常是节点磁盘已满；也可能是网络太慢：节点在 rsync-timeout-ms 之后重发请求，十次之后从头复制该文件。',
    ),
    versions: plain('3.5.0 and newer', '3.5.0 及以后'),
    recordings: ['43'],
    remedy: 'quarantine',
    over: plain(
      'The disk of the node has room for the snapshot beside the old data, and after a retry the node is `verified`.',
      '节点磁盘除旧数据外还能放下一份快照，重试后该节点为 `verified`。',
    ),
    text: {
      en: ({ node, receivedBytes, snapshotBytes, snapshotBytesAtMost, masterBytes, ...facts }) =>
        `${node} has received ${readableBytes(receivedBytes ?? 0)} for ${
          snapshotBytesAtMost === null
            ? `a dump of unknown size (the master holds ${readableBytes(masterBytes)} now; BGSAVE on the master makes a dump of known size)`
            : `a snapshot of ${readableBytes(snapshotBytes ?? snapshotBytesAtMost)}`
        }, and still copies.${
          timesOut(facts)
            ? ''
            : ` The usual cause is a full disk: look at the free space of db-sync-path and db-path on ${node}.`
        }`,
      zh: ({ node, receivedBytes, snapshotBytes, snapshotBytesAtMost, masterBytes, ...facts }) =>
        `${node} 已收到 ${readableBytes(receivedBytes ?? 0)}，而${
          snapshotBytesAtMost === null
            ? `快照大小未知（主节点现有 ${readableBytes(masterBytes)}；在主节点上执行 BGSAVE 可得到大小已知的快照）`
            : `快照只有 ${readableBytes(snapshotBytes ?? snapshotBytesAtMost)}`
        }，复制仍在继续。${
          timesOut(facts) ? '' : `通常是磁盘已满：请查看 ${node} 上 db-sync-path 和 db-path 的剩余空间。`
        }`,
    },
    underWay: steps(
      ['The service detaches the node (SLAVEOF NO ONE), so that it no longer loads the master’s network.'],
      ['本服务会断开该节点（SLAVEOF NO ONE），使其不再占用主节点的网络。'],
    ),
    givenUp: steps(
      [
        'On the node, look at the free space of db-sync-path and db-path (`df -h`). The copy needs the size of the snapshot beside the old data.',
        'On the node, look into pika.INFO in log-path: “No space left on device” means a full disk. “rsync timeout” means a slow network: lower throttle-bytes-per-second or raise rsync-timeout-ms.',
        'If the disk has room, look whether db-sync-path exists and can be written: its rights, and whether its mount is read-only.',
        'Remove the cause, then retry the node; or skip it.',
      ],
      [
        '请在该节点上查看 db-sync-path 和 db-path 的剩余空间（`df -h`）。复制期间旧数据之外还需要一份快照大小的空间。',
        '请在该节点 log-path 的 pika.INFO 中查找：“No space left on device”表示磁盘已满；“rsync timeout”表示网络太慢，请调小 throttle-bytes-per-second 或调大 rsync-timeout-ms。',
        '若磁盘有剩余空间，请查看 db-sync-path 是否存在、是否可写：权限，以及挂载是否为只读。',
        '消除原因后重试该节点，或跳过它。',
      ],
    ),
  }),
  node_restarted: row<{ afterCopy: boolean; detached: boolean; restarts: number }>({
    title: plain('The node restarted before it was verified', '节点在通过校验之前重启'),
    cause: plain(
      'The process ended and was started again. It attaches by itself, unless its configuration file holds no slaveof. In the middle of its copy it begins from the first byte. After its copy it goes on from its own binlog, without the writes that it had logged and not applied.',
      '进程退出后又被启动。除非配置文件中没有 slaveof，它会自行重新挂载。若在复制中途，它从第一个字节重来；若在复制之后，它从自己的 binlog 继续，已记录而未应用的写入会丢失。',
    ),
    versions: allVersions,
    recordings: ['17', '31'],
    remedy: 'wait',
    over: plain(
      'The uptime of the node rises without another restart, and the node is `verified`.',
      '该节点的运行时间持续增长而不再重启，且该节点为 `verified`。',
    ),
    text: {
      en: ({ afterCopy, detached, restarts }) =>
        detached
          ? 'The node has restarted, and has come back without its master: something has emptied its folder, or its configuration file cannot be written.'
          : afterCopy
            ? 'The node restarted after it had opened its copy, and before it was verified. The writes in its binlog that were not yet in its data are lost, and it does not ask for them again.'
            : `The node has restarted ${restarts === 1 ? 'once' : `${restarts} times`} since it was attached.`,
      zh: ({ afterCopy, detached, restarts }) =>
        detached
          ? '该节点重启后不再有主节点：它的目录被清空，或其配置文件无法写入。'
          : afterCopy
            ? '该节点在打开副本之后、通过校验之前重启：已写入其 binlog 而尚未写入数据的内容会丢失，且它不会再次索取。'
            : `该节点挂载之后已重启 ${restarts} 次。`,
    },
    underWay: {
      en: ({ remedy }) => [
        remedy === 'reattach'
          ? theServiceRepeats.en
          : 'Nothing to do: the service follows the new full sync, and attaches the node again where there is none.',
        'Find out why the node restarted.',
      ],
      zh: ({ remedy }) => [
        remedy === 'reattach'
          ? theServiceRepeats.zh
          : '无需操作：本服务会跟踪新的全量同步，没有时则重新挂载该节点。',
        '请查明该节点重启的原因。',
      ],
    },
    givenUp: steps(
      [
        'Find out why the node restarts (its log, the OOM killer, a supervisor), and end it.',
        retryOrSkip.en,
        nobodyReads.en,
      ],
      ['请查明该节点重启的原因（日志、OOM、守护程序）并消除它。', retryOrSkip.zh, nobodyReads.zh],
    ),
  }),
  master_restarted: row<{ at: number | null }>({
    title: plain('The master restarted during the full sync', '主节点在全量同步中重启'),
    cause: plain(
      'The master’s process ended and was started again. The node reconnects about 10 s later and begins again.',
      '主节点的进程退出后又被启动；该节点约 10 s 后重连并从头开始。',
    ),
    versions: allVersions,
    recordings: ['18'],
    remedy: 'wait',
    over: plain(
      'The uptime of the master rises without another restart, and the node is `verified`.',
      '主节点的运行时间持续增长而不再重启，且该节点为 `verified`。',
    ),
    text: plain('The master restarted since this node was attached.', '该节点挂载之后主节点重启过。'),
    underWay: steps(
      ['Nothing to do: the service follows the new full sync. Find out why the master restarted.'],
      ['无需操作：本服务会跟踪新的全量同步。请查明主节点重启的原因。'],
    ),
    givenUp: steps(
      ['Find out why the master restarted.', retryOrSkip.en],
      ['请查明主节点重启的原因。', retryOrSkip.zh],
    ),
  }),
  foreign_change: row<{
    as: 'other_master' | 'detached';
    intendedMaster: string;
    foundMaster: string | null;
  }>({
    title: plain('Somebody else changed the node', '节点被他人改动'),
    cause: plain(
      'Something else than this expansion gave the node another master, or detached it.',
      '本扩容任务以外的人或程序让该节点改挂了别的主节点，或断开了它。',
    ),
    versions: allVersions,
    recordings: ['19'],
    remedy: 'halt',
    over: plain(
      'The node follows the intended master, nothing else changes it, and the node is `verified`. Or you skipped the node.',
      '该节点跟随应有的主节点，不再被他人改动，且为 `verified`；或您已跳过该节点。',
    ),
    text: {
      en: ({ as, intendedMaster, foundMaster }) =>
        as === 'other_master'
          ? `The node now follows ${foundMaster} instead of ${intendedMaster}.`
          : 'Something else than this expansion detached the node (role master).',
      zh: ({ as, intendedMaster, foundMaster }) =>
        as === 'other_master'
          ? `该节点现在跟随 ${foundMaster}，而不是 ${intendedMaster}。`
          : '本扩容任务以外的人或程序断开了该节点（role master）。',
    },
    underWay: steps(
      ['The service leaves the node as it is, and a person decides.'],
      ['本服务不再改动该节点，由人决定。'],
    ),
    givenUp: steps(
      ['Find out what else manages this node (Sentinel, an operator, a script) and stop it.', retryOrSkip.en],
      ['请查明还有什么在管理该节点（Sentinel、运维人员、脚本）并停掉它。', retryOrSkip.zh],
    ),
  }),
  node_unreachable: row<Away>({
    title: plain('The node cannot be reached', '节点不可达'),
    cause: plain(
      'Its process ended, the network between the service and the node is broken, or something else answers in its place.',
      '节点进程已退出，或本服务与节点之间的网络中断，或在其地址上应答的是别的程序。',
    ),
    versions: allVersions,
    recordings: ['17'],
    remedy: 'wait',
    over: plain('The node answers again, and is `verified`.', '该节点恢复应答，且为 `verified`。'),
    text: {
      en: (facts) =>
        facts.as === 'hangs'
          ? `The node takes connections, but has not replied for ${seconds(facts.forMs)}: its process runs and hangs. Look at its threads, then restart it.`
          : `The node ${longEnough(facts.forMs, (time) => `has not been reachable for ${time}`, 'cannot be reached')}${awayText(facts, 'en')}.`,
      zh: (facts) =>
        facts.as === 'hangs'
          ? `该节点接受连接，但已有 ${seconds(facts.forMs)} 没有应答：进程在运行但卡住了。请查看其线程，然后重启它。`
          : `该节点${longEnough(facts.forMs, (time) => `已有 ${time} 不可达`, '不可达')}${awayText(facts, 'zh')}。`,
    },
    underWay: steps(
      ['Start the node, or repair the network. If it stays away too long, the service gives the attempt up.'],
      ['请启动该节点或修复网络。若长时间不可达，本服务会放弃本次尝试。'],
    ),
    givenUp: {
      en: ({ as }) => [
        ...(as === 'hangs'
          ? ['Its process hangs: look at its threads, then restart it.']
          : [
              'If the process has ended, look for db/<db>_bak on the node first: it holds the old data, and the next full sync deletes it. Save it, and put db-sync-path on the mount of db-path.',
              'Start the node, or repair the network.',
              'If something else answers at its address, see what holds the port. If the login is refused, correct the credential.',
            ]),
        retryOrSkip.en,
      ],
      zh: ({ as }) => [
        ...(as === 'hangs'
          ? ['其进程卡住了：请查看其线程，然后重启它。']
          : [
              '如果进程已退出，请先查看节点上是否有 db/<db>_bak：其中是旧数据，下一次全量同步会删除它。请先保存，并把 db-sync-path 放到与 db-path 相同的挂载点。',
              '请启动该节点或修复网络。',
              '若其地址上应答的是别的程序，请查明谁占用了端口；若登录被拒绝，请改正凭据。',
            ]),
        retryOrSkip.zh,
      ],
    },
  }),
};

export type AnomalyCode = keyof typeof anomalyTable;
export const anomalyCodes = Object.keys(anomalyTable) as AnomalyCode[];
