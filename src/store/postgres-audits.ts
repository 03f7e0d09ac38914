import { auditHasEnded } from '../model/states.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAuditDoc, StoredAuditServer } from '../model/views/audit.ts';
import type { AuditCancel, AuditStore } from './audits.ts';
import type { Database, Queryable } from './database.ts';
import { appendEvents } from './expansion-rows.ts';
import { toJson } from './json.ts';
import { masterKey } from './master-key.ts';
import { newestFirst } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import { NotFoundError } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

type DocRow = { doc: Stored<StoredAuditDoc>; cancel: AuditCancel | null };
interface ServerRow {
  readonly server: StoredAuditServer;
  readonly master: NodeTarget | null;
}

const leases: LeasedTable = { table: 'audits', row: 'audit', unended: 'not ended', since: 'created_at' };

/** A cancellation that the worker has not seen yet is part of what is read. */
const docOf = ({ doc, cancel }: DocRow): StoredAuditDoc => {
  const read = upgrade('audit', doc);
  return { ...read, cancel: read.cancel ?? cancel };
};

/** The AuditStore on PostgreSQL. */
export function createPostgresAudits(database: Database): AuditStore {
  return {
    ...createLeases(database, leases),

    async create({ doc, servers }) {
      await database.transaction(async (client) => {
        await client.query(
          `insert into audits (id, state, doc, created_at, look_at) values ($1, $2, $3, $4, clock_timestamp())`,
          [doc.id, doc.state, toJson(stamp('audit', doc)), doc.createdAt],
        );
        await putServers(
          client,
          doc.id,
          servers.map((server) => ({ server, master: null })),
        );
      });
    },

    async get(id) {
      const [row] = await database.query<DocRow>('select doc, cancel from audits where id = $1', [id]);
      if (!row) return null;
      const servers = await database.query<{ doc: Stored<StoredAuditServer> }>(
        'select doc from audit_servers where audit_id = $1 order by position',
        [id],
      );
      return { doc: docOf(row), servers: servers.map(({ doc }) => upgrade('audit_server', doc)) };
    },

    async list(filter) {
      return newestFirst(database, 'select doc, cancel from audits', filter, docOf);
    },

    async save(lease, doc, servers, lookAgainInMs, events = []) {
      return database.transaction(async (client) => {
        const ended = auditHasEnded(doc.state);
        const [row] = await client.query<{ cancel: AuditCancel | null }>(
          `update audits set doc = $4, state = $5, ended = $6,
             lease_until = clock_timestamp() + $7 * interval '1 millisecond',
             look_at = case when $6 then null
               else clock_timestamp() + $8::double precision * interval '1 millisecond' end
           where ${heldBy} returning cancel`,
          [
            ...leaseValues(lease),
            toJson(stamp('audit', doc)),
            doc.state,
            ended,
            lease.leaseMs,
            lookAgainInMs,
          ],
        );
        if (!row) throw lostLease(leases, lease);
        await putServers(client, lease.id, servers);
        await appendEvents(client, 'auditId', lease.id, events);
        return row.cancel;
      });
    },

    async cancel(id, cancel) {
      const rows = await database.query(
        `update audits set cancel = coalesce(cancel, $2::jsonb),
           look_at = case when ended then null else clock_timestamp() end
         where id = $1 returning 1`,
        [id, toJson(cancel)],
      );
      if (rows.length === 0) throw new NotFoundError('audit', id);
    },

    async knownMasters(limit) {
      const rows = await database.query<{ master: NodeTarget }>(
        `select distinct on (master_key) doc -> 'master' as master from expansions
         order by master_key, accepted_at desc, id desc limit $1`,
        [limit],
      );
      return rows.map(({ master }) => master);
    },

    async provenOf(master, limit) {
      const rows = await database.query<{ slave: NodeTarget; at: number; by: string }>(
        `select slave, at, by from (
           select distinct on (j.doc #>> '{target,name}') j.doc -> 'target' as slave,
             (j.doc ->> 'phaseSince')::numeric::bigint as at, e.id as by
           from expansions e join joins j on j.expansion_id = e.id
           where e.master_key = $1 and j.doc ->> 'phase' = 'verified'
           order by j.doc #>> '{target,name}', (j.doc ->> 'phaseSince')::numeric desc
         ) as proven order by at desc limit $2`,
        [masterKey(master.address), limit],
      );
      return rows.map(({ slave, at, by }) => ({ slave: nodeTarget(slave), wholeAt: { at, by } }));
    },

    async lastWhole(slaves, master) {
      const places = slaves.map(({ address }) => masterKey(address));
      const rows = await database.query<{ place: string; at: number; by: string }>(
        `select distinct on (place) place, (doc ->> 'judgedAt')::numeric::bigint as at, audit_id as by
         from audit_servers
         where doc ->> 'verdict' = 'whole' and of_master = $1 and place = any ($2::text[])
         order by place, (doc ->> 'judgedAt')::numeric desc`,
        [masterKey(master.address), places],
      );
      const found = new Map(rows.map(({ place, at, by }) => [place, { at, by }]));
      return places.map((place) => found.get(place) ?? null);
    },
  };
}

/** What a request permitted of a node is no part of where it is. */
const nodeTarget = ({ name, address, seenAs, credential }: NodeTarget): NodeTarget => ({
  name,
  address,
  seenAs,
  credential,
});

async function putServers(client: Queryable, id: string, rows: readonly ServerRow[]): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(({ server, master }) => ({
    position: server.index,
    place: masterKey(server.target.address),
    of_master: master && masterKey(master.address),
    doc: stamp('audit_server', server),
  }));
  await client.query(
    `insert into audit_servers (audit_id, position, place, of_master, doc)
     select $1, r.position, r.place, r.of_master, r.doc
     from jsonb_to_recordset($2::jsonb) as r (position integer, place text, of_master text, doc jsonb)
     on conflict (audit_id, position) do update set place = excluded.place, of_master = excluded.of_master,
       doc = excluded.doc`,
    [id, toJson(values)],
  );
}
