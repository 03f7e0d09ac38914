/** What needs a person: found in events, and by looking at what no event tells. */

import type { Topic } from '../../model/channel.ts';
import { makeEvent } from '../../model/events.ts';
import { type Incident, type IncidentOwner, type IncidentProblem, looks } from '../../model/incident.ts';
import { type Facts, nobody } from '../../model/text.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import type { Freeze } from '../../model/views/service.ts';

/** An event with what its owner is called. */
export interface OwnedEvent extends StoredEvent {
  readonly label: string | null;
  /** The master of its owner, where there is one. */
  readonly master: string | null;
}

/** What no event tells. */
export interface Look {
  readonly at: number;
  readonly freeze: Freeze;
  /** Expansions that are due, and on which nobody has acted for long. */
  readonly unattended: number;
}

/** Whoever comes back within this time is the same incident. */
export const settleMs = 60_000;
/** An expansion on which nobody acts for so long is unattended. */
export const unattendedMs = 5 * 60_000;
/** Problems that one incident keeps. */
const mostProblems = 200;
/** Facts beyond this are left out: the text of the event is shown in English then. */
const mostFacts = 4000;

/** What one event changes. */
type Effect =
  | {
      readonly opens: Pick<IncidentProblem, 'key' | 'topic' | 'level' | 'until'>;
      /** Where it is not the master of the owner. */
      readonly master?: string;
    }
  | { readonly closes: (key: string) => boolean }
  /** Nothing ends these any more but a person who has seen them. */
  | { readonly leaves: (key: string) => boolean };

const opens = (
  key: string,
  topic: Topic,
  level: IncidentProblem['level'],
  until: IncidentProblem['until'] = 'over',
  master?: string,
): Effect => ({ opens: { key, topic, level, until }, ...(master === undefined ? {} : { master }) });
const closes = (...keys: readonly string[]): Effect => ({ closes: (key) => keys.includes(key) });
const closesAll = (beginning: string): Effect => ({ closes: (key) => key.startsWith(beginning) });

/** Problems of nodes that an expansion leaves behind. */
const leavesNodes: Effect = { leaves: (key) => key.startsWith('node ') };
const givenUp: readonly unknown[] = ['failed', 'quarantined'];

type Data = Readonly<Record<string, unknown>>;
const reasonOf = (data: Data) => data.reason as { readonly code: string; readonly facts: Data };
const settingKey = ({ server, setting }: Data): string => `setting ${String(server)} ${String(setting)}`;
const settingLost = ({ data }: OwnedEvent): readonly Effect[] => [
  opens(settingKey(data), 'setting', 'error', 'acknowledged'),
];
const settingRestored = ({ data }: OwnedEvent): readonly Effect[] => [closes(settingKey(data))];
const findingKey = ({ code, facts }: ReturnType<typeof reasonOf>): string =>
  `finding ${String(facts.slave)} ${code}`;
const nodeGivenUp = ({ node }: OwnedEvent): readonly Effect[] => [opens(`node ${node}`, 'node', 'error')];
const goesOn = (): readonly Effect[] => [closes('state')];

const effects: Readonly<Record<string, (event: OwnedEvent) => readonly Effect[]>> = {
  'expansion.halted': () => [opens('state', 'halted', 'error')],
  'expansion.awaiting_approval': () => [opens('state', 'approval', 'warning')],
  'expansion.running': goesOn,
  'expansion.pending': goesOn,
  'expansion.paused': goesOn,
  'expansion.succeeded': () => [{ closes: (key) => key === 'state' || key.startsWith('node ') }],
  'expansion.failed': () => [closes('state'), leavesNodes, opens('end', 'failed', 'error', 'acknowledged')],
  'expansion.cancelled': () => [closes('state'), leavesNodes],
  'node.failed': nodeGivenUp,
  'node.quarantined': nodeGivenUp,
  'node.phase': ({ node, data }) =>
    givenUp.includes(data.from) && !givenUp.includes(data.to) ? [closes(`node ${node}`)] : [],
  'node.verified': ({ node }) => [closes(`node ${node}`)],
  'node.setting_lost': settingLost,
  'master.setting_lost': settingLost,
  'node.setting_refused': (event) => (event.level === 'error' ? settingLost(event) : []),
  'master.setting_refused': (event) => (event.level === 'error' ? settingLost(event) : []),
  'node.setting_restored': settingRestored,
  'master.setting_restored': settingRestored,

  // That a campaign is halted says that expansions are halted, which they say themselves.
  'campaign.awaiting_approval': () => [opens('state', 'approval', 'warning')],
  'campaign.running': goesOn,
  'campaign.pending': goesOn,
  'campaign.paused': goesOn,
  'campaign.stopping': goesOn,
  'campaign.succeeded': goesOn,
  'campaign.cancelled': goesOn,
  'campaign.failed': () => [closes('state'), opens('end', 'failed', 'error', 'acknowledged')],
  'campaign.member_refused': ({ data }) => [
    opens(`member ${String(data.member)}`, 'failed', 'error', 'acknowledged', String(data.master)),
  ],

  'replacement.held': ({ data }) => [opens(`held ${String(data.old)}`, 'replacement', 'error')],
  'replacement.running': () => [closesAll('held ')],
  'replacement.succeeded': () => [closesAll('held ')],
  'replacement.cancelled': () => [closesAll('held ')],
  'replacement.slave_failed': ({ data }) => [
    opens(`slave ${String(data.old)}`, 'replacement', 'error', 'acknowledged'),
  ],
  'replacement.failed': () => [closesAll('held '), opens('end', 'replacement', 'error', 'acknowledged')],

  'audit.slave_judged': ({ node, data }) => [
    opens(
      `slave ${node}`,
      'audit',
      data.verdict === 'damaged' ? 'error' : 'warning',
      'acknowledged',
      String(data.master),
    ),
  ],

  'guard.found': ({ level, data }) => {
    const reason = reasonOf(data);
    const { master, slave } = reason.facts;
    return [
      opens(
        findingKey(reason),
        'guard',
        level === 'error' ? 'error' : 'warning',
        'over',
        String(master === '' ? slave : master),
      ),
    ];
  },
  'guard.cleared': ({ data }) => [closes(findingKey(reasonOf(data)))],
  'guard.slave_forgotten': ({ data }) => [closesAll(`finding ${String(data.slave)} `)],
  'guard.ended': () => [closesAll('')],
};

/** The types of events that can begin or end something. */
export const tellingTypes = Object.keys(effects) as readonly string[];

/** Incidents by their key: those that are open, and those that ended just now. */
export interface Known {
  get(key: string): Incident | undefined;
}

/** The key of the incident that an event belongs to. */
export const keyOf = (event: StoredEvent): string => {
  const { owner, id } = ownerOf(event);
  return `${owner} ${id}`;
};

/** The incidents that events change, by their key. Each comes as it is after all of them. */
export function afterEvents(
  known: Known,
  events: readonly OwnedEvent[],
  newId: () => string,
): ReadonlyMap<string, Incident> {
  const changed = new Map<string, Incident>();
  for (const event of events) {
    const key = keyOf(event);
    const before = changed.get(key) ?? known.get(key);
    const { owner, id: ownerId } = ownerOf(event);
    const about = { key, owner, ownerId, label: event.label };
    let after = before;
    for (const effect of effects[event.type]?.(event) ?? [])
      after = applied(after, effect, { at: event.at, about, newId, event });
    if (after !== undefined && after !== before) changed.set(key, after);
  }
  return changed;
}

/** The incidents that a look changes, by their key. */
export function afterLook(
  known: Known,
  { at, freeze, unattended }: Look,
  newId: () => string,
): ReadonlyMap<string, Incident> {
  const minutes = unattendedMs / 60_000;
  const found = [
    freeze.frozen
      ? {
          key: 'frozen',
          ...makeEvent('freeze.on', { at }, { by: freeze.by ?? '', reason: freeze.reason ?? '' }),
        }
      : 'frozen',
    unattended > 0
      ? {
          key: 'unattended',
          type: 'look.unattended',
          node: null,
          text: looks['look.unattended'].en({ count: unattended, minutes }, nobody),
          data: { count: unattended, minutes },
        }
      : 'unattended',
  ] as const;
  const changed = new Map<string, Incident>();
  for (const each of found) {
    const name = typeof each === 'string' ? each : each.key;
    const key = `service ${name}`;
    const before = known.get(key);
    const isOpen = before !== undefined && before.endedAt === null;
    if (isOpen === (typeof each !== 'string')) continue;
    const about = { key, owner: 'service', ownerId: null, label: null } as const;
    const after =
      typeof each === 'string'
        ? applied(before, closes(name), { at, about, newId })
        : applied(before, opens(name, name as Topic, name === 'frozen' ? 'warning' : 'error'), {
            at,
            about,
            newId,
            event: { ...each, master: null },
          });
    if (after !== undefined && after !== before) changed.set(key, after);
  }
  return changed;
}

/** The incident after a person has seen to it: what nothing else ends is over. */
export function afterAcknowledgement(
  incident: Incident,
  acknowledged: NonNullable<Incident['acknowledged']>,
): Incident {
  const problems = incident.problems.filter(({ until }) => until === 'over');
  const isOver = problems.length === 0;
  const { at } = acknowledged;
  return {
    ...incident,
    acknowledged,
    problems,
    moreProblems: isOver ? 0 : incident.moreProblems,
    changedAt: problems.length < incident.problems.length ? at : incident.changedAt,
    endedAt: isOver ? (incident.endedAt ?? at) : null,
  };
}

interface Said {
  readonly type: string;
  readonly node: string | null;
  readonly text: string;
  readonly data: Facts;
  readonly master: string | null;
}

interface Happened {
  readonly at: number;
  readonly about: Pick<Incident, 'key' | 'owner' | 'ownerId' | 'label'>;
  readonly newId: () => string;
  readonly event?: Said;
}

function applied(before: Incident | undefined, effect: Effect, happened: Happened): Incident | undefined {
  if ('opens' in effect) return withProblem(before, effect, happened);
  if (before === undefined || before.endedAt !== null) return before;
  if ('leaves' in effect) {
    const isLeft = ({ key, until }: IncidentProblem) => until === 'over' && effect.leaves(key);
    if (!before.problems.some(isLeft)) return before;
    return {
      ...before,
      problems: before.problems.map((each) => (isLeft(each) ? { ...each, until: 'acknowledged' } : each)),
    };
  }
  const problems = before.problems.filter(({ key }) => !effect.closes(key));
  if (problems.length === before.problems.length) return before;
  return {
    ...before,
    problems,
    changedAt: happened.at,
    ...(problems.length === 0 ? { endedAt: happened.at, moreProblems: 0 } : {}),
  };
}

function withProblem(
  before: Incident | undefined,
  { opens, master }: Extract<Effect, { readonly opens: unknown }>,
  { at, about, newId, event }: Happened,
): Incident {
  const { type, node, text, data } = event!;
  const fits = JSON.stringify(data).length <= mostFacts;
  const problem: IncidentProblem = {
    ...opens,
    since: at,
    master: master ?? event!.master,
    said: { type, node, text: text.slice(0, mostFacts), data: fits ? data : {} },
  };
  const isSame = before !== undefined && (before.endedAt === null || at - before.endedAt < settleMs);
  const incident: Incident = isSame
    ? before
    : {
        ...about,
        id: newId(),
        openedAt: at,
        changedAt: at,
        endedAt: null,
        acknowledged: null,
        problems: [],
        moreProblems: 0,
      };
  const others = incident.problems.filter(({ key }) => key !== problem.key);
  const known = incident.problems.find(({ key }) => key === problem.key);
  // What goes on is no news, in whatever other words.
  if (known?.topic === problem.topic && known.until === problem.until)
    return {
      ...incident,
      problems: incident.problems.map((each) => (each === known ? { ...problem, since: each.since } : each)),
    };
  const isFull = others.length >= mostProblems;
  return {
    ...incident,
    changedAt: at,
    endedAt: null,
    // Whoever has acknowledged it has not seen this.
    acknowledged: null,
    problems: isFull ? others : [...others, problem],
    moreProblems: incident.moreProblems + (isFull ? 1 : 0),
  };
}

function ownerOf(event: StoredEvent): { readonly owner: IncidentOwner; readonly id: string } {
  for (const owner of ['expansionId', 'campaignId', 'auditId', 'guardId', 'replacementId'] as const) {
    const id = event[owner];
    if (typeof id === 'string') return { owner, id };
  }
  return { owner: 'service', id: String(event.seq) };
}
