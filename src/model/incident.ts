/** Incidents: what needs a person, from its first event until it is over. */
import type { Topic } from './channel.ts';
import { eventFor } from './events.ts';
import { type Facts, plain, type Reader, read, type Text, type TextTable, text } from './text.ts';

/** What an incident is about: something with events, or the service as a whole. */
export type IncidentOwner =
  | 'expansionId'
  | 'campaignId'
  | 'auditId'
  | 'guardId'
  | 'replacementId'
  | 'service';

/** One thing of an incident that needs a person. */
export interface IncidentProblem {
  /** The same problem has the same key; it may come back, with another `since`. */
  readonly key: string;
  readonly topic: Topic;
  readonly since: number;
  readonly level: 'warning' | 'error';
  /** The master that it is about, as requests name it; null = none, or more than one. */
  readonly master: string | null;
  /** `acknowledged`: nothing that happens ends it; it is over when a person has seen it. */
  readonly until: 'over' | 'acknowledged';
  /** An event, or one of `looks`: its text is made again for each reader. */
  readonly said: {
    readonly type: string;
    readonly node: string | null;
    readonly text: string;
    readonly data: Facts;
  };
}

export interface Acknowledged {
  readonly by: string;
  readonly at: number;
  readonly reason: string | null;
}

export interface Incident {
  readonly id: string;
  /** What it is about; only one incident of a key is open. */
  readonly key: string;
  readonly owner: IncidentOwner;
  /** Id of its owner; null = it is about the service as a whole. */
  readonly ownerId: string | null;
  readonly label: string | null;
  readonly openedAt: number;
  /** When a problem came or went last. */
  readonly changedAt: number;
  readonly endedAt: number | null;
  /** Who has seen to it; null = nobody, or a problem has come since. */
  readonly acknowledged: Acknowledged | null;
  readonly problems: readonly IncidentProblem[];
  /** Problems beyond those that are kept. */
  readonly moreProblems: number;
}

/** What is found by looking, where nothing happens that an event could tell. */
export const looks = {
  'look.unattended': text<{ readonly count: number; readonly minutes: number }>({
    en: ({ count, minutes }) =>
      `${count === 1 ? '1 expansion is' : `${count} expansions are`} due, and no worker has acted on ${count === 1 ? 'it' : 'them'} for ${minutes} minutes. Look whether the workers live`,
    zh: ({ count, minutes }) =>
      `${count} 个扩容任务已到期，但 ${minutes} 分钟内没有 worker 处理。请检查 worker 是否在运行`,
  }),
} as const satisfies TextTable;

/** A problem in the words of this reader. */
export function problemText({ said }: Pick<IncidentProblem, 'said'>, reader: Reader): string {
  const look = (looks as TextTable)[said.type];
  return look === undefined ? eventFor(said, reader).text : read(look, said.data, reader, said.text);
}

const ownerTexts: Readonly<Record<IncidentOwner, Text>> = {
  expansionId: plain('Expansion', '扩容任务'),
  campaignId: plain('Campaign', '批量扩容'),
  auditId: plain('Audit', '巡检'),
  guardId: plain('Guard', '值守'),
  replacementId: plain('Replacement', '替换'),
  service: plain('The service', '服务'),
};

/** What an incident is about, as a title. */
export function incidentTitle(
  { owner, ownerId, label }: Pick<Incident, 'owner' | 'ownerId' | 'label'>,
  reader: Reader,
): string {
  const name = ownerTexts[owner][reader.language]({}, reader);
  const shown = label === null ? '' : { en: ` (${label})`, zh: `（${label}）` }[reader.language];
  return `${name}${ownerId === null ? '' : ` ${ownerId}`}${shown}`;
}
