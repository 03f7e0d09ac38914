import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterAcknowledgement } from '../../src/core/notice/incidents.ts';
import type { EventInput } from '../../src/model/events.ts';
import { type Notifier, startNotifier } from '../../src/notices/notifier.ts';
import { createNoticeSender } from '../../src/notices/send.ts';
import type { StoredChannel } from '../../src/store/channels.ts';
import { aChannel, halted, quarantined, waitsForApproval } from '../core/notice/samples.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { Service, secrets } from './services.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let stores: ReturnType<typeof openTestStores>;
const running: Notifier[] = [];
const services: Service[] = [];
let ids = 0;
const newId = (prefix: string): string => `${prefix}_${++ids}`;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createMigratedDatabase();
});
beforeEach(async () => {
  await database.empty();
  stores = openTestStores(database.connection);
  // Somebody has looked before: every event from now on counts.
  await stores.database.query('insert into incidents_seen (after_seq) values (0)');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
  await Promise.all(services.splice(0).map((each) => each.close()));
  await stores.close();
});
afterAll(async () => {
  await database?.drop();
  await postgres?.stop();
});

async function serve(kind: Service['kind']): Promise<Service> {
  const service = await new Service(kind).start();
  services.push(service);
  return service;
}

async function tellBy(service: Service, over: Partial<StoredChannel> = {}): Promise<StoredChannel> {
  const secret = (secrets as Partial<Record<Service['kind'], string>>)[service.kind] ?? null;
  const id = newId('chn');
  const base = aChannel({ id, kind: service.kind, repeatMinutes: null, createdAt: Date.now() - 1000 });
  const channel = { ...base, url: service.url, secret, ...over };
  await stores.channels.create(channel);
  return channel;
}

/** A process of the service; rounds follow each other a hundred times as fast. */
function start(over: Partial<Parameters<typeof startNotifier>[0]> = {}): Notifier {
  const notifier = startNotifier({
    store: stores.channels,
    news: stores.news,
    send: createNoticeSender({ timeoutMs: 20_000, now: Date.now, wayOut: { allowed: ['127.0.0.1'] } }),
    sleep: async (ms, signal) => {
      await sleep(ms / 100, undefined, { signal }).catch(() => {});
    },
    now: Date.now,
    newId,
    link: null,
    onTrouble: (error) => {
      throw error;
    },
    ...over,
  });
  running.push(notifier);
  return notifier;
}

/** An expansion with these events, as the worker stores them. */
async function happen(...events: readonly object[]): Promise<string> {
  const expansion = newExpansion({ label: 'shop <!channel>', master: '10.0.0.1:9221' });
  const now = events.map((event) => ({ ...event, at: Date.now() }) as unknown as EventInput);
  await stores.store.accept(expansion, now, null);
  return expansion.id;
}

const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 100_000 });
const openIncidents = async () => (await stores.channels.incidents({ open: true, limit: 100 })).items;

describe('a halted expansion', () => {
  it('is told on channels of every kind, each in its language', async () => {
    const told = await Promise.all((['slack', 'dingtalk', 'feishu', 'wecom', 'generic'] as const).map(serve));
    for (const [at, service] of told.entries())
      await tellBy(service, { language: at % 2 === 0 ? 'en' : 'zh' });
    start();
    const id = await happen(halted(), quarantined('10.0.0.9:9221'));
    await eventually(() => told.map(({ taken }) => taken.length)).toEqual([1, 1, 1, 1, 1]);
    for (const { taken } of told) expect(taken[0]!.text).toContain(id);
    expect(told[0]!.taken[0]!.text).toMatch(/^\[Needs a person\] Expansion exp-.* \(shop <!channel>\)/);
    expect(told[1]!.taken[0]!.text).toMatch(/^\[需要处理\] 扩容任务 exp-.*（shop <!channel>）/);
    expect(told[1]!.taken[0]!.text).toContain('主节点：10.0.0.1:9221');
    const { body } = told[4]!.taken[0]!;
    expect(body).toMatchObject({
      type: 'notice',
      items: [
        {
          news: 'opened',
          expansionId: id,
          problems: [
            { topic: 'halted', code: 'expansion.halted' },
            { topic: 'node', node: '10.0.0.9:9221' },
          ],
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('"key"');
  });

  it('is one incident under a storm of 1,000 events, and few messages', async () => {
    const slack = await serve('slack');
    await tellBy(slack);
    start();
    const storm = Array.from({ length: 1000 }, (_, n) => quarantined(`10.0.1.${n % 250}:9221`));
    await happen(halted(), ...storm);
    await eventually(async () => (await openIncidents())[0]?.problems.length).toBe(200);
    await eventually(() => slack.taken.length).toBe(1);
    const [incident, ...others] = await openIncidents();
    expect(others).toEqual([]);
    expect(incident!.moreProblems).toBeGreaterThan(0);
  });

  it('is told once by several processes', async () => {
    const slack = await serve('slack');
    await tellBy(slack);
    const others = [openTestStores(database.connection), openTestStores(database.connection)];
    start();
    for (const other of others) start({ store: other.channels });
    const all = await Promise.all(Array.from({ length: 3 }, () => happen(halted())));
    await eventually(() => slack.taken.length).toBe(3);
    await Promise.all(running.splice(0).map((each) => each.close()));
    const told = slack.taken.map(({ text }) => all.find((id) => text.includes(id)));
    expect(new Set(told)).toEqual(new Set(all));
    expect(told).toHaveLength(3);
    await Promise.all(others.map((other) => other.close()));
  });

  it('is acknowledged, and the channel is told by whom', async () => {
    const slack = await serve('slack');
    await tellBy(slack, { repeatMinutes: 5 });
    start();
    await happen(halted());
    await eventually(() => slack.taken.length).toBe(1);
    const [incident] = await openIncidents();
    const by = { by: 'bob', at: Date.now(), reason: 'on it' };
    await stores.channels.changeIncident(incident!.id, (each) => afterAcknowledgement(each, by));
    await eventually(() => slack.taken.length).toBe(2);
    expect(slack.taken[1]!.text).toMatch(/^\[Acknowledged\][\s\S]*bob has acknowledged it: on it/);
  });
});

describe('a process that dies', () => {
  /** Ends a process at this point as a crash does: nothing of it happens any more. */
  const dieAt = (point: string) => {
    let died = false;
    const crashPoint = (at: string): void => {
      if (at !== point) return;
      died = true;
      throw new Error(`died ${point}`);
    };
    const onTrouble = () => {};
    return { crashPoint, onTrouble, died: () => died };
  };

  it('between decision and sending loses no message', async () => {
    const slack = await serve('slack');
    await tellBy(slack);
    const dying = dieAt('decided');
    const first = start({ ...dying, store: { ...stores.channels, takeDue: async () => [] } });
    await happen(halted());
    await eventually(dying.died).toBe(true);
    await first.close();
    start();
    await eventually(() => slack.taken.length).toBe(1);
  });

  it('between sending and saving doubles the message once, with the same id', async () => {
    const generic = await serve('generic');
    await tellBy(generic);
    const dying = dieAt('sent');
    // Its lease of one minute is over at once. It takes the message once: what it would send while it ends would be counted late.
    let taken = false;
    const takeDue = async () => {
      const due = taken ? [] : await stores.channels.takeDue(0);
      taken ||= due.length > 0;
      return due;
    };
    const first = start({ ...dying, store: { ...stores.channels, takeDue } });
    await happen(halted());
    await eventually(dying.died).toBe(true);
    await first.close();
    start();
    await eventually(async () => [...(await stores.channels.lastNotices()).values()][0]?.state).toBe(
      'delivered',
    );
    expect(generic.taken.length).toBe(2);
    expect(new Set(generic.taken.map(({ body }) => body.id)).size).toBe(1);
  });

  it('in the midst of finding incidents leaves its events for the next one', async () => {
    const slack = await serve('slack');
    await tellBy(slack);
    const failing = start({
      store: {
        ...stores.channels,
        find: (options, change) =>
          stores.channels.find(options, (known, findings) => {
            const changed = change(known, findings);
            if (changed.length > 0) throw new Error('died');
            return changed;
          }),
      },
      onTrouble: () => {},
    });
    await happen(halted());
    await failing.close();
    expect(await openIncidents()).toEqual([]);
    start();
    await eventually(() => slack.taken.length).toBe(1);
  });
});

describe('receivers', () => {
  it('that hang hold up no others, whatever their number', async () => {
    const hanging = await serve('slack');
    hanging.answer = 'hang';
    for (let n = 0; n < 30; n += 1) await tellBy(hanging);
    const good = await serve('wecom');
    await tellBy(good);
    start();
    for (let n = 0; n < 3; n += 1) {
      await happen(halted());
      await eventually(() => good.taken.length).toBe(n + 1);
    }
    expect(hanging.asked).toBe(30);
  });

  it('that are away for a while are told how things are, in order, and not twenty times', async () => {
    const slack = await serve('slack');
    slack.answer = { status: 500, body: 'away' };
    const channel = await tellBy(slack);
    start();
    await happen(halted());
    await eventually(async () => (await stores.channels.lastNotices()).get(channel.id)?.attempts).toBe(1);
    await happen(waitsForApproval());
    await eventually(async () => (await openIncidents()).length).toBe(2);
    const last = (await stores.channels.lastNotices()).get(channel.id)!;
    expect(last).toMatchObject({ state: 'pending', error: { code: 'answered' } });
    slack.answer = null;
    await stores.database.query("update notices set next_attempt_at = now() where state = 'pending'");
    await eventually(() => slack.taken.length).toBe(2);
    expect(slack.taken.map(({ text }) => /Needs a person/.test(text))).toEqual([true, true]);
  });

  it('whose channel is deleted get nothing more', async () => {
    const slack = await serve('slack');
    const channel = await tellBy(slack);
    start();
    await happen(halted());
    await eventually(() => slack.taken.length).toBe(1);
    await stores.channels.remove(channel.id);
    await happen(halted());
    await eventually(async () => (await openIncidents()).length).toBe(2);
    expect(await stores.channels.list()).toEqual([]);
    expect(slack.asked).toBe(1);
  });
});

it('a freeze is told, and its end', async () => {
  const slack = await serve('slack');
  await tellBy(slack, { topics: ['frozen'] });
  start();
  await stores.store.freeze({ reason: 'the database was restored', by: 'restore' });
  await eventually(() => slack.taken.length).toBe(1);
  expect(slack.taken[0]!.text).toContain('restore has frozen everything: the database was restored');
  await stores.store.unfreeze({ reason: 'done', by: 'ann' });
  await eventually(async () => (await openIncidents()).length).toBe(0);
});

it('expansions on which no worker acts are told once the process has run for five minutes', async () => {
  const slack = await serve('slack');
  await tellBy(slack);
  await happen();
  await stores.database.query("update expansions set look_at = now() - interval '6 minutes'");
  let now = Date.now();
  start({ now: () => now });
  await stores.store.freeze({ reason: 'first', by: 'ann' });
  await eventually(async () => (await openIncidents()).map(({ key }) => key)).toEqual(['service frozen']);
  now += 301_000;
  await eventually(() => slack.taken.map(({ text }) => text).join()).toContain('1 expansion is due');
});

it('events of before anybody looked are no incidents', async () => {
  await stores.database.query('delete from incidents_seen');
  await happen(halted());
  start();
  await eventually(async () => (await stores.database.query('select 1 from incidents_seen')).length).toBe(1);
  await happen(quarantined('a:1'));
  await eventually(async () => (await openIncidents()).length).toBe(1);
  expect((await openIncidents())[0]!.problems.map(({ topic }) => topic)).toEqual(['node']);
});

it('incidents that ended long ago are forgotten, and those that only wait to be seen', async () => {
  start();
  await happen(halted());
  await eventually(async () => (await openIncidents()).length).toBe(1);
  const [incident] = await openIncidents();
  const soon = Date.now() + 1000;
  expect(await stores.channels.prune(soon)).toBe(0);
  await stores.channels.changeIncident(incident!.id, (each) => ({ ...each, problems: [], endedAt: 5 }));
  expect(await stores.channels.prune(soon)).toBe(1);
});
