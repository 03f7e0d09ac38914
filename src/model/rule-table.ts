/** The rules of "verified" (docs/verified.md), with all that can be found of each, in both languages. */
import { choiceIn, readNote } from './comparison-texts.ts';
import { logCauseTitle } from './full-sync-log.ts';
import { readableBytes } from './quantities.ts';
import { counted, plain, type Reader, type Text, text } from './text.ts';
import type { ComparisonReport } from './views/comparison.ts';

/** What a comparison of the data came to. */
interface Compared {
  readonly lookedAtKeys: number;
  /** null = not known. */
  readonly share: number | null;
  readonly smallestLossFound: number | null;
  readonly differencesTotal: number;
  readonly reason: string | null;
  /** Absent = an earlier release has stored it. */
  readonly said?: ComparisonReport['said'];
}

/** Why the comparison looked at so much, where `auto` chose. */
const choiceFor = (facts: Compared, reader: Reader): string => {
  const choice = 'said' in facts ? choiceIn(facts) : null;
  return choice === null
    ? ''
    : { en: ` ${readNote(choice, reader)}`, zh: readNote(choice, reader) }[reader.language];
};

const shareEn = ({ share }: Compared): string =>
  share === null ? 'an unknown share' : `${(share * 100).toFixed(2)} %`;
const shareZh = ({ share }: Compared): string =>
  share === null ? '比例未知' : `${(share * 100).toFixed(2)} %`;

interface Bytes {
  readonly receivedBytes: number;
  readonly snapshotBytes: number;
  readonly requiredShare: number;
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;
const bytesEn = ({ receivedBytes, snapshotBytes, requiredShare }: Bytes): string =>
  snapshotBytes === 0
    ? `${readableBytes(receivedBytes)} came for an empty snapshot.`
    : `${percent(receivedBytes / snapshotBytes)} of the snapshot's bytes came (${readableBytes(receivedBytes)} for a snapshot of ${readableBytes(snapshotBytes)}). ${percent(requiredShare)} are required, since both figures are samples.`;
const bytesZh = ({ receivedBytes, snapshotBytes, requiredShare }: Bytes): string =>
  snapshotBytes === 0
    ? `收到 ${readableBytes(receivedBytes)}，快照为空。`
    : `收到快照字节数的 ${percent(receivedBytes / snapshotBytes)}（${readableBytes(receivedBytes)}，快照 ${readableBytes(snapshotBytes)}）。两个数都是采样值，因此要求 ${percent(requiredShare)}。`;

/** Whose host it is that an agent runs on. */
type On = 'node' | 'master';
const hostZh: Readonly<Record<On, string>> = { node: '从节点', master: '主节点' };

const causeEn = (cause: string | null): string => (cause === null ? '' : logCauseTitle(cause, 'en'));
const causeZh = (cause: string | null): string => (cause === null ? '' : logCauseTitle(cause, 'zh'));

/** All that came of a copy whose files were proven. */
interface Whole {
  readonly tables: number;
  readonly bytes: number;
  /** Files of the list, with those that are no tables. */
  readonly files: number;
  readonly hashed: number;
  /** Tables that a compaction has replaced since they came. */
  readonly replaced: number;
  /** Those of them that were to be hashed, and were not yet. */
  readonly unhashed: number;
}
const hashedEn = ({ hashed, tables }: Whole): string =>
  hashed === tables && tables > 0 ? 'each with its size and hash' : 'each with its size';
/** RocksDB reads for a compaction with verify_checksums (v8.7.3 compaction_job.cc, ProcessKeyValueCompaction). */
const unhashedEn = ({ unhashed }: Whole): string =>
  unhashed === 0
    ? ''
    : `, ${unhashed} before ${unhashed === 1 ? 'it was' : 'they were'} hashed: the compaction has checked each block against its own checksum`;
const unhashedZh = ({ unhashed }: Whole): string =>
  unhashed === 0 ? '' : `，其中 ${unhashed} 个尚未计算哈希：compaction 已用各数据块自带的校验和核对过它们`;
const hashedZh = ({ hashed, tables }: Whole): string =>
  hashed === tables && tables > 0 ? '大小与哈希均一致' : '大小均一致';

export interface RuleRow {
  /** What was measured. */
  readonly label: Text;
  // biome-ignore lint/suspicious/noExplicitAny: a table holds texts of many different facts
  readonly statements: Readonly<Record<string, Text<any>>>;
}

/** Each rule with all that can be found of it. */
export const ruleTable = {
  full_sync_seen: {
    label: plain('A full sync happened', '发生了全量同步'),
    statements: {
      none: plain('No DB was seen in full sync since SLAVEOF.', 'SLAVEOF 之后没有看到任何 DB 进行全量同步。'),
      perhaps_unseen: plain(
        'The node is in sync, and no look fell into a full sync. It may have been shorter than the time between two looks, and this version has no LASTSAVE that would tell.',
        '该节点已同步，但没有一次查看落在全量同步期间。它可能短于两次查看的间隔，而该版本没有可供判断的 LASTSAVE。',
      ),
      under_way: plain('The full sync is still under way.', '全量同步仍在进行。'),
      not_taken_over: plain(
        'The full sync ended without the node taking over a snapshot.',
        '全量同步结束，但该节点没有采用快照。',
      ),
      restarted_after: plain(
        'The node restarted after it had opened the snapshot. The writes that it had logged and not applied are lost.',
        '该节点在打开快照之后重启：已记录而未应用的写入已丢失。',
      ),
      dbs_unseen: text<{ unseen: readonly string[] }>({
        en: ({ unseen }) => `Not every DB was seen in full sync: ${unseen.join(', ')}.`,
        zh: ({ unseen }) => `有 DB 没有进行全量同步：${unseen.join('、')}。`,
      }),
      between_looks: plain(
        'The full sync came and went between two looks: the master made one dump for it, and the node went on from the dump’s offset.',
        '全量同步在两次查看之间完成：主节点为它生成了一次快照，该节点从快照的偏移量继续。',
      ),
      seen: plain(
        'Every DB was seen in full sync, and went on with the snapshot’s offset.',
        '每个 DB 都进行了全量同步，并从快照的偏移量继续。',
      ),
    },
  },
  bytes_received: {
    label: plain('Share of the snapshot’s bytes that came', '收到的快照字节比例'),
    statements: {
      unknown: plain('The bytes received are not known.', '收到的字节数未知。'),
      not_counted: text<{ version: string }>({
        en: ({ version }) =>
          `Version ${version} does not count replication bytes, so this rule is not judged.`,
        zh: ({ version }) => `${version} 不统计复制字节数，因此不判断此条。`,
      }),
      opened_less: text<{ receivedBytes: number; nodeTableBytesAfterSwap: number }>({
        en: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `${readableBytes(receivedBytes)} came, but the node opened tables of ${readableBytes(nodeTableBytesAfterSwap)} only.`,
        zh: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `收到 ${readableBytes(receivedBytes)}，但该节点打开的表只有 ${readableBytes(nodeTableBytesAfterSwap)}。`,
      }),
      enough: text<Bytes>({ en: bytesEn, zh: bytesZh }),
      too_few: text<Bytes>({
        en: (facts) => `Too few bytes came. ${bytesEn(facts)}`,
        zh: (facts) => `收到的字节太少。${bytesZh(facts)}`,
      }),
      opened_whole: text<{ receivedBytes: number; nodeTableBytesAfterSwap: number }>({
        en: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `${readableBytes(receivedBytes)} of the snapshot were seen to come. The node's tables held ${readableBytes(nodeTableBytesAfterSwap)} after the swap, and this version opens whole copies only.`,
        zh: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `观察到快照收到 ${readableBytes(receivedBytes)}。切换后该节点的表为 ${readableBytes(nodeTableBytesAfterSwap)}，而该版本只会打开完整的副本。`,
      }),
      reused_unknown: plain('The size of the reused dump is not known.', '所复用快照的大小未知。'),
      reused: text<{ receivedBytes: number; nodeTableBytesAfterSwap: number }>({
        en: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `The master reused a dump of unknown size. ${readableBytes(receivedBytes)} came, and the node's tables held ${readableBytes(nodeTableBytesAfterSwap)} after the swap.`,
        zh: ({ receivedBytes, nodeTableBytesAfterSwap }) =>
          `主节点复用了大小未知的快照。收到 ${readableBytes(receivedBytes)}，切换后该节点的表为 ${readableBytes(nodeTableBytesAfterSwap)}。`,
      }),
    },
  },
  single_snapshot: {
    label: plain('One snapshot from beginning to end', '全程只用一个快照'),
    statements: {
      no_full_sync: plain('There was no full sync to judge.', '没有可判断的全量同步。'),
      uncertain_dump: text<{ unseenMs: number }>({
        en: ({ unseenMs }) =>
          `The service did not see the master for ${(unseenMs / 1000).toFixed(1)} s around its dump: the master may have replaced an older dump while the node was copying it.`,
        zh: ({ unseenMs }) =>
          `主节点生成快照前后有 ${(unseenMs / 1000).toFixed(1)} s 本服务没有看到它：可能在复制期间旧快照已被取代。`,
      }),
      one_by_lastsave: plain(
        'One snapshot served the whole copy: LASTSAVE did not change during it.',
        '整个复制只用了一个快照：期间 LASTSAVE 没有变化。',
      ),
      lastsave_unread: plain(
        'The master does not answer LASTSAVE, so nobody sees whether it made a newer dump during the copy.',
        '主节点不应答 LASTSAVE，无法得知复制期间是否产生了新快照。',
      ),
      lastsave_unread_and_safe: plain(
        'The master does not answer LASTSAVE. This version never opens a copy of an older dump.',
        '主节点不应答 LASTSAVE；该版本从不打开旧快照的副本。',
      ),
      one_by_slaves: plain(
        'One snapshot served the whole copy: no other full sync was seen during it.',
        '整个复制只用了一个快照：期间没有其他全量同步。',
      ),
      other_sync_no_dump: plain(
        'Another full sync began meanwhile, but no newer dump was made and enough bytes came.',
        '期间有另一个全量同步开始，但没有产生新快照，且收到的字节足够。',
      ),
      replaced: plain(
        'A newer dump replaced the dump that the node was copying.',
        '正在复制的快照被新快照取代。',
      ),
      replaced_and_safe: plain(
        'A newer dump was made meanwhile. This version never opens a copy of an older dump.',
        '期间产生了新快照；该版本从不打开旧快照的副本。',
      ),
    },
  },
  files_complete: {
    label: plain('Every file of the dump', '快照的每个文件'),
    statements: {
      not_opened: plain('The node has opened no copy yet.', '该节点尚未打开副本。'),
      no_agent: text<{ on: On }>({
        en: ({ on }) => `No agent reports from the host of the ${on}, so nobody sees the files there.`,
        zh: ({ on }) => `${hostZh[on]}主机上没有代理程序上报，因此看不到那里的文件。`,
      }),
      silent_agent: text<{ on: On }>({
        en: ({ on }) => `The agent on the host of the ${on} has not reported since the copy was opened.`,
        zh: ({ on }) => `打开副本之后，${hostZh[on]}主机上的代理程序没有再上报。`,
      }),
      attempt_unseen: text<{ db: string }>({
        en: ({ db }) => `The log of the node does not show this full sync of ${db}.`,
        zh: ({ db }) => `该节点的日志中没有 ${db} 的这次全量同步。`,
      }),
      log_undecided: text<{ db: string; cause: string | null }>({
        en: ({ db, cause }) => `The log of the node does not prove the copy of ${db}. ${causeEn(cause)}`,
        zh: ({ db, cause }) => `该节点的日志不能证实 ${db} 的副本完整。${causeZh(cause)}`,
      }),
      log_incomplete: text<{ db: string; cause: string | null; copied: number; listed: number | null }>({
        en: ({ db, cause, copied, listed }) =>
          `The log of the node says that its copy of ${db} is incomplete: ${copied} of ${listed ?? 'an unknown number of'} files came. ${causeEn(cause)}`,
        zh: ({ db, cause, copied, listed }) =>
          `该节点的日志表明 ${db} 的副本不完整：${listed ?? '总数未知的'} 个文件中到达 ${copied} 个。${causeZh(cause)}`,
      }),
      list_unseen: text<{ db: string }>({
        en: ({ db }) =>
          `The log lines that reached the service do not name the dump of ${db} that the node copied.`,
        zh: ({ db }) => `服务收到的日志行没有指明该节点复制的是 ${db} 的哪个快照。`,
      }),
      dump_during_copy: text<{ db: string }>({
        en: ({ db }) =>
          `The master began another dump of ${db} during the copy, so the last files may belong to it.`,
        zh: ({ db }) => `复制期间主节点又开始做 ${db} 的快照，最后几个文件可能属于新快照。`,
      }),
      dump_gone: text<{ db: string }>({
        en: ({ db }) =>
          `The dump of ${db} that the node copied is no longer on the master, so nothing is left to compare.`,
        zh: ({ db }) => `该节点复制的 ${db} 快照已不在主节点上，无法再比对。`,
      }),
      not_listed: text<{ on: On; db: string }>({
        en: ({ on, db }) => `The agent on the host of the ${on} has sent no list of the files of ${db}.`,
        zh: ({ on, db }) => `${hostZh[on]}主机上的代理程序没有发来 ${db} 的文件清单。`,
      }),
      came_too_late: text<{ db: string; gone: number; tables: number; afterMs: number }>({
        en: ({ db, gone, tables, afterMs }) =>
          `The list of the files of the node came ${(afterMs / 1000).toFixed(1)} s after the copy was opened. Of ${counted(tables, 'table file')} of the dump of ${db} ${gone} ${gone === 1 ? 'is' : 'are'} not in use any more: a compaction may have replaced ${gone === 1 ? 'it' : 'them'}.`,
        zh: ({ db, gone, tables, afterMs }) =>
          `该节点的文件清单在打开副本 ${(afterMs / 1000).toFixed(1)} s 之后才到。${db} 快照的 ${tables} 个表文件中有 ${gone} 个已不再使用：可能已被 compaction 取代。`,
      }),
      not_whole: text<{ db: string; problem: string }>({
        en: ({ db, problem }) => `The database ${db} of the node is not what its MANIFEST names: ${problem}.`,
        zh: ({ db, problem }) => `该节点的数据库 ${db} 与其 MANIFEST 不符：${problem}。`,
      }),
      other_tables: text<{ db: string; others: number; example: string }>({
        en: ({ db, others, example }) =>
          `${counted(others, 'table file')} in ${db} of the node ${others === 1 ? 'is' : 'are'} neither in the dump nor newer than it, such as ${example}.`,
        zh: ({ db, others, example }) =>
          `该节点的 ${db} 中有 ${others} 个表文件既不在快照中，也不比它新，例如 ${example}。`,
      }),
      sizes_differ: text<{
        db: string;
        files: number;
        example: string;
        dumpBytes: number;
        nodeBytes: number;
      }>({
        en: ({ db, files, example, dumpBytes, nodeBytes }) =>
          `${counted(files, 'table file')} of ${db} ${files === 1 ? 'has' : 'have'} another size on the node than in the dump, such as ${example}: ${dumpBytes} B in the dump, ${nodeBytes} B on the node.`,
        zh: ({ db, files, example, dumpBytes, nodeBytes }) =>
          `${db} 有 ${files} 个表文件在该节点上的大小与快照不同，例如 ${example}：快照中 ${dumpBytes} B，节点上 ${nodeBytes} B。`,
      }),
      hashes_differ: text<{ db: string; files: number; example: string }>({
        en: ({ db, files, example }) =>
          `${counted(files, 'table file')} of ${db} ${files === 1 ? 'has' : 'have'} another content on the node than in the dump, such as ${example}.`,
        zh: ({ db, files, example }) =>
          `${db} 有 ${files} 个表文件在该节点上的内容与快照不同，例如 ${example}。`,
      }),
      not_hashed: text<{ hashed: number; tables: number }>({
        en: ({ hashed, tables }) =>
          `${counted(tables, 'table file')} ${tables === 1 ? 'has its' : 'have their'} size, and the agents have hashed ${hashed} of them so far.`,
        zh: ({ hashed, tables }) => `${tables} 个表文件大小相符，代理程序目前对其中 ${hashed} 个计算了哈希。`,
      }),
      complete: text<Whole>({
        en: (facts) =>
          `The node opened exactly the ${counted(facts.tables, 'table file')} of the dump (${readableBytes(facts.bytes)}), ${hashedEn(facts)}; its log shows ${counted(facts.files, 'file')} copied from one dump.`,
        zh: (facts) =>
          `该节点打开的正是快照的 ${facts.tables} 个表文件（${readableBytes(facts.bytes)}），${hashedZh(facts)}；日志显示 ${facts.files} 个文件均来自同一快照。`,
      }),
      complete_then_compacted: text<Whole>({
        en: (facts) =>
          `The ${counted(facts.tables, 'table file')} of the dump (${readableBytes(facts.bytes)}) came, ${hashedEn(facts)}; a compaction has replaced ${facts.replaced} of them since${unhashedEn(facts)}. The log of the node shows ${counted(facts.files, 'file')} copied from one dump.`,
        zh: (facts) =>
          `快照的 ${facts.tables} 个表文件（${readableBytes(facts.bytes)}）均已到达，${hashedZh(facts)}；其中 ${facts.replaced} 个此后已被 compaction 取代${unhashedZh(facts)}。该节点的日志显示 ${facts.files} 个文件均来自同一快照。`,
      }),
    },
  },
  role_and_link: {
    label: plain('Role, master and link', '角色、主节点和链路'),
    statements: {
      connected: text<{ follows: string }>({
        en: ({ follows }) => `The node follows ${follows}, link up, every DB connected.`,
        zh: ({ follows }) => `该节点跟随 ${follows}，链路正常，每个 DB 均已连接。`,
      }),
      unfit: text<{ follows: string }>({
        en: ({ follows }) =>
          `The node follows ${follows} with its link up, but it follows another master than intended, cannot be reached, or says that its full sync is not finished.`,
        zh: ({ follows }) =>
          `该节点跟随 ${follows} 且链路正常，但主节点并非预期、节点不可达，或它自称全量同步未完成。`,
      }),
      not_up: plain('The node’s link is not up on every DB.', '该节点并非每个 DB 的链路都正常。'),
    },
  },
  listed_by_master: {
    label: plain('The master’s list of slaves', '主节点的从节点列表'),
    statements: {
      in_binlog_sync: plain(
        'The master lists the node in binlog sync on every DB.',
        '主节点将该节点的每个 DB 都列为增量同步。',
      ),
      not_in_binlog_sync: plain(
        'The master does not list the node in binlog sync.',
        '主节点没有将该节点列为增量同步。',
      ),
      master_away: plain(
        'The master listed the node in binlog sync, but it does not answer now, or was itself not in sync.',
        '主节点曾将该节点列为增量同步，但它现在没有应答，或它自己当时尚未同步。',
      ),
    },
  },
  offset_passed: {
    label: plain('The node’s binlog offset', '节点的 binlog 偏移量'),
    statements: {
      not_captured: plain('The master’s offset was not captured yet.', '尚未记下主节点的偏移量。'),
      passed: plain(
        'The node’s binlog offset has passed the offset that the master had at one moment after the node came up.',
        '该节点的 binlog 偏移量已越过它连接之后某一时刻主节点的偏移量。',
      ),
      behind: plain(
        'The node’s binlog offset has not yet reached the captured offset of the master.',
        '该节点的 binlog 偏移量尚未到达所记下的主节点偏移量。',
      ),
    },
  },
  data_agrees: {
    label: plain('The data of both', '双方的数据'),
    statements: {
      not_compared: plain('The data were not compared yet.', '尚未比对数据。'),
      equal: text<Compared>({
        en: (facts, reader) =>
          `${counted(facts.lookedAtKeys, 'key')} (${shareEn(facts)}) ${facts.lookedAtKeys === 1 ? 'agrees' : 'agree'} by type, value and TTL${facts.smallestLossFound === null ? '' : `; a loss of ${(facts.smallestLossFound * 100).toPrecision(2)} % would have been found`}.${choiceFor(facts, reader)}`,
        zh: (facts, reader) =>
          `${facts.lookedAtKeys} 个 key（${shareZh(facts)}）的类型、值和 TTL 一致${facts.smallestLossFound === null ? '' : `；丢失达 ${(facts.smallestLossFound * 100).toPrecision(2)} % 即会被发现`}。${choiceFor(facts, reader)}`,
      }),
      empty: plain('Both nodes hold no keys.', '双方都没有 key。'),
      different: text<Compared>({
        en: (facts) =>
          `${counted(facts.differencesTotal, 'difference')} among ${counted(facts.lookedAtKeys, 'key')} (${shareEn(facts)}).`,
        zh: (facts) =>
          `${facts.lookedAtKeys} 个 key（${shareZh(facts)}）中有 ${facts.differencesTotal} 处差异。`,
      }),
      outlives: text<Compared>({
        en: (facts) =>
          `${counted(facts.lookedAtKeys, 'key')} (${shareEn(facts)}) ${facts.lookedAtKeys === 1 ? 'agrees' : 'agree'} by type and value; ${facts.differencesTotal} of them ${facts.differencesTotal === 1 ? 'expires' : 'expire'} later on the slave than on the master, or never.`,
        zh: (facts) =>
          `${facts.lookedAtKeys} 个 key（${shareZh(facts)}）的类型和值一致；其中 ${facts.differencesTotal} 个在从节点上过期更晚，或永不过期。`,
      }),
      inconclusive: text<Compared>({
        en: ({ reason }) => `The comparison came to no result: ${reason ?? 'unknown reason'}.`,
        zh: ({ reason }) => `数据比对没有结果：${reason ?? '原因未知'}。`,
      }),
    },
  },
  stable: {
    label: plain('Looks in a row', '连续查看'),
    statements: {
      looks: text<{ looks: number; required: number }>({
        en: ({ looks, required }) =>
          `All of it held for ${counted(looks, 'look')} in a row; ${required} ${required === 1 ? 'is' : 'are'} required.`,
        zh: ({ looks, required }) => `以上各条已连续 ${looks} 次成立；要求 ${required} 次。`,
      }),
    },
  },
} satisfies Readonly<Record<string, RuleRow>>;

export type RuleName = keyof typeof ruleTable;
export const ruleNames = Object.keys(ruleTable) as RuleName[];

export type Statement<Name extends RuleName> = keyof (typeof ruleTable)[Name]['statements'] & string;
type FactsOfStatement<T> = T extends Text<infer F> ? F : never;
/** The facts from which a statement is made. */
export type StatementFacts<Name extends RuleName, Code extends Statement<Name>> = FactsOfStatement<
  (typeof ruleTable)[Name]['statements'][Code]
>;
