import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { StoreUnavailableError } from '../../src/store/store.ts';
import { breakTakenConnections } from '../support/broken-connections.ts';
import { storedEvent } from '../support/events.ts';
import { newExpansion } from '../support/expansions.ts';
import { openTestStores, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

describe('a database that cannot be reached is said to be so, and never mistaken for anything else', () => {
  const storeAt = (connectionString: string) =>
    createPostgresStore(openDatabase({ connection: { connectionString } }));

  it('when nothing listens there, without telling the password', async () => {
    const store = storeAt('postgresql://someone:secret-word@127.0.0.1:1/none');
    const error = await store.get('x').catch((reason) => reason);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).not.toContain('secret-word');
    await expect(store.migrate()).rejects.toThrow(StoreUnavailableError);
    await store.close();
  });

  it('when what listens there never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const store = storeAt(`postgresql://someone@127.0.0.1:${(silent.address() as AddressInfo).port}/none`);
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    await store.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

describe('while the database is away', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createMigratedDatabase();
  });
  afterAll(() => postgres.stop());

  it('who waits for news is told, when it is back, that some may have been missed; all wait on one connection', async () => {
    const { store, news, close } = openTestStores(database.connection);
    const heard: (string | null)[] = [];
    const listened = vi.spyOn(EventTarget.prototype, 'addEventListener');
    const watch = store.watchEvents((owner) => heard.push(owner));
    await until(() => heard.length === 1);
    const due: (string | null)[] = [];
    const beside = news.watch('due', (table) => due.push(table));
    await until(() => due.length === 1);
    await postgres.run(
      `do $$ begin
         assert (select count(pg_terminate_backend(pid)) = 1 from pg_stat_activity where query like 'listen %');
       end $$`,
    );
    await until(() => heard.length === 2 && due.length === 2);
    const signals = listened.mock.contexts.filter((target) => target instanceof AbortSignal);
    listened.mockRestore();
    expect(signals).not.toEqual([]);
    for (const signal of signals) expect(getEventListeners(signal, 'abort').length).toBeLessThan(2);
    const expansion = newExpansion();
    await store.accept(expansion, [storedEvent('test')], null);
    await until(() => heard.length === 3 && due.length === 3);
    expect(heard).toEqual([null, null, expansion.id]);
    expect(due).toEqual([null, null, 'expansions']);
    await Promise.all([watch.close(), beside.close()]);
    await close();
  });

  it('a save says so, and works again when it is back, with every acknowledged row', async () => {
    const { store, close } = openTestStores(database.connection);
    const expansion = newExpansion();
    await store.accept(expansion, [], null);
    const lease = (await store.claim(expansion.id, 'w', 600_000))!;

    process.kill(postgres.pid()!, 'SIGKILL');
    const save = () => store.save(lease, expansion, expansion, { events: [], lookAgainInMs: null });
    let failures = 0;
    const saved = async () => {
      try {
        await save();
        return failures > 0;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailableError);
        failures += 1;
        return false;
      }
    };
    await until(saved, { withinMs: 50_000, what: 'the database to come back' });
    expect(await store.get(expansion.id)).toEqual(expansion);
    await close();
  });

  it('a connection that breaks as soon as it is taken fails its query, and nothing else', async () => {
    const tables = openDatabase({ connection: database.connection });
    const mend = breakTakenConnections();
    const ask = () => tables.transaction((client) => client.query('select 1 as one'));
    await expect(ask()).rejects.toThrow(StoreUnavailableError);
    mend();
    expect(await ask()).toEqual([{ one: 1 }]);
    await tables.close();
  });
});
