import { Conditions } from './conditions.ts';
import type { Database, Row } from './database.ts';
import { decodeCursor, encodeCursor } from './expansion-rows.ts';
import type { Page } from './page.ts';

/** By which time rows are put in order: its column, and the position of an item. */
export interface NewestBy<T> {
  readonly at: string;
  position(item: T): { readonly at: number; readonly id: string };
}

const byCreation: NewestBy<{ readonly id: string; readonly createdAt: number }> = {
  at: 'created_at',
  position: ({ createdAt, id }) => ({ at: createdAt, id }),
};

/** What was accepted. */
export const byAcceptance: NewestBy<{ readonly id: string; readonly acceptedAt: number }> = {
  at: 'accepted_at',
  position: ({ acceptedAt, id }) => ({ at: acceptedAt, id }),
};

type Asked = { readonly cursor?: string; readonly limit: number };

/** A page of rows by `created_at`, the newest first. `select`: everything before the conditions, of which `where` may hold some. */
export const newestFirst = <R extends Row, T extends { readonly id: string; readonly createdAt: number }>(
  database: Database,
  select: string,
  page: Asked,
  itemOf: (row: R) => T,
  where = new Conditions(),
): Promise<Page<T>> => newestBy(byCreation, database, select, page, itemOf, where);

/** The same by another time. */
export async function newestBy<R extends Row, T>(
  { at, position }: NewestBy<NoInfer<T>>,
  database: Database,
  select: string,
  page: Asked,
  itemOf: (row: R) => T,
  where: Conditions,
): Promise<Page<T>> {
  const after = decodeCursor(page.cursor);
  if (after) where.add((p, q) => `(${at}, id) < (${p}::bigint, ${q}::text)`, after.at, after.id);
  const rows = await database.query<R>(
    `${select} ${where.sql} order by ${at} desc, id desc limit ${where.value(page.limit + 1)}`,
    where.values,
  );
  const items = rows.slice(0, page.limit).map(itemOf);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : encodeCursor(position(last)) };
}
