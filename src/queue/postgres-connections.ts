import { setMaxListeners } from 'node:events';
import { PostgresConnection } from 'bullmq';
import pg from 'pg';
import { PostgresClient } from '../platform/postgres-client.ts';

/** The schema of the queue's tables, beside the store's. */
export const queueSchema = 'pika_expander_queue';

/** Statements of BullMQ that run at the same time in one process; each takes a few milliseconds. */
const statementsAtOnce = 6;

/** BullMQ takes a pool that it is given for one of its default schema. */
class SharedConnection extends PostgresConnection {
  override readonly schema = queueSchema;
  #leave: (() => Promise<void>) | null;

  constructor(pool: pg.Pool, leave: () => Promise<void>) {
    super(pool as unknown as ConstructorParameters<typeof PostgresConnection>[0]);
    this.#leave = leave;
  }

  override async close(): Promise<void> {
    await super.close();
    const leave = this.#leave;
    this.#leave = null;
    await leave?.();
  }
}

/**
 * Connections to PostgreSQL for all of BullMQ's objects in this process, which would each open a pool of their own: 38 in a process
 * at work, where PostgreSQL's default is 100 in all. They end with the last object. An object that listens holds one of them.
 */
export function sharedConnections(
  config: pg.PoolConfig,
): (use: { readonly listens: boolean }) => PostgresConnection {
  let shared: { readonly pool: pg.Pool; users: number } | null = null;
  return ({ listens }) => {
    shared ??= { pool: openPool(config), users: 0 };
    const mine = shared;
    const most = (more: number): void => {
      mine.pool.options.max += more;
    };
    mine.users += 1;
    if (listens) most(1);
    return new SharedConnection(mine.pool, async () => {
      mine.users -= 1;
      if (listens) most(-1);
      if (mine.users > 0) return;
      if (shared === mine) shared = null;
      await mine.pool.end();
    });
  };
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    Client: PostgresClient,
    max: statementsAtOnce,
    options: `-c search_path=${queueSchema}`,
  });
  // Each object listens for its errors.
  setMaxListeners(0, pool);
  return pool;
}
