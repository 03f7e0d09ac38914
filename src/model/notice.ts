/** Notices: what channels are told of incidents, and their words. */
import type { Topic } from './channel.ts';
import { type Incident, type IncidentProblem, incidentTitle, problemText } from './incident.ts';
import { runbookOfTopic } from './runbook/link.ts';
import { counted, plain, type Reader, type Text, withoutControls } from './text.ts';

/** What a notice says of an incident. */
export const noticeNews = ['opened', 'changed', 'again', 'acknowledged', 'over'] as const;
export type NoticeNews = (typeof noticeNews)[number];

/** What a channel was told of an incident. */
export interface Told {
  /** `held`: nothing yet, because of quiet hours. `over`: that it is over. */
  readonly state: 'held' | 'said' | 'over';
  /** The problems that were said, each as `key since`. */
  readonly problems: readonly string[];
  readonly saidAt: number;
  /** Notices of what is new about it: a longer pause follows each. */
  readonly news: number;
  /** How often it was said again because nobody acknowledged it. */
  readonly repeats: number;
  readonly acknowledged: boolean;
  /** Whether quiet hours hold something back. */
  readonly held: boolean;
}

/** What a notice says of one incident. */
export interface NoticeItem
  extends Pick<Incident, 'owner' | 'ownerId' | 'label' | 'openedAt' | 'acknowledged'> {
  readonly incidentId: string;
  readonly news: NoticeNews;
  /** Those that the channel is told of, the gravest first; of an incident that is over none. */
  readonly problems: readonly IncidentProblem[];
  readonly moreProblems: number;
}

/** One message. `summary`: quiet hours are over, or there is too much for single messages; null = one incident. */
export interface Notice {
  readonly items: readonly NoticeItem[];
  readonly moreItems: number;
  readonly summary: 'quiet_hours' | 'many' | null;
}

/** A notice in words: plain text, which each kind of channel escapes in its own way. */
export interface NoticeText {
  /** The same for all notices of an incident: mails with it stand together. */
  readonly subject: string;
  readonly title: string;
  readonly lines: readonly string[];
}

const newsTexts: Readonly<Record<NoticeNews, Text>> = {
  opened: plain('Needs a person', '需要处理'),
  changed: plain('Something has been added', '有新情况'),
  again: plain('Still waits for a person', '仍未处理'),
  acknowledged: plain('Acknowledged', '已确认'),
  over: plain('Over', '已结束'),
};

const inWords = (reader: Reader, en: string, zh: string): string => ({ en, zh })[reader.language];

/** `link`: where the dashboard shows incidents; null = nowhere that the service knows. */
export function noticeText(
  { items, moreItems, summary }: Notice,
  reader: Reader,
  link: string | null,
): NoticeText {
  const [first] = items;
  if (summary === null && first !== undefined)
    return {
      subject: oneLine(incidentTitle(first, reader)),
      title: titleOf(first, reader),
      lines: linesOf(first, reader, link),
    };
  const count = items.length + moreItems;
  const title =
    summary === 'quiet_hours'
      ? inWords(
          reader,
          `Quiet hours are over: ${counted(count, 'incident')}`,
          `免打扰时段结束：${count} 个事项`,
        )
      : inWords(reader, `${counted(count, 'incident')} at once`, `同时有 ${count} 个事项`);
  return {
    subject: title,
    title,
    lines: [
      ...items.map((item) => `${titleOf(item, reader)}${firstProblem(item, reader)}`),
      ...(moreItems === 0 ? [] : [inWords(reader, `and ${moreItems} more`, `另有 ${moreItems} 个`)]),
      ...(link === null ? [] : [link]),
    ],
  };
}

/** What a test of a channel says. */
export function testNotice(name: string, reader: Reader): NoticeText {
  const title = inWords(reader, 'Test of a channel', '渠道测试');
  const says = inWords(
    reader,
    `pika-expander sends what needs a person to the channel “${oneLine(name)}”.`,
    `pika-expander 会把需要人工处理的事项发送到渠道“${oneLine(name)}”。`,
  );
  return { subject: title, title, lines: [says] };
}

const titleOf = (item: NoticeItem, reader: Reader): string =>
  oneLine(`[${newsTexts[item.news][reader.language]({}, reader)}] ${incidentTitle(item, reader)}`);

function linesOf(item: NoticeItem, reader: Reader, link: string | null): readonly string[] {
  const { problems, moreProblems, acknowledged, incidentId, openedAt, news } = item;
  const masters = [...new Set(problems.flatMap(({ master }) => (master === null ? [] : [master])))];
  return [
    ...(masters.length === 1
      ? [inWords(reader, `Master: ${oneLine(masters[0]!)}`, `主节点：${oneLine(masters[0]!)}`)]
      : []),
    ...problems.map((problem) => `- ${oneLine(problemText(problem, reader))}`),
    ...(moreProblems === 0
      ? []
      : [inWords(reader, `- and ${moreProblems} more`, `- 另有 ${moreProblems} 个`)]),
    ...(acknowledged === null ? [] : [acknowledgedBy(acknowledged, reader)]),
    inWords(
      reader,
      `Incident ${incidentId}, since ${momentText(openedAt)}`,
      `事项 ${incidentId}，始于 ${momentText(openedAt)}`,
    ),
    ...(acknowledged === null && news !== 'over'
      ? [
          inWords(
            reader,
            `If you see to it: pika-expander channel acknowledge ${incidentId}`,
            `如由您处理，请执行：pika-expander channel acknowledge ${incidentId}`,
          ),
        ]
      : []),
    ...(link === null ? [] : [...problems.slice(0, 1).map(({ topic }) => runbookAt(topic, link)), link]),
  ];
}

const runbookAt = (topic: Topic, link: string): string => new URL(runbookOfTopic(topic), link).href;

function firstProblem({ problems, moreProblems }: NoticeItem, reader: Reader): string {
  const [first] = problems;
  if (first === undefined) return '';
  const more = problems.length - 1 + moreProblems;
  const said = oneLine(problemText(first, reader));
  return more === 0
    ? inWords(reader, `: ${said}`, `：${said}`)
    : inWords(reader, `: ${said} (and ${more} more)`, `：${said}（另有 ${more} 个）`);
}

function acknowledgedBy({ by, reason }: NonNullable<Incident['acknowledged']>, reader: Reader): string {
  const why = reason === null ? '' : inWords(reader, `: ${oneLine(reason)}`, `：${oneLine(reason)}`);
  return inWords(reader, `${oneLine(by)} has acknowledged it${why}`, `${oneLine(by)} 已确认${why}`);
}

const momentText = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Labels, reasons and replies of nodes are foreign texts. */
const oneLine = withoutControls;
