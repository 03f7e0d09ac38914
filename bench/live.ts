/**
 * What live views cost: how soon an event is with 200 readers of streams, and how much the database is asked while nothing
 * happens, with and without readers.
 */

import { get } from 'node:http';
import { startService } from '../src/main.ts';
import { openDatabase } from '../src/store/database.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { until } from '../test/support/until.ts';
import { figure } from './figures.ts';

const streams = Number(process.env.LIVE_STREAMS ?? 200);
const eventsEach = Number(process.env.LIVE_EVENTS ?? 100);
const idleMs = Number(process.env.LIVE_IDLE_MS ?? 30_000);
/** What is to be reached: milliseconds to 99 of 100 readers, and transactions of an idle service. */
const goals = { p99Ms: 100, idlePerSecond: 2 };

const admin = 'admin-token-of-the-benchmark';
const headers = { authorization: `Bearer ${admin}` };

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** Runs the benchmark and prints its lines. */
export async function benchLive(): Promise<void> {
  const postgres = await startPostgres({ shared_buffers: '256MB' });
  const { url, connection } = await postgres.createMigratedDatabase();
  const database = openDatabase({ connection, maxConnections: 1 });
  const query: Query = (sql) => database.query(sql);
  const service = await startService(
    { port: 0, logLevel: 'error' },
    { DATABASE_URL: url, PIKA_EXPANDER_ADMIN_TOKEN: admin },
  );
  const readers: Reader[] = [];
  try {
    await query(`insert into campaigns (id, state, doc, search_text, accepted_at, ended)
      values ('cmp_bench', 'succeeded', '{"v": 1, "endedAt": 1}', '', 1, true)`);
    await query(`select append_events_of('campaign_id', 'cmp_bench', ${event('first')})`);
    printIdle('without readers', await idle(query));
    for (let at = 0; at < streams; at += 1) readers.push(await Reader.open(service.url));
    printIdle(`with ${streams} readers`, await idle(query));
    await live(query, readers);
  } finally {
    for (const reader of readers) reader.close();
    await service.close();
    await database.close();
    await postgres.stop();
  }
}

const event = (text: string): string =>
  `'[{"type": "campaign.resumed", "at": ${Date.now()}, "node": null, "level": "info", "text": "${text}", "data": {"v": 1}}]'`;

/** Transactions a second while nothing happens. */
async function idle(query: Query): Promise<number> {
  const from = await transactions(query);
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const to = await transactions(query);
  return ((to - from - 2) * 1000) / (performance.now() - startedAt);
}

/** A connection that has become idle tells of its transactions within 10 s. */
async function transactions(query: Query): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const [row] = await query(
    `select (xact_commit + xact_rollback)::float8 as many from pg_stat_database where datname = current_database()`,
  );
  return row!.many as number;
}

function printIdle(how: string, perSecond: number): void {
  figure({
    what: `live, an idle service ${how}, transactions a second`,
    value: perSecond,
    goal: { atMost: goals.idlePerSecond },
  });
}

async function live(query: Query, readers: readonly Reader[]): Promise<void> {
  const took: number[] = [];
  for (let at = 0; at < eventsEach; at += 1) {
    // At no fixed distance, so that no interval of the service keeps step with it.
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 400));
    const text = `news ${at}.`;
    const toldAt = performance.now();
    await query(`select append_events_of('campaign_id', 'cmp_bench', ${event(text)})`);
    await until(() => readers.every((reader) => reader.seen.has(text)), {
      what: `${text} is with each reader`,
      everyMs: 5,
    });
    took.push(...readers.map((reader) => reader.seen.get(text)! - toldAt));
  }
  took.sort((a, b) => a - b);
  const of = (share: number) => took[Math.floor(took.length * share)]!;
  figure({
    what: `live, an event with ${readers.length} readers, p99`,
    value: of(0.99),
    unit: 'ms',
    goal: { atMost: goals.p99Ms },
    more: `p50 ${of(0.5).toFixed(1)} ms, at most ${took.at(-1)!.toFixed(1)} ms`,
  });
}

/** A browser's end of a stream of all events. */
class Reader {
  /** When each text came, on the clock of the process. */
  readonly seen = new Map<string, number>();
  #close: () => void = () => undefined;

  static async open(service: string): Promise<Reader> {
    const reader = new Reader();
    await new Promise<void>((resolve, reject) => {
      const request = get(
        `${service}/v1/events`,
        { agent: false, headers: { ...headers, accept: 'text/event-stream' } },
        (response) => {
          if (response.statusCode !== 200) reject(new Error(`a stream was answered ${response.statusCode}`));
          response.setEncoding('utf8');
          response.on('data', (text: string) => {
            for (const [said] of text.matchAll(/news \d+\./g)) reader.seen.set(said, performance.now());
            resolve();
          });
          response.on('error', () => undefined);
        },
      );
      request.on('error', () => undefined);
      reader.#close = () => request.destroy();
    });
    return reader;
  }

  close(): void {
    this.#close();
  }
}
