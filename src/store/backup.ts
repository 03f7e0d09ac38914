import { createHash } from 'node:crypto';
import { type Database, type Queryable, schemaName } from './database.ts';
import { type Counter, countersOf, type Table, tablesOf } from './tables.ts';

/** Another shape is another format. */
export const backupFormat = 'pika-expander backup 1';

export interface BackupHead {
  readonly format: string;
  readonly madeAt: number;
  /** Those that made the schema, in order. */
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[];
  readonly counters: readonly Counter[];
}

/** The end of a table, or of the whole. */
export interface TableEnd {
  readonly end: string;
  readonly rows: number;
  readonly sha256: string;
}

/** There is nothing to back up, so nothing was written. */
export class DatabaseEmptyError extends Error {
  readonly code = 'database_empty';
  constructor(place = 'the database') {
    super(`${place} holds nothing of the service yet`);
  }
}

/** Rows that are in memory at the same time. */
const atOnce = 200;

/**
 * All that the database holds at one moment, as lines of JSON: a head, and for each table its columns, its rows, and their number
 * and SHA-256. The queue is not in it. Others may write meanwhile. Throws DatabaseEmptyError where no migration was applied.
 */
export async function* backupLines(database: Database, now: () => number): AsyncGenerator<string> {
  yield* throughSession(database, async (client, write) => {
    await client.query('begin isolation level repeatable read read only');
    // What a text says of a value must not hang on where it was written.
    for (const setting of [
      "timezone = 'UTC'",
      "datestyle = 'ISO'",
      "intervalstyle = 'postgres'",
      'extra_float_digits = 1',
      "bytea_output = 'hex'",
    ])
      await client.query(`set local ${setting}`);
    const migrations = await migrationsOf(client);
    const tables = await tablesOf(client);
    const head: BackupHead = {
      format: backupFormat,
      madeAt: now(),
      migrations,
      counters: await countersOf(client),
    };
    await write(JSON.stringify(head));
    const ends: TableEnd[] = [];
    for (const table of tables) ends.push(await writeTable(client, table, write));
    const whole = createHash('sha256').update(ends.map(({ sha256 }) => sha256).join(''));
    const rows = ends.reduce((sum, end) => sum + end.rows, 0);
    await write(JSON.stringify({ end: '', rows, sha256: whole.digest('hex') } satisfies TableEnd));
    await client.query('commit');
  });
}

async function migrationsOf(client: Queryable): Promise<BackupHead['migrations']> {
  const [known] = await client.query<{ found: boolean }>(
    `select to_regclass('${schemaName}.migrations') is not null as found`,
  );
  if (!known!.found) throw new DatabaseEmptyError();
  const migrations = await client.query<BackupHead['migrations'][number]>(
    `select name, checksum from ${schemaName}.migrations order by name`,
  );
  // Their table is made before the first of them is applied.
  if (migrations.length === 0) throw new DatabaseEmptyError();
  return migrations;
}

async function writeTable(
  client: Queryable,
  { name, columns, order }: Table,
  write: (line: string) => Promise<void>,
): Promise<TableEnd> {
  await write(JSON.stringify({ table: name, columns }));
  const texts = columns.map((column) => `${quoted(column.name)}::text`).join(', ');
  const isText = (each: string) => columns.some((column) => column.name === each && column.type === 'text');
  const by = order.map((each) => `${quoted(each)}${isText(each) ? ' collate "C"' : ''}`).join(', ');
  await client.query(
    `declare backup no scroll cursor for
     select to_json(array[${texts}])::text as row from ${schemaName}.${quoted(name)} ${by === '' ? '' : `order by ${by}`}`,
  );
  const hash = createHash('sha256');
  let rows = 0;
  for (;;) {
    const some = await client.query<{ row: string }>(`fetch ${atOnce} from backup`);
    for (const { row } of some) {
      hash.update(row).update('\n');
      await write(row);
    }
    rows += some.length;
    if (some.length < atOnce) break;
  }
  await client.query('close backup');
  const end = { end: name, rows, sha256: hash.digest('hex') };
  await write(JSON.stringify(end));
  return end;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What is written within a session, line by line, as fast as it is read. */
async function* throughSession(
  database: Database,
  work: (client: Queryable, write: (line: string) => Promise<void>) => Promise<void>,
): AsyncGenerator<string> {
  let give: (line: string | null) => void = () => undefined;
  let taken: () => void = () => undefined;
  const next = () => new Promise<string | null>((resolve) => (give = resolve));
  let coming = next();
  let gone: Error | null = null;
  const working = database.session((client) =>
    work(client, async (line) => {
      if (gone !== null) throw gone;
      const read = new Promise<void>((resolve) => (taken = resolve));
      give(line);
      await read;
      if (gone !== null) throw gone;
    }),
  );
  working.then(
    () => give(null),
    () => give(null),
  );
  try {
    for (let line = await coming; line !== null; line = await coming) {
      coming = next();
      yield line;
      taken();
    }
    await working;
  } finally {
    gone = new Error('nobody reads the backup any more');
    taken();
    await working.catch(() => undefined);
  }
}
