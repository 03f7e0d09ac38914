/**
 * How fast a full comparison is, beside the rate at which the same reader merely reads both servers in the same run.
 *
 * Reading only: all that is compared, once, of both servers (keys and values; on Pika also each key's expiry, which on Redis
 * need not be asked for where no key has one), by the comparison's own connections and pages, the replies thrown away. Prints three lines for Redis, and six more for
 * Pika where PIKA_BIN names a binary. COMPARISON_KEYS changes the number of keys (1,000,000 strings of 100 bytes).
 */
import { type ComparisonSpec, type Endpoint, resolveSpec } from '../src/verify/compare.ts';
import { readRangePage } from '../src/verify/pika-walk.ts';
import { readScanPage } from '../src/verify/redis-walk.ts';
import { CommandWriter } from '../src/verify/resp.ts';
import { run } from '../src/verify/run.ts';
import { WireConnection } from '../src/verify/wire.ts';
import { pikaMissing, redisMissing, startPika, startRedis, type TestServer } from '../test/verify/servers.ts';

const keys = Number(process.env.COMPARISON_KEYS ?? 1_000_000);
const rounds = 3;

function* strings(): Generator<readonly string[]> {
  const value = 'x'.repeat(90);
  for (let i = 0; i < keys; i++) {
    const number = String(i).padStart(10, '0');
    yield ['SET', `key:${number}`, value + number];
  }
}

/** Two servers with the same strings. */
async function withServers(
  start: () => Promise<TestServer>,
  work: (left: Endpoint, right: Endpoint) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all([start(), start()]);
  try {
    for (const server of servers) await server.load(strings());
    const [left, right] = servers.map((server) => server.endpoint) as [Endpoint, Endpoint];
    await work(left, right);
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function measure(
  label: string,
  read: () => Promise<unknown>,
  compare: () => Promise<void>,
): Promise<void> {
  const reading: number[] = [];
  const comparing: number[] = [];
  for (let round = 0; round < rounds; round++) {
    reading.push(await rate(read));
    comparing.push(await rate(compare));
  }
  const [readRate, compareRate] = [median(reading), median(comparing)];
  console.log(`${label}, read only: ${Math.round(readRate)} keys/s`);
  console.log(`${label}, full: ${Math.round(compareRate)} keys/s`);
  console.log(`${label} ratio: ${(compareRate / readRate).toFixed(2)}`);
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return keys / ((performance.now() - startedAt) / 1000);
}

const median = (rates: readonly number[]): number => [...rates].sort((a, b) => a - b)[rates.length >> 1]!;

async function compare(left: Endpoint, right: Endpoint, more: Partial<ComparisonSpec> = {}): Promise<void> {
  const { report } = await run({ left, right, spec: resolveSpec({ depth: 'full', ...more }) });
  if (report.verdict !== 'equal' || report.lookedAtKeys !== keys)
    throw new Error(`the comparison came out wrong: ${JSON.stringify(report)}`);
}

async function readRedis(endpoint: Endpoint): Promise<void> {
  const connection = await WireConnection.open({ ...endpoint, timeoutMs: 30_000 });
  const writer = new CommandWriter();
  const send = async () => connection.sendBytes(Buffer.from(writer.toBuffer()), writer.commands);
  let seen = 0;
  for (let cursor = '0'; ; ) {
    writer.reset().add('SCAN', cursor, 'COUNT', 1000);
    const page = readScanPage(connection.name, (await send()).bytes);
    writer
      .reset()
      .header(page.count + 1)
      .argument('MGET')
      .verbatim(page.encodedKeys);
    connection.release(await send());
    seen += page.count;
    cursor = page.next;
    if (cursor === '0') break;
  }
  connection.close();
  if (seen < keys) throw new Error(`only ${seen} keys were read`);
}

async function readPika(endpoint: Endpoint, expiriesToo: boolean): Promise<void> {
  const connection = await WireConnection.open({ ...endpoint, timeoutMs: 30_000 });
  const writer = new CommandWriter();
  let seen = 0;
  for (let from: Buffer | null = Buffer.alloc(0); from !== null; ) {
    writer.reset().add('PKSCANRANGE', 'string_with_value', from, '', 'LIMIT', 1000);
    const replies = await connection.sendBytes(Buffer.from(writer.toBuffer()), 1);
    const page = readRangePage(connection.name, 'string', replies.bytes, true);
    writer.reset();
    for (const key of page.keys) writer.add('TTL', key);
    if (expiriesToo)
      connection.release(await connection.sendBytes(Buffer.from(writer.toBuffer()), writer.commands));
    seen += page.keys.length;
    from = page.next && Buffer.from(page.next);
    connection.release(replies);
  }
  connection.close();
  if (seen < keys) throw new Error(`only ${seen} keys were read`);
}

if (redisMissing === null)
  await withServers(startRedis, (left, right) =>
    measure(
      'comparison',
      () => Promise.all([readRedis(left), readRedis(right)]),
      () => compare(left, right),
    ),
  );
else console.log(`comparison: skipped, ${redisMissing}`);

const ranges = { ttlToleranceMs: null };
if (pikaMissing === null)
  await withServers(startPika, async (left, right) => {
    await measure(
      'comparison on Pika',
      () => Promise.all([readPika(left, true), readPika(right, true)]),
      () => compare(left, right),
    );
    await measure(
      'comparison on Pika without expiries',
      () => Promise.all([readPika(left, false), readPika(right, false)]),
      () => compare(left, right, ranges),
    );
  });
else console.log(`comparison on Pika: skipped, ${pikaMissing}`);
