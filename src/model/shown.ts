/**
 * What is shown of an expansion as a label with its value. The command line and the dashboard show each row: a further
 * column is shown everywhere by a row here.
 */
import { readableBytes, readableMoment, readableSeconds } from './quantities.ts';
import { type Language, plain, type Reader, type Text } from './text.ts';
import type { ExpansionView } from './views/expansion.ts';

export interface ShownRow {
  readonly name: string;
  /** `head`: who asked, and when. `pace`: what sets the pace. */
  readonly where: 'head' | 'pace';
  readonly label: Text;
  /** With its unit; null = there is nothing to show. */
  readonly value: (expansion: ExpansionView, reader: Reader) => string | null;
  readonly help?: Text;
}

/** By what a request came. */
export const viaWords: Readonly<Record<ExpansionView['via'], Readonly<Record<Language, string>>>> = {
  rest: { en: 'REST', zh: 'REST' },
  queue: { en: 'the queue', zh: '队列' },
  cli: { en: 'the command line', zh: '命令行' },
};

export const shownRows: readonly ShownRow[] = [
  { name: 'label', where: 'head', label: plain('Label', '标签'), value: ({ label }) => label },
  {
    name: 'acceptedAt',
    where: 'head',
    label: plain('Accepted', '接受时间'),
    value: ({ acceptedAt }) => readableMoment(acceptedAt),
  },
  {
    name: 'requestedBy',
    where: 'head',
    label: plain('Asked by', '提交者'),
    value: ({ requestedBy, via }, { language }) =>
      ({ en: `${requestedBy} (by ${viaWords[via].en})`, zh: `${requestedBy}（通过 ${viaWords[via].zh}）` })[
        language
      ],
  },
  {
    name: 'took',
    where: 'head',
    label: plain('Took', '用时'),
    value: ({ acceptedAt, startedAt, endedAt }, { language }) =>
      endedAt === null ? null : readableSeconds((endedAt - (startedAt ?? acceptedAt)) / 1000, language),
  },
  {
    name: 'bandwidth',
    where: 'pace',
    label: plain('Bandwidth', '带宽'),
    value: ({ policy }) =>
      policy.bandwidthBytesPerSecond === null ? null : `${readableBytes(policy.bandwidthBytesPerSecond)}/s`,
    help: plain(
      'For all nodes in full sync together; given to them through their throttles.',
      '所有正在全量同步的节点合计；通过它们的 throttle 分配。',
    ),
  },
];

export interface Shown {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly help: string | null;
}

/** The rows that have something to show here, in the words of this reader. */
export const shown = (
  expansion: ExpansionView,
  where: ShownRow['where'],
  reader: Reader,
  rows: readonly ShownRow[] = shownRows,
): readonly Shown[] =>
  rows.flatMap((row) => {
    const value = row.where === where ? row.value(expansion, reader) : null;
    if (value === null) return [];
    const { name, label, help } = row;
    const say = (text: Text): string => text[reader.language]({}, reader);
    return [{ name, label: say(label), value, help: help === undefined ? null : say(help) }];
  });
