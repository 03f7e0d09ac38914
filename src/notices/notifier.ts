import { setMaxListeners } from 'node:events';
import { decideNotices } from '../core/notice/decide.ts';
import {
  afterEvents,
  afterLook,
  keyOf,
  settleMs,
  tellingTypes,
  unattendedMs,
} from '../core/notice/incidents.ts';
import { noticeText } from '../model/notice.ts';
import { seldomMs, startRounds } from '../platform/rounds.ts';
import type { ChannelStore, DueNotice, NoticeOutcome } from '../store/channels.ts';
import type { News } from '../store/news.ts';
import { type NoticeAnswer, namesMaster, type SendNotice } from './send.ts';

export interface NotifierParts {
  readonly store: Pick<ChannelStore, 'find' | 'decide' | 'takeDue' | 'dueInMs' | 'record' | 'prune'>;
  readonly news: News;
  readonly send: SendNotice;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  now(): number;
  newId(prefix: string): string;
  /** Where the dashboard shows incidents; null = nowhere that the service knows. */
  readonly link: string | null;
  onTrouble(error: unknown): void;
  /** Called after each durable step, and after a message was sent. Tests use it to end the process. */
  readonly crashPoint?: (point: 'decided' | 'sent' | 'saved') => void;
}

export interface Notifier {
  /** Cuts off what is on its way; those messages are due again when their lease has run out. */
  close(): Promise<void>;
}

const roundMs = 1000;
const eventsAtOnce = 500;
/** Longer than any attempt takes. */
const leaseMs = 60_000;
const pruneEveryMs = 3_600_000;
/** Incidents are kept for so long after their end. */
const keptMs = 90 * 86_400_000;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const retryDelaysMs = [5 * second, 30 * second, 2 * minute, 5 * minute, 10 * minute, 30 * minute];
/** Then once an hour, for about a day. */
const mostAttempts = 30;
/** What a receiver has refused so often it will refuse again. */
const mostRefusals = 5;

/**
 * Finds incidents, decides what channels are told, and tells them. Each message is stored before it is sent, so a crash loses none;
 * what was sent and not recorded as sent is sent again. To a channel one message is on its way at a time: a receiver that hangs
 * holds up no other. Any number of processes may run one.
 */
export function startNotifier(parts: NotifierParts): Notifier {
  const { store, now } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  // Each message on its way listens to it.
  setMaxListeners(0, signal);
  const startedAt = now();
  let prunedAt = Number.NEGATIVE_INFINITY;
  const onTheWay = new Set<Promise<void>>();
  /** When something is to be told though nothing happens until then. */
  let lookAt = Number.POSITIVE_INFINITY;

  async function round(): Promise<number> {
    if ((await find(parts, startedAt)) >= eventsAtOnce) return 0;
    lookAt = Number.POSITIVE_INFINITY;
    const made = await store.decide(now(), () => parts.newId('ntc'), decide);
    if (made > 0) parts.crashPoint?.('decided');
    let inMs = made > 0 ? 0 : await store.dueInMs();
    if (inMs === 0) {
      await startDue();
      // What is due and was not taken is taken by another process.
      inMs = (await store.dueInMs()) || roundMs;
    }
    await prune();
    return Math.min(inMs, Math.max(0, lookAt - now()));
  }

  const decide: Parameters<ChannelStore['decide']>[2] = (state) => {
    const decision = decideNotices({
      ...state,
      now: now(),
      namesMaster: (master) => namesMaster(state.channel.masters, master),
    });
    lookAt = Math.min(lookAt, decision.lookAt);
    return decision;
  };

  async function startDue(): Promise<void> {
    for (const due of await store.takeDue(leaseMs)) {
      const attempt = deliver(due).catch((error: unknown) => parts.onTrouble(error));
      onTheWay.add(attempt);
      void attempt.then(() => {
        onTheWay.delete(attempt);
        // The next message of the channel may be due.
        rounds.wake();
      });
    }
  }

  async function deliver({ id, notice, attempts, channel }: DueNotice): Promise<void> {
    const reader = { language: channel.language, tool: 'cli' } as const;
    const text = noticeText(notice, reader, parts.link);
    const answer = await parts.send(channel, { id, text, notice }, signal);
    if (signal.aborted && !answer.delivered) return;
    parts.crashPoint?.('sent');
    await store.record(id, outcomeOf(answer, attempts), now());
    parts.crashPoint?.('saved');
  }

  async function prune(): Promise<void> {
    if (now() - prunedAt < pruneEveryMs) return;
    prunedAt = now();
    await store.prune(now() - keptMs);
  }

  const rounds = startRounds({
    turn: round,
    pauseMs: 0,
    atMostMs: seldomMs,
    retryMs: roundMs,
    sleep: parts.sleep,
    failed: parts.onTrouble,
  });
  const watched = (['events', 'incidents'] as const).map((topic) =>
    parts.news.watch(topic, () => rounds.wakeApart(roundMs)),
  );
  return {
    async close() {
      stop.abort();
      await Promise.all([...watched, rounds].map((each) => each.close()));
      await Promise.all(onTheWay);
    },
  };
}

/** One step of the search for incidents. Returns how many events it has passed. */
function find({ store, now, newId }: NotifierParts, startedAt: number): Promise<number> {
  const at = now();
  const newIncident = (): string => newId('inc');
  return store.find(
    {
      limit: eventsAtOnce,
      types: tellingTypes,
      unattendedMs,
      keys: ['service frozen', 'service unattended'],
      keyOf,
      endedAfter: at - settleMs,
    },
    (known, { events, freeze, unattended }) => {
      const changed = afterEvents(known, events, newIncident);
      // Who has just started finds what waited for it.
      const isNew = at - startedAt < unattendedMs;
      const look = { at, freeze, unattended: isNew ? 0 : unattended };
      return [...changed.values(), ...afterLook(known, look, newIncident).values()];
    },
  );
}

/** The outcome of an attempt, and the time of the next attempt. `attempts` counts this attempt. */
export function outcomeOf(answer: NoticeAnswer, attempts: number): NoticeOutcome {
  const { delivered, error, refused, pauseMs } = answer;
  if (delivered) return { delivered, error: null, retryInMs: null };
  const isOver = attempts >= (refused ? mostRefusals : mostAttempts);
  const delayMs = retryDelaysMs[attempts - 1] ?? hour;
  return { delivered, error, retryInMs: isOver ? null : Math.max(delayMs, Math.min(pauseMs ?? 0, hour)) };
}
