import { setMaxListeners } from 'node:events';
import type { Said } from '../model/text.ts';
import { deliverySays } from '../model/webhook-texts.ts';
import type { HookAnswer, SendHook } from '../net/send.ts';
import type { AtCrashPoint } from '../platform/crash-points.ts';
import { seldomMs, startRounds } from '../platform/rounds.ts';
import type { News } from '../store/news.ts';
import type { Delivery, DeliveryOutcome, Webhook, WebhookStore, WhichWebhooks } from '../store/webhooks.ts';

export interface DispatcherParts {
  readonly store: WebhookStore;
  readonly news: News;
  readonly send: SendHook;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 to 1, spreads the retries. */
  random(): number;
  /** Called when the database could not be asked; the next round tries again. */
  onTrouble(error: unknown): void;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

export interface Dispatcher {
  /** Cuts off what is on its way; those deliveries are due again when their lease has run out. */
  close(): Promise<void>;
}

/** Deliveries on their way to one receiver. */
const perWebhook = 4;
const inAll = 64;
/** Of these at most so many to receivers whose last attempt was not answered soon: the others always find a place. */
const inAllUnproven = 48;
/** An answer later than this, or none, makes a receiver slow. */
const soonMs = 2000;
const roundMs = 1000;
const fanOutEvents = 500;
/** Longer than any attempt takes. */
const leaseMs = 60_000;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** A receiver that hangs for 10 s at each attempt then holds a seventh of a place. */
const longestPauseMs = minute;
/** Eleven attempts over about a day. */
const retryDelaysMs = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  8 * hour,
] as const;

interface Room {
  readonly limit: number;
  readonly webhooks: WhichWebhooks;
}

/**
 * Tells receivers of events, at least once each: events become deliveries in the database, and whichever process is
 * alive sends those that are due. Any number of processes may run one.
 */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const { store } = parts;
  const stop = new AbortController();
  // Each attempt on its way listens to it.
  setMaxListeners(2 * inAll, stop.signal);
  const onTheWay = new Set<Promise<void>>();
  const busy = new Map<string, number>();
  /** Receivers that answered their last attempt soon. */
  const proven = new Set<string>();
  /** Receivers that did not: they get an attempt at a time, and a longer pause after each. */
  const slow = new Map<string, { readonly strikes: number; readonly until: number }>();

  async function round(): Promise<number> {
    const made = await store.fanOut(fanOutEvents);
    if (made > 0) parts.crashPoint?.('after_fan_out');
    const inMs = made > 0 ? 0 : await store.dueInMs();
    if (inMs > 0) return inMs;
    await startDue();
    if (made > 0) return 0;
    // What is due and was not taken waits for a place, or for a slow receiver.
    return (await store.dueInMs()) || roundMs;
  }

  async function startDue(): Promise<void> {
    while (!stop.signal.aborted && onTheWay.size < inAll) {
      const taken = (await startSome(room())) + (await startSome(roomForSlow()));
      if (taken === 0) return;
    }
  }

  async function startSome({ limit, webhooks }: Room): Promise<number> {
    if (limit <= 0) return 0;
    const taken = await store.takeDue(limit, leaseMs, webhooks);
    for (const { delivery, webhook } of taken) start(delivery, webhook);
    return taken.length;
  }

  const unproven = (): number =>
    [...busy].reduce((sum, [id, count]) => (proven.has(id) ? sum : sum + count), 0);

  /** How many deliveries may be taken even if all of them were for one receiver, and for which receivers. */
  function room(): Room {
    const full = [...busy].filter(([, count]) => count >= perWebhook).map(([id]) => id);
    const most = Math.max(0, ...[...busy.values()].filter((count) => count < perWebhook));
    const limit = Math.min(perWebhook - most, inAll - onTheWay.size);
    const left = inAllUnproven - unproven();
    if (left > 0) return { limit: Math.min(limit, left), webhooks: { except: [...full, ...slow.keys()] } };
    const only = [...proven].filter((id) => !full.includes(id));
    return { limit: only.length === 0 ? 0 : limit, webhooks: { only } };
  }

  function roomForSlow(): Room {
    const now = parts.now();
    const only = [...slow].filter(([id, { until }]) => until <= now && !busy.has(id)).map(([id]) => id);
    const left = Math.min(inAllUnproven - unproven(), inAll - onTheWay.size);
    return { limit: only.length === 0 ? 0 : Math.min(1, left), webhooks: { only } };
  }

  /** Several attempts that were on their way together are one strike. */
  function note(id: string, { status, tookMs }: HookAnswer): void {
    if (status !== null && tookMs < soonMs) {
      slow.delete(id);
      proven.add(id);
      return;
    }
    proven.delete(id);
    const { strikes, until } = slow.get(id) ?? { strikes: 0, until: 0 };
    const now = parts.now();
    if (until > now) return;
    slow.set(id, { strikes: strikes + 1, until: now + Math.min(longestPauseMs, second * 2 ** strikes) });
  }

  function start(delivery: Delivery, webhook: Webhook): void {
    busy.set(webhook.id, (busy.get(webhook.id) ?? 0) + 1);
    const attempt = deliver(delivery, webhook).catch((error: unknown) => parts.onTrouble(error));
    onTheWay.add(attempt);
    void attempt.then(() => {
      onTheWay.delete(attempt);
      const count = busy.get(webhook.id) ?? 1;
      if (count === 1) busy.delete(webhook.id);
      else busy.set(webhook.id, count - 1);
      // More may be due for a receiver that had no place left.
      const left = inAllUnproven - unproven();
      if (count >= perWebhook || onTheWay.size === inAll - 1 || left === 1) rounds.wake();
    });
  }

  async function deliver(delivery: Delivery, webhook: Webhook): Promise<void> {
    const { id: deliveryId, type, payload } = delivery;
    const hook = { url: webhook.url, secret: webhook.secret, deliveryId, type, payload };
    const answer = await parts.send(hook, stop.signal);
    if (stop.signal.aborted && answer.status === null) return;
    note(webhook.id, answer);
    parts.crashPoint?.('before_delivery_saved');
    const outcome = outcomeOf(answer, delivery.attempts, parts.random());
    await store.record(deliveryId, outcome);
    parts.crashPoint?.('after_delivery_saved');
    if (outcome.retryInMs !== null) rounds.wake(outcome.retryInMs);
  }

  const rounds = startRounds({
    turn: round,
    pauseMs: 0,
    atMostMs: seldomMs,
    retryMs: roundMs,
    sleep: parts.sleep,
    failed: parts.onTrouble,
  });
  const watched = (['events', 'trail', 'deliveries'] as const).map((topic) =>
    parts.news.watch(topic, () => rounds.wakeApart(roundMs)),
  );
  return {
    close: async () => {
      stop.abort();
      await Promise.all([...watched, rounds].map((each) => each.close()));
      await Promise.all(onTheWay);
    },
  };
}

/** The outcome of an attempt, and the time of the next attempt. `attempts` counts this attempt. */
export function outcomeOf(answer: HookAnswer, attempts: number, random: number): DeliveryOutcome {
  const delivered = isYes(answer);
  const delayMs = retryDelaysMs[attempts - 1];
  // 410 is a receiver's own word that it wants nothing more.
  const over = delivered || answer.status === 410 || delayMs === undefined;
  return {
    delivered,
    status: answer.status,
    error: delivered ? null : (answer.error ?? answeredWith(answer)),
    tookMs: answer.tookMs,
    retryInMs: over ? null : Math.round(delayMs * (0.9 + 0.2 * random)),
  };
}

export const isYes = ({ status }: HookAnswer): boolean => status !== null && status >= 200 && status < 300;

const answeredWith = ({ status, text }: HookAnswer): Said =>
  deliverySays('answered', { status, quoted: text === '' ? '' : `: ${text.slice(0, 300)}` });
