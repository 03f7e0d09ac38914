/**
 * What it costs to let old looks go: how long readers wait meanwhile, and what becomes of the disk.
 */

import { pino } from 'pino';
import { sleep } from '../src/platform/sleep.ts';
import type { Database } from '../src/store/database.ts';
import { createEndedRecords } from '../src/store/ended.ts';
import { createPostgresStore } from '../src/store/postgres-store.ts';
import { startPruning } from '../src/work/prune.ts';
import { figure } from './figures.ts';
import { ask, copy, onHistory, type Query } from './history.ts';

const expansions = Number(process.env.AGE_EXPANSIONS ?? 1000);
/** How often each look of a copy comes, as where it takes minutes: between two changes nothing is new. */
const timesEach = Number(process.env.AGE_TIMES ?? 10);
/** What is to be reached: how long a reader waits meanwhile, and how much larger the table is once as many new looks have come. */
const goals = { p99Ms: 50, refilled: 1.05 };

/** Runs the benchmark and prints its lines. */
export const benchAge = (): Promise<void> =>
  onHistory(async ({ database, query, url, first }) => {
    await copy(query, first, 1, expansions);
    await fill(query, first);
    const before = await sizeOf(query);
    const startedAt = performance.now();
    const waits = await whileItAges(database, url);
    const tookMs = performance.now() - startedAt;
    const after = await sizeOf(query);
    await query('update expansions set looks_reduced = false where looks_reduced');
    await fill(query, first);
    const refilled = await sizeOf(query);
    waits.sort((a, b) => a - b);
    figure({
      what: `age, a list while the looks of ${expansions} expansions go, p99`,
      value: waits[Math.floor(waits.length * 0.99)]!,
      unit: 'ms',
      goal: { atMost: goals.p99Ms },
      more: `at most ${waits.at(-1)!.toFixed(1)} ms; it took ${(tookMs / 1000).toFixed(0)} s`,
    });
    figure({
      what: 'age, looks on disk before, with as many new ones and those of evidence, beside before',
      value: refilled.bytes / before.bytes,
      goal: { atMost: goals.refilled + after.rows / before.rows },
      more: `${mb(before)}, ${mb(after)} once they are gone, ${mb(refilled)} with as many new ones`,
    });
  });

const mb = ({ bytes, rows }: Size): string => `${(bytes / 1e6).toFixed(1)} MB for ${rows} looks`;

interface Size {
  readonly bytes: number;
  readonly rows: number;
}

/** Gives each copied expansion the looks of the first one, each many times. */
async function fill(query: Query, first: string): Promise<void> {
  await query(
    `insert into observations (expansion_id, node, at, look)
     select e.id, o.node, o.at, o.look
     from expansions e cross join lateral (
       select node, at, look
       from observations cross join generate_series(1, ${timesEach}) as time
       where expansion_id = '${first}' order by seq, time
     ) o
     where e.id <> '${first}'`,
  );
  await query('vacuum analyze observations');
}

async function sizeOf(query: Query): Promise<Size> {
  const [row] = await query(
    `select pg_total_relation_size('observations')::float8 as bytes, count(*)::float8 as rows from observations`,
  );
  return row as unknown as Size;
}

/** How long each list took until no look is left that can go. */
async function whileItAges(database: Database, service: string): Promise<number[]> {
  const waits: number[] = [];
  let given = false;
  const ended = createEndedRecords(database);
  const pruning = startPruning({
    ended: {
      ...ended,
      async giveBack() {
        await ended.giveBack();
        given = true;
      },
    },
    store: createPostgresStore(database),
    keep: { endedDays: null, looksDays: 1, guardEventsDays: null },
    now: Date.now,
    sleep,
    log: pino({ level: 'error' }),
  });
  while (!given) {
    const startedAt = performance.now();
    await ask(service, '/v1/expansions');
    waits.push(performance.now() - startedAt);
    await sleep(100, new AbortController().signal);
  }
  await pruning.close();
  return waits;
}
