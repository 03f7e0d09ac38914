import type { Channel } from '../model/channel.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice, Told } from '../model/notice.ts';
import type { Said } from '../model/text.ts';
import type { StoredEvent } from '../model/views/event.ts';
import type { Freeze } from '../model/views/service.ts';
import type { Page } from './page.ts';

export interface StoredChannel extends Channel {
  /** With what its path and its query hold, which may be a secret. */
  readonly url: string;
  /** Signs messages, or is the password of a mail server; null = there is none. No response, log or event carries it. */
  readonly secret: string | null;
}

/** The message that was made last for a channel. */
export interface LastNotice {
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** Why the last attempt failed; null = none failed. */
  readonly error: Said | null;
}

export interface DueNotice {
  readonly id: string;
  readonly notice: Notice;
  /** With this one. */
  readonly attempts: number;
  readonly createdAt: number;
  readonly channel: StoredChannel;
}

/** The outcome of an attempt. */
export interface NoticeOutcome {
  readonly delivered: boolean;
  readonly error: Said | null;
  /** null = not tried again. */
  readonly retryInMs: number | null;
}

/** What incidents are found in. */
export interface Findings {
  /** Events since the last time, with what their owner is called and its master. */
  readonly events: readonly (StoredEvent & {
    readonly label: string | null;
    readonly master: string | null;
  })[];
  readonly freeze: Freeze;
  /** Expansions that are due for this long, and on which nobody acts. One that never began may wait behind others at work. */
  readonly unattended: number;
}

/** What is known of one channel when it is decided what it is told. */
export interface ToDecide {
  readonly channel: StoredChannel;
  readonly incidents: readonly Incident[];
  readonly told: ReadonlyMap<string, Told>;
  readonly lately: readonly number[];
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface ChannelStore {
  create(channel: StoredChannel): Promise<void>;
  get(id: string): Promise<StoredChannel | null>;
  /** Oldest first. */
  list(): Promise<readonly StoredChannel[]>;
  /** Throws NotFoundError. */
  change(channel: StoredChannel): Promise<void>;
  /** With its messages. Throws NotFoundError. */
  remove(id: string): Promise<void>;
  /** By the id of the channel. */
  lastNotices(): Promise<ReadonlyMap<string, LastNotice>>;

  incident(id: string): Promise<Incident | null>;
  /** Newest first. */
  incidents(filter: {
    readonly open?: boolean;
    readonly cursor?: string;
    /** 1 to 200. */
    readonly limit: number;
  }): Promise<Page<Incident>>;
  /** Stores what `change` makes of an incident; null = it is over, or there is none. */
  changeIncident(id: string, change: (incident: Incident) => Incident): Promise<Incident | null>;

  /**
   * Reads what happened since the last time, up to `limit` events, and stores the incidents that `change` makes of it: each event
   * counts exactly once, also with several processes at work. Whoever comes meanwhile finds nothing. Returns how many events it
   * has passed. `keysOf`: the incidents that are read, beside those of `keys`; also those that ended after `endedAfter`.
   */
  find(
    options: {
      readonly limit: number;
      readonly types: readonly string[];
      readonly unattendedMs: number;
      readonly keys: readonly string[];
      readonly keyOf: (event: StoredEvent) => string;
      readonly endedAfter: number;
    },
    change: (known: ReadonlyMap<string, Incident>, findings: Findings) => readonly Incident[],
  ): Promise<number>;
  /**
   * Asks `decide` for each channel to which no message is on its way, and stores the messages and what was told in one
   * transaction. Returns how many messages there are.
   */
  decide(
    now: number,
    newId: () => string,
    decide: (state: ToDecide) => {
      readonly notices: readonly Notice[];
      readonly told: ReadonlyMap<string, Told>;
    },
  ): Promise<number>;
  /** Takes messages that are due, the first of each channel alone, for `leaseMs`; each counts as an attempt. */
  takeDue(leaseMs: number): Promise<readonly DueNotice[]>;
  /** Milliseconds until the first message of a channel is due; 0 = one is, Infinity = none waits. */
  dueInMs(): Promise<number>;
  record(noticeId: string, outcome: NoticeOutcome, at: number): Promise<void>;
  /** Forgets incidents that ended before, and those that nobody has acknowledged and in which nothing happened since. */
  prune(before: number): Promise<number>;
}
