import type { Said } from '../model/text.ts';
import type { DeliveryView, HookQuestionView, WebhookView } from '../model/views/webhook.ts';
import type { Page } from './page.ts';

export interface Webhook extends WebhookView {
  /** Key of the HMAC. Leaves the store only for signing: no response, log or event carries it. */
  readonly secret: string;
}

export interface Delivery extends DeliveryView {
  readonly webhookId: string;
  /** The last error; its text is `lastError`. Null also for errors of earlier releases. */
  readonly lastSaid: Omit<Said, 'text'> | null;
}

/** A question to a webhook that may hold a step, as it was asked and answered last. */
export type StoredQuestion = HookQuestionView;

/** An answer that comes after the question. */
export interface LateAnswer {
  readonly answer: 'yes' | 'no';
  readonly reason: string | null;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The outcome of an attempt. */
export interface DeliveryOutcome {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: Said | null;
  readonly tookMs: number;
  /** null = not tried again. */
  readonly retryInMs: number | null;
}

/** Ids of webhooks: these alone, or all others. */
export type WhichWebhooks = { readonly only: readonly string[] } | { readonly except: readonly string[] };

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface WebhookStore {
  /** It gets the events, or the entries of the trail, that are stored from now on. */
  create(webhook: Webhook): Promise<void>;
  get(id: string): Promise<Webhook | null>;
  /** Oldest first. */
  list(): Promise<readonly Webhook[]>;
  /** With its deliveries. Throws NotFoundError. */
  remove(id: string): Promise<void>;
  /**
   * Makes a delivery of every event that a `notify` webhook has not got yet, and of every entry that a `trail` has not got:
   * each exactly once, also with several processes at work. Looks at no more than `limit` events and entries; returns how many
   * deliveries it made.
   */
  fanOut(limit: number): Promise<number>;
  /**
   * Takes deliveries that are due, for `leaseMs`; each counts as an attempt. A taker that dies leaves them due again.
   * A receiver that hangs must not take all the places: `webhooks` says whose deliveries are taken.
   */
  takeDue(
    limit: number,
    leaseMs: number,
    webhooks?: WhichWebhooks,
  ): Promise<readonly { delivery: Delivery; webhook: Webhook }[]>;
  /** Milliseconds until a delivery is due; 0 = one is, Infinity = none waits. */
  dueInMs(): Promise<number>;
  record(deliveryId: string, outcome: DeliveryOutcome): Promise<void>;
  /** Keeps a veto's question and its answer with the other deliveries. */
  addAnswered(
    delivery: Pick<Delivery, 'id' | 'webhookId' | 'type' | 'payload' | 'createdAt'>,
    outcome: DeliveryOutcome,
  ): Promise<void>;
  /** null = it was never asked, or its webhook is gone. */
  question(id: string): Promise<StoredQuestion | null>;
  /** Keeps how it was asked and answered last. Does nothing where its webhook is gone. */
  saveQuestion(question: StoredQuestion): Promise<void>;
  /** false = it does not wait for an answer (any more). */
  answerQuestion(id: string, answer: LateAnswer): Promise<boolean>;
  /** Those that wait for an answer, the oldest first. */
  openQuestions(limit: number): Promise<readonly StoredQuestion[]>;
  /** Newest first. */
  deliveries(
    webhookId: string,
    page: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<Delivery>>;
}
