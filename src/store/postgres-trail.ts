import { chainStart, linkHash } from '../evidence/chain.ts';
import type { NewTrailEntry, TrailEntry } from '../model/views/trail.ts';
import { Conditions } from './conditions.ts';
import type { Database, Queryable, Row } from './database.ts';
import { storable, storableText } from './json.ts';
import { type TrailEnd, type TrailStore, trailCursor } from './trail.ts';

/** Whoever adds holds it until the entries stand, so that the chain never forks. */
const lock = '1885957729, 3';
const version = 1;

type EntryRow = Row & { readonly doc: Omit<TrailEntry, 'hash'>; readonly hash: string };

const entryOf = ({ doc, hash }: EntryRow): TrailEntry => ({ ...doc, hash });

/** The TrailStore on PostgreSQL. */
export function createPostgresTrail(database: Database): TrailStore {
  return {
    append: (entries) =>
      database.transaction(async (client) => {
        // In a statement of its own: the next one must see what was added while it waited.
        await client.query(`select pg_advisory_xact_lock(${lock})`);
        const added = linked(await endOf(client), entries);
        await client.query(
          `insert into trail (seq, hash, doc)
           select * from unnest($1::bigint[], $2::text[], $3::jsonb[])`,
          [
            added.map(({ seq }) => seq),
            added.map(({ hash }) => hash),
            added.map(({ hash: _, ...doc }) => JSON.stringify(doc)),
          ],
        );
        return added;
      }),

    async list(filter) {
      const where = new Conditions();
      if (filter.who !== undefined) where.add((p) => `who = ${p}`, storableText(filter.who));
      if (filter.act !== undefined) where.add((p) => `act = ${p}`, storableText(filter.act));
      if (filter.object !== undefined) where.add((p) => `object = ${p}`, storableText(filter.object));
      if (filter.since !== undefined) where.add((p) => `at >= ${p}`, filter.since);
      const before = filter.cursor === undefined ? null : trailCursor(filter.cursor);
      if (before !== null) where.add((p) => `seq < ${p}`, before);
      const rows = await database.query<EntryRow>(
        `select doc, hash from trail ${where.sql} order by seq desc limit ${where.value(filter.limit + 1)}`,
        where.values,
      );
      const items = rows.slice(0, filter.limit).map(entryOf);
      const last = rows.length > filter.limit ? items.at(-1) : undefined;
      return { items, nextCursor: last ? String(last.seq) : null };
    },

    async after(seq, limit) {
      const rows = await database.query<EntryRow>(
        'select doc, hash from trail where seq > $1 order by seq limit $2',
        [seq, limit],
      );
      return rows.map(entryOf);
    },

    end: () => endOf(database),
  };
}

async function endOf(client: Queryable): Promise<TrailEnd> {
  const [last] = await client.query<{ seq: number; hash: string }>(
    'select seq, hash from trail order by seq desc limit 1',
  );
  return last ?? { seq: 0, hash: chainStart };
}

function linked({ seq, hash }: TrailEnd, entries: readonly NewTrailEntry[]): readonly TrailEntry[] {
  let before = hash;
  return entries.map((entry, index) => {
    // As it is stored, so that whoever reads it finds the same hash.
    const numbered = storable({ ...entry, v: version, seq: seq + index + 1 }) as Omit<TrailEntry, 'hash'>;
    const doc = JSON.parse(JSON.stringify(numbered)) as typeof numbered;
    before = linkHash(before, doc);
    return { ...doc, hash: before };
  });
}
