import type { HeldBy } from '../model/hold.ts';
import type { HoldState } from '../model/states.ts';
import type { StoredHoldDoc } from '../model/views/hold.ts';
import { Conditions } from './conditions.ts';
import { type Database, onlyRow, type Queryable } from './database.ts';
import { appendEvents } from './expansion-rows.ts';
import type { ActiveHold, HoldStore, StoredHold } from './holds.ts';
import { storableText, toJson } from './json.ts';
import { newestFirst } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

const leases: LeasedTable = { table: 'holds', row: 'hold', unended: 'not ended', since: 'created_at' };

/** Taken by whoever makes a hold safe, so that two holds of one master never both are. */
const safeLock = 1885957731;

const isActive = 'not ended and until > clock_timestamp()';
const milliseconds = (moment: string): string => `floor(extract(epoch from ${moment}) * 1000)::float8`;
const columns = `doc, keys, ${milliseconds('until')} as until,
  greatest(0, ${milliseconds('until - clock_timestamp()')}) as "leftMs",
  case when not ended and until <= clock_timestamp() then 'expired' else state end as state`;
const heldByColumns = `id as hold, doc ->> 'requestedBy' as by, doc ->> 'reason' as why,
  ${milliseconds('until')} as until`;

type Row = {
  doc: Stored<StoredHoldDoc>;
  keys: string[];
  until: number;
  leftMs: number;
  state: HoldState;
};
const holdOf = (row: Row): StoredHold => ({ ...row, doc: upgrade('hold', row.doc) });

/** The HoldStore on PostgreSQL. */
export function createPostgresHolds(database: Database): HoldStore {
  return {
    ...createLeases(database, leases),

    async create({ doc, keys, forMs }, events) {
      await database.transaction(async (client) => {
        const rows = await client.query<{ until: number }>(
          `insert into holds (id, state, doc, keys, created_at, until, look_at)
           values ($1, 'waiting', $2, $3, $4, clock_timestamp() + $5 * interval '1 millisecond', clock_timestamp())
           returning ${milliseconds('until')} as until`,
          [doc.id, toJson(stamp('hold', doc)), keys.map(storableText), doc.createdAt, forMs],
        );
        await appendEvents(client, 'holdId', doc.id, events(onlyRow(rows).until));
      });
    },

    async get(id) {
      const [row] = await database.query<Row>(`select ${columns} from holds where id = $1`, [id], 'get_hold');
      return row ? holdOf(row) : null;
    },

    async list({ active = false, ...filter }) {
      const where = new Conditions();
      if (active) where.add(() => isActive);
      const page = await newestFirst(
        database,
        `select ${columns} from holds`,
        filter,
        (row: Row) => ({ ...holdOf(row), id: row.doc.id, createdAt: row.doc.createdAt }),
        where,
      );
      return { ...page, items: page.items.map(({ id: _id, createdAt: _at, ...hold }) => hold) };
    },

    async active() {
      return database.query<ActiveHold & Record<string, unknown>>(
        `select ${heldByColumns}, keys from holds where ${isActive} order by created_at, id`,
        [],
        'active_holds',
      );
    },

    async expansionsOn(keys) {
      const rows = await database.query<{ id: string }>(
        'select distinct expansion_id as id from master_locks where key = any ($1::text[])',
        [keys],
        'expansions_on_master',
      );
      return rows.map(({ id }) => id);
    },

    async addKeys(lease, keys) {
      const rows = await database.query(
        `update holds set keys = (select array_agg(distinct k) from unnest(keys || $5::text[]) as k),
           lease_until = clock_timestamp() + $4 * interval '1 millisecond'
         where ${heldBy} returning 1`,
        [...leaseValues(lease), lease.leaseMs, keys.map(storableText)],
      );
      if (rows.length === 0) throw lostLease(leases, lease);
    },

    async save(lease, doc, state, events) {
      return database.transaction(async (client) => {
        if (state === 'safe') await client.query('select pg_advisory_xact_lock($1)', [safeLock]);
        const [row] = await client.query<{ active: boolean }>(
          `select ${isActive} as active from holds where ${heldBy} for update`,
          leaseValues(lease),
        );
        if (!row) throw lostLease(leases, lease);
        if (!row.active) return { outcome: 'over' };
        const other = state === 'safe' ? await otherSafe(client, lease.id) : null;
        if (other !== null) return { outcome: 'other_first', other };
        await client.query(
          `update holds set doc = $2, state = $3, look_at = clock_timestamp(),
             lease_until = clock_timestamp() + $4 * interval '1 millisecond'
           where id = $1`,
          [lease.id, toJson(stamp('hold', doc)), state, lease.leaseMs],
        );
        await appendEvents(client, 'holdId', lease.id, events);
        return { outcome: 'stored' };
      });
    },

    async expire(lease, events) {
      return database.transaction(async (client) => {
        const held = await client.query(`select 1 from holds where ${heldBy} for update`, leaseValues(lease));
        if (held.length === 0) throw lostLease(leases, lease);
        const rows = await client.query(
          `update holds set state = 'expired', ended = true, look_at = null,
             doc = doc || jsonb_build_object('endedAt', ${milliseconds('until')}, 'safeSince', null, 'waitingFor', null)
           where id = $1 and not ended and until <= clock_timestamp() returning 1`,
          [lease.id],
        );
        if (rows.length > 0) await appendEvents(client, 'holdId', lease.id, events);
        return rows.length > 0;
      });
    },

    async extend(id, forMs, events) {
      return database.transaction(async (client) => {
        const [row] = await client.query<{ until: number }>(
          `update holds set until = clock_timestamp() + $2 * interval '1 millisecond'
           where id = $1 and ${isActive} returning ${milliseconds('until')} as until`,
          [id, forMs],
        );
        if (row) await appendEvents(client, 'holdId', id, events(row.until));
        return row !== undefined;
      });
    },

    async end(id, { at, ...end }, events) {
      return database.transaction(async (client) => {
        const rows = await client.query(
          `update holds set state = 'ended', ended = true, look_at = null, doc = doc || $2::jsonb
           where id = $1 and ${isActive} returning 1`,
          [id, toJson({ endedAt: at, safeSince: null, waitingFor: null, end })],
        );
        if (rows.length > 0) await appendEvents(client, 'holdId', id, events);
        return rows.length > 0;
      });
    },
  };
}

/** Another hold of the same master that is safe. */
async function otherSafe(client: Queryable, id: string): Promise<HeldBy | null> {
  const [other] = await client.query<HeldBy & Record<string, unknown>>(
    `select ${heldByColumns} from holds
     where id <> $1 and state = 'safe' and ${isActive}
       and keys && (select own.keys from holds own where own.id = $1)
     order by created_at, id limit 1`,
    [id],
  );
  return other ?? null;
}
