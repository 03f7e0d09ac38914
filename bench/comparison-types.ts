/**
 * How fast a full comparison is by type and size of values, beside merely reading both servers: the very commands of a comparison,
 * sent again to each server several at a time, and the replies thrown away. So the ratio holds for whatever the comparison reads,
 * and says what it loses by waiting and by looking at the replies. On Redis also beside RedisFullCheck, where there is one.
 * COMPARISON_SCALE makes the data smaller. The memory is that of a process of its own that compares.
 */
import { spawnSync } from 'node:child_process';
import { type Endpoint, resolveSpec } from '../src/compare/compare.ts';
import { run } from '../src/compare/run.ts';
import { type RawReplies, WireConnection } from '../src/compare/wire/wire.ts';
import type { Argument } from '../src/resp/writer.ts';
import {
  pikaMissing,
  redisMissing,
  startPika,
  startRedis,
  type TestServer,
} from '../test/compare/servers.ts';
import { besideReading, type Measured } from './beside-reading.ts';
import { figure } from './figures.ts';
import { fullCheck, fullCheckProgram } from './full-check.ts';

const scale = Number(process.env.COMPARISON_SCALE ?? 1);
const rounds = Number(process.env.COMPARISON_ROUNDS ?? 5);
const roundsOfFullCheck = 3;
const collections = Math.round(100_000 * scale);
const members = Math.round(1_000_000 * scale);
/** A process that compares 4,000,000 small keys takes 130 MB. */
const mostMegabytes = 250;
const goal = { atLeast: 0.95 };
/** A comparison has 2 to 6 batches of small values under way. */
const mostUnderWay = 6;

type Commands = Iterable<readonly Argument[]>;
type Adds = (key: string, from: number, count: number) => readonly Argument[];

const value = (i: number): string => `${'v'.repeat(24)}${i}`;
const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => from + i);

const adds: Readonly<Record<string, Adds>> = {
  hash: (key, from, count) => [
    'HMSET',
    key,
    ...numbers(from, count).flatMap((i) => [`field:${i}`, value(i)]),
  ],
  list: (key, from, count) => ['RPUSH', key, ...numbers(from, count).map(value)],
  set: (key, from, count) => ['SADD', key, ...numbers(from, count).map(value)],
  zset: (key, from, count) => ['ZADD', key, ...numbers(from, count).flatMap((i) => [i, value(i)])],
};

interface Data {
  readonly what: string;
  readonly commands: () => Commands;
  /** Whether it is one large value, whose memory is measured. */
  readonly isLarge: boolean;
  /** How many batches a reader has under way: at least as many as a comparison has on the average. */
  readonly underWay: number;
}

const data: readonly Data[] = [
  {
    what: `${10 * collections} strings of 100 bytes`,
    isLarge: false,
    underWay: mostUnderWay,
    *commands() {
      for (let i = 0; i < 10 * collections; i++) yield ['SET', `key:${i}`, `${i}`.padEnd(100)];
    },
  },
  ...Object.entries(adds).map(
    ([type, add]): Data => ({
      what: `${collections} times a ${type} of 10 members`,
      isLarge: false,
      underWay: mostUnderWay,
      *commands() {
        for (let i = 0; i < collections; i++) yield add(`${type}:${i}`, 10 * i, 10);
      },
    }),
  ),
  {
    what: `${Math.round(2000 * scale)} strings of 100 KB`,
    isLarge: false,
    // As many as the comparison has. More are read more slowly: they wait in the kernel's memory, outside of the processor's cache.
    underWay: 2,
    *commands() {
      for (let i = 0; i < 2000 * scale; i++) yield ['SET', `large:${i}`, Buffer.alloc(100_000, `${i} `)];
    },
  },
  ...Object.entries(adds).map(
    ([type, add]): Data => ({
      what: `a ${type} of ${members} members`,
      isLarge: true,
      underWay: type === 'list' ? 4 : 1,
      *commands() {
        for (let from = 0; from < members; from += 1000)
          yield add(`large ${type}`, from, Math.min(1000, members - from));
      },
    }),
  ),
];

type Servers = readonly [TestServer, TestServer];

interface Batch {
  readonly bytes: Buffer;
  readonly commands: number;
}

async function compare([left, right]: Servers): Promise<void> {
  const spec = resolveSpec({ depth: 'full' });
  const { report } = await run({ left: left.endpoint, right: right.endpoint, spec });
  if (report.verdict !== 'equal') throw new Error(`the comparison came out wrong: ${JSON.stringify(report)}`);
}

/** What a comparison sends to each server. */
async function commandsOf(servers: Servers): Promise<readonly (readonly Batch[])[]> {
  const sent = new Map<string, Batch[]>();
  const { sendBytes } = WireConnection.prototype;
  WireConnection.prototype.sendBytes = function (bytes, commands, kept): Promise<RawReplies> {
    const batches = sent.get(this.name) ?? [];
    sent.set(this.name, batches);
    batches.push({ bytes: Buffer.from(bytes), commands });
    return sendBytes.call(this, bytes, commands, kept);
  };
  try {
    await compare(servers);
  } finally {
    WireConnection.prototype.sendBytes = sendBytes;
  }
  return servers.map(({ connection }) => sent.get(connection.name) ?? []);
}

/** Where a piece tells the beginning of the next piece, nobody can ask ahead. */
async function read(
  { address, credential }: Endpoint,
  batches: readonly Batch[],
  underWay: number,
): Promise<void> {
  const connection = await WireConnection.open({ address, credential, timeoutMs: 30_000 });
  connection.allowsLongCommands = true;
  const open: Promise<RawReplies>[] = [];
  for (const { bytes, commands } of batches) {
    open.push(connection.sendBytes(bytes, commands));
    if (open.length >= underWay) connection.release(await open.shift()!);
  }
  for (const replies of open) connection.release(await replies);
  connection.close();
}

function megabytesOf(servers: Servers): number {
  const child = new URL('../test/compare/memory-child.ts', import.meta.url).pathname;
  const ports = servers.map(({ port }) => String(port));
  const { stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, child, ...ports], {
    encoding: 'utf8',
  });
  if (!stdout) throw new Error(stderr);
  return (JSON.parse(stdout) as { peakMegabytes: number }).peakMegabytes;
}

async function measure(name: string, start: () => Promise<TestServer>, each: Data): Promise<void> {
  const servers: Servers = [await start(), await start()];
  try {
    for (const server of servers) await server.load(each.commands());
    const batches = await commandsOf(servers);
    const { ratio, ratioByProcessor, reading, comparing } = await besideReading(
      servers,
      rounds,
      () => Promise.all(servers.map((server, i) => read(server.endpoint, batches[i]!, each.underWay))),
      () => compare(servers),
    );
    const what = `comparison on ${name}, ${each.what}`;
    figure({ what, value: ratio, goal, more: `of reading both; ${comparing.seconds.toFixed(2)} s` });
    const shares = ({ own, servers: theirs }: Measured) =>
      `${own.toFixed(2)} s here and ${theirs.toFixed(2)} s in the servers`;
    figure({
      what: `${what}, by processor time`,
      value: ratioByProcessor,
      more: `reading ${shares(reading)}, comparing ${shares(comparing)}`,
    });
    if (name === 'Redis' && fullCheckProgram !== null) await besideFullCheck(what, servers, fullCheckProgram);
    if (!each.isLarge) return;
    figure({
      what: `${what}, memory`,
      value: megabytesOf(servers),
      unit: 'MB',
      goal: { atMost: mostMegabytes },
    });
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function besideFullCheck(what: string, servers: Servers, program: string): Promise<void> {
  const { ratio, reading, comparing } = await besideReading(
    servers,
    roundsOfFullCheck,
    () => fullCheck(program, servers),
    () => compare(servers),
  );
  figure({
    what: `${what}, beside RedisFullCheck`,
    value: ratio,
    goal: { atLeast: 4 },
    more: `${comparing.seconds.toFixed(2)} s and ${reading.seconds.toFixed(2)} s`,
  });
}

/** Prints a line for each kind of data on each server that is on this machine. */
export async function benchComparisonTypes(): Promise<void> {
  const wanted = process.env.COMPARISON_ONLY ?? '';
  for (const each of data.filter(({ what }) => what.includes(wanted))) {
    if (redisMissing === null) await measure('Redis', startRedis, each);
    if (pikaMissing === null) await measure('Pika', startPika, each);
  }
  for (const missing of [redisMissing, pikaMissing])
    if (missing) console.log(`comparison: skipped, ${missing}`);
  if (fullCheckProgram === null) console.log('comparison: skipped, REDIS_FULL_CHECK names no RedisFullCheck');
}
