/** What comparisons say: why a verdict was reached, and what limits its meaning. */

import { readableSeconds } from './quantities.ts';
import {
  counted,
  type Facts,
  type FactsArgument,
  listed,
  plain,
  type Reader,
  readSaid,
  type Said,
  saidBy,
  type Text,
  type TextTable,
  text,
} from './text.ts';
import type { ComparisonReport, DifferenceKind } from './views/comparison.ts';

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
    .map(([kind, count]) =>
      language === 'zh' ? `${kindsZh[kind as DifferenceKind] ?? kind} ${count} 个` : `${count} ${kind}`,
    )
    .join(language === 'zh' ? '，' : ', ');

const faultsZh: Readonly<Record<string, string>> = {
  timeout: '没有及时应答',
  closed: '关闭了连接',
  unreachable: '无法连接',
  denied: '拒绝登录',
  refused: '不能这样比对',
  garbled: '返回了无法理解的应答',
  loading: '正在加载数据',
  changed: '在比对期间发生了变化',
  aborted: '比对被中止',
};

/** The reasons of each verdict. */
export const verdictTexts = {
  ...countTexts,
  fault: text<{ readonly code: string; readonly message: string; readonly byKind: ByKind | null }>({
    en: ({ message, byKind }, reader) =>
      byKind === null ? message : `${message} (until then ${found(byKind, reader)})`,
    zh: ({ code, message, byKind }, reader) =>
      `${faultsZh[code] ?? '服务器出错'}（${message}）${byKind === null ? '' : `；此前已发现：${found(byKind, reader)}`}`,
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
  nothing_looked_at: plain('nothing could be looked at', '没有可以比对的内容'),
  nothing_counted: plain('nothing could be counted', '没有可以计数的内容'),
};

const noStreams35 = plain(
  'Streams were not looked at: Pika 3.5 neither lists them nor transfers them in a full sync.',
  '没有比对 stream：Pika 3.5 既不列出它们，也不在全量同步中传输它们。',
);

/** What limits the meaning of a report. */
export const noteTexts = {
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

/** What holds a comparison up. */
export const comparisonTexts = {
  waits_for_server: text<{
    readonly code: string;
    readonly message: string;
    readonly retrySeconds: number;
    readonly patienceSeconds: number;
  }>({
    en: ({ message, retrySeconds, patienceSeconds }) =>
      `waits for a server: ${message}; the service tries again every ${retrySeconds} s, for up to ${readableSeconds(patienceSeconds)}`,
    zh: ({ code, message, retrySeconds, patienceSeconds }) =>
      `等待服务器：${faultsZh[code] ?? '服务器出错'}（${message}）；每 ${retrySeconds} 秒重试一次，最多 ${readableSeconds(patienceSeconds)}`,
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
export const countsSay = maker(countTexts);
export const verdictSays = maker(verdictTexts);
export const note = maker(noteTexts);
export const comparisonSays = maker(comparisonTexts);

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
    notes: said.notes.map((each) => readSaid(noteTexts, each, reader)),
  };
}
