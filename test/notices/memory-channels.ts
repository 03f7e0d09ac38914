import type { Incident } from '../../src/model/incident.ts';
import type { ChannelStore, LastNotice, StoredChannel } from '../../src/store/channels.ts';
import { NotFoundError } from '../../src/store/store.ts';

const unused = (): never => {
  throw new Error('a route does not do this');
};

/** What routes need of the ChannelStore, in memory. */
export class MemoryChannels implements ChannelStore {
  readonly channels: StoredChannel[] = [];
  readonly all: Incident[] = [];
  readonly last = new Map<string, LastNotice>();

  async create(channel: StoredChannel): Promise<void> {
    this.channels.push(channel);
  }
  async get(id: string): Promise<StoredChannel | null> {
    return this.channels.find((channel) => channel.id === id) ?? null;
  }
  async list(): Promise<readonly StoredChannel[]> {
    return [...this.channels];
  }
  async change(channel: StoredChannel): Promise<void> {
    this.channels.splice(this.#placeOf(channel.id), 1, channel);
  }
  async remove(id: string): Promise<void> {
    this.channels.splice(this.#placeOf(id), 1);
  }
  async lastNotices(): Promise<ReadonlyMap<string, LastNotice>> {
    return this.last;
  }
  async incident(id: string): Promise<Incident | null> {
    return this.all.find((incident) => incident.id === id) ?? null;
  }
  async incidents({ open }: { readonly open?: boolean }) {
    const items = this.all.filter(({ endedAt }) => open === undefined || (endedAt === null) === open);
    return { items, nextCursor: null };
  }
  async changeIncident(id: string, change: (incident: Incident) => Incident): Promise<Incident | null> {
    const at = this.all.findIndex((incident) => incident.id === id && incident.endedAt === null);
    if (at < 0) return null;
    this.all[at] = change(this.all[at]!);
    return this.all[at];
  }
  find = unused;
  decide = unused;
  takeDue = unused;
  dueInMs = unused;
  record = unused;
  prune = unused;

  #placeOf(id: string): number {
    const at = this.channels.findIndex((channel) => channel.id === id);
    if (at < 0) throw new NotFoundError('channel', id);
    return at;
  }
}
