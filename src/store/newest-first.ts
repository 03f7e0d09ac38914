import { Conditions } from './conditions.ts';
import type { Database, Row } from './database.ts';
import { decodeCursor, encodeCursor } from './expansion-rows.ts';
import type { Page } from './page.ts';

/** A page of rows by `created_at`, the newest first. `select`: everything before the conditions, of which `where` may hold some. */
export async function newestFirst<
  R extends Row,
  T extends { readonly id: string; readonly createdAt: number },
>(
  database: Database,
  select: string,
  page: { readonly cursor?: string; readonly limit: number },
  itemOf: (row: R) => T,
  where = new Conditions(),
): Promise<Page<T>> {
  const after = decodeCursor(page.cursor);
  if (after) where.add((p, q) => `(created_at, id) < (${p}::bigint, ${q}::text)`, after.at, after.id);
  const rows = await database.query<R>(
    `${select} ${where.sql} order by created_at desc, id desc limit ${where.value(page.limit + 1)}`,
    where.values,
  );
  const items = rows.slice(0, page.limit).map(itemOf);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return { items, nextCursor: last ? encodeCursor({ at: last.createdAt, id: last.id }) : null };
}
