/** What the benchmarks of many masters share: the simulated servers, a database, requests that begin in one moment, and counts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/store/database.ts';
import { startPostgres } from '../test/support/postgres.ts';
import type { LoadFigures, LoadRequest, LoadSite } from './load-nodes.ts';
import { processorMs, processorMsWithChildren } from './processes.ts';

export interface LoadNodes {
  readonly sites: readonly LoadSite[];
  figures(): Promise<LoadFigures>;
  processorMs(): Promise<number>;
  stop(): void;
}

/** The simulated servers, in a process of their own. */
export async function startNodes(request: LoadRequest): Promise<LoadNodes> {
  const file = fileURLToPath(new URL('./load-nodes.ts', import.meta.url));
  const child: ChildProcess = fork(file, { execArgv: ['--import', 'tsx'] });
  child.send(request);
  const [{ sites }] = (await once(child, 'message')) as [{ sites: readonly LoadSite[] }];
  return {
    sites,
    async figures() {
      child.send('figures');
      const [figures] = (await once(child, 'message')) as [LoadFigures];
      return figures;
    },
    processorMs: () => processorMs(child.pid!),
    stop: () => child.disconnect(),
  };
}

export interface Writes {
  /** Rows that were added, changed or deleted: in the store, and in the queue that BullMQ keeps beside it. */
  readonly rows: number;
  readonly queueRows: number;
  readonly transactions: number;
  /** Bytes of the write-ahead log. */
  readonly walBytes: number;
}

/** A PostgreSQL that waits for its disk, as one in use does, and takes 100 connections, as by default. */
export async function startDatabase() {
  const postgres = await startPostgres({ fsync: 'on', full_page_writes: 'on', max_connections: '100' });
  const { url, connection } = await postgres.createMigratedDatabase();
  const database = openDatabase({ connection, maxConnections: 2 });
  const rowOf = async <T>(sql: string) => (await database.query<T & Record<string, unknown>>(sql))[0]!;
  return {
    url,
    processorMs: () => processorMsWithChildren(postgres.pid()!),
    /** So far. */
    writes: () =>
      rowOf<Writes>(
        `select coalesce(sum(rows) filter (where schemaname = 'pika_expander'), 0)::float8 as rows,
           coalesce(sum(rows) filter (where schemaname <> 'pika_expander'), 0)::float8 as "queueRows",
           max(xact_commit)::float8 as transactions, (pg_current_wal_lsn() - '0/0')::float8 as "walBytes"
         from pg_stat_database d, (select schemaname, n_tup_ins + n_tup_upd + n_tup_del as rows from pg_stat_user_tables) t
         where d.datname = current_database()`,
      ),
    /** Rows of the store so far, by table. */
    rowsOf: () =>
      database.query<{ readonly table: string; readonly rows: number }>(
        `select relname as "table", (n_tup_ins + n_tup_upd + n_tup_del)::float8 as rows from pg_stat_user_tables
         where schemaname = 'pika_expander' order by 2 desc`,
      ),
    /** How many nodes are verified. */
    outcome: () =>
      rowOf<{ verified: number }>(
        `select count(*)::float8 as verified from joins where doc ->> 'phase' = 'verified'`,
      ),
    /** Of all processes; one that nobody uses is kept for two minutes. */
    connections: () =>
      rowOf<{ count: number }>(
        `select count(*)::float8 as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    async stop() {
      await database.close();
      await postgres.stop();
    },
  };
}

/** Accepts an expansion of each site while everything is frozen, so that they begin in one moment. */
export async function acceptFrozen(url: string, sites: readonly LoadSite[]): Promise<void> {
  await call(url, 'POST', '/v1/freeze', { reason: 'the benchmark is being set up' });
  const waiting = [...sites];
  const accept = async () => {
    for (let site = waiting.shift(); site !== undefined; site = waiting.shift())
      await call(url, 'POST', '/v1/expansions', site);
  };
  await Promise.all(Array.from({ length: 8 }, accept));
}

export const thaw = (url: string): Promise<unknown> =>
  call(url, 'DELETE', '/v1/freeze', { reason: 'the benchmark begins' });

interface Page {
  readonly items: readonly { readonly seq: number; readonly expansionId: string }[];
}

/**
 * Resolves once so many expansions have ended, or with those that have when the time is up. Asks for the events of ends once a
 * second: a benchmark that asks for each expansion would measure its own questions.
 */
export async function endsOf(url: string, count: number, withinMs: number): Promise<number> {
  const types = ['succeeded', 'failed', 'halted', 'cancelled'].map((state) => `expansion.${state}`).join(',');
  const ended = new Set<string>();
  const giveUpAt = performance.now() + withinMs;
  for (let after = 0; ended.size < count && performance.now() < giveUpAt; ) {
    const { items } = await call<Page>(url, 'GET', `/v1/events?type=${types}&after=${after}&limit=1000`);
    for (const { seq, expansionId } of items) {
      after = seq;
      ended.add(expansionId);
    }
    if (items.length < 1000) await delay(1000);
  }
  return ended.size;
}

/** Simulated servers that reply too late, where the machine is busy, say nothing of the service. */
const repliedTooLate = /"code":"(?:master_no_answer|node_busy)"/;

/** Asks again while the service sheds load. */
async function call<T>(url: string, method: string, path: string, body?: object): Promise<T> {
  for (;;) {
    const response = await fetch(url + path, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (response.status === 503 || response.status === 429) {
      await delay(1000);
      continue;
    }
    const text = await response.text();
    if (response.status === 422 && repliedTooLate.test(text)) continue;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  }
}
