/** What comparisons say: why a verdict was reached, and what limits its meaning. */

import { type NotAllowed, notAllowedStep, notAllowedText } from './not-allowed.ts';
import { readableSeconds } from './quantities.ts';
import { stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  type FactsArgument,
  listed,
  plain,
  type Reader,
  read,
  readSaid,
  type Said,
  saidBy,
  type Text,
  type TextTable,
  text,
} from './text.ts';
import type { ComparisonProgress, ComparisonReport, DifferenceKind } from './views/comparison.ts';
import type { Problem } from './views/problem.ts';

interface OfServer {
  readonly server: string;
}
interface OfType {
  readonly type: string;
}

/** What could not be looked at. */
export const leftOutTexts = {
  streams_lost_place: text<OfServer>({
    en: ({ server }) => `not all streams were seen: ${server} lost its place in SCAN again and again`,
    zh: ({ server }) => `未能看到全部 stream：${server} 的 SCAN 反复丢失位置`,
  }),
  streams_zero_byte: plain(
    'keys that may be streams could not be compared: their names hold a zero byte',
    '有些可能是 stream 的 key 无法比对：它们的名称含有零字节',
  ),
  names_alike: text<{ readonly key: string }>({
    en: ({ key }) => `some keys that the server names alike, ${key}, were not looked at`,
    zh: ({ key }) => `服务器以相同名称 ${key} 列出的若干 key 没有比对`,
  }),
  member_too_large: text<OfType & { readonly key: string; readonly bytes: number }>({
    en: ({ type, key, bytes }) =>
      `the ${type} ${key} could not be compared: one of its members takes ${bytes} bytes`,
    zh: ({ type, key, bytes }) => `${type} ${key} 无法比对：它的一个成员占 ${bytes} 字节`,
  }),
  names_zero_byte: text<OfType>({
    en: ({ type }) =>
      `keys of type ${type} whose names hold a zero byte could not be compared: the server lists them under other names`,
    zh: ({ type }) => `名称含有零字节的 ${type} 类型 key 无法比对：服务器以其他名称列出它们`,
  }),
  unknown_type: text<OfType>({
    en: ({ type }) => `keys of type ${type} cannot be compared`,
    zh: ({ type }) => `${type} 类型的 key 无法比对`,
  }),
};

interface Count {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  /** By how many keys the counts may be off. */
  readonly within: number;
}
interface Counts {
  readonly counts: readonly Count[];
}

const countList: Text<readonly Count[]> = {
  en: (counts) =>
    counts
      .map(
        ({ name, left, right, within }) =>
          `${name}: ${left} against ${right}${within === 0 ? '' : ` (known to within ${within}: writes or expiries went on)`}`,
      )
      .join(', '),
  zh: (counts) =>
    counts
      .map(
        ({ name, left, right, within }) =>
          `${name}：${left} 对 ${right}${within === 0 ? '' : `（误差不超过 ${within}：期间有写入或过期）`}`,
      )
      .join('，'),
};
const counts = (en: string, zh: string): Text<Counts> => ({
  en: (facts, reader) => `${en}: ${countList.en(facts.counts, reader)}`,
  zh: (facts, reader) => `${zh}：${countList.zh(facts.counts, reader)}`,
});

export const countTexts = {
  counts_differ: counts('the key counts differ', 'key 数量不同'),
  counts_may_differ: counts('the key counts may differ', 'key 数量可能不同'),
  counts_too_vague: counts('the key counts tell too little', 'key 数量的误差过大，无法判断'),
  counts_agree: counts('the key counts agree', 'key 数量一致'),
  counts_agree_exactly: plain('the key counts agree, exactly', 'key 数量完全一致'),
  no_keys: plain('both sides hold no key at all', '两侧都没有任何 key'),
};

const kindsZh: Readonly<Record<DifferenceKind, string>> = {
  missing: '缺失',
  foreign: '多余',
  type: '类型不同',
  value: '值不同',
  length: '长度不同',
  ttl: '过期时间不同',
};
type ByKind = Readonly<Partial<Record<DifferenceKind, number>>>;
const found = (byKind: ByKind, { language }: Reader): string =>
  Object.entries(byKind)
    .map(
      ([kind, count]) =>
        ({ en: `${count} ${kind}`, zh: `${kindsZh[kind as DifferenceKind] ?? kind} ${count} 个` })[language],
    )
    .join({ en: ', ', zh: '，' }[language]);

interface Limit {
  readonly ms: number;
}
interface Met {
  /** What the network or the server said. */
  readonly met: string;
}
interface Changed {
  readonly from: string;
  readonly to: string;
}
const saysNothing = {
  en: 'during the comparison, so its result says nothing',
  zh: '比对结果因此无效',
} as const;

const readFault = (fault: Said, reader: Reader): string => readSaid(faultTexts, fault, reader);

/** What a server did that the comparison could not go on with; its name comes before the text. */
export const faultTexts = {
  told_to_stop: plain('the comparison was told to stop', '比对被要求停止'),
  no_connection: text<Limit>({
    en: ({ ms }) => `no connection within ${ms} ms`,
    zh: ({ ms }) => `${ms} 毫秒内未能建立连接`,
  }),
  cannot_be_reached: text<Met>({
    en: ({ met }) => `cannot be reached (${met})`,
    zh: ({ met }) => `无法连接（${met}）`,
  }),
  connection_broke: text<Met>({
    en: ({ met }) => `the connection broke (${met})`,
    zh: ({ met }) => `连接中断（${met}）`,
  }),
  server_closed: plain('the server closed the connection', '服务器关闭了连接'),
  closed_here: plain('the connection was closed here', '连接已由本服务关闭'),
  not_allowed: text<NotAllowed>({
    en: (facts, reader) => `${notAllowedText.en(facts, reader)} ${notAllowedStep.en(facts, reader)}`,
    zh: (facts, reader) => `${notAllowedText.zh(facts, reader)}${notAllowedStep.zh(facts, reader)}`,
  }),
  login_refused: text<Met>({
    en: ({ met }) => `refused the login (${met})`,
    zh: ({ met }) => `拒绝登录（${met}）`,
  }),
  unasked_bytes: plain('sent bytes that nobody asked for', '发来了没有请求的字节'),
  too_many_bytes: text<{ readonly most: number }>({
    en: ({ most }) => `sent more than ${most} bytes in reply to one batch`,
    zh: ({ most }) => `对一批命令的应答超过 ${most} 字节`,
  }),
  not_this_protocol: text<Met>({
    en: ({ met }) => `does not speak the Redis protocol (${met})`,
    zh: ({ met }) => `不使用 Redis 协议（${met}）`,
  }),
  wrong_answer: text<Met>({
    en: ({ met }) => `gave an answer that is none to what was asked (${met})`,
    zh: ({ met }) => `应答与所问不符（${met}）`,
  }),
  silent: text<Limit>({
    en: ({ ms }) => `did not answer within ${ms} ms`,
    zh: ({ ms }) => `${ms} 毫秒内没有应答`,
  }),
  trickles: text<Limit & { readonly bytes: number }>({
    en: ({ bytes, ms }) => `sent only ${bytes} bytes in ${ms} ms`,
    zh: ({ bytes, ms }) => `${ms} 毫秒内只发来 ${bytes} 字节`,
  }),
  answered: text<Met & { readonly command: string }>({
    en: ({ command, met }) => `answered ${command} with "${met}"`,
    zh: ({ command, met }) => `对 ${command} 的应答是“${met}”`,
  }),
  in_cluster: plain(
    'is a node of a cluster: its keys cannot be asked for together',
    '是集群中的节点：无法一次读取全部 key',
  ),
  no_version: plain(
    'is neither a Pika nor a Redis: its INFO names no version',
    '既不是 Pika 也不是 Redis：INFO 中没有版本',
  ),
  other_kind: text<{ readonly kind: string; readonly other: string; readonly otherKind: string }>({
    en: ({ kind, other, otherKind }) => `is a ${kind}, and ${other} a ${otherKind}: they cannot be compared`,
    zh: ({ kind, other, otherKind }) => `是 ${kind}，而 ${other} 是 ${otherKind}：两者无法比对`,
  }),
  same_server: text<{ readonly other: string }>({
    en: ({ other }) => `is the same server as ${other}: comparing it with itself proves nothing`,
    zh: ({ other }) => `与 ${other} 是同一个服务器：与自身比对没有意义`,
  }),
  takes_new_copy: plain('takes over a new copy of the data of its master', '正在换用主节点数据的新副本'),
  loads_other_data: text<{ readonly said: Said }>({
    en: ({ said }, reader) =>
      `${readFault(said, reader)} during the comparison: it loads other data than were compared before`,
    zh: ({ said }, reader) => `${readFault(said, reader)}；比对期间它加载了与之前不同的数据`,
  }),
  took_new_copy: plain(
    `it took over a new copy of the data of its master ${saysNothing.en}`,
    `比对期间换用了主节点数据的新副本，${saysNothing.zh}`,
  ),
  restarted: plain(`it was restarted ${saysNothing.en}`, `比对期间发生重启，${saysNothing.zh}`),
  master_changed: text<Changed>({
    en: ({ from, to }) => `its master changed from ${from} to ${to} ${saysNothing.en}`,
    zh: ({ from, to }) => `比对期间主节点从 ${from} 变为 ${to}，${saysNothing.zh}`,
  }),
  role_changed: text<Changed>({
    en: ({ from, to }) => `its role changed from ${from} to ${to} ${saysNothing.en}`,
    zh: ({ from, to }) => `比对期间角色从 ${from} 变为 ${to}，${saysNothing.zh}`,
  }),
  replication_id_changed: plain(
    `its replication id changed ${saysNothing.en}`,
    `比对期间 replication id 发生变化，${saysNothing.zh}`,
  ),
  link_was_cut: plain(
    `its link to its master was cut, and it may have taken over a new copy of the data ${saysNothing.en}`,
    `比对期间与主节点的连接中断，可能已换用数据的新副本，${saysNothing.zh}`,
  ),
  ranges_stand_still: plain(
    'sent ranges of keys again and again that do not lead onwards',
    '反复返回无法继续向前的 key 范围',
  ),
  place_lost: plain(
    'lost its place in a large set or zset again and again',
    '在较大的 set 或 zset 中反复丢失位置',
  ),
  too_busy_to_count: plain(
    'was busy with a full sync, a bgsave or another key scan, so its keys were not counted',
    '一直忙于全量同步、bgsave 或另一次 key 扫描，因此没有统计 key 数量',
  ),
  counting_too_long: text<Limit>({
    en: ({ ms }) => `did not finish counting its keys within ${ms} ms`,
    zh: ({ ms }) => `${ms} 毫秒内没有统计完 key 数量`,
  }),
  no_counts: plain('told no counts of keys after it had counted them', '统计之后没有给出 key 数量'),
  position_not_reached: text<Limit & { readonly leader: string }>({
    en: ({ ms, leader }) =>
      `did not reach within ${ms} ms the position that ${leader} had when keys differed, so it cannot be said whether they still do`,
    zh: ({ ms, leader }) => `${ms} 毫秒内没有追上发现差异时 ${leader} 的位置，因此无法判断差异是否仍然存在`,
  }),
} satisfies TextTable;

/** A fault behind the name of its server. */
interface Fault {
  readonly server: string;
  readonly fault: Said;
}
const faultText: Text<Fault> = {
  en: ({ server, fault }, reader) => `${server}: ${readFault(fault, reader)}`,
  zh: ({ server, fault }, reader) => `${server}：${readFault(fault, reader)}`,
};

/** The reasons of each verdict. */
export const verdictTexts = {
  ...countTexts,
  fault: text<Fault & { readonly code: string; readonly byKind: ByKind | null }>({
    en: ({ server, fault, byKind }, reader) =>
      faultText.en({ server, fault }, reader) +
      (byKind === null ? '' : ` (until then ${found(byKind, reader)})`),
    zh: ({ server, fault, byKind }, reader) =>
      faultText.zh({ server, fault }, reader) +
      (byKind === null ? '' : `；此前已发现：${found(byKind, reader)}`),
  }),
  differences: text<{ readonly byKind: ByKind }>({
    en: ({ byKind }, reader) => found(byKind, reader),
    zh: ({ byKind }, reader) => found(byKind, reader),
  }),
  left_out: text<{ readonly parts: readonly Said[] }>({
    en: ({ parts }, reader) => parts.map((part) => readSaid(leftOutTexts, part, reader)).join('; '),
    zh: ({ parts }, reader) => parts.map((part) => readSaid(leftOutTexts, part, reader)).join('；'),
  }),
  undecided: text<{ readonly keys: number; readonly examples: readonly string[] }>({
    en: ({ keys, examples }) =>
      `${counted(keys, 'key')} changed faster than they could be looked at on both sides (${examples.join(', ')}); try again when they are written less often`,
    zh: ({ keys, examples }) =>
      `${keys} 个 key 变化太快，无法在两侧同时比对（${examples.join('、')}）；请在写入较少时重试`,
  }),
  no_master: plain('the node has no master', '该节点没有主节点'),
  not_followed: text<Met>({
    en: ({ met }) => `the comparison could not be followed: ${met}`,
    zh: ({ met }) => `无法跟踪该比对：${met}`,
  }),
  not_waited_for: plain('the service no longer waits for the comparison', '本服务不再等待该比对'),
  ended_without: text<{ readonly id: string; readonly state: string; readonly because: Said | null }>({
    en: ({ id, state, because }, reader) =>
      `comparison ${id} is ${stateWord(state, reader)}${because === null ? '' : `: ${readComparisonReason(because, reader)}`}`,
    zh: ({ id, state, because }, reader) =>
      `比对 ${id} ${stateWord(state, reader)}${because === null ? '' : `：${readComparisonReason(because, reader)}`}`,
  }),
  nothing_looked_at: plain('nothing could be looked at', '没有可以比对的内容'),
  nothing_counted: plain('nothing could be counted', '没有可以计数的内容'),
};

const noStreams35 = plain(
  'Streams were not looked at: Pika 3.5 neither lists them nor transfers them in a full sync.',
  '没有比对 stream：Pika 3.5 既不列出它们，也不在全量同步中传输它们。',
);

interface Chosen {
  /** Members of collections count as keys. */
  readonly keys: number;
  /** What a comparison of every key takes. */
  readonly seconds: number;
  /** Whether earlier comparisons of this master tell so. */
  readonly measured: boolean;
  readonly limitSeconds: number;
  readonly limitBy: 'share' | 'time' | 'sample';
}
const limitEn: Readonly<Record<Chosen['limitBy'], string>> = {
  share: 'the share of the time of its copy',
  time: 'the longest time of the policy',
  sample: 'a sample takes as long',
};
const limitZh: Readonly<Record<Chosen['limitBy'], string>> = {
  share: '按复制时间的比例',
  time: '按策略的时间上限',
  sample: '抽样也需要这么久',
};
const needEn = ({ keys, seconds, measured }: Chosen, verb: string): string =>
  `about ${counted(keys, 'key')} and members ${verb} about ${readableSeconds(seconds)} at the ${measured ? 'pace that was measured on this master' : 'assumed pace'}`;
const needZh = ({ keys, seconds, measured }: Chosen): string =>
  `约 ${keys} 个 key 和成员，${measured ? '按该主节点的实测速度' : '按假定的速度'}约需 ${readableSeconds(seconds, 'zh')}`;
const allowedEn = ({ limitSeconds, limitBy }: Chosen): string =>
  `Allowed are ${readableSeconds(limitSeconds)}: ${limitEn[limitBy]}.`;
const allowedZh = ({ limitSeconds, limitBy }: Chosen): string =>
  `允许 ${readableSeconds(limitSeconds, 'zh')}：${limitZh[limitBy]}。`;

/** What depth `auto` chose and why, and what limits the meaning of a report. */
export const noteTexts = {
  full_chosen: text<Chosen>({
    en: (facts) => `Auto chose every key: ${needEn(facts, 'take')}. ${allowedEn(facts)}`,
    zh: (facts) => `自动选择了逐个 key 比对：${needZh(facts)}。${allowedZh(facts)}`,
  }),
  sample_chosen: text<Chosen>({
    en: (facts) => `Auto chose a sample: ${needEn(facts, 'would take')}. ${allowedEn(facts)}`,
    zh: (facts) => `自动选择了抽样：${needZh(facts)}。${allowedZh(facts)}`,
  }),
  size_not_told: plain(
    'Auto chose a sample: this version does not tell how much the master holds.',
    '自动选择了抽样：该版本不提供主节点的数据量。',
  ),
  depth_after_copy: plain(
    'Auto chooses between every key and a sample after the copy, by the time that it took.',
    '复制完成后，按复制所用时间自动选择逐个 key 比对或抽样。',
  ),
  full_cut: text<{
    readonly keys: number;
    /** What was compared as the estimate counts it: with members of collections on Pika. Absent in reports of earlier releases. */
    readonly entries?: number;
    readonly estimatedKeys: number | null;
    readonly ms: number;
    readonly limitSeconds: number;
    /** Whether a sample followed: not where differences had been found. */
    readonly sampled: boolean;
  }>({
    en: ({ keys, estimatedKeys, limitSeconds, sampled }) =>
      `Auto chose every key, but the allowed ${readableSeconds(limitSeconds)} were over after ${keys}${estimatedKeys === null ? '' : ` of about ${estimatedKeys}`} keys. ${sampled ? 'The comparison went on as a sample, and its report covers both.' : 'The comparison ended there, since it had found differences.'}`,
    zh: ({ keys, estimatedKeys, limitSeconds, sampled }) =>
      `自动选择了逐个 key 比对，但比对${estimatedKeys === null ? '' : `约 ${estimatedKeys} 个中的`} ${keys} 个 key 后，允许的 ${readableSeconds(limitSeconds, 'zh')}已用完。${sampled ? '随后改为抽样，报告包含两部分。' : '比对已发现差异，就此结束。'}`,
  }),
  full_waited: text<{ readonly limitSeconds: number }>({
    en: ({ limitSeconds }) =>
      `Auto chose every key, but so many comparisons were under way that no worker began it in the allowed ${readableSeconds(limitSeconds)}. A sample was taken instead.`,
    zh: ({ limitSeconds }) =>
      `自动选择了逐个 key 比对，但进行中的比对太多，在允许的 ${readableSeconds(limitSeconds, 'zh')}内没有 worker 开始，因此改为抽样。`,
  }),
  estimate: plain(
    "The number of keys is RocksDB's estimate; it counts members of collections too.",
    'key 的数量是 RocksDB 的估计值，其中也包含集合类型的成员。',
  ),
  expiries_left_out: plain('Expiries were not compared.', '没有比对过期时间。'),
  expiries_by_counts: plain(
    'Expiries were compared of those types of which any key could expire when they were counted.',
    '只比对了计数时有 key 可能过期的类型的过期时间。',
  ),
  expiries_zero_byte: plain(
    'Expiries of keys whose names hold a zero byte were not compared.',
    '没有比对名称含有零字节的 key 的过期时间。',
  ),
  streams_not_transferred: noStreams35,
  streams_need_full: plain(
    'Streams were not looked at: Pika finds them only by walking all keys; depth full does so.',
    '没有比对 stream：Pika 只有遍历全部 key 才能找到它们；全量比对（full）会这样做。',
  ),
  no_streams: plain(
    'No side can hold a stream: no file holds entries of any, and no command that makes one was executed since start.',
    '两侧都不可能有 stream：没有文件包含 stream 条目，启动以来也没有执行过创建 stream 的命令。',
  ),
  spread_by_what_was_met: plain(
    'Looks were spread by the keys that were met on the way. A group of keys hidden between the keys of another group may have had fewer looks. For such a group a larger loss than stated can have gone unseen.',
    '抽样按途中遇到的 key 分布。夹在另一组 key 之间的一组 key 可能被抽到得较少；对这样的一组，可能漏掉比所述更大的丢失。',
  ),
  more_on_right: text<OfType>({
    en: ({ type }) =>
      `The right side holds many more keys of type ${type} than the left; not all were looked at.`,
    zh: ({ type }) => `右侧的 ${type} 类型 key 远多于左侧，没有全部比对。`,
  }),
  rare_types: text<{ readonly db: number; readonly keys: number; readonly types: readonly string[] }>({
    en: ({ db, keys, types }, reader) =>
      `Of ${keys} keys drawn from db${db} none was a ${listed(types, reader, 'or')}: a type so rare was not looked at.`,
    zh: ({ db, keys, types }, reader) =>
      `从 db${db} 抽取的 ${keys} 个 key 中没有 ${listed(types, reader, 'or')}：如此稀少的类型没有比对。`,
  }),
  counts: text<{ readonly said: Said }>({
    en: ({ said }, reader) => `Counts: ${readSaid(countTexts, said, reader)}.`,
    zh: ({ said }, reader) => `计数：${readSaid(countTexts, said, reader)}。`,
  }),
  left_out: text<{ readonly said: Said }>({
    en: ({ said }, reader) => `Left out: ${readSaid(leftOutTexts, said, reader)}.`,
    zh: ({ said }, reader) => `未比对：${readSaid(leftOutTexts, said, reader)}。`,
  }),
};

interface OfDb {
  readonly db: number;
}
/** What a comparison is at, and why reading pauses just now. */
export const progressTexts = {
  connecting: plain('connecting', '正在连接'),
  counting: plain('counting keys', '正在统计 key 数量'),
  sampling: text<OfDb>({
    en: ({ db }) => `looking at a sample of db${db}`,
    zh: ({ db }) => `正在抽样比对 db${db}`,
  }),
  comparing: text<OfDb & { readonly what: string }>({
    en: ({ db, what }) => `comparing every ${what} of db${db}`,
    zh: ({ db, what }) => `正在比对 db${db} 的全部 ${what}`,
  }),
  looking_for_foreign: text<OfDb>({
    en: ({ db }) => `looking for foreign keys in db${db}`,
    zh: ({ db }) => `正在查找 db${db} 中多余的 key`,
  }),
  master_slow: text<OfServer & Limit & { readonly limitMs: number }>({
    en: ({ server, ms, limitMs }) => `${server} takes ${ms} ms to answer (limit ${limitMs} ms)`,
    zh: ({ server, ms, limitMs }) => `${server} 的应答用时 ${ms} 毫秒（上限 ${limitMs} 毫秒）`,
  }),
  slave_behind: text<OfServer & { readonly bytes: number; readonly limitBytes: number }>({
    en: ({ server, bytes, limitBytes }) => `${server} is ${bytes} bytes behind (limit ${limitBytes} bytes)`,
    zh: ({ server, bytes, limitBytes }) => `${server} 落后 ${bytes} 字节（上限 ${limitBytes} 字节）`,
  }),
  server_fault: faultText,
} satisfies TextTable;

/** Why a comparison failed. */
export const comparisonProblems = {
  comparison_broke: {
    text: plain<{ readonly comparison: string }>(
      'The comparison ended because of an unexpected error. The log of the service says what failed.',
      '比对因意外错误而结束，详情见服务日志。',
    ),
    nextSteps: {
      en: ({ comparison }: { readonly comparison: string }) => [
        `Look for ${comparison} in the log of the service.`,
        'Start a new comparison.',
      ],
      zh: ({ comparison }: { readonly comparison: string }) => [
        `请在服务日志中查找 ${comparison}。`,
        '请新建数据比对。',
      ],
    },
  },
  /** A credential has gone from the configuration since the comparison was asked for. */
  comparison_not_possible: {
    text: text<{ readonly credential: string; readonly known: readonly string[] }>({
      en: ({ credential, known }, reader) =>
        `No credential is named “${credential}”; ${known.length === 0 ? 'none is configured' : `configured are ${listed(known, reader)}`}.`,
      zh: ({ credential, known }, reader) =>
        `没有名为“${credential}”的凭据；${known.length === 0 ? '服务没有配置任何凭据' : `已配置的有 ${listed(known, reader)}`}。`,
    }),
    nextSteps: {
      en: () => [
        'Set PIKA_CREDENTIAL_<NAME>_PASSWORD for the service and restart it, or start a new comparison with another credential.',
      ],
      zh: () => ['请为服务设置 PIKA_CREDENTIAL_<NAME>_PASSWORD 并重启，或用其他凭据新建数据比对。'],
    },
  },
};

const problemTexts: Readonly<Record<string, { readonly text: Text<never> } | undefined>> = comparisonProblems;
const problemText = ({ problem }: { readonly problem: Problem }, reader: Reader): string =>
  read(problemTexts[problem.code]?.text, problem.facts ?? {}, reader, problem.text);

interface Asked {
  readonly by: string;
  readonly why: string;
}
const asked = (en: string, zh: string): Text<Asked> => ({
  en: ({ by, why }) => `${en} by ${by}: ${why}`,
  zh: ({ by, why }) => `${by} ${zh}：${why}`,
});

/** Why a comparison is in its state, or what holds it up. */
export const comparisonReasons = {
  ...verdictTexts,
  ...progressTexts,
  paused: asked('paused', '暂停'),
  resumed: asked('resumed', '恢复'),
  cancelled: asked('cancelled', '取消'),
  failed: text<{ readonly problem: Problem }>({
    en: problemText,
    zh: problemText,
  }),
  waits_for_server: text<
    Fault & { readonly code: string; readonly retrySeconds: number; readonly patienceSeconds: number }
  >({
    en: ({ server, fault, retrySeconds, patienceSeconds }, reader) =>
      `waits for a server: ${faultText.en({ server, fault }, reader)}; the service tries again every ${retrySeconds} s, for up to ${readableSeconds(patienceSeconds)}`,
    zh: ({ server, fault, retrySeconds, patienceSeconds }, reader) =>
      `等待服务器：${faultText.zh({ server, fault }, reader)}；每 ${retrySeconds} 秒重试一次，最多 ${readableSeconds(patienceSeconds)}`,
  }),
  worker_stopped: plain(
    'the worker was stopped; another worker goes on',
    'worker 已停止，将由另一个 worker 继续',
  ),
};

/** Makes what a table says of a code and its facts. */
const maker =
  <Table extends TextTable>(table: Table) =>
  <Code extends keyof Table & string>(code: Code, ...[facts]: FactsArgument<Table, Code>): Said<Code> =>
    saidBy(table, code, (facts ?? {}) as Facts);

export const leftOut = maker(leftOutTexts);
export const faultSays = maker(faultTexts);
export const progressSays = maker(progressTexts);
export const countsSay = maker(countTexts);
export const verdictSays = maker(verdictTexts);
export const note = maker(noteTexts);

/** What a note says, for this reader. */
export const readNote = (said: Said, reader: Reader): string => readSaid(noteTexts, said, reader);

const chosenCodes: ReadonlySet<string> = new Set([
  'full_chosen',
  'sample_chosen',
  'size_not_told',
  'full_cut',
  'full_waited',
] satisfies (keyof typeof noteTexts)[]);

/** What a report says of the choice of its depth; null = the request named the depth. */
export const choiceIn = ({ said }: { readonly said?: ComparisonReport['said'] | undefined }): Said | null =>
  said?.notes.findLast(({ code }) => chosenCodes.has(code)) ?? null;
export const comparisonReason = maker(comparisonReasons);

function readComparisonReason(reason: Said, reader: Reader): string {
  return readSaid(comparisonReasons, reason, reader);
}

/** Why a verdict was reached, for this reader; a text alone = an earlier release has stored it. */
export const readVerdict = (reason: Said | string, reader: Reader): string =>
  typeof reason === 'string' ? reason : readSaid(verdictTexts, reason, reader);

/** The same progress in the words of this reader. */
export function progressFor<P extends ComparisonProgress>(progress: P, reader: Reader): P {
  const { says } = progress;
  if (says === undefined) return progress;
  return {
    ...progress,
    activity: readSaid(progressTexts, says.activity, reader),
    ...(progress.heldBy && says.heldBy && { heldBy: readSaid(progressTexts, says.heldBy, reader) }),
  };
}

/** The same report in the words of this reader; a report of an earlier release reads as it was stored. */
export function reportFor<R extends Pick<ComparisonReport, 'reason' | 'notes' | 'said'>>(
  report: R,
  reader: Reader,
): R {
  const { said } = report;
  if (said === undefined) return report;
  return {
    ...report,
    reason: said.reason && readSaid(verdictTexts, said.reason, reader),
    notes: said.notes.map((each) => readNote(each, reader)),
  };
}
