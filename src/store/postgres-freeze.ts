import { setTimeout as sleep } from 'node:timers/promises';
import type { Freeze } from '../model/views/service.ts';
import type { Database, Queryable } from './database.ts';
import { eventsJson } from './expansion-rows.ts';
import {
  type FreezeRow,
  freezeColumns,
  freezeEvent,
  freezeOf,
  readFreeze,
  type Told,
  thawed,
  unfreezeEvent,
} from './freeze.ts';
import { storableText } from './json.ts';
import { tellOf } from './news.ts';
import { AlreadyFrozenError, type FreezeOrder, type Store, type StoreUnavailableError } from './store.ts';

/** Held while the history is told of the global stop, so that it shows the changes in their order. */
const freezeLock = '1885957729, 4';

/**
 * Each wait is short, with as long a pause behind it: what is to be told holds the rows of all open expansions, which orders of
 * people and saves need.
 */
const tellWithinMs = [200, 400, 800, 1600, 1600, 1600];

/** The statement or its wait for a lock took too long, or two waited for each other. */
const tooLong: readonly unknown[] = ['57014', '55P03', '40P01'];
const tookTooLong = (error: unknown): boolean =>
  tooLong.includes(((error as StoreUnavailableError).cause as { code?: unknown } | undefined)?.code);

/** The global stop on PostgreSQL. A change waits for nothing, and holds before it is told of. */
export function createFreeze(database: Database): Pick<Store, 'freeze' | 'unfreeze' | 'freezeState'> {
  async function freeze(order: FreezeOrder): Promise<Freeze> {
    const [row] = await database.query<FreezeRow>(
      `insert into global_freeze (reason, by) values ($1, $2)
       on conflict (singleton) do nothing
       returning ${freezeColumns}`,
      [storableText(order.reason), storableText(order.by)],
    );
    if (row === undefined) {
      const first = await readFreeze(database);
      // Somebody lifted it just now: this order still holds.
      if (!first.frozen) return freeze(order);
      throw new AlreadyFrozenError(first);
    }
    await tellOf(database, 'incidents');
    await tellAll(database, freezeEvent(order), (now) => now.since === row.since);
    return freezeOf(row);
  }

  return {
    freeze,

    async unfreeze(order) {
      const lifted = await database.query('delete from global_freeze returning 1');
      if (lifted.length === 0) return thawed;
      await tellOf(database, 'incidents');
      await tellAll(database, unfreezeEvent(order), (now) => !now.frozen);
      return thawed;
    },

    freezeState: () => readFreeze(database),
  };
}

/** Not of a change that another one has overtaken: the last event agrees with the state. */
async function tellAll(
  database: Database,
  event: Told,
  stillStands: (now: Freeze) => boolean,
  [limitMs, ...later] = tellWithinMs,
): Promise<void> {
  try {
    await database.transaction(async (client) => {
      // In a statement of its own: the next one must see what was changed while it waited.
      await client.query(
        `set local statement_timeout = ${limitMs}; select pg_advisory_xact_lock(${freezeLock})`,
      );
      if (stillStands(await readFreeze(client))) await append(client, event);
    });
  } catch (error) {
    if (later.length === 0 || !tookTooLong(error)) throw error;
    await sleep(limitMs);
    await tellAll(database, event, stillStands, later);
  }
}

/**
 * All rows are locked before the first event is numbered. A save holds its row while it waits for the numbering, and an event
 * needs the row of its expansion: the two would wait for each other.
 */
async function append(client: Queryable, event: Told): Promise<void> {
  await client.query(
    `select append_events(id, jsonb_build_array(($1::jsonb -> 0)
       || jsonb_build_object('at', floor(extract(epoch from clock_timestamp()) * 1000))))
     from unnest(array(
       select id from expansions where not ended order by accepted_at, id for key share)) as id`,
    [eventsJson([event])],
  );
}
