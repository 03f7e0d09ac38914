import pg from 'pg';
import { startPostgres, type TestDatabase } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { quietPort } from './ports.ts';
import { type ChaosRedis, startChaosRedis } from './redis.ts';
import { startUnit, type Unit } from './unit.ts';
import { openWire, type Wire } from './wire.ts';

export interface PartsOptions {
  readonly workers: number;
  /** Password of the nodes. */
  readonly password: string;
  readonly onOutput: (part: string, text: string) => void;
  /** Told of all processes that run, whenever that changes. */
  readonly onPids: (pids: readonly number[]) => void;
}

/** The service as it runs in production: PostgreSQL, Redis, one API and several workers, each its own process. */
export interface Parts {
  readonly url: string;
  readonly api: Unit;
  readonly workers: readonly Unit[];
  readonly redis: ChaosRedis;
  readonly toRedis: Wire;
  readonly toPostgres: Wire;
  /** Whether the API says that it can work. */
  ready(): Promise<boolean>;
  killPostgres(): void;
  /** Resolves when PostgreSQL itself answers. */
  postgresAnswers(): Promise<void>;
  /** Expansions on which a process holds a lease now, past every wire. Empty where PostgreSQL does not answer. */
  leasedBy(pid: number): Promise<readonly string[]>;
  /** Ends everything; SIGTERM must do for the service's processes. Names those for which it did not. */
  stop(): Promise<readonly string[]>;
}

const restartAfterMs = 1000;
const startWithinMs = 120_000;
/** SIGTERM ends a process of the service within 10 s; the machine may be slow. */
const stopWithinMs = 20_000;

export async function startParts(options: PartsOptions): Promise<Parts> {
  const closers: (() => Promise<unknown>)[] = [];
  const units: Unit[] = [];
  let postgresPid: () => number | null = () => null;
  let redisPid: () => number | null = () => null;
  const tellPids = (): void => {
    const pids = [...units.map(({ pid }) => pid), redisPid(), postgresPid()];
    options.onPids(pids.filter((pid) => pid !== null));
  };
  const stop = async (): Promise<readonly string[]> => {
    const codes = await Promise.all(
      units.map(async (unit) => [unit.name, unit.pid !== null, await unit.stop(stopWithinMs)] as const),
    );
    for (const close of closers.splice(0).reverse()) await close().catch(() => undefined);
    return codes.filter(([, ran, code]) => ran && code !== 0).map(([name]) => name);
  };

  try {
    const program = await builtProgram();
    const postgres = await startPostgres();
    closers.push(() => postgres.stop());
    postgresPid = postgres.pid;
    const database = await postgres.createDatabase();
    const { host, port } = database.connection;
    const toPostgres = await openWire({ path: `${host}/.s.PGSQL.${port}` });
    closers.push(() => toPostgres.close());
    const redis = await startChaosRedis(tellPids);
    closers.push(() => redis.stop());
    redisPid = redis.pid;
    const toRedis = await openWire({ host: '127.0.0.1', port: redis.port });
    closers.push(() => toRedis.close());

    const apiPort = await quietPort('servers');
    const url = `http://127.0.0.1:${apiPort}`;
    const unit = (name: string, role: 'api' | 'worker', listen: number): Unit => {
      const made = startUnit({
        name,
        command: [process.execPath, program, 'serve', '--role', role],
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          DATABASE_URL: `postgresql://${database.connection.user}@127.0.0.1:${toPostgres.port}/${database.connection.database}`,
          REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
          PIKA_EXPANDER_PORT: String(listen),
          PIKA_PASSWORD: options.password,
        },
        restartAfterMs,
        onOutput: (text) => options.onOutput(name, text),
        onPid: tellPids,
      });
      units.push(made);
      return made;
    };
    const api = unit('api', 'api', apiPort);
    const workers = Array.from({ length: options.workers }, (_, i) => unit(`worker-${i + 1}`, 'worker', 0));
    const ready = (): Promise<boolean> =>
      fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(ready, { withinMs: startWithinMs, what: () => `the API: ${api.output}` });
    await until(() => workers.every(({ output }) => output.includes('is running')), {
      withinMs: startWithinMs,
      what: () => `the workers: ${workers.map(({ output }) => output).join('\n')}`,
    });
    tellPids();
    return {
      url,
      api,
      workers,
      redis,
      toRedis,
      toPostgres,
      ready,
      killPostgres() {
        const pid = postgres.pid();
        if (pid !== null) process.kill(pid, 'SIGKILL');
      },
      async postgresAnswers() {
        await until(() => ask(database, 'select 1').then(Boolean, () => false), {
          withinMs: 90_000,
          what: 'PostgreSQL to answer again',
        });
        tellPids();
      },
      async leasedBy(pid) {
        const sql = `select id from pika_expander.expansions
          where not ended and lease_until > now() and lease_owner like '%:' || $1 || ':%'`;
        const rows = await ask(database, sql, [String(pid)]).catch(() => []);
        return rows.map(({ id }) => String(id));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ask(
  { connection }: TestDatabase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 3000, query_timeout: 3000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
