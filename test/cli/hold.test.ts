import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdRoutes } from '../../src/api/routes/holds.ts';
import type { Hold } from '../../src/model/views/hold.ts';
import { credentialSource } from '../../src/platform/config.ts';
import type { HoldStore } from '../../src/store/holds.ts';
import { fakeDoorbell, masterName, type TestApi, testApi } from '../api/support.ts';
import { createMemoryHolds } from '../support/memory-holds.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { Harness } from './harness.ts';

let api: TestApi;
let holds: HoldStore;
let url: string;
beforeEach(async () => {
  const now = () => api.clock.now;
  const store = createMemoryStore({ now });
  holds = createMemoryHolds(store, now);
  const routes = holdRoutes({
    holds,
    store,
    doorbell: fakeDoorbell(),
    credentials: credentialSource(new Map()),
  });
  api = await testApi({ api: { routes: [routes] } });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterEach(() => api.app.close());

const run = (...args: readonly string[]) => new Harness({ env: { PIKA_EXPANDER_URL: url } }).run(...args);

/** Asks for a hold; its id. */
async function asked(): Promise<string> {
  const { exitCode, out } = await run('hold', masterName, '--for', '2h', '--reason', 'backup', '--json');
  expect(exitCode).toBe(0);
  const hold = JSON.parse(out) as Hold;
  expect([hold.until - hold.createdAt, hold.reason, hold.safe]).toEqual([7_200_000, 'backup', false]);
  return hold.id;
}
/** What a worker finds. */
async function makeSafe(id: string): Promise<void> {
  const lease = (await holds.claim(id, 'worker', 60_000))!;
  await holds.save(lease, { ...(await holds.get(id))!.doc, safeSince: 1, waitingFor: null }, 'safe', []);
}

test('asked for, waited for, listed, extended and ended', async () => {
  const id = await asked();
  const waiting = await run('hold', 'show', id);
  expect(waiting.out).toMatch(/^Not safe yet: the service looks at the master\. Hold hld_/);
  await makeSafe(id);
  const safe = await run('hold', 'show', id, '--wait');
  expect([safe.exitCode, safe.out]).toEqual([
    0,
    expect.stringContaining(`make the dump of ${masterName} now`),
  ]);
  expect((await run('hold', 'extend', id, '--for', '3h')).exitCode).toBe(0);
  expect((await holds.get(id))!.leftMs).toBe(3 * 3_600_000);
  expect((await run('hold', 'list')).out).toMatch(/hld_.* 10\.0\.0\.1:9221 +safe .*backup/);
  expect((await run('list')).out).toContain(`${masterName} is held until`);
  const ended = await run('hold', 'end', id, '--reason', 'done');
  expect([ended.exitCode, ended.out]).toEqual([0, expect.stringContaining(`Hold ${id} is ended`)]);
  expect((await run('hold', 'list')).out).toBe('No hold is active.\n');
  expect((await run('hold', 'list', '--all')).out).toContain('ended');
});

test('waiting for a hold that is over before it was safe fails', async () => {
  const id = await asked();
  await holds.end(id, { by: 'ann', reason: 'needed', at: 1 }, []);
  const { exitCode, out } = await run('hold', 'show', id, '--wait');
  expect([exitCode, out]).toEqual([1, expect.stringContaining('was ended by ann: needed')]);
  expect(await run('hold', 'end', id, '--reason', 'done')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('is over (ended)'),
  });
});

test('a reason is required', async () => {
  expect((await run('hold', masterName)).exitCode).toBe(2);
  expect(await holds.active()).toEqual([]);
});
