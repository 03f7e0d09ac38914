import { type Control, type Expansion, type ExpansionState, isEnded } from '../model/expansion.ts';
import type { EventOwner, StoredEvent } from '../model/views/event.ts';
import type { ExpansionSummary } from '../model/views/expansion.ts';
import type { Observation } from '../model/views/observation.ts';
import { Conditions } from './conditions.ts';
import { type Database, onlyRow, type Row } from './database.ts';
import {
  changedJoins,
  docChanged,
  docOf,
  eventOf,
  eventOwners,
  eventsJson,
  hasEnded,
  isUnattended,
  ownerOf,
  summaryOf,
} from './expansion-rows.ts';
import { type FreezeRow, freezeColumns, freezeOf } from './freeze.ts';
import { storableText, toJson } from './json.ts';
import { addressKey } from './master-key.ts';
import { migrate, readMigrations } from './migrate.ts';
import { byAcceptance, newestBy } from './newest-first.ts';
import { newsOf } from './news.ts';
import { createThinner } from './observation-thinner.ts';
import type { Page } from './page.ts';
import {
  acceptExpansion,
  acceptedUnder,
  type ExpansionRow,
  expansionColumns,
  expansionOf,
} from './postgres-accept.ts';
import { createFreeze } from './postgres-freeze.ts';
import { createLeases, lostLease } from './postgres-leases.ts';
import { expansionLeases, lockMaster, syncSlots } from './postgres-locks.ts';
import { type ExpansionFilter, NotFoundError, plansOfEach, type Store } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

export interface PostgresStoreOptions {
  /** Observations kept per node of an expansion, give or take half; older ones are thinned out. */
  readonly observationsPerNode?: number;
}

/** The Store on PostgreSQL. Does not close the database on its own account: `close` ends the pool it was given. */
export function createPostgresStore(database: Database, options: PostgresStoreOptions = {}): Store {
  const thinner = createThinner(database, options.observationsPerNode ?? 1000);

  const pageOf = <R extends Row, T extends { readonly id: string; readonly acceptedAt: number }>(
    columns: string,
    filter: ExpansionFilter,
    itemOf: (row: R) => T,
  ): Promise<Page<T>> =>
    newestBy(
      byAcceptance,
      database,
      `select ${columns} from expansions e`,
      filter,
      itemOf,
      conditionsOf(filter),
    );

  return {
    ...createLeases(database, expansionLeases),
    ...createFreeze(database),

    async migrate() {
      await migrate(database, await readMigrations());
    },
    close: () => database.close(),
    async ping() {
      await database.query('select 1');
    },

    async accept(expansion, events, idempotency, within) {
      return acceptExpansion(database, expansion, events, idempotency, within ?? null);
    },

    async acceptedUnder(idempotency) {
      return acceptedUnder(database, idempotency);
    },

    async get(id) {
      const [row] = await database.query<ExpansionRow>(
        `select ${expansionColumns} from expansions e where e.id = $1`,
        [id],
        'get_expansion',
      );
      return row ? expansionOf(row) : null;
    },

    list: (filter) => pageOf<ExpansionRow, Expansion>(expansionColumns, filter, expansionOf),
    summaries: (filter) => pageOf<SummaryRow, ExpansionSummary>(summaryColumns, filter, summaryOfRow),

    async events(filter) {
      const where = new Conditions();
      const owners = Object.entries(eventOwners).filter(([field]) => filter[field as EventOwner]);
      // Events of everybody: each type for itself, as a range in the order of the index of types. With an equation the planner
      // may read all events in their order instead, in search of a type that is rare.
      const ofEach = filter.types !== undefined && owners.length === 0;
      if (ofEach) where.add(() => 'type >= wanted and type <= wanted');
      else if (filter.types) where.add((p) => `type = any (${p}::text[])`, filter.types);
      where.add((p) => `seq > ${p}`, filter.afterSeq);
      for (const [field, column] of owners) where.add((p) => `${column} = ${p}`, filter[field as EventOwner]);
      if (filter.node) where.add((p) => `node = ${p}`, filter.node);
      const most = where.value(filter.limit);
      const select = `select seq, ${ownerOf} as owner, type, at, node, level, text, data
        from events ${where.sql} order by ${ofEach ? 'type, ' : ''}seq limit ${most}`;
      const rows = await database.query<
        Omit<StoredEvent, EventOwner> & { owner: Partial<StoredEvent> } & Record<string, unknown>
      >(
        ofEach
          ? `select e.* from (select distinct unnest(${where.value(filter.types)}::text[]) as wanted) as types
             cross join lateral (${select}) as e order by seq limit ${most}`
          : select,
        where.values,
      );
      return rows.map(
        ({ owner, seq, ...event }): StoredEvent => eventOf({ seq, expansionId: null, ...owner, ...event }),
      );
    },

    watchEvents: (onNews) => newsOf(database).watch('events', onNews),

    async lastSeq() {
      const rows = await database.query<{ seq: number }>('select coalesce(max(seq), 0) as seq from events');
      return onlyRow(rows).seq;
    },

    async observations(filter) {
      const where = new Conditions();
      where.add((p) => `expansion_id = ${p}`, filter.expansionId);
      where.add((p) => `seq > ${p}`, filter.afterSeq);
      if (filter.node) where.add((p) => `node = ${p}`, filter.node);
      const rows = await database.query<Observation & Record<string, unknown>>(
        `select seq, expansion_id as "expansionId", node, at, look
         from observations ${where.sql} order by seq limit ${where.value(filter.limit)}`,
        where.values,
      );
      return rows.map((row) => ({ ...row, look: upgrade('observation', row.look) }));
    },

    async nodesInUse(addresses) {
      const rows = await database.query<{ address: string; expansion_id: string }>(
        'select address, expansion_id from node_locks where address = any ($1::text[])',
        [addresses.map((address) => storableText(addressKey(address)))],
      );
      const holders = new Map(rows.map((row) => [row.address, row.expansion_id]));
      return addresses.flatMap((node) => {
        const expansionId = holders.get(addressKey(node));
        return expansionId ? [{ node, expansionId }] : [];
      });
    },

    async onMaster(key) {
      return database.query<{ id: string; state: ExpansionState }>(
        `select id, state from expansions
         where not ended and master_key = $1
           and (state <> 'pending' or coalesce((doc ->> 'startAt')::numeric, 0) <= extract(epoch from now()) * 1000)
         order by accepted_at, id`,
        [key],
      );
    },

    async lastOnMaster(key) {
      const [last] = await database.query<{ id: string; endedAt: number }>(
        `select id, (doc ->> 'endedAt')::float8 as "endedAt" from expansions
         where ended and master_key = $1 and doc ->> 'startedAt' is not null
         order by (doc ->> 'endedAt')::numeric::bigint desc limit 1`,
        [key],
      );
      return last ?? null;
    },

    async unattended(limit) {
      const rows = await database.query<{ id: string }>(
        `select id from expansions where ${isUnattended} order by look_at, id limit $2`,
        [0, limit],
        'unattended',
      );
      return rows.map(({ id }) => id);
    },

    async addControl(expansionId, control) {
      await database.transaction(async (client) => {
        // The row first, as save_expansion does: a save that runs now either sees this control or comes before it.
        const rows = await client.query('select 1 from expansions where id = $1 for update', [expansionId]);
        if (rows.length === 0) throw new NotFoundError('expansion', expansionId);
        const added = await client.query(
          'insert into controls (id, expansion_id, doc) values ($1, $2, $3) on conflict (id) do nothing returning 1',
          [control.id, expansionId, toJson(control)],
        );
        if (added.length === 0) return;
        await client.query('update expansions set look_at = clock_timestamp() where id = $1 and not ended', [
          expansionId,
        ]);
      });
    },

    async pendingControls(expansionId) {
      const rows = await database.query<{ doc: Control }>(
        'select doc from controls where expansion_id = $1 and applied_at is null order by seq',
        [expansionId],
        'pending_controls',
      );
      return rows.map((row) => row.doc);
    },

    async orders() {
      const { ids, ...freeze } = onlyRow(
        await database.query<FreezeRow & { ids: readonly string[] }>(
          `select ${freezeColumns}, array(
             select distinct e.id from controls c join expansions e on e.id = c.expansion_id
             where c.applied_at is null and not e.ended) as ids
           from (select) as always left join global_freeze on true`,
          [],
          'orders',
        ),
      );
      return { freeze: freezeOf(freeze), withControls: ids };
    },

    async lockMaster(lease, keys) {
      return database.transaction((client) => lockMaster(client, lease, keys));
    },

    async syncSlots(lease, request) {
      return database.transaction((client) => syncSlots(client, lease, request));
    },

    async save(lease, before, after, extra) {
      const joins = changedJoins(before, after).map((join) => stamp('join', join));
      const observations = (extra.observations ?? []).map((seen) => ({
        ...seen,
        look: stamp('observation', seen.look),
      }));
      const rows = await database.query<{ held: boolean }>(
        'select save_expansion($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as held',
        [
          lease.id,
          lease.epoch,
          lease.owner,
          lease.leaseMs,
          docChanged(before, after) ? toJson(stamp('expansion', docOf(after))) : null,
          hasEnded(after),
          jsonOrNull(joins),
          jsonOrNull(observations),
          extra.appliedControls?.length ? extra.appliedControls : null,
          extra.lookAgainInMs,
          extra.events.length > 0 ? eventsJson(extra.events) : null,
          hasEnded(after) ? toJson(stamp('expansion_summary', summaryOf(after))) : null,
        ],
        'save_expansion',
      );
      if (!onlyRow(rows).held) throw lostLease(expansionLeases, lease);
      // The save is done, and what could not be thinned out now will be the next time.
      await thinner.saw(lease.id, extra.observations ?? []).catch(() => undefined);
      if (hasEnded(after)) thinner.forget(lease.id);
    },

    async savePlan(plan, requestedBy) {
      await database.query(
        `with outdated as (delete from plans where id <> $1 and saved_at < now() - interval '30 days'),
           too_many as (
             delete from plans where id in (
               select id from plans where requested_by = $4 and id <> $1
               order by saved_at desc, id desc offset ${plansOfEach - 1}))
         insert into plans (id, at, doc, requested_by) values ($1, $2, $3, $4)
         on conflict (id) do update set at = excluded.at, doc = excluded.doc, saved_at = now()`,
        [plan.id, plan.at, toJson(stamp('plan', plan.doc)), requestedBy],
      );
    },

    async getPlan(id) {
      const [row] = await database.query<{ id: string; at: number; doc: Stored<object> }>(
        'select id, at, doc from plans where id = $1',
        [id],
      );
      return row ? { ...row, doc: upgrade('plan', row.doc) } : null;
    },

    async plansOf(requestedBy, limit) {
      const rows = await database.query<{ id: string; at: number; doc: Stored<object> }>(
        'select id, at, doc from plans where requested_by = $1 order by saved_at desc, id desc limit $2',
        [requestedBy, limit],
      );
      return rows.map((row) => ({ ...row, doc: upgrade('plan', row.doc) }));
    },
  };
}

type SummaryRow = { summary: Stored<ExpansionSummary> | null; whole: ExpansionRow | null };
const summaryColumns = `e.summary, case when e.summary is null then (select to_jsonb(w) from (select ${expansionColumns}) w) end as whole`;
const summaryOfRow = ({ summary, whole }: SummaryRow): ExpansionSummary =>
  summary === null ? summaryOf(expansionOf(whole!)) : upgrade('expansion_summary', summary);

function conditionsOf({ states, master, search }: ExpansionFilter): Conditions {
  const where = new Conditions();
  if (states) where.add((p) => `e.state = any (${p}::text[])`, states);
  // Both have an index of their own.
  if (states?.every((state) => !isEnded(state))) where.add(() => 'not e.ended');
  if (states?.every(isEnded)) where.add(() => 'e.ended');
  if (master) where.add((p) => `e.master_key = ${p}`, addressKey(master));
  if (!search) return where;
  const text = storableText(search).toLowerCase();
  if (text.length >= 3) where.add((p) => `search_parts(e.search_text) @> parts_to_find(${p}::text)`, text);
  where.add((p) => `position(${p} in e.search_text) > 0`, text);
  return where;
}

function jsonOrNull(list: readonly unknown[]): string | null {
  return list.length > 0 ? toJson(list) : null;
}
