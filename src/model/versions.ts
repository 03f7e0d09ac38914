/** Releases of Pika, as they are spoken of: how they compare, and the words for what is known of them. */
import { type Reader, type Text, text } from './text.ts';

/** From the first release on, below the second; both as `3.5.0`. */
export type VersionRange = readonly [from: string, below: string];

/** Negative, zero or positive as the first is the older, the same or the newer release; NaN = one of them is none. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  const differing = left.findIndex((part, index) => part !== right[index]);
  return differing < 0 ? 0 : left[differing]! - right[differing]!;
}

const read = new Map<string, readonly number[]>();
const keptVersions = 200;

/** Each look at a node compares a few versions with each other, dozens of times. */
function partsOf(version: string): readonly number[] {
  const known = read.get(version);
  if (known !== undefined) return known;
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  const parts = match ? match.slice(1).map(Number) : [Number.NaN];
  if (read.size >= keptVersions) read.clear();
  read.set(version, parts);
  return parts;
}

export const isWithin = (version: string, [from, below]: VersionRange): boolean =>
  compareVersions(version, from) >= 0 && compareVersions(version, below) < 0;

/**
 * How far the ports that a full sync needs lie from a server's own (pika-facts 7). Slaves ask their master at + 2000, and
 * take the dump from + 10001. Up to 3.4 the master pushes the dump to + 1000 of the slave. null = not known yet: as the
 * releases of today.
 */
export function portShifts(version: string | null, role: 'master' | 'slave'): readonly number[] {
  if (version !== null && !/^\d/.test(version)) return [];
  const pulls = version === null || compareVersions(version, '3.5.0') >= 0;
  if (role === 'slave') return pulls ? [] : [1000];
  return pulls ? [2000, 10_001] : [2000];
}

interface Of {
  readonly version: string;
  /** `maxConcurrentFullSyncs` of the version. */
  readonly limit: number;
}

/** Why a version can, or must be spared, what `Capabilities` says. */
export const versionReasons = {
  pushes_on_one_thread: text<Of>({
    en: () =>
      'the master dumps and pushes for all slaves on one thread, and does not keep the binlog that a slave in full sync will need. More full syncs at a time make each slower and more likely to start over.',
    zh: () =>
      '主节点用一个线程为所有从节点生成并推送快照，且不保留全量同步中的从节点所需的 binlog；同时进行越多，每个就越慢、越容易重来。',
  }),
  next_slave_replaces_dump: text<Of>({
    en: () =>
      'each new slave makes the master replace the dump that the previous slave is still copying. The previous slave then opens an incomplete database: keys are missing, or it hangs or dies.',
    zh: () =>
      '每个新的从节点都会使主节点替换上一个从节点正在复制的快照，上一个从节点随后会打开不完整的数据库：丢失 key、卡住或崩溃。',
  }),
  cut_copy_is_opened: text<Of>({
    en: () =>
      'slaves share a dump, but a slave whose copy is cut short still opens it as if it were whole, and nothing in INFO would show it.',
    zh: () => '从节点共用一个快照，但复制被中断的从节点仍会把它当作完整数据打开，而 INFO 中看不出来。',
  }),
  shares_dump: text<Of>({
    en: ({ limit }) =>
      `slaves share one dump, and a slave whose dump was replaced throws its copy away. ${limit} is a bound of this service, for the sake of the master's network.`,
    zh: ({ limit }) =>
      `从节点共用一个快照，快照被替换时从节点会丢弃已复制的部分。${limit} 是本服务为主节点网络设定的上限。`,
  }),
  not_studied: text<Of>({
    en: ({ version }) =>
      `${version} is newer than the releases that this service knows (up to 3.5.5 and 4.0.1), so nothing is known of slaves that sync together.`,
    zh: ({ version }) =>
      `${version} 比本服务了解的版本（至 3.5.5 和 4.0.1）更新，尚不清楚多个从节点同时同步会怎样。`,
  }),

  dump_never_meets_push: text<Of>({
    en: () => 'Dump and push run on one thread, one after the other, so a new dump never meets a push.',
    zh: () => '生成快照和推送在同一线程上先后进行，新快照不会与推送相遇。',
  }),
  opens_partial_copy: text<Of>({
    en: () => 'A slave takes a newer dump for the end of the transfer, and opens its partial copy.',
    zh: () => '从节点会把新快照误认为传输结束，并打开不完整的副本。',
  }),
  discards_partial_copy: text<Of>({
    en: () => 'When a newer dump is made, a slave throws its copy away and starts the full sync again.',
    zh: () => '产生新快照时，从节点会丢弃已复制的部分并重新全量同步。',
  }),
  worst_assumed: text<Of>({
    en: () => 'Not known of this version, so the worst is assumed.',
    zh: () => '该版本的情况未知，因此按最坏情况处理。',
  }),

  own_dump_each: text<Of>({
    en: () => 'Every new slave makes the master dump again, once its binlog is past its first file.',
    zh: () => '主节点的 binlog 越过第一个文件之后，每个新的从节点都会使它重新生成快照。',
  }),
  shares_finished_dump: text<Of>({
    en: () => 'New slaves share a finished dump as long as its binlog file exists.',
    zh: () => '只要对应的 binlog 文件还在，新的从节点就共用已完成的快照。',
  }),
  reuse_unknown: text<Of>({ en: () => 'Not known of this version.', zh: () => '该版本的情况未知。' }),

  proof_by_offset_jump: text<Of>({
    en: () =>
      'This version has no byte counters, no LASTSAVE and no snapshot size. Its proof: every DB was seen in WaitDBSync after a forced attach, and its binlog offset jumped to the offset of the dump. The slave reads this offset from the file that the master pushes last. The comparison of the data backs it.',
    zh: () =>
      '该版本没有字节计数、LASTSAVE 和快照大小。其证明是：强制挂载后每个 DB 都处于过 WaitDBSync，且其 binlog 偏移量跳到了快照的偏移量；从节点从主节点最后推送的文件中读取该偏移量。数据比对再加以佐证。',
  }),
  proof_by_bytes: text<Of>({
    en: () =>
      'Bytes received between attach and swap against the size of the snapshot, and the jump of the binlog offset.',
    zh: () => '挂载到切换之间收到的字节数与快照大小相比，以及 binlog 偏移量的跳变。',
  }),
  proof_by_bytes_and_lastsave: text<Of>({
    en: () =>
      'Bytes received between attach and swap against the size of the snapshot, LASTSAVE for a second dump, and the jump of the binlog offset.',
    zh: () =>
      '挂载到切换之间收到的字节数与快照大小相比、用 LASTSAVE 判断有无第二次快照，以及 binlog 偏移量的跳变。',
  }),
  proof_with_eligible_flag: text<Of>({
    en: () =>
      'Bytes received between attach and swap against the size of the snapshot, LASTSAVE for a second dump, the jump of the binlog offset, and is_eligible_for_master_election.',
    zh: () =>
      '挂载到切换之间收到的字节数与快照大小相比、用 LASTSAVE 判断有无第二次快照、binlog 偏移量的跳变，以及 is_eligible_for_master_election。',
  }),
  counters_missing: text<Of>({
    en: ({ version }) =>
      `INFO stats of this ${version} does not print total_net_repl_input_bytes. Without it a full sync looks like one that was cut short.`,
    zh: ({ version }) =>
      `这个 ${version} 的 INFO stats 没有 total_net_repl_input_bytes，无法区分完整的全量同步与被中断的全量同步。`,
  }),
  too_old: text<Of>({
    en: ({ version }) => `${version} is too old: this service knows Pika from 3.3.6 on.`,
    zh: ({ version }) => `${version} 太旧：本服务支持 3.3.6 及以后的 Pika。`,
  }),
  no_version: text<Of>({
    en: () => 'The server did not tell its version.',
    zh: () => '服务器没有给出版本。',
  }),
  foreign_version: text<Of>({
    en: ({ version }) => `The version text "${version}" is not one of Pika's.`,
    zh: ({ version }) => `版本文本“${version}”不是 Pika 的版本。`,
  }),

  info_data_in_background: text<Of>({
    en: () => 'INFO data is put together in the background.',
    zh: () => 'INFO data 在后台汇总。',
  }),
  info_data_walks_disk: text<Of>({
    en: () =>
      'INFO data walks the whole data folder while the caller waits, so the service never asks for it.',
    zh: () => 'INFO data 会在调用期间遍历整个数据目录，因此本服务从不读取它。',
  }),
  streams_stay_behind: text<Of>({
    en: () => 'Streams exist, but a full sync does not carry them to the slave.',
    zh: () => '支持 stream，但全量同步不会把它带到从节点。',
  }),
};

export type VersionReason = keyof typeof versionReasons;

/** Why a version can or cannot do something; a sentence that another release has stored stays as it is. */
export function versionReason(
  capabilities: { readonly version: string; readonly maxConcurrentFullSyncs: number },
  reason: VersionReason,
  { language }: Pick<Reader, 'language'>,
): string {
  const { version, maxConcurrentFullSyncs: limit } = capabilities;
  const known: Text<Of> | undefined = versionReasons[reason];
  return known?.[language]({ version, limit }, { language, tool: 'rest' }) ?? reason;
}

/** Whether a node can be a slave of a master by their versions; `flawed`: they replicate with a known fault. */
export type PairVerdict = 'fits' | 'flawed' | 'refused' | 'untried';

interface Pair {
  readonly masterVersion: string;
  readonly nodeVersion: string;
}

/** What is known of pairs of versions, and what helps. */
export const pairReasons = {
  nothing_known: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `Nobody has tried a ${nodeVersion} slave of a ${masterVersion} master with this service.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `尚未在本服务中试过 ${nodeVersion} 从节点挂在 ${masterVersion} 主节点下。`,
    }),
    nextStep: text<Pair>({
      en: ({ masterVersion }) => `A node of the same version as the master (${masterVersion}) is safer.`,
      zh: ({ masterVersion }) => `使用与主节点相同版本（${masterVersion}）的节点更稳妥。`,
    }),
  },
  counter_writes_break_link: {
    text: text<Pair>({
      en: ({ nodeVersion }) =>
        `The pair works until the first INCR, INCRBY or APPEND. The ${nodeVersion} slave writes these commands into its binlog in another length, so its offset leaves the master's. The master then closes the link for good, and the slave loses all later writes.`,
      zh: ({ nodeVersion }) =>
        `在第一条 INCR、INCRBY 或 APPEND 之前可以工作。${nodeVersion} 从节点写入 binlog 时这些命令的长度不同，偏移量与主节点不再一致；主节点随后永久断开连接，从节点丢失之后的所有写入。`,
    }),
    nextStep: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `Upgrade in this order: first the master to ${nodeVersion}, then its slaves. Until then add nodes of version ${masterVersion}.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `请按此顺序升级：先把主节点升到 ${nodeVersion}，再升其从节点。在此之前请添加 ${masterVersion} 的节点。`,
    }),
  },
  counter_writes_lose_ttl: {
    text: text<Pair>({
      en: ({ masterVersion }) =>
        `They replicate, but a ${masterVersion} master sends INCR, INCRBY and APPEND without the key's TTL: on the slave such a key never expires.`,
      zh: ({ masterVersion }) =>
        `可以复制，但 ${masterVersion} 主节点发送 INCR、INCRBY 和 APPEND 时不带 key 的 TTL：这类 key 在从节点上永不过期。`,
    }),
    nextStep: text<Pair>({
      en: () =>
        'For the time of an upgrade this order is right: the master first, then its slaves. A slave of the same version has the same fault.',
      zh: () => '升级期间这样的先后顺序是对的：先主节点，后从节点。相同版本的从节点也有同样的问题。',
    }),
  },
  no_replication_id: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `A ${masterVersion} master sends no replication id, so a ${nodeVersion} slave repeats its first request for ever.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `${masterVersion} 主节点不发送 replication id，${nodeVersion} 从节点会无休止地重复第一个请求。`,
    }),
  },
  waits_for_push: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `A ${nodeVersion} slave waits for files that a ${masterVersion} master never pushes. It would stay in WaitDBSync for ever.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `${nodeVersion} 从节点等待主节点推送文件，而 ${masterVersion} 主节点从不推送，它会一直停在 WaitDBSync。`,
    }),
  },
  no_run_id: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `A ${nodeVersion} slave cannot read the answer of a ${masterVersion} master (a field is missing in it). The link stays down for good.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `${nodeVersion} 从节点读不懂 ${masterVersion} 主节点的应答（缺少一个字段），连接会一直断开。`,
    }),
  },
  no_db_instance_num: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `A ${nodeVersion} slave cannot read the answer of a ${masterVersion} master (db_instance_num is missing in it). It shows NoConnect for good.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `${nodeVersion} 从节点读不懂 ${masterVersion} 主节点的应答（缺少 db_instance_num），会一直显示 NoConnect。`,
    }),
  },
  other_layout: {
    text: text<Pair>({
      en: ({ masterVersion, nodeVersion }) =>
        `A ${nodeVersion} slave cannot store the directory layout of a ${masterVersion} master. It stays in WaitDBSync for ever.`,
      zh: ({ masterVersion, nodeVersion }) =>
        `${nodeVersion} 从节点无法存放 ${masterVersion} 主节点的目录结构，会一直停在 WaitDBSync。`,
    }),
  },
  other_ttl_unit: {
    text: text<Pair>({
      en: () =>
        'The storage format changed between 4.0.0 and 4.0.1 (unit of the TTL), so the two must not be mixed.',
      zh: () => '4.0.0 与 4.0.1 之间存储格式有变化（TTL 的单位），两者不能混用。',
    }),
  },
} satisfies Readonly<Record<string, { readonly text: Text<Pair>; readonly nextStep?: Text<Pair> }>>;

export type PairReason = keyof typeof pairReasons;

/** Which way leads from a version with the bug to a release without it. */
export const upgradeAdvice = {
  to_3_5_5: text({
    en: () =>
      'Upgrade to 3.5.5, which mends this: first the master, then its slaves (a 3.5.5 slave under an older master loses its link). Know before: on 3.5.5 a key with TTL loses the TTL on slaves at INCR and APPEND.',
    zh: () =>
      '建议升级到已修复此问题的 3.5.5：先升主节点，再升从节点（3.5.5 从节点挂在更旧的主节点下会断开）。升级前请知悉：在 3.5.5 上，带 TTL 的 key 经 INCR、APPEND 后在从节点上会失去 TTL。',
  }),
  away_from_4_0_0: text({
    en: () =>
      'Release 4.0.1 mends this, but it loses keys of SETEX, SET EX and PEXPIRE on slaves, and it cannot replicate with 4.0.0. Upgrade only if your clients use none of these commands, and move the data by export and import.',
    zh: () =>
      '4.0.1 修复了此问题，但 SETEX、SET EX、PEXPIRE 写入的 key 会在从节点上丢失，且它不能与 4.0.0 互相复制。仅当客户端不使用这些命令时才升级，并通过导出、导入迁移数据。',
  }),
};

export type UpgradeAdvice = keyof typeof upgradeAdvice;
