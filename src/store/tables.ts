import { type Queryable, schemaName } from './database.ts';

/** A table of the service, as a backup holds it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** What brings its rows into one order: the columns of its primary key. */
  readonly order: readonly string[];
}

/** A counter that gives out numbers, and the last one. */
export interface Counter {
  readonly table: string;
  readonly column: string;
  readonly last: number;
}

/** Other processes of the service than this connection, that use the database now. */
export async function othersAtWork(client: Queryable): Promise<number> {
  const rows = await client.query<{ count: number }>(
    `select count(*)::integer as count from pg_stat_activity
     where datname = current_database() and application_name = 'pika-expander' and pid <> pg_backend_pid()`,
  );
  return rows[0]!.count;
}

/** Every table but that of the migrations, each after those that it refers to. Columns that the database makes are left out. */
export async function tablesOf(client: Queryable): Promise<readonly Table[]> {
  const tables = await client.query<
    Omit<Table, 'columns'> & { columns: Table['columns']; parents: string[] }
  >(
    `select c.relname as name,
       (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       (select array_agg(a.attname::text order by array_position(i.indkey::smallint[], a.attnum))
        from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as "order",
       array(select distinct p.relname::text from pg_constraint f join pg_class p on p.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and p.oid <> c.oid) as parents
     from pg_class c
     where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname <> 'migrations'
     order by c.relname`,
    [schemaName],
  );
  const sorted: (typeof tables)[number][] = [];
  const left = new Map(tables.map((table) => [table.name, table]));
  while (left.size > 0) {
    const next = [...left.values()].find(({ parents }) => !parents.some((parent) => left.has(parent)));
    if (next === undefined)
      throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`);
    sorted.push(next);
    left.delete(next.name);
  }
  return sorted.map(({ name, columns, order }) => ({ name, columns, order: order ?? [] }));
}

export async function countersOf(client: Queryable): Promise<readonly Counter[]> {
  const found = await client.query<{ table: string; column: string; sequence: string }>(
    `select c.relname as "table", a.attname as "column",
       pg_get_serial_sequence(quote_ident($1) || '.' || quote_ident(c.relname), a.attname) as sequence
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = $1::regnamespace and c.relkind = 'r' and a.attidentity <> '' order by 1, 2`,
    [schemaName],
  );
  const counters: Counter[] = [];
  for (const { table, column, sequence } of found) {
    const rows = await client.query<{ last: number }>(`select last_value as last from ${sequence}`);
    counters.push({ table, column, last: rows[0]!.last });
  }
  return counters;
}
