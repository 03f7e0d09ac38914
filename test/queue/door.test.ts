import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { expansionJob } from '../../src/index.ts';
import { startService } from '../../src/main.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres } from '../support/postgres.ts';

const script = fileURLToPath(new URL('./scripted-producer.mjs', import.meta.url));
const token = 'a-token-of-the-producer';

test('a service with tokens takes signed jobs alone', { timeout: 120_000 }, async () => {
  const postgres = await startPostgres();
  const database = await postgres.createMigratedDatabase();
  const service = await startService(
    { port: 0, logLevel: 'silent' },
    {
      DATABASE_URL: database.url,
      PIKA_EXPANDER_OPERATOR_TOKEN: 'a-token-of-the-operator',
      PIKA_EXPANDER_PRODUCER_TOKEN: token,
    },
  );
  try {
    const connection = JSON.stringify({ connectionString: database.url, schema: 'pika_expander_queue' });
    /** The code with which a job fails. */
    const failureOf = async (id: string, data: unknown): Promise<unknown> => {
      const args = [script, connection, id, JSON.stringify(data)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as { failure: { code: string } };
      return last.failure.code;
    };
    // Nothing listens there: whoever gets so far was let in.
    const request = { master: '127.0.0.1:1', nodes: ['127.0.0.1:2'] };
    const job = expansionJob(request, 'order-1', { name: 'producer', token });
    expect(await failureOf('order-0', request)).toBe('job_not_signed');
    expect(await failureOf('order-2', job.data)).toBe('job_signature_wrong');
    expect(await failureOf('order-1', job.data)).toBe('preflight_failed');
    const headers = { authorization: 'Bearer a-token-of-the-operator' };
    const trail = await patiently(() => fetch(`${service.url}/v1/trail`, { headers }));
    const { items } = (await trail.json()) as {
      items: { act: string; who: object; outcome: { code: string } }[];
    };
    const jobs = items.filter(({ act }) => act === 'job').map(({ who, outcome }) => [who, outcome.code]);
    expect(jobs).toEqual(
      expect.arrayContaining([
        [{ name: 'queue', role: null }, 'job_not_signed'],
        [{ name: 'queue', role: null }, 'job_signature_wrong'],
        [{ name: 'producer', role: 'producer' }, 'preflight_failed'],
      ]),
    );
  } finally {
    await service.close();
    await database.drop();
    await postgres.stop();
  }
});
