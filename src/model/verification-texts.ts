/** What `pika-expander evidence --verify` says, in both languages. The codes are those of `src/verify`. */
import { readableBytes } from './quantities.ts';
import { counted, type Facts, nobody, plain, type Reader, type Text, type TextTable, text } from './text.ts';

const bytes = (value: unknown): string => (typeof value === 'number' ? readableBytes(value) : '?');
const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : '');

interface Came {
  readonly receivedBytes: number | null;
  readonly snapshotBytes: number | null;
  readonly ownTableBytes: number | null;
}
const came = (en: string, zh: string): Text<Came> =>
  text({
    en: (facts) =>
      `${en} ${bytes(facts.receivedBytes)} came, the snapshot had ${bytes(facts.snapshotBytes)}, the node opened ${bytes(facts.ownTableBytes)}.`,
    zh: (facts) =>
      `${zh}收到 ${bytes(facts.receivedBytes)}，快照 ${bytes(facts.snapshotBytes)}，该节点打开 ${bytes(facts.ownTableBytes)}。`,
  });

interface Link {
  readonly index: number;
  readonly seq: number | null;
  readonly type: string | null;
}
const linkEn = ({ index, seq, type }: Link): string =>
  `event ${index + 1} (seq ${seq ?? '?'}, ${type ?? 'after the last'})`;
const linkZh = ({ index, seq, type }: Link): string =>
  `第 ${index + 1} 个事件（seq ${seq ?? '?'}，${type ?? '末尾之后'}）`;

/** What is wrong with a file. */
export const evidenceFaults = {
  not_json: plain('The file is not JSON in UTF-8.', '文件不是 UTF-8 编码的 JSON。'),
  not_evidence: plain('The file is not signed evidence.', '文件不是带签名的证据。'),
  other_format: text<{ format: string }>({
    en: ({ format }) => `The format is "${format}". This release reads "pika-expander evidence 2".`,
    zh: ({ format }) => `文件格式为“${format}”；本版本只读取“pika-expander evidence 2”。`,
  }),
  not_canonical: plain(
    'The bytes are not as the service wrote them: spaces, order, spelling or the line end differ.',
    '文件字节与服务写出的不同：空格、顺序、写法或行尾有变化。',
  ),
  chain_broken: text<Link>({
    en: (link) => `The chain of events breaks at ${linkEn(link)}: it, or what stood before it, was changed.`,
    zh: (link) => `事件链在${linkZh(link)}断开：该事件或它之前的内容被改动。`,
  }),
  chain_order: text<Link>({
    en: (link) => `The order of events breaks at ${linkEn(link)}.`,
    zh: (link) => `事件顺序在${linkZh(link)}错乱。`,
  }),
  digest_differs: plain(
    'The digest does not fit the content: something in the file was changed.',
    '摘要与内容不符：文件内容被改动。',
  ),
  signature_wrong: plain(
    'The signature does not fit: the holder of the named key did not sign this content.',
    '签名不符：所列密钥的持有者没有签署这些内容。',
  ),
  key_id_differs: plain('The key id does not fit the key in the file.', '密钥标识与文件中的公钥不符。'),
  other_key: text<{ keyId: string | null; trustedKeyId: string }>({
    en: ({ keyId, trustedKeyId }) =>
      `Signed by ${keyId ?? 'no key'}, not by the key that you trust: ${trustedKeyId}.`,
    zh: ({ keyId, trustedKeyId }) => `签名密钥为 ${keyId ?? '无'}，而不是您信任的 ${trustedKeyId}。`,
  }),
  events_differ: text<{ nodes: readonly string[] }>({
    en: ({ nodes }) => `The file calls these nodes verified, and no event tells of it: ${list(nodes)}.`,
    zh: ({ nodes }) => `文件称以下节点已校验，但没有相应的事件：${list(nodes)}。`,
  }),
} satisfies TextTable;

/** Why a rule follows from the facts, or does not. */
export const derivedTexts = {
  rule_absent: plain('The rule is not among the evidence.', '证据中没有此条规则。'),
  rule_not_met: plain('The evidence itself does not call this rule met.', '证据本身并未认定此条成立。'),
  left_out_no_agent: plain(
    'Left out: no agent reported, and none was required.',
    '不判断：没有代理程序上报，也未要求。',
  ),
  agent_required: plain('Left out, although the policy requires agents.', '策略要求代理程序，此条却未判断。'),
  left_out_not_counted: plain(
    'Left out: the node counts no replication bytes.',
    '不判断：该节点不统计复制字节数。',
  ),
  left_out_wrongly: plain(
    'Left out, although the looks show what it takes.',
    '查看记录足以判断，此条却未判断。',
  ),
  no_copy_among_looks: plain('No look shows a full sync or its end.', '没有查看记录显示全量同步或其结束。'),
  end_of_copy_unseen: plain('No look shows the end of the full sync.', '没有查看记录显示全量同步结束。'),
  restarted_after_copy: plain('The node restarted after its copy.', '该节点在复制之后重启。'),
  copy_between_looks: plain(
    'One dump of the master, and the node is past its offset.',
    '主节点生成一次快照，该节点已越过其偏移量。',
  ),
  no_full_sync: plain(
    'No look shows a full sync, and no dump explains the offset.',
    '没有看到全量同步，也没有快照能解释其偏移量。',
  ),
  copy_was_interrupted: plain('The full sync was interrupted.', '全量同步被中断。'),
  offset_stayed: plain(
    'The node did not go on from an offset of a snapshot.',
    '该节点没有从快照的偏移量继续。',
  ),
  dbs_unseen: text<{ dbs: readonly string[] }>({
    en: ({ dbs }) => `No full sync was seen of: ${list(dbs)}.`,
    zh: ({ dbs }) => `没有看到这些 DB 的全量同步：${list(dbs)}。`,
  }),
  copy_seen: text<{ looks: number }>({
    en: ({ looks }) => `Seen in ${counted(looks, 'stored look')}, then on with the snapshot’s offset.`,
    zh: ({ looks }) => `${looks} 次已存查看看到，随后从快照的偏移量继续。`,
  }),
  more_claimed_than_came: text<{ claimed: number; receivedAtMost: number }>({
    en: ({ claimed, receivedAtMost }) =>
      `The evidence claims ${bytes(claimed)}; by the looks at most ${bytes(receivedAtMost)} came.`,
    zh: ({ claimed, receivedAtMost }) =>
      `证据称收到 ${bytes(claimed)}；按查看记录最多 ${bytes(receivedAtMost)}。`,
  }),
  counters_not_among_looks: plain(
    'The looks lack the byte counters around the copy.',
    '查看记录缺少复制前后的字节计数。',
  ),
  size_not_among_looks: came('The looks lack the size of the snapshot.', '查看记录缺少快照大小。'),
  opened_too_little: came('The node opened too little.', '该节点打开的数据太少。'),
  enough_came: came('Enough came.', '收到的字节足够。'),
  as_much_as_opened: came('All that the node opened came over the wire.', '该节点打开的数据均经网络收到。'),
  opened_whole_copy: came(
    'This version opens whole copies only, and it opened one.',
    '该版本只打开完整副本，且已打开。',
  ),
  too_little_came: came('Too few bytes came.', '收到的字节太少。'),
  opens_whole_copies_only: plain(
    'This version never opens a copy of a replaced dump.',
    '该版本从不打开已被取代的快照的副本。',
  ),
  another_full_sync: text<{ others: readonly string[] }>({
    en: ({ others }) => `Another full sync began meanwhile: ${list(others)}.`,
    zh: ({ others }) => `期间有其他全量同步开始：${list(others)}。`,
  }),
  no_other_full_sync: plain('No other full sync spoilt the copy.', '没有其他全量同步破坏该副本。'),
  dump_replaced: text<{ dumps: number }>({
    en: ({ dumps }) => `LASTSAVE shows ${counted(dumps, 'newer dump')} during the copy.`,
    zh: ({ dumps }) => `LASTSAVE 显示复制期间有 ${dumps} 次新快照。`,
  }),
  dump_during_copy: plain('The master made a dump during the copy.', '复制期间主节点生成了快照。'),
  master_unseen_at_dump: text<{ unseenMs: number }>({
    en: ({ unseenMs }) => `Nobody saw the master for ${(unseenMs / 1000).toFixed(1)} s around its dump.`,
    zh: ({ unseenMs }) => `快照前后有 ${(unseenMs / 1000).toFixed(1)} s 没有看到主节点。`,
  }),
  one_dump: plain('LASTSAVE shows one dump from beginning to end.', 'LASTSAVE 显示全程只有一个快照。'),
  log_tells_incomplete: text<{ db: string }>({
    en: ({ db }) => `The log of the node tells that the copy of ${db} is incomplete.`,
    zh: ({ db }) => `该节点的日志表明 ${db} 的副本不完整。`,
  }),
  files_do_not_add_up: plain('The numbers of files do not add up.', '文件数量前后不符。'),
  files_not_hashed: plain(
    'The policy wants hashes, and not every table has one.',
    '策略要求哈希，但并非每个表都有。',
  ),
  no_word_of_agent: plain(
    'No stored look holds the word of an agent on this copy.',
    '没有已存查看包含代理程序对此副本的报告。',
  ),
  files_by_agent: text<{ tables: number }>({
    en: ({ tables }) =>
      `The agents told of ${counted(tables, 'table file')}; the lists themselves are not in the file.`,
    zh: ({ tables }) => `代理程序报告了 ${tables} 个表文件；清单本身不在此文件中。`,
  }),
  node_not_among_looks: plain(
    'No stored look shows the node after its copy.',
    '没有已存查看显示复制之后的该节点。',
  ),
  master_not_among_looks: plain('No stored look shows the master.', '没有已存查看显示主节点。'),
  link_not_up: text<{ follows: string }>({
    en: ({ follows }) => `The last look shows the link to ${follows} down, or a DB not connected.`,
    zh: ({ follows }) => `最后一次查看显示到 ${follows} 的链路断开，或有 DB 未连接。`,
  }),
  follows_another: text<{ follows: string }>({
    en: ({ follows }) => `The node follows ${follows}, which is not the master of the request.`,
    zh: ({ follows }) => `该节点跟随 ${follows}，并非请求中的主节点。`,
  }),
  not_eligible: plain('The node says that its full sync is not finished.', '该节点自称全量同步未完成。'),
  connected: text<{ follows: string }>({
    en: ({ follows }) => `It follows ${follows}, link up, every DB connected.`,
    zh: ({ follows }) => `跟随 ${follows}，链路正常，每个 DB 均已连接。`,
  }),
  entry_of_another_node: text<{ entry: string }>({
    en: ({ entry }) => `Another node of the expansion claims the entry ${entry} too.`,
    zh: ({ entry }) => `扩容任务中的另一节点也使用条目 ${entry}。`,
  }),
  not_listed: text<{ entry: string }>({
    en: ({ entry }) => `The last look at the master does not list ${entry}.`,
    zh: ({ entry }) => `对主节点的最后一次查看中没有 ${entry}。`,
  }),
  entry_is_not_the_nodes: text<{ entry: string }>({
    en: ({ entry }) => `The entry ${entry} is not known to be this node’s.`,
    zh: ({ entry }) => `无法确认条目 ${entry} 属于该节点。`,
  }),
  not_in_binlog_sync: text<{ entry: string }>({
    en: ({ entry }) => `The master does not list ${entry} in binlog sync on every DB.`,
    zh: ({ entry }) => `主节点没有将 ${entry} 的每个 DB 都列为增量同步。`,
  }),
  master_itself_not_in_sync: plain(
    'The master is itself a slave that is not in sync.',
    '主节点本身是未同步的从节点。',
  ),
  listed: text<{ entry: string }>({
    en: ({ entry }) => `Listed as ${entry}, in binlog sync on every DB.`,
    zh: ({ entry }) => `以 ${entry} 列出，每个 DB 均为增量同步。`,
  }),
  target_not_passed: plain(
    'The recorded offset of the node has not passed the recorded target.',
    '所记节点偏移量没有越过所记目标。',
  ),
  no_later_look: plain(
    'No stored look at the node came after a look at the master.',
    '没有晚于主节点查看的节点查看。',
  ),
  node_is_behind: plain(
    'By the looks the node has not reached an earlier offset of the master.',
    '按查看记录，该节点未到达主节点较早的偏移量。',
  ),
  passed: plain(
    'At a later look the node was past an offset of the master.',
    '在较晚的查看中，该节点已越过主节点的偏移量。',
  ),
  no_report: plain('There is no report of a comparison.', '没有数据比对报告。'),
  report_of_another_attempt: plain(
    'The comparison belongs to another node or attempt.',
    '数据比对属于其他节点或其他尝试。',
  ),
  report_differs_from_rule: plain(
    'The report of the comparison says something else than the rule.',
    '数据比对报告与规则所述不同。',
  ),
  differences_do_not_add_up: plain('The numbers of differences do not add up.', '差异数量前后不符。'),
  data_differ: text<{ lookedAtKeys: number; differences: number }>({
    en: ({ lookedAtKeys, differences }) =>
      `The comparison found ${counted(differences, 'difference')} among ${counted(lookedAtKeys, 'key')}, or came to no result.`,
    zh: ({ lookedAtKeys, differences }) =>
      `比对 ${lookedAtKeys} 个 key，有 ${differences} 处差异，或没有结果。`,
  }),
  both_empty: plain('Both hold no keys.', '双方都没有 key。'),
  data_equal: text<{ lookedAtKeys: number; depth: string | null }>({
    en: ({ lookedAtKeys, depth }) =>
      `${counted(lookedAtKeys, 'key')} compared${depth === 'full' ? ', which are all' : ''}, no difference.`,
    zh: ({ lookedAtKeys, depth }) =>
      `比对${depth === 'full' ? '全部' : ''} ${lookedAtKeys} 个 key，没有差异。`,
  }),
  other_depth_than_asked: text<{ asked: string; depth: string | null }>({
    en: ({ asked, depth }) => `The policy asks for depth ${asked}, and the report has depth ${depth ?? '?'}.`,
    zh: ({ asked, depth }) => `策略要求的比对深度是 ${asked}，报告的深度是 ${depth ?? '?'}。`,
  }),
  depth_not_explained: plain(
    'The policy leaves the depth to the service, and the report does not say why the service chose its depth.',
    '策略由服务选择比对深度，而报告没有说明为何选择该深度。',
  ),
  keys_outlive: text<{ differences: number }>({
    en: ({ differences }) =>
      `${counted(differences, 'key')} expire later on the slave; nothing else differs, and the policy permits it.`,
    zh: ({ differences }) => `${differences} 个 key 在从节点上过期更晚；其余一致，策略允许。`,
  }),
  too_few_looks: text<{ looks: number; required: number }>({
    en: ({ looks, required }) => `${counted(looks, 'look')} in a row; the policy requires ${required}.`,
    zh: ({ looks, required }) => `连续 ${looks} 次；策略要求 ${required} 次。`,
  }),
  no_look_after_comparison: plain(
    'No look at both servers came after the comparison.',
    '数据比对之后没有对双方的查看。',
  ),
  rules_of_different_times: plain('The rules were not judged at one moment.', '各条规则并非同一时刻判断。'),
  looks_in_a_row: text<{ looks: number; required: number }>({
    en: ({ looks, required }) => `${counted(looks, 'stored look')} in a row; ${required} required.`,
    zh: ({ looks, required }) => `已存查看连续 ${looks} 次；要求 ${required} 次。`,
  }),
  looks_not_stored: text<{ looks: number; required: number }>({
    en: ({ looks, required }) =>
      `${counted(looks, 'stored look')} in a row; ${required} required, and the others are not in the file.`,
    zh: ({ looks, required }) => `已存查看连续 ${looks} 次；要求 ${required} 次，其余不在文件中。`,
  }),
} satisfies TextTable;

/** Of the whole file. */
export const verificationVerdicts = {
  follows: plain(
    'Every verified node follows from the facts in the file.',
    '每个已校验节点的结论均可由文件中的事实推出。',
  ),
  altered: plain(
    'The file was changed, or the service did not write it. Do not rely on it.',
    '文件被改动，或并非本服务写出。请勿采信。',
  ),
  other_key: plain(
    'The file is whole, but signed by another key than the one that you trust.',
    '文件完整，但签名密钥不是您信任的密钥。',
  ),
  does_not_follow: plain(
    'The file is whole, but a verified node does not follow from its facts. Treat that node as unverified: compare its data.',
    '文件完整，但有已校验节点无法由其事实推出。请视其为未校验，并比对数据。',
  ),
  not_shown: plain(
    'The file is whole, and nothing speaks against it. But looks that would show a rule are not in it. Judge these rules yourself.',
    '文件完整，没有相反的事实；但缺少某条规则所需的查看记录。请自行判断这些规则。',
  ),
} satisfies TextTable;

/** A text of these tables; a code of another release stands for itself. */
export const verificationText = (
  table: TextTable,
  code: string,
  facts: Facts,
  reader: Reader = nobody,
): string => table[code]?.[reader.language](facts, reader) ?? code;

/** What stands above what was found of a file of evidence. */
export const verificationHead = {
  counts: text<{ readonly claimed: number; readonly nodes: number; readonly events: number }>({
    en: ({ claimed, nodes, events }) => `${claimed} verified of ${nodes} nodes, ${events} events`,
    zh: ({ claimed, nodes, events }) => `${nodes} 个节点中有 ${claimed} 个已校验，${events} 个事件`,
  }),
  signed_by: text<{ readonly keyId: string }>({
    en: ({ keyId }) => `Signed by ${keyId}`,
    zh: ({ keyId }) => `签名密钥 ${keyId}`,
  }),
  signed_by_unpinned: text<{ readonly keyId: string }>({
    en: ({ keyId }) => `Signed by ${keyId} (not compared with a key that you trust: --key)`,
    zh: ({ keyId }) => `签名密钥 ${keyId}（未与可信密钥核对：--key）`,
  }),
} satisfies TextTable;
