import type { NodeTarget } from '../model/targets.ts';
import type { StoredGuardDoc, StoredGuardMaster } from '../model/views/guard.ts';
import { type Database, onlyRow, type Queryable } from './database.ts';
import { appendEvents } from './expansion-rows.ts';
import type { GuardAsk, GuardStore } from './guards.ts';
import { toJson } from './json.ts';
import { masterKey } from './master-key.ts';
import { newestFirst } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import { NotFoundError } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

type DocRow = { doc: Stored<StoredGuardDoc> };

const leases: LeasedTable = { table: 'guards', row: 'guard', unended: 'not ended', since: 'created_at' };

/** The GuardStore on PostgreSQL. */
export function createPostgresGuards(database: Database): GuardStore {
  return {
    ...createLeases(database, leases),

    async create({ doc, masters }, events) {
      await database.transaction(async (client) => {
        await client.query(
          `insert into guards (id, state, doc, created_at, look_at) values ($1, $2, $3, $4, clock_timestamp())`,
          [doc.id, doc.state, toJson(stamp('guard', doc)), doc.createdAt],
        );
        await putMasters(client, doc.id, masters);
        await appendEvents(client, 'guardId', doc.id, events);
      });
    },

    async get(id) {
      // In one statement: what is found and how much of it belong together.
      const [row] = await database.query<DocRow & { masters: Stored<StoredGuardMaster>[] }>(
        `select doc, (select coalesce(jsonb_agg(m.doc order by m.position), '[]')
                      from guard_masters m where m.guard_id = g.id) as masters
         from guards g where id = $1`,
        [id],
      );
      if (!row) return null;
      return {
        doc: upgrade('guard', row.doc),
        masters: row.masters.map((master) => upgrade<StoredGuardMaster>('guard_master', master)),
      };
    },

    async list(filter) {
      return newestFirst(database, 'select doc from guards', filter, ({ doc }: DocRow) =>
        upgrade<StoredGuardDoc>('guard', doc),
      );
    },

    async unended() {
      const rows = await database.query<{ guards: number }>(
        'select count(*)::integer as guards from guards where not ended',
      );
      return onlyRow(rows).guards;
    },

    async save(lease, doc, { masters, events, seen }) {
      return database.transaction(async (client) => {
        const [row] = await client.query<{ asks: GuardAsk[] }>(
          `update guards set doc = $4, state = $5, ended = $6,
             asks = (select coalesce(jsonb_agg(a.ask order by a.place), '[]')
                     from jsonb_array_elements(asks) with ordinality as a (ask, place) where a.place > $8),
             lease_until = clock_timestamp() + $7 * interval '1 millisecond',
             look_at = case when $6 then null else clock_timestamp() end
           where ${heldBy} returning asks`,
          [
            ...leaseValues(lease),
            toJson(stamp('guard', doc)),
            doc.state,
            doc.state === 'ended',
            lease.leaseMs,
            seen,
          ],
        );
        if (!row) throw lostLease(leases, lease);
        await putMasters(client, lease.id, masters);
        await appendEvents(client, 'guardId', lease.id, events);
        return row.asks;
      });
    },

    async ask(id, ask) {
      const rows = await database.query(
        `update guards set asks = asks || $2::jsonb, look_at = case when ended then null else clock_timestamp() end
         where id = $1 returning 1`,
        [id, toJson([ask])],
      );
      if (rows.length === 0) throw new NotFoundError('guard', id);
    },

    async atWork(endedAfter) {
      const lately = `ended and (doc ->> 'endedAt')::numeric::bigint > $1`;
      const [locked, ended, masters, held, old] = await Promise.all([
        database.query<{ address: string }>('select address from node_locks'),
        database.query<{ target: NodeTarget }>(
          `select doc -> 'target' as target from joins
           where expansion_id in (select id from expansions where ${lately})`,
          [endedAfter],
        ),
        database.query<{ key: string }>(
          `select master_key as key from expansions where ${lately}
           union select e.master_key from master_locks l join expansions e on e.id = l.expansion_id`,
          [endedAfter],
        ),
        database.query<{ target: NodeTarget }>(
          `select doc -> 'master' as target from holds where not ended or (${lately})`,
          [endedAfter],
        ),
        database.query<{ target: NodeTarget }>(
          `select p.pair -> 'old' as target from replacements r, jsonb_array_elements(r.doc -> 'pairs') as p (pair)
           where not r.ended or (${lately})`,
          [endedAfter],
        ),
      ]);
      return {
        nodes: new Set([
          ...locked.map(({ address }) => address),
          ...[...ended, ...old].map(({ target }) => masterKey(target.address)),
        ]),
        masters: new Set([
          ...masters.map(({ key }) => key),
          ...held.map(({ target }) => masterKey(target.address)),
        ]),
      };
    },
  };
}

async function putMasters(
  client: Queryable,
  id: string,
  masters: readonly StoredGuardMaster[],
): Promise<void> {
  if (masters.length === 0) return;
  const values = masters.map((master) => ({ position: master.index, doc: stamp('guard_master', master) }));
  await client.query(
    `insert into guard_masters (guard_id, position, doc)
     select $1, r.position, r.doc from jsonb_to_recordset($2::jsonb) as r (position integer, doc jsonb)
     on conflict (guard_id, position) do update set doc = excluded.doc`,
    [id, toJson(values)],
  );
}
