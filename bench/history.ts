/**
 * What history costs: ended expansions of two nodes with 30 events each, copied in the database from one that the service
 * has carried out, and the questions that people and programs ask, over HTTP. Each question is measured with little history
 * and with much of it.
 */

import { startService } from '../src/main.ts';
import { createCluster, fastTimers, serveCluster } from '../src/simulator/index.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { until } from '../test/support/until.ts';
import { figure } from './figures.ts';

const sizes = (process.env.HISTORY_EXPANSIONS ?? '1000,100000').split(',').map(Number);
const eventsEach = 30;
const timesEach = Number(process.env.HISTORY_TIMES ?? 200);
/** What is to be reached: milliseconds, and how much slower the most history may make a question. */
const goals = { p99Ms: 20, ratio: 1.5, listBytesEach: 1024 };

export const admin = 'admin-token-of-the-benchmark';

export type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** What a benchmark of history works on. */
export interface HistoryPlace {
  readonly database: Database;
  readonly query: Query;
  /** Where the service is. */
  readonly url: string;
  /** Id of an expansion that the service has carried out, to be copied. */
  readonly first: string;
}

/** Runs the benchmark and prints its lines. */
export const benchHistory = (): Promise<void> =>
  onHistory(async ({ query, url, first }) => {
    const measured: Measured[] = [];
    for (const [at, size] of sizes.entries()) {
      await copy(query, first, at === 0 ? 1 : sizes[at - 1]! + 1, size);
      measured.push(await measure(url, size));
    }
    print(measured);
  });

/** Starts a service on a database of its own, carries out one expansion, and gives all back after the work. */
export async function onHistory(work: (place: HistoryPlace) => Promise<void>): Promise<void> {
  const postgres = await startPostgres({ shared_buffers: '256MB' });
  const { url, connection } = await postgres.createMigratedDatabase();
  const database = openDatabase({ connection });
  const query: Query = (sql) => database.session((client) => client.query(sql));
  const service = await startService(
    { port: 0, logLevel: 'error' },
    { DATABASE_URL: url, PIKA_EXPANDER_ADMIN_TOKEN: admin },
  );
  try {
    await work({ database, query, url: service.url, first: await carryOut(service.url) });
  } finally {
    await service.close();
    await database.close();
    await postgres.stop();
  }
}

/** The id of an expansion of two simulated nodes that has succeeded. */
export async function carryOut(service: string): Promise<string> {
  const cluster = createCluster({ seed: 'history', timers: fastTimers, defaults: { version: '3.5.4' } });
  cluster.addNode({ id: 'm', binlogAt: { file: 3, offset: 0 } });
  cluster.load('m', { strings: 1000 });
  for (const id of ['a', 'b']) cluster.addNode({ id });
  const served = await serveCluster(cluster);
  const { m, a, b } = served.addresses;
  const response = await fetch(`${service}/v1/expansions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` },
    body: JSON.stringify({ master: m, nodes: [a, b], label: 'rack 7' }),
  });
  const { id } = (await response.json()) as { id: string };
  const stateOf = async () =>
    ((await ask(service, `/v1/expansions/${id}`)).answer as { state: string }).state;
  await until(async () => (await stateOf()) === 'succeeded', {
    what: 'the expansion succeeds',
    everyMs: 200,
  });
  await served.close();
  return id;
}

/** Ended expansions `from` to `to`, each with a master of its own, some seconds apart. */
export async function copy(query: Query, id: string, from: number, to: number): Promise<void> {
  const startedAt = performance.now();
  for (let at = from; at <= to; at += 2000) {
    const numbers = `generate_series(${at}, ${Math.min(to, at + 1999)}) as n`;
    const master = "'10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256 || ':9221'";
    await query(
      `insert into expansions (id, state, master_key, doc, summary, search_text, accepted_at, ended)
       select 'exp_' || lpad(n::text, 8, '0'), case when n % 50 = 0 then 'failed' else e.state end, ${master},
         e.doc || o.own, e.summary || o.own,
         'exp_' || lpad(n::text, 8, '0') || E'\\nrack ' || n % 997 || E'\\n' || ${master} || E'\\n10.200.' || n / 256 % 256 || '.' || n % 256 || ':9221',
         1700000000000 + n * 10000, true
       from expansions e, ${numbers},
         lateral (select jsonb_build_object('id', 'exp_' || lpad(n::text, 8, '0'), 'acceptedAt', 1.7e12 + n * 1e4,
           'endedAt', 1.7e12 + n * 1e4 + 9000, 'label', 'rack ' || n % 997) as own) o
       where e.id = '${id}'`,
    );
    await query(
      `insert into joins (expansion_id, position, doc)
       select 'exp_' || lpad(n::text, 8, '0'), position, doc from joins, ${numbers} where expansion_id = '${id}'`,
    );
    await query(
      `insert into events (expansion_id, type, at, node, level, text, data)
       select 'exp_' || lpad(n::text, 8, '0'), e.type, e.at, e.node, e.level, e.text, e.data
       from ${numbers},
         lateral (select * from events where expansion_id = '${id}' order by seq limit ${eventsEach}) e`,
    );
  }
  await query('vacuum analyze');
  const [{ bytes }] = (await query('select pg_database_size(current_database())::float8 as bytes')) as [
    { bytes: number },
  ];
  console.log(
    `history: ${to} ended expansions, ${(bytes / 1e6).toFixed(0)} MB (${(bytes / to / 1000).toFixed(1)} KB each), copied in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
}

interface Measured {
  readonly size: number;
  readonly questions: Readonly<Record<string, Times>>;
  readonly listBytesEach: number;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

async function measure(service: string, size: number): Promise<Measured> {
  const some = `exp_${String(Math.ceil(size / 2)).padStart(8, '0')}`;
  const deep = await cursorAfter(service, Math.ceil(Math.min(size / 2, 20_000)));
  const paths: Readonly<Record<string, string>> = {
    list: '/v1/expansions',
    'deep page': `/v1/expansions?cursor=${deep}`,
    'list of failed': '/v1/expansions?state=failed&limit=20',
    'list of what goes on': '/v1/expansions?state=pending,running,paused,awaiting_approval,halted',
    'list of a master': '/v1/expansions?master=10.0.1.7:9221',
    'search of a node': '/v1/expansions?search=10.200.1.7:&limit=1',
    'search of a label': '/v1/expansions?search=rack%20613&limit=1',
    'search of nothing': '/v1/expansions?search=no-such-thing',
    show: `/v1/expansions/${some}`,
    evidence: `/v1/expansions/${some}/evidence`,
    'its events': `/v1/expansions/${some}/events`,
    'events by type': '/v1/events?type=expansion.succeeded&limit=100',
    'a rare type': '/v1/events?type=node.quarantined&limit=100',
    metrics: '/metrics',
  };
  const questions: Record<string, Times> = {};
  for (const [name, path] of Object.entries(paths))
    questions[name] = await times(
      service,
      path,
      await newToken(service, `${name.replaceAll(' ', '-')}-${size}`),
    );
  const { answer, bytes } = await ask(service, '/v1/expansions');
  return { size, questions, listBytesEach: bytes / (answer as { items: readonly unknown[] }).items.length };
}

/** Each caller may ask some 20 times a second. */
async function newToken(service: string, name: string): Promise<string> {
  const response = await fetch(`${service}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` },
    body: JSON.stringify({ name, role: 'viewer' }),
  });
  return ((await response.json()) as { token: string }).token;
}

async function times(service: string, path: string, token: string): Promise<Times> {
  const took: number[] = [];
  for (let at = -10; at < timesEach; at += 1) {
    const startedAt = performance.now();
    await ask(service, path, token);
    if (at >= 0) took.push(performance.now() - startedAt);
  }
  took.sort((a, b) => a - b);
  return { p50: took[Math.floor(took.length * 0.5)]!, p99: took[Math.floor(took.length * 0.99)]! };
}

/** The cursor of the page after so many expansions; more must follow. */
async function cursorAfter(service: string, many: number): Promise<string> {
  let cursor: string | null = null;
  for (let at = 0; at < many; ) {
    const limit = Math.min(200, many - at);
    const next: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { answer } = await ask(service, `/v1/expansions?limit=${limit}${next}`);
    cursor = (answer as { nextCursor: string | null }).nextCursor;
    at += limit;
  }
  return cursor!;
}

export async function ask(
  service: string,
  path: string,
  token = admin,
): Promise<{ readonly answer: unknown; readonly bytes: number }> {
  const response = await fetch(service + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { answer: isJson ? JSON.parse(text) : text, bytes: text.length };
}

function print(measured: readonly Measured[]): void {
  const [least, most] = [measured[0]!, measured.at(-1)!];
  for (const [name, { p50, p99 }] of Object.entries(most.questions)) {
    figure({ what: `history, ${name}, p99`, value: p99, unit: 'ms', goal: { atMost: goals.p99Ms } });
    figure({
      what: `history, ${name}, beside its median with ${least.size}`,
      value: p50 / least.questions[name]!.p50,
      goal: { atMost: goals.ratio },
      more: `p50 ${p50.toFixed(1)} ms`,
    });
  }
  figure({
    what: 'history, list, for each expansion',
    value: Math.round(most.listBytesEach),
    unit: 'bytes',
    goal: { atMost: goals.listBytesEach },
  });
}
