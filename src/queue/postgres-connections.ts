import { EventEmitter } from 'node:events';
import { type BackendFactory, type IQueueBackend, PostgresConnection, PostgresQueueBackend } from 'bullmq';
import pg from 'pg';
import { PostgresClient, withOptions } from '../platform/postgres-client.ts';
import { createListener, type Listener } from '../platform/postgres-listener.ts';
import { expansionQueueName } from './producer.ts';

/** The schema of the queue's tables, beside the store's. */
export const queueSchema = 'pika_expander_queue';

/** Statements of BullMQ that run at the same time in one process; each takes about a millisecond. */
const statementsAtOnce = 4;
/** Where BullMQ tells of a new job; the message is the name of its queue. */
const jobsChannel = 'bullmq_jobs';

type BackendOptions = ConstructorParameters<typeof PostgresQueueBackend>[2];
type ListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>;

/** What all of BullMQ's objects in a process use, from the first to the last of them. */
interface Shared {
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly users: Set<SharedConnection>;
}

class SharedConnection extends PostgresConnection {
  /** BullMQ takes a pool that it is given for one of its default schema. */
  override readonly schema = queueSchema;
  readonly #shared: Shared;
  readonly #left: () => Promise<void>;
  /** What BullMQ takes for a connection that listens. */
  readonly #jobs = Object.assign(new EventEmitter(), { query: async () => ({ rows: [] }) });
  #listening: { close(): Promise<void> } | null = null;

  constructor(shared: Shared, left: () => Promise<void>) {
    super(shared.pool as unknown as ConstructorParameters<typeof PostgresConnection>[0]);
    this.#shared = shared;
    this.#left = left;
    shared.users.add(this);
    // BullMQ would have each of them tell of each of its errors.
    shared.pool.removeAllListeners('error').on('error', (error) => tellOne(shared.users, error));
  }

  override async getListenClient(): Promise<ListenClient> {
    // BullMQ asks for it once more where the end overtakes the start.
    if (this.isClosing === undefined)
      this.#listening ??= this.#shared.listener.listen(jobsChannel, (payload) => {
        // BullMQ looks for what it may have missed.
        if (payload === null) this.emit('listenerinvalidated');
        else this.#jobs.emit('notification', { channel: jobsChannel, payload });
      });
    return this.#jobs as unknown as ListenClient;
  }

  override get hasListenClientKeepAlive(): boolean {
    return true;
  }

  /** It has its name from its beginning (`openShared`). */
  override async setListenClientName(): Promise<void> {
    await this.getListenClient();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#listening?.close();
    if (this.#shared.users.delete(this)) await this.#left();
  }
}

class SharedBackend extends PostgresQueueBackend {
  /** A process that works answers every queue, on one connection that listens, which is named after the queue of other programs. */
  override async getClientList(): Promise<string[]> {
    const lists = await super.getClientList();
    return lists.map((list) => list.replaceAll(`name=${expansionQueueName}`, `name=${this.queueName}`));
  }
}

/**
 * The backends of all of BullMQ's objects in this process. Each would open a pool of its own, and a connection that listens: 36 were
 * counted for one process, where PostgreSQL takes 100 in all by default, and wakes all that listen at each message of anybody.
 */
export function sharedBackends(config: pg.PoolConfig): BackendFactory<IQueueBackend, unknown> {
  let shared: Shared | null = null;
  return (name, options, { withBlockingConnection: listens = false, blocking = false } = {}) => {
    if (blocking) throw new Error('nobody listens here for the events of BullMQ (QueueEvents)');
    shared ??= openShared(config);
    const mine = shared;
    const connection = new SharedConnection(mine, async () => {
      if (mine.users.size > 0) return;
      if (shared === mine) shared = null;
      await Promise.all([mine.listener.close(), mine.pool.end()]);
    });
    return new SharedBackend(connection, name, options as BackendOptions, true, listens ? name : undefined);
  };
}

function openShared(config: pg.PoolConfig): Shared {
  const users = new Set<SharedConnection>();
  const named = (name: string) => withOptions(config, `-c search_path=${queueSchema}`, name);
  const pool = new pg.Pool({ ...named(queueSchema), Client: PostgresClient, max: statementsAtOnce });
  const listener = createListener({
    connect: () => new PostgresClient(named(expansionQueueName)),
    onLost: (error) => tellOne(users, error),
  });
  return { pool, listener, users };
}

/** What happened to all of them is told once. */
function tellOne(users: ReadonlySet<SharedConnection>, error: Error): void {
  const [one] = users;
  if (one !== undefined && one.listenerCount('error') > 0) one.emit('error', error);
}
