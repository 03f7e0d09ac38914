import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startService } from '../../../src/main.ts';
import type { EventPage } from '../../../src/model/views/event.ts';
import type { Replacement } from '../../../src/model/views/replacement.ts';
import type { Service } from '../../../src/service.ts';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../../src/simulator/index.ts';
import { patiently } from '../../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let cluster: Cluster;
let served: ServedCluster;
let service: Service | null = null;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  await service?.close();
  service = null;
  await served?.close();
  await database?.drop();
});
afterAll(() => postgres.stop());

/** A master `m` with slaves `s1` and `s2`, another master `o`, an empty node `n`. */
async function fleet(settings: object = {}): Promise<Readonly<Record<string, string>>> {
  database = await postgres.createMigratedDatabase();
  cluster = createCluster({
    seed: 'replaced',
    now: Date.now(),
    timers: fastTimers,
    defaults: { version: '3.5.4' },
  });
  for (const id of ['m', 'o', 's1', 's2']) cluster.addNode({ id, binlogAt: { file: 3, offset: 0 } });
  cluster.addNode({ id: 'n' });
  for (const id of ['m', 'o']) cluster.load(id, { strings: 100, prefix: id });
  served = await serveCluster(cluster);
  for (const id of ['s1', 's2']) {
    cluster.execute(id, ['SLAVEOF', ...served.addresses.m!.split(':')]);
    await until(() => cluster.observe(id).states.db0 === 'Connected', { what: `${id} follows` });
  }
  service = await startService({ port: 0, logLevel: 'silent' }, { DATABASE_URL: database.url, ...settings });
  return served.addresses;
}

async function send(path: string, body?: object, headers = {}) {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const response = await patiently(() =>
    fetch(`${service!.url}${path}`, body === undefined ? { headers } : post),
  );
  return { status: response.status, answer: (await response.json()) as never };
}
const replacementOf = async (id: string): Promise<Replacement> =>
  (await send(`/v1/replacements/${id}`)).answer;
const ended = (id: string): Promise<Replacement> =>
  until(
    async () => {
      const replacement = await replacementOf(id);
      return replacement.endedAt === null ? null : replacement;
    },
    { what: `replacement ${id} ends`, everyMs: 100 },
  );
const started = async (body: object): Promise<Replacement> => {
  const { status, answer } = await send('/v1/replacements', body);
  expect([status, answer]).toEqual([202, expect.anything()]);
  return answer;
};
const roleOf = (id: string): string =>
  /role:(\w+)/.exec(cluster.execute(id, ['INFO', 'replication']) as string)![1]!;

test('a slave is replaced: the new one is verified before the old one is detached, once', async () => {
  const at = await fleet();
  const body = {
    master: at.m,
    replace: [{ old: at.s1, new: at.n }],
    reason: 'new hardware',
    drainTimeoutMs: 60_000,
  };
  const key = { 'idempotency-key': 'once' };
  const first = await send('/v1/replacements', body, key);
  const again = await send('/v1/replacements', body, key);
  const { id } = first.answer as Replacement;
  expect([first.status, again.status, (again.answer as Replacement).id]).toEqual([202, 202, id]);
  // Another one of this master waits for nobody: it is refused.
  expect((await send('/v1/replacements', { ...body, reason: 'again' })).status).toBe(409);

  const replacement = await ended(id);
  expect([replacement.state, replacement.pairs[0]!.phase]).toEqual(['succeeded', 'done']);
  expect([roleOf('s1'), roleOf('s2'), roleOf('n')]).toEqual(['master', 'slave', 'slave']);
  expect(cluster.observe('n').lost).toBe(0);
  const { items } = (await send(`/v1/replacements/${id}/events`)).answer as EventPage;
  expect(items.map(({ type }) => type.replace('replacement.', ''))).toEqual([
    'accepted',
    'expansion_started',
    'new_verified',
    'withdrawn',
    'drained',
    'detaching',
    'detached',
    'done',
    'succeeded',
  ]);
  const page = (await send('/v1/replacements')).answer as { items: readonly Replacement[] };
  expect(page.items.map((item) => item.id)).toEqual([id]);
});

test('a slave is taken out only while proven ones stay; a cancellation leaves it', async () => {
  const at = await fleet();
  const asked = { master: at.m, takeOut: [at.s1], reason: 'fewer' };
  const refused = await send('/v1/replacements', asked);
  expect([refused.status, refused.answer]).toMatchObject([422, { error: { code: 'too_few_would_stay' } }]);
  for (const [body, code] of [
    [{ ...asked, takeOut: [at.o] }, 'not_to_take_out'],
    [{ ...asked, takeOut: [at.m] }, 'validation_failed'],
    [{ ...asked, takeOut: [at.s1, at.s1] }, 'validation_failed'],
    [{ master: at.m, replace: [{ old: at.s1, new: at.s1 }], reason: 'x' }, 'validation_failed'],
    [{ master: at.m, reason: 'x' }, 'validation_failed'],
  ] as const)
    expect((await send('/v1/replacements', body)).answer).toMatchObject({ error: { code } });

  // A reader keeps it, until it is cancelled.
  cluster.node('s1').clients.add('10.0.0.9:50');
  const { id } = await started({ ...asked, keepVerified: 0, drainTimeoutMs: 600_000 });
  await until(async () => (await replacementOf(id)).pairs[0]!.readers === 1, {
    what: 'the reader is seen',
    everyMs: 100,
  });
  expect((await send(`/v1/replacements/${id}/cancel`, { reason: 'peak' })).status).toBe(202);
  const kept = await ended(id);
  expect([kept.state, kept.pairs[0]!.phase, roleOf('s1')]).toEqual(['cancelled', 'kept', 'slave']);
  expect((await send(`/v1/replacements/${id}/cancel`, { reason: 'again' })).status).toBe(409);

  // Proven by an audit, the other one is enough.
  const audit = (await send('/v1/audits', { masters: [at.m] })).answer as { id: string };
  await until(
    async () =>
      ((await send(`/v1/audits/${audit.id}`)).answer as { endedAt: number | null }).endedAt !== null,
    { what: 'the audit ends', everyMs: 100 },
  );
  cluster.node('s1').clients.delete('10.0.0.9:50');
  const done = await ended((await started({ ...asked, drainTimeoutMs: 60_000 })).id);
  expect([done.state, roleOf('s1'), roleOf('s2')]).toEqual(['succeeded', 'master', 'slave']);
});

test('under four eyes a slave is taken out only after a colleague has approved it', async () => {
  const tokens = { ann: 'operator-token-of-the-tests', bob: 'admin-token-of-the-tests' };
  const at = await fleet({
    PIKA_EXPANDER_OPERATOR_TOKEN: tokens.ann,
    PIKA_EXPANDER_ADMIN_TOKEN: tokens.bob,
    PIKA_EXPANDER_FOUR_EYES: '127.0.0.0/8',
  });
  const [ann, bob] = Object.values(tokens).map((token) => ({ authorization: `Bearer ${token}` }));
  const asked = { master: at.m, takeOut: [at.s1], keepVerified: 0, drainTimeoutMs: 60_000, reason: 'fewer' };
  const { id } = (await send('/v1/replacements', asked, ann)).answer as Replacement;
  const seen = async (): Promise<Replacement> =>
    (await send(`/v1/replacements/${id}`, undefined, ann)).answer as Replacement;
  await until(async () => (await seen()).state === 'held', {
    what: 'it waits for a colleague',
    everyMs: 500,
  });
  const approve = (who = ann) => send(`/v1/replacements/${id}/approve`, { reason: 'looked at it' }, who);
  expect(await approve()).toMatchObject({ status: 403, answer: { error: { code: 'needs_other_person' } } });
  expect([(await seen()).pairs[0]!.reason?.code, roleOf('s1')]).toEqual(['awaits_approval', 'slave']);
  expect((await approve(bob)).status).toBe(202);
  expect((await approve(bob)).status).toBe(409);
  await until(async () => (await seen()).endedAt !== null, {
    what: 'it ends',
    everyMs: 500,
  });
  expect([(await seen()).state, (await seen()).approval?.reason, roleOf('s1')]).toEqual([
    'succeeded',
    'looked at it',
    'master',
  ]);
});
