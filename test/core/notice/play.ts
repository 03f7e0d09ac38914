import { decideNotices } from '../../../src/core/notice/decide.ts';
import {
  afterAcknowledgement,
  afterEvents,
  afterLook,
  type Look,
  type OwnedEvent,
  settleMs,
} from '../../../src/core/notice/incidents.ts';
import type { Channel } from '../../../src/model/channel.ts';
import type { Incident } from '../../../src/model/incident.ts';
import type { Notice, Told } from '../../../src/model/notice.ts';
import { start } from './samples.ts';

/** Incidents and one channel in virtual time: messages that are decided are delivered at once. */
export class Play {
  now = start;
  readonly incidents = new Map<string, Incident>();
  readonly sent: { readonly at: number; readonly notice: Notice }[] = [];
  readonly #told = new Map<string, Told>();
  readonly channel: Channel;
  readonly #namesMaster: (master: string) => boolean;
  #ids = 0;

  constructor(channel: Channel, namesMaster: (master: string) => boolean = () => true) {
    this.channel = channel;
    this.#namesMaster = namesMaster;
  }

  happen(...events: readonly OwnedEvent[]): void {
    this.#keep(
      afterEvents(
        this.#known(),
        events.map((event) => ({ ...event, at: this.now })),
        this.#newId,
      ),
    );
  }

  look(over: Partial<Look>): void {
    const freeze = { frozen: false, reason: null, by: null, since: null };
    this.#keep(afterLook(this.#known(), { at: this.now, freeze, unattended: 0, ...over }, this.#newId));
  }

  acknowledge(id: string, by = 'bob'): void {
    this.incidents.set(id, afterAcknowledgement(this.incidents.get(id)!, { by, at: this.now, reason: null }));
  }

  /** One round of the service. */
  decide(): readonly Notice[] {
    const { notices, told } = decideNotices({
      channel: this.channel,
      incidents: [...this.incidents.values()],
      told: this.#told,
      lately: this.sent.map(({ at }) => at),
      now: this.now,
      namesMaster: this.#namesMaster,
    });
    for (const [id, each] of told) this.#told.set(id, each);
    for (const notice of notices) this.sent.push({ at: this.now, notice });
    return notices;
  }

  /** Rounds every second, or of long times every 10 seconds, up to this many milliseconds from now. What is said in them. */
  pass(ms: number): readonly Notice[] {
    const before = this.sent.length;
    const until = this.now + ms;
    const step = ms > 600_000 ? 10_000 : 1000;
    for (; this.now < until; this.now += step) this.decide();
    return this.sent.slice(before).map(({ notice }) => notice);
  }

  /** What is said: the news of each message. */
  news(notices: readonly Notice[] = this.sent.map(({ notice }) => notice)): readonly string[] {
    return notices.map(({ summary, items }) => summary ?? items[0]!.news);
  }

  only(): Incident {
    const [incident] = this.incidents.values();
    return incident!;
  }

  readonly #newId = (): string => `inc_${++this.#ids}`;

  #known(): ReadonlyMap<string, Incident> {
    const all = [...this.incidents.values()].filter(
      ({ endedAt }) => endedAt === null || endedAt > this.now - settleMs,
    );
    return new Map(all.map((incident) => [incident.key, incident]));
  }

  #keep(changed: ReadonlyMap<string, Incident>): void {
    for (const incident of changed.values()) this.incidents.set(incident.id, incident);
  }
}
