/**
 * How fast a full comparison is, beside the rate at which the same reader merely reads both servers, measured in turn in
 * one run. COMPARISON_KEYS changes the number of keys (1,000,000 strings of 100 bytes).
 *
 * Read only: the same commands to the same servers, asked less far ahead than by the comparison, and the replies thrown away: on Redis SCAN on the left server and MGET on both; on Pika the ranges of every type and each key's
 * TTL on both (on Redis expiries need not be asked for where no key has one). The ratio is the median of the rounds' ratios. On a machine that does
 * other work beside it, which touches the two halves of a round unequally, the ratio by processor time (this program's
 * and the servers') tells more.
 */
import { type ComparisonSpec, type Endpoint, resolveSpec } from '../src/compare/compare.ts';
import { mostKeysPerPage, mostKeysPerRange } from '../src/compare/comparer.ts';
import { run } from '../src/compare/run.ts';
import { rangeTypes, readRangePage } from '../src/compare/walk/pika-walk.ts';
import { readScanPage, type ScanPage } from '../src/compare/walk/redis-walk.ts';
import { type RawReplies, WireConnection } from '../src/compare/wire/wire.ts';
import { CommandWriter } from '../src/resp/writer.ts';
import {
  pikaMissing,
  redisMissing,
  startPika,
  startRedis,
  type TestServer,
} from '../test/compare/servers.ts';
import { besideReading, type Measured } from './beside-reading.ts';
import { figure } from './figures.ts';

const keys = Number(process.env.COMPARISON_KEYS ?? 1_000_000);
const rounds = Number(process.env.COMPARISON_ROUNDS ?? 7);

function* strings(): Generator<readonly string[]> {
  const value = 'x'.repeat(90);
  for (let i = 0; i < keys; i++) {
    const number = String(i).padStart(10, '0');
    yield ['SET', `key:${number}`, value + number];
  }
}

type Servers = readonly [TestServer, TestServer];

/** Two servers with the same strings. */
async function withServers(
  start: () => Promise<TestServer>,
  work: (servers: Servers) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all([start(), start()]);
  try {
    for (const server of servers) await server.load(strings());
    await work(servers);
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function measure(
  label: string,
  servers: Servers,
  read: () => Promise<unknown>,
  compare: () => Promise<void>,
): Promise<void> {
  const { reading, comparing, ratio, ratioByProcessor } = await besideReading(servers, rounds, read, compare);
  const rate = ({ seconds }: Measured) => Math.round(keys / seconds);
  const each = ({ own, servers: theirs }: Measured) =>
    `${((own * 1e6) / keys).toFixed(2)} here and ${((theirs * 1e6) / keys).toFixed(2)} in the servers`;
  console.log(`${label}, read only: ${rate(reading)} keys/s`);
  console.log(`${label}, full: ${rate(comparing)} keys/s`);
  figure({ what: `${label}, ratio`, value: ratio, goal: { atLeast: 0.95 } });
  figure({ what: `${label}, ratio by processor time`, value: ratioByProcessor });
  console.log(`${label}, microseconds of it per key: read only ${each(reading)}, full ${each(comparing)}`);
}

async function compare([left, right]: Servers, more: Partial<ComparisonSpec> = {}): Promise<void> {
  const spec = resolveSpec({ depth: 'full', ...more });
  const { report } = await run({ left: left.endpoint, right: right.endpoint, spec });
  if (report.verdict !== 'equal' || report.lookedAtKeys !== keys)
    throw new Error(`the comparison came out wrong: ${JSON.stringify(report)}`);
}

/** A connection that asks, and throws away what is answered. */
class Reader {
  readonly #writer = new CommandWriter();
  readonly connection: WireConnection;

  constructor(connection: WireConnection) {
    this.connection = connection;
  }

  static async open({ address, credential }: Endpoint): Promise<Reader> {
    return new Reader(await WireConnection.open({ address, credential, timeoutMs: 30_000 }));
  }

  ask(write: (writer: CommandWriter) => void): Promise<RawReplies> {
    write(this.#writer.reset());
    return this.connection.sendBytes(Buffer.from(this.#writer.toBuffer()), this.#writer.commands);
  }

  async drop(replies: Promise<RawReplies> | undefined): Promise<void> {
    if (replies !== undefined) this.connection.release(await replies);
  }
}

/** Two pages under way, and the names of a third. */
async function readRedis([left, right]: Servers): Promise<void> {
  const [one, other] = await Promise.all([Reader.open(left.endpoint), Reader.open(right.endpoint)]);
  const scan = async (cursor: string): Promise<ScanPage> => {
    const replies = await one.ask((writer) => writer.add('SCAN', cursor, 'COUNT', mostKeysPerPage));
    return readScanPage(one.connection.name, replies.bytes);
  };
  const get = (reader: Reader, page: ScanPage) =>
    reader.ask((writer) =>
      writer
        .header(page.keys.count + 1)
        .argument('MGET')
        .strings(page.keys),
    );
  let seen = 0;
  let open: readonly Promise<RawReplies>[] = [];
  for (let next: Promise<ScanPage> | null = scan('0'); next !== null; ) {
    const page: ScanPage = await next;
    next = page.next === '0' ? null : scan(page.next);
    const asked = [get(one, page), get(other, page)];
    await Promise.all([one.drop(open[0]), other.drop(open[1])]);
    open = asked;
    seen += page.keys.count;
  }
  await Promise.all([one.drop(open[0]), other.drop(open[1])]);
  for (const reader of [one, other]) reader.connection.close();
  if (seen < keys) throw new Error(`only ${seen} keys were read`);
}

async function readPika({ endpoint }: TestServer, expiriesToo: boolean): Promise<void> {
  const reader = await Reader.open(endpoint);
  const range = (from: Buffer) =>
    reader.ask((writer) =>
      writer.add('PKSCANRANGE', 'string_with_value', from, '', 'LIMIT', mostKeysPerRange),
    );
  let seen = 0;
  let open: Promise<RawReplies> | undefined;
  for (let asked: Promise<RawReplies> | null = range(Buffer.alloc(0)); asked !== null; ) {
    const replies: RawReplies = await asked;
    const page = readRangePage(reader.connection.name, 'string', replies.bytes, true);
    asked = page.next && range(page.next);
    const expiries = expiriesToo
      ? reader.ask((writer) => {
          for (const key of page.keys) writer.add('TTL', key);
        })
      : undefined;
    reader.connection.release(replies);
    await reader.drop(open);
    open = expiries;
    seen += page.keys.length;
  }
  await reader.drop(open);
  for (const type of rangeTypes.slice(1))
    await reader.drop(
      reader.ask((writer) => writer.add('PKSCANRANGE', type, '', '', 'LIMIT', mostKeysPerRange)),
    );
  reader.connection.close();
  if (seen < keys) throw new Error(`only ${seen} keys were read`);
}

if (redisMissing === null)
  await withServers(startRedis, (servers) =>
    measure(
      'comparison',
      servers,
      () => readRedis(servers),
      () => compare(servers),
    ),
  );
else console.log(`comparison: skipped, ${redisMissing}`);

if (pikaMissing === null)
  await withServers(startPika, async (servers) => {
    const read = (expiriesToo: boolean) =>
      Promise.all(servers.map((server) => readPika(server, expiriesToo)));
    await measure(
      'comparison on Pika',
      servers,
      () => read(true),
      () => compare(servers),
    );
    await measure(
      'comparison on Pika without expiries',
      servers,
      () => read(false),
      () => compare(servers, { ttlToleranceMs: null }),
    );
  });
else console.log(`comparison on Pika: skipped, ${pikaMissing}`);
