/** What `pika-expander trail verify` says, in both languages. The codes are those of `src/verify`. */
import { readableMoment } from './quantities.ts';
import { counted, plain, type TextTable, text } from './text.ts';

interface Line {
  readonly after: number;
}
interface AnEntry {
  readonly seq: number;
}
interface KeptHead extends AnEntry {
  readonly at: number;
}
const placeEn = ({ after }: Line): string =>
  after === 0 ? 'the first line' : `the line after entry ${after}`;
const placeZh = ({ after }: Line): string => (after === 0 ? '第一行' : `条目 ${after} 之后的一行`);

/** What is wrong with an export of the trail. */
export const trailFaults = {
  not_trail: plain(
    'The file is no export of the trail that this release reads.',
    '文件不是本版本可读取的操作日志导出文件。',
  ),
  line_not_json: text<Line>({
    en: (line) => `${placeEn(line)} is not JSON.`,
    zh: (line) => `${placeZh(line)}不是 JSON。`,
  }),
  line_not_canonical: text<Line>({
    en: (line) => `${placeEn(line)} is not as the service wrote it: spaces, order or spelling differ.`,
    zh: (line) => `${placeZh(line)}与服务写出的不同：空格、顺序或写法有变化。`,
  }),
  entry_missing: text<{ expected: number; found: number | null }>({
    en: ({ expected, found }) =>
      `Entry ${expected} is missing: ${found ?? 'something else'} stands in its place.`,
    zh: ({ expected, found }) => `缺少条目 ${expected}：该处为 ${found ?? '其他内容'}。`,
  }),
  entry_altered: text<AnEntry>({
    en: ({ seq }) => `Entry ${seq} was changed, or entries before it were.`,
    zh: ({ seq }) => `条目 ${seq} 或它之前的条目被改动。`,
  }),
  end_missing: text<Line>({
    en: ({ after }) => `The signed end is missing: the export was cut off after entry ${after}.`,
    zh: ({ after }) => `缺少带签名的结尾：导出文件在条目 ${after} 之后被截断。`,
  }),
  end_differs: text<Line>({
    en: ({ after }) => `The signed end is not that of entry ${after}: entries were taken away or added.`,
    zh: ({ after }) => `带签名的结尾与条目 ${after} 不符：有条目被删除或添加。`,
  }),
  end_unsigned: plain(
    'The signature of the end does not fit: the holder of the named key did not sign it.',
    '结尾的签名不符：所列密钥的持有者没有签署它。',
  ),
  other_key: text<{ keyId: string | null; trustedKeyId: string }>({
    en: ({ keyId, trustedKeyId }) =>
      `Signed by ${keyId ?? 'no key'}, not by the key that you trust: ${trustedKeyId}.`,
    zh: ({ keyId, trustedKeyId }) => `签名密钥为 ${keyId ?? '无'}，而不是您信任的 ${trustedKeyId}。`,
  }),
  not_head: plain('The kept head is no head of a trail.', '保存的链头文件无效。'),
  head_unsigned: plain('The signature of the kept head does not fit.', '保存的链头签名不符。'),
  head_of_other_key: text<{ keyId: string | null; other: string | null }>({
    en: ({ keyId, other }) =>
      `The kept head is signed by ${keyId ?? 'no key'}, the export by ${other ?? 'no key'}.`,
    zh: ({ keyId, other }) => `保存的链头由 ${keyId ?? '无'} 签名，导出文件由 ${other ?? '无'} 签名。`,
  }),
  head_beyond_end: text<KeptHead & { last: number }>({
    en: ({ seq, last, at }) =>
      `The trail had ${counted(seq, 'entry', 'entries')} at ${readableMoment(at)}, and the export ends with entry ${last}: entries were taken away.`,
    zh: ({ seq, last, at }) =>
      `${readableMoment(at)} 时日志已有 ${seq} 个条目，而导出文件止于条目 ${last}：有条目被删除。`,
  }),
  head_differs: text<KeptHead>({
    en: ({ seq, at }) =>
      `Entry ${seq} is not the one that stood there at ${readableMoment(at)}: the trail was written again.`,
    zh: ({ seq, at }) => `条目 ${seq} 与 ${readableMoment(at)} 时的不同：日志被重写。`,
  }),
  head_before_export: text<AnEntry & { follows: number }>({
    en: ({ seq, follows }) =>
      `The kept head is of entry ${seq}, and the export begins after entry ${follows}. Export the whole trail to compare them.`,
    zh: ({ seq, follows }) =>
      `保存的链头对应条目 ${seq}，而导出文件始于条目 ${follows} 之后。请导出完整日志后再核对。`,
  }),
} satisfies TextTable;

export const trailVerdicts = {
  whole: plain(
    'Each entry follows the one before, and none is missing up to the signed end.',
    '各条目首尾相接，直到带签名的结尾均无缺失。',
  ),
  altered: plain(
    'The trail was changed, or the service did not write it. Find out who had access to the database.',
    '日志被改动，或并非本服务写出。请查明谁可以访问数据库。',
  ),
  truncated: plain(
    'Entries at the end are missing. Find out who had access to the database or to the file.',
    '末尾的条目缺失。请查明谁可以访问数据库或该文件。',
  ),
  other_key: plain(
    'The trail is whole, but signed by another key than the one that you trust.',
    '日志完整，但签名密钥不是您信任的密钥。',
  ),
  not_compared: plain(
    'The export is whole, but it could not be compared with the kept head.',
    '导出文件完整，但无法与保存的链头核对。',
  ),
} satisfies TextTable;

export const trailVerificationHead = {
  entries: text<{ readonly follows: number; readonly last: number; readonly entries: number }>({
    en: ({ follows, last, entries }) =>
      entries === 0 ? 'no entries' : `${counted(entries, 'entry', 'entries')}: ${follows + 1} to ${last}`,
    zh: ({ follows, last, entries }) =>
      entries === 0 ? '无条目' : `${entries} 个条目：${follows + 1} 至 ${last}`,
  }),
  with_head: text<{ readonly seq: number }>({
    en: ({ seq }) => `It still holds what the kept head saw: entry ${seq}`,
    zh: ({ seq }) => `与保存的链头一致：条目 ${seq}`,
  }),
  without_head: plain(
    'No kept head was given, so entries taken from the end of the database would not show: --head',
    '未提供保存的链头，因此无法发现数据库末尾被删除的条目：--head',
  ),
} satisfies TextTable;
