/** What a channel is told of incidents, and when. Pure: incidents, what was told before and the moment come in. */
import type { Channel } from '../../model/channel.ts';
import type { Incident, IncidentProblem } from '../../model/incident.ts';
import type { Notice, NoticeItem, NoticeNews, Told } from '../../model/notice.ts';
import { windowState } from '../plan/windows.ts';
import { settleMs } from './incidents.ts';

export interface ChannelState {
  readonly channel: Channel;
  readonly incidents: readonly Incident[];
  /** By the id of the incident. */
  readonly told: ReadonlyMap<string, Told>;
  /** When its messages of the last minute were made. */
  readonly lately: readonly number[];
  readonly now: number;
  /** Whether the channel is told of the incidents of this master. */
  readonly namesMaster: (master: string) => boolean;
}

export interface Decision {
  readonly notices: readonly Notice[];
  /** What changed of what was told. */
  readonly told: ReadonlyMap<string, Told>;
  /** When something is to be told, though nothing happens until then; Infinity = never. The end of quiet hours is not in it. */
  readonly lookAt: number;
}

const minuteMs = 60_000;
/** Every service takes 20 a minute; some of them are retries and tests. */
export const mostPerMinute = 10;
/** More than these become one summary. */
const mostSingle = 3;
/** Of a summary, and of each incident in it. */
const mostItems = 20;
const mostProblems = 10;
/** How often one incident is said again. */
export const mostRepeats = 6;
/** The longest pause between two messages of news about one incident. */
const longestPauseMs = 30 * minuteMs;

interface Candidate {
  readonly incident: Incident;
  readonly news: NoticeNews;
  readonly visible: readonly IncidentProblem[];
  readonly before: Told | undefined;
}

/** Decides what a channel is told now. It is asked only while no message to the channel is on its way. */
export function decideNotices(state: ChannelState): Decision {
  const { channel, incidents, now, lately } = state;
  const isQuiet = inQuietHours(channel, now);
  const told = new Map<string, Told>();
  const candidates: Candidate[] = [];
  let lookAt = never;
  for (const incident of incidents) {
    const candidate = newsOf(incident, state);
    if (typeof candidate === 'number') {
      lookAt = Math.min(lookAt, candidate);
      continue;
    }
    if (!isQuiet || breaksThrough(channel, candidate)) candidates.push(candidate);
    else if (!candidate.before?.held) told.set(incident.id, heldBack(candidate));
  }
  if (candidates.length === 0) return { notices: [], told, lookAt };
  const ofMinute = lately.filter((at) => at > now - minuteMs);
  const places = mostPerMinute - ofMinute.length;
  if (places <= 0) return { notices: [], told, lookAt: Math.min(...ofMinute) + minuteMs };
  for (const candidate of candidates) told.set(candidate.incident.id, afterwards(candidate, now));
  const summary: Notice['summary'] =
    !isQuiet && candidates.some(({ before }) => before?.held)
      ? 'quiet_hours'
      : candidates.length > Math.min(mostSingle, places)
        ? 'many'
        : null;
  const items = candidates.toSorted(byGravity).map(itemOf);
  const notices: readonly Notice[] =
    summary === null
      ? items.map((item) => ({ items: [item], moreItems: 0, summary }))
      : [{ items: items.slice(0, mostItems), moreItems: Math.max(0, items.length - mostItems), summary }];
  return { notices, told, lookAt };
}

const inQuietHours = ({ quiet }: Channel, now: number): boolean =>
  quiet !== null && windowState([{ days: [], ...quiet }], now).open;

/** That something is over, or seen to, can wait for the morning. */
const breaksThrough = ({ quiet }: Channel, { news, visible }: Candidate): boolean =>
  (news === 'opened' || news === 'changed' || news === 'again') &&
  visible.some(({ topic }) => quiet!.breakThrough.includes(topic));

const idOf = ({ key, since }: IncidentProblem): string => `${key} ${since}`;

/** What is new of an incident for this channel; else when something will be, though nothing happens to it. */
function newsOf(incident: Incident, { channel, told, now, namesMaster }: ChannelState): Candidate | number {
  const before = told.get(incident.id);
  const visible = incident.problems.filter(({ topic, master }) => {
    const ofTopic = channel.topics.length === 0 || channel.topics.includes(topic);
    return ofTopic && (channel.masters.length === 0 || (master !== null && namesMaster(master)));
  });
  const news = (what: NoticeNews): Candidate => ({ incident, news: what, visible, before });
  const newsFrom = (at: number, what: NoticeNews): Candidate | number => (now >= at ? news(what) : at);
  if (before === undefined || before.problems.length === 0) {
    // What came and went while quiet hours held it is said in their summary.
    if (visible.length === 0) return before?.state === 'held' ? news('over') : never;
    // What went wrong before there was the channel, and what nothing but a person ends, is old.
    const isOld = incident.changedAt < channel.createdAt && visible.every(({ until }) => until !== 'over');
    return incident.acknowledged === null && !isOld ? news('opened') : never;
  }
  if (visible.length === 0) {
    if (before.state === 'over') return never;
    return incident.acknowledged !== null ? news('over') : newsFrom(incident.changedAt + settleMs, 'over');
  }
  if (visible.some((problem) => !before.problems.includes(idOf(problem))))
    return newsFrom(before.saidAt + pauseMs(before.news), 'changed');
  if (incident.acknowledged !== null) return before.acknowledged ? never : news('acknowledged');
  const { repeatMinutes } = channel;
  if (repeatMinutes === null || before.repeats >= mostRepeats) return never;
  return newsFrom(before.saidAt + repeatMinutes * minuteMs, 'again');
}

const never = Number.POSITIVE_INFINITY;

/** One minute after the first message, and twice as long after each further one. */
const pauseMs = (news: number): number => Math.min(longestPauseMs, minuteMs * 2 ** Math.max(0, news - 1));

function heldBack({ before, incident }: Candidate): Told {
  if (before !== undefined) return { ...before, held: true };
  return {
    state: 'held',
    problems: [],
    saidAt: incident.openedAt,
    news: 0,
    repeats: 0,
    acknowledged: false,
    held: true,
  };
}

function afterwards({ incident, news, visible, before }: Candidate, now: number): Told {
  return {
    state: news === 'over' ? 'over' : 'said',
    // Of what is over the problems stay known: where they come back, they come with another time.
    problems: news === 'over' ? (before?.problems ?? []) : visible.map(idOf),
    saidAt: now,
    news: (before?.news ?? 0) + (news === 'opened' || news === 'changed' ? 1 : 0),
    repeats: news === 'again' ? (before?.repeats ?? 0) + 1 : news === 'changed' ? 0 : (before?.repeats ?? 0),
    acknowledged: incident.acknowledged !== null,
    held: false,
  };
}

const gravity = ({ visible }: Pick<Candidate, 'visible'>): number =>
  visible.some(({ level }) => level === 'error') ? 0 : visible.length > 0 ? 1 : 2;
const byGravity = (a: Candidate, b: Candidate): number =>
  gravity(a) - gravity(b) || a.incident.openedAt - b.incident.openedAt;

function itemOf({ incident, news, visible }: Candidate): NoticeItem {
  const { id, owner, ownerId, label, openedAt, acknowledged, moreProblems } = incident;
  const sorted = visible.toSorted((a, b) => Number(b.level === 'error') - Number(a.level === 'error'));
  return {
    incidentId: id,
    news,
    owner,
    ownerId,
    label,
    openedAt,
    acknowledged,
    problems: news === 'over' ? [] : sorted.slice(0, mostProblems),
    moreProblems: news === 'over' ? 0 : Math.max(0, sorted.length - mostProblems) + moreProblems,
  };
}
