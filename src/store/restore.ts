import { createHash } from 'node:crypto';
import { type BackupHead, backupFormat, quoted, type TableEnd } from './backup.ts';
import { type Database, type Queryable, type Row, schemaName } from './database.ts';
import { isSameLineage, type Lineage, lineageOf } from './lineage.ts';
import { applied, type Migration, migrationsLock } from './migrate.ts';
import { othersAtWork } from './tables.ts';

/** The backup cannot be used, or the database may not be written. Nothing was changed. */
export class RestoreError extends Error {
  readonly code: 'backup_broken' | 'backup_newer' | 'database_in_use' | 'database_holds_expansions';
  constructor(code: RestoreError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface Restored {
  readonly madeAt: number;
  readonly rows: number;
  /** Of each table, in their order. */
  readonly ends: readonly TableEnd[];
}

/** Text of rows that goes to the database at once. */
const mostCharacters = 4_000_000;
const mostRows = 500;

interface Reading {
  head: BackupHead | null;
  table: {
    readonly table: string;
    readonly columns: readonly { readonly name: string; readonly type: string }[];
  } | null;
  rows: number;
  hash: ReturnType<typeof createHash>;
  readonly ends: TableEnd[];
  whole: boolean;
}

interface Taker {
  readonly head?: (head: BackupHead) => Promise<void>;
  readonly row?: (row: string, table: NonNullable<Reading['table']>) => Promise<void>;
  readonly end?: () => Promise<void>;
}

const broken = (why: string): RestoreError =>
  new RestoreError('backup_broken', `the backup is broken or cut off: ${why}`);

/** Reads a backup to its end. Throws RestoreError where it is not whole. */
async function read(lines: AsyncIterable<string>, taker: Taker): Promise<Restored> {
  const reading: Reading = {
    head: null,
    table: null,
    rows: 0,
    hash: createHash('sha256'),
    ends: [],
    whole: false,
  };
  for await (const line of lines) await takeLine(reading, line, taker);
  if (!reading.whole) throw broken('its end is missing');
  return {
    madeAt: reading.head!.madeAt,
    rows: reading.ends.reduce((sum, { rows }) => sum + rows, 0),
    ends: reading.ends,
  };
}

async function takeLine(reading: Reading, line: string, taker: Taker): Promise<void> {
  if (reading.whole) throw broken('something comes after its end');
  if (line.startsWith('[')) {
    if (reading.table === null) throw broken('a row stands outside a table');
    reading.hash.update(line).update('\n');
    reading.rows += 1;
    await taker.row?.(line, reading.table);
    return;
  }
  const said = parsed(line);
  if (reading.head === null) {
    if (said.format !== backupFormat) throw broken(`it is not of the format "${backupFormat}"`);
    reading.head = said as unknown as BackupHead;
    await taker.head?.(reading.head);
  } else if (typeof said.table === 'string') {
    if (reading.table !== null) throw broken(`the end of ${reading.table.table} is missing`);
    Object.assign(reading, { table: said, rows: 0, hash: createHash('sha256') });
  } else if (typeof said.end === 'string') {
    await takeEnd(reading, said as unknown as TableEnd, taker);
  } else throw broken('a line is none of its own');
}

async function takeEnd(reading: Reading, { end, rows, sha256 }: TableEnd, taker: Taker): Promise<void> {
  if (end === '') {
    const whole = createHash('sha256').update(reading.ends.map((each) => each.sha256).join(''));
    if (reading.table !== null || whole.digest('hex') !== sha256) throw broken('a table is missing');
    reading.whole = true;
    return;
  }
  if (reading.table?.table !== end || reading.rows !== rows || reading.hash.digest('hex') !== sha256)
    throw broken(`the rows of ${end} are not those that were written`);
  reading.ends.push({ end, rows, sha256 });
  reading.table = null;
  await taker.end?.();
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw broken('a line is not JSON');
  }
}

/** Whether a backup is whole. Throws RestoreError. */
export const checkBackup = (lines: AsyncIterable<string>): Promise<Restored> => read(lines, {});

/**
 * Puts a backup in the place of what the database holds, all or nothing, with a note that it was restored: the service freezes
 * everything at its next start, and pauses what was open. Throws RestoreError: for a backup that is not whole or from a newer
 * version, while a process of the service is connected, and unless `replace` for a database that holds expansions.
 */
export async function restoreBackup(
  database: Database,
  lines: AsyncIterable<string>,
  migrations: readonly Migration[],
  { replace, stamp = true }: { readonly replace: boolean; readonly stamp?: boolean },
): Promise<Restored> {
  return database.session(async (client) => {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1, $2)', migrationsLock);
    await assertFree(client, replace);
    await client.query(`drop schema if exists ${schemaName} cascade`);
    const waiting = rowsOf(client);
    const restored = await read(lines, {
      head: (head) => makeSchema(client, head, migrations),
      row: waiting.add,
      end: waiting.flush,
    });
    await applied(client, migrations);
    if (stamp) await note(client, restored.madeAt);
    await client.query('commit');
    return restored;
  });
}

const inUse = (): RestoreError =>
  new RestoreError('database_in_use', 'a process of the service is connected to the database');

/** What is worked on under a lease. */
const leased = ['expansions', 'comparisons', 'campaigns', 'audits', 'guards', 'holds', 'replacements'];

/** More leases than the lost writes can have given out on one row: none of theirs may be taken for a later one. */
const lostLeasesAtMost = 1_000_000;

/** Nobody holds a lease of then any more, and nobody is signed in. */
async function note(
  client: Queryable,
  madeAt: number | null,
  cause: RestoreNote['cause'] = 'restore',
): Promise<void> {
  for (const table of leased)
    await client.query(
      `update ${table} set lease_owner = null, lease_until = null, epoch = epoch + $1
       where lease_owner is not null or look_at is not null`,
      [lostLeasesAtMost],
    );
  // Who was signed out since must not be signed in again.
  await client.query('delete from sessions');
  await client.query('insert into restores (made_at, cause) values ($1, $2)', [madeAt, cause]);
  await client.query('delete from lineage');
}

/** The server takes a moment to notice that a process that was just stopped has closed its connections. */
const leavesWithinSeconds = 3;

async function assertNobodyAtWork(client: Queryable): Promise<void> {
  for (let waited = 0; (await othersAtWork(client)) > 0; waited += 0.25) {
    if (waited >= leavesWithinSeconds) throw inUse();
    await client.query('select pg_sleep(0.25), pg_stat_clear_snapshot()');
  }
}

async function assertFree(client: Queryable, replace: boolean): Promise<void> {
  await assertNobodyAtWork(client);
  const [known] = await client.query<{ found: boolean }>(
    `select to_regclass('${schemaName}.expansions') is not null as found`,
  );
  if (replace || !known!.found) return;
  const rows = await client.query(`select 1 from ${schemaName}.expansions limit 1`);
  if (rows.length > 0)
    throw new RestoreError('database_holds_expansions', 'the database holds expansions already');
}

/** As the backup had it; what is newer is applied to its rows afterwards. */
async function makeSchema(
  client: Queryable,
  head: BackupHead,
  migrations: readonly Migration[],
): Promise<void> {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = head.migrations.filter(({ name, checksum }) => known.get(name)?.checksum !== checksum);
  if (unknown.length > 0)
    throw new RestoreError(
      'backup_newer',
      `the backup was made by another version: it holds ${unknown.map(({ name }) => name).join(', ')}`,
    );
  await applied(
    client,
    head.migrations.map(({ name }) => known.get(name)!),
  );
  for (const { table, column, last } of head.counters)
    await client.query('select setval(pg_get_serial_sequence($1, $2), $3)', [
      `${schemaName}.${table}`,
      column,
      last,
    ]);
}

/** Rows that go to the database together. */
function rowsOf(client: Queryable) {
  let rows: string[] = [];
  let characters = 0;
  let into: NonNullable<Reading['table']> | null = null;

  async function flush(): Promise<void> {
    if (into === null || rows.length === 0) return;
    const names = into.columns.map(({ name }) => quoted(name)).join(', ');
    const values = into.columns.map(({ type }, index) => `(r ->> ${index})::${type}`).join(', ');
    await client.query(
      `insert into ${schemaName}.${quoted(into.table)} (${names}) overriding system value
       select ${values} from json_array_elements($1::json) as r`,
      [`[${rows.join(',')}]`],
    );
    rows = [];
    characters = 0;
  }

  return {
    flush,
    async add(row: string, table: NonNullable<Reading['table']>): Promise<void> {
      into = table;
      rows.push(row);
      characters += row.length;
      if (rows.length >= mostRows || characters >= mostCharacters) await flush();
    },
  };
}

/** A restore that nobody has seen to. */
export interface RestoreNote {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly madeAt: number | null;
  /** A failover may have lost the last writes. */
  readonly cause: 'restore' | 'failover';
}

export interface Restores {
  /** Notes that the database was restored by other means. Throws RestoreError while a process of the service is connected. */
  mark(): Promise<void>;
  /**
   * Notes that the history of the database is another than before, where nobody has noted it yet. `complete`: it lacks no write
   * of the one before, so there is nothing to see to. Returns whether it is another.
   */
  follow(complete: boolean): Promise<boolean>;
  /** The newest that nobody has seen to; null = there is none. */
  unexamined(): Promise<RestoreNote | null>;
  /** That one, and all before it, were seen to. */
  examined(id: number): Promise<void>;
}

export function createRestores(database: Database): Restores {
  return {
    mark: () =>
      database.transaction(async (client) => {
        // Who starts meanwhile waits for it with its migrations, and then finds the note.
        await client.query('select pg_advisory_xact_lock($1, $2)', migrationsLock);
        await assertNobodyAtWork(client);
        await note(client, null);
      }),
    follow: (complete) =>
      database.transaction(async (client) => {
        await client.query('lock table lineage in exclusive mode');
        const found = await lineageOf(client);
        if (found === null) return false;
        const [before] = await client.query<Lineage & Row>('select system, timeline from lineage');
        if (before !== undefined && isSameLineage(before, found)) return false;
        const isOther = before !== undefined;
        if (isOther && !complete) await note(client, null, 'failover');
        await client.query(
          `insert into lineage (system, timeline) values ($1, $2)
           on conflict (one) do update set system = excluded.system, timeline = excluded.timeline`,
          [found.system, found.timeline],
        );
        return isOther;
      }),
    async unexamined() {
      const [row] = await database.query<RestoreNote & Row>(
        `select id, floor(extract(epoch from at) * 1000)::bigint as at, made_at as "madeAt", cause
         from restores where not examined order by id desc limit 1`,
      );
      return row ?? null;
    },
    async examined(id) {
      await database.query('update restores set examined = true where id <= $1', [id]);
    },
  };
}
