import type { EventInput } from '../model/events.ts';
import type { Freeze } from '../model/views/service.ts';
import type { Database, Queryable } from './database.ts';
import { eventsJson } from './expansion-rows.ts';
import {
  type FreezeRow,
  freezeColumns,
  freezeEvent,
  freezeOf,
  readFreeze,
  thawed,
  unfreezeEvent,
} from './freeze.ts';
import { storableText } from './json.ts';
import { tellOf } from './news.ts';
import { AlreadyFrozenError, type FreezeOrder, type Store } from './store.ts';

/** Held until a change of the global stop and its events stand, so that the history shows the changes in their order. */
const freezeLock = '1885957729, 4';

/** A stop must hold within a second, however long the numbering of events is waited for. */
const tellWithinMs = 500;

type Told = Omit<EventInput, 'at'>;

/** The global stop on PostgreSQL. */
export function createFreeze(database: Database): Pick<Store, 'freeze' | 'unfreeze' | 'freezeState'> {
  return {
    freeze: (order) => freeze(database, order),

    async unfreeze(order) {
      await change(database, unfreezeEvent(order), {
        make: async (client) => {
          const lifted = await client.query('delete from global_freeze returning 1');
          return lifted.length > 0 ? thawed : null;
        },
        stillStands: (_, now) => !now.frozen,
      });
      return thawed;
    },

    freezeState: () => readFreeze(database),
  };
}

async function freeze(database: Database, order: FreezeOrder): Promise<Freeze> {
  const made = await change(database, freezeEvent(order), {
    make: async (client) => {
      const [row] = await client.query<FreezeRow>(
        `insert into global_freeze (reason, by) values ($1, $2)
         on conflict (singleton) do nothing
         returning ${freezeColumns}`,
        [storableText(order.reason), storableText(order.by)],
      );
      return row === undefined ? null : freezeOf(row);
    },
    stillStands: (set, now) => now.since === set.since,
  });
  if (made !== null) return made;
  const first = await readFreeze(database);
  // Somebody lifted it just now: this order still holds.
  if (!first.frozen) return freeze(database, order);
  throw new AlreadyFrozenError(first);
}

interface Change {
  /** null = nothing is changed. */
  readonly make: (client: Queryable) => Promise<Freeze | null>;
  readonly stillStands: (made: Freeze, now: Freeze) => boolean;
}

/**
 * The change and its events are one transaction. Where they cannot be stored soon, the change is stored without them, and told
 * of afterwards unless another one came meanwhile.
 */
async function change(
  database: Database,
  event: Told,
  { make, stillStands }: Change,
): Promise<Freeze | null> {
  const { made, told } = await database.transaction(async (client) => {
    await lock(client);
    const made = await make(client);
    if (made === null) return { made, told: true };
    await tellOf(client, 'incidents');
    return { made, told: await toldSoon(client, event) };
  });
  if (made !== null && !told)
    await database.transaction(async (client) => {
      await lock(client);
      if (stillStands(made, await readFreeze(client))) await tellAll(client, event);
    });
  return made;
}

/** In a statement of its own: the next one must see what was changed while it waited. */
async function lock(client: Queryable): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(${freezeLock})`);
}

async function toldSoon(client: Queryable, event: Told): Promise<boolean> {
  await client.query(`savepoint untold; set local statement_timeout = ${tellWithinMs}`);
  try {
    await tellAll(client, event);
    return true;
  } catch {
    // Throws where the connection is lost: then nothing is changed.
    await client.query('rollback to savepoint untold');
    return false;
  }
}

/**
 * All rows are locked before the first event is numbered. A save holds its row while it waits for the numbering, and an event
 * needs the row of its expansion: the two would wait for each other.
 */
async function tellAll(client: Queryable, event: Told): Promise<void> {
  await client.query(
    `select append_events(id, jsonb_build_array(($1::jsonb -> 0)
       || jsonb_build_object('at', floor(extract(epoch from clock_timestamp()) * 1000))))
     from unnest(array(
       select id from expansions where not ended order by accepted_at, id for key share)) as id`,
    [eventsJson([event])],
  );
}
