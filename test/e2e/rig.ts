/** A master under writes, three nodes and the service, for the tests on real Pika. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { runAgent } from '../../src/agent/index.ts';
import { startService } from '../../src/main.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import { isEnded, needsPerson } from '../../src/model/expansion.ts';
import type { PolicyInput } from '../../src/model/policy.ts';
import type { AgentList } from '../../src/model/views/agent.ts';
import type { Service } from '../../src/service.ts';
import { whenEnded } from '../support/ended.ts';
import { hasTheBug, type PikaNode, startPika } from '../support/pika.ts';

const binary = process.env.PIKA_BIN;
const firstPort = Number(process.env.PIKA_E2E_PORT ?? 17_100);
const masterKeys = 300_000;
const valueBytes = 1024;
/** 300 MB in at least 10 s. */
const throttle = 25 * 1024 * 1024;

/** Why these tests cannot run here; null = they can. */
export const pikaMissing: string | null =
  binary && existsSync(binary) ? null : 'PIKA_BIN does not name a Pika binary';

export interface Rig {
  readonly master: PikaNode;
  readonly slaves: readonly PikaNode[];
  readonly service: Service;
  readonly dataDir: string;
  writes: ChildProcess | null;
  /** Ends the agent of `startAgent`. */
  endAgent?: () => Promise<void>;
}

export interface SmallRigOptions {
  /** Keeps files that run side by side apart. */
  readonly portsAbove: number;
  readonly nodes?: number;
  /** Keys of 1 KB that cannot be compressed. */
  readonly keys?: number;
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly ofMaster?: Readonly<Record<string, string | number>>;
  readonly ofNodes?: Readonly<Record<string, string | number>>;
  /** What runs the nodes' binaries. */
  readonly nodesUnder?: readonly string[];
  /** What all servers ask for, and the service and its clients say. */
  readonly password?: string;
  /** `PIKA_COMMANDS` of the service. */
  readonly commands?: string;
}

/** A master without writes, nodes, and the service. A copy takes some 8 s. */
export async function startSmallRig(options: SmallRigOptions): Promise<Rig> {
  const { portsAbove, nodes = 1, keys = 40_000, ofMaster, ofNodes, nodesUnder = [], password } = options;
  const login = password === undefined ? {} : { requirepass: password, userpass: password };
  const settings = { 'throttle-bytes-per-second': 5 * 1024 * 1024, ...login, ...options.settings };
  const [master, ...slaves] = await Promise.all(
    Array.from({ length: nodes + 1 }, (_, i) =>
      startPika({
        binary: binary!,
        port: firstPort + portsAbove + 10 * i,
        settings: { ...settings, ...(i === 0 ? ofMaster : ofNodes) },
        under: i === 0 ? [] : nodesUnder,
        ...(password === undefined ? {} : { password }),
      }),
    ),
  );
  const service = await serviceOfItsOwn(password, options.commands);
  const rig = { master: master!, slaves, ...service, writes: null };
  await fillDistinct(rig.master, keys);
  return rig;
}

export async function serviceOfItsOwn(
  password?: string,
  commands?: string,
): Promise<Pick<Rig, 'service' | 'dataDir'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-e2e-'));
  const env = {
    ...(password === undefined ? {} : { PIKA_PASSWORD: password }),
    ...(commands === undefined ? {} : { PIKA_COMMANDS: commands }),
    PIKA_EXPANDER_AGENT_TOKEN: agentToken,
    PIKA_EXPANDER_AGENT_NODES: '127.0.0.1',
  };
  return { dataDir, service: await startService({ dataDir, port: 0, logLevel: 'error' }, env) };
}

const agentToken = randomBytes(24).toString('hex');

/** The agent of this host, for all servers; resolves when the service has heard of each. */
export async function startAgent(rig: Rig): Promise<void> {
  const ending = new AbortController();
  const nodes = [rig.master, ...rig.slaves];
  const running = runAgent({
    service: rig.service.url,
    token: agentToken,
    confs: nodes.map(({ folder }) => join(folder, 'pika.conf')),
    knownAs: [],
    stateFile: null,
    version: 'e2e',
    signal: ending.signal,
    say: (line) => console.log(`agent: ${line}`),
  });
  rig.endAgent = async () => {
    ending.abort();
    await running;
  };
  const heard = async (): Promise<number> => {
    const response = await fetch(`${rig.service.url}/v1/agents`);
    return ((await response.json()) as AgentList).items.flatMap(({ servers }) => servers).length;
  };
  while ((await heard()) < nodes.length) await sleep(100);
}

/** Values of 1 KB that nothing can make smaller on their way. */
export async function fillDistinct(master: PikaNode, keys: number): Promise<void> {
  await inPipelines(master, keys, (i) => ['SET', `base:${i}`, randomBytes(750).toString('base64')]);
}

async function inPipelines(
  node: PikaNode,
  count: number,
  command: (i: number) => readonly (string | number)[],
): Promise<void> {
  const step = 1000;
  for (let from = 0; from < count; from += step) {
    const pipeline = node.client.pipeline();
    for (let i = from; i < Math.min(count, from + step); i++) {
      const [name, ...rest] = command(i);
      pipeline.call(String(name), ...rest.map(String));
    }
    const failed = (await pipeline.exec())!.find(([error]) => error !== null);
    if (failed) throw failed[0];
  }
}

/** 4.0.1 says 4.0.0. */
export async function versionOf(node: PikaNode): Promise<string> {
  const said = /pika_version:(\S+)/.exec(await info(node, 'server'))![1]!;
  const tells = (await info(node, 'replication')).includes('is_eligible_for_master_election');
  return said === '4.0.0' && tells ? '4.0.1' : said;
}

export async function stopRig(rig: Rig): Promise<void> {
  await stopWrites(rig);
  await rig.endAgent?.();
  await rig.service.close();
  await Promise.all([rig.master, ...rig.slaves].map((node) => node.stop()));
  await rm(rig.dataDir, { recursive: true, force: true });
}

/** 300 MB of distinct strings under writes; `portsAbove` keeps files that run side by side apart. */
export async function startRig(portsAbove = 0): Promise<Rig> {
  const settings = { 'throttle-bytes-per-second': throttle };
  const nodes = await Promise.all(
    [0, 1, 2, 3].map((i) => startPika({ binary: binary!, port: firstPort + portsAbove + 10 * i, settings })),
  );
  const [master, ...slaves] = nodes as [PikaNode, ...PikaNode[]];
  const own = await serviceOfItsOwn();
  const filler = 'v'.repeat(valueBytes - 20);
  await inPipelines(master, masterKeys, (i) => ['SET', `base:${i}`, `${i}:${filler}`]);
  return { master, slaves, ...own, writes: startWrites(master) };
}

/** A process of its own that sets and changes keys until it is ended, or whoever started it is gone. */
function startWrites(master: PikaNode): ChildProcess {
  const script = `
    const { Redis } = require('ioredis');
    const client = new Redis({ host: '127.0.0.1', port: ${master.port}, protocol: 2, disableClientInfo: true, enableReadyCheck: false });
    client.on('error', () => {});
    process.stdin.on('end', () => process.exit()).resume();
    (async () => {
      for (let i = 0; ; i++) {
        const pipeline = client.pipeline();
        for (let j = 0; j < 20; j++) {
          const n = Math.floor(Math.random() * ${masterKeys});
          pipeline.call('SET', 'load:' + i + ':' + j, 'x'.repeat(${valueBytes}));
          pipeline.call('SET', 'base:' + n, 'changed ' + i);
        }
        await pipeline.exec();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();`;
  return spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'] });
}

export async function stopWrites(rig: Rig): Promise<void> {
  const { writes } = rig;
  rig.writes = null;
  if (!writes) return;
  writes.kill('SIGKILL');
  await whenEnded(writes);
}

/** What a request says of every node. */
interface NodeOptions {
  readonly overwriteData?: boolean;
  readonly repoint?: boolean;
}

/** Asks for an expansion over REST. */
export async function ask(
  rig: Rig,
  nodes: readonly PikaNode[],
  options: NodeOptions = {},
  policy: PolicyInput = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${rig.service.url}/v1/expansions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // All lie on one host, so that the service would choose one at a time.
    body: JSON.stringify({
      master: rig.master.name,
      nodes: nodes.map(({ name }) => ({ address: name, ...options })),
      // The writes double the master's data if nodes must copy twice: that is no question for a person here.
      policy: { batchSize: nodes.length, forecastTolerance: null, ...policy },
    }),
  });
  return { status: response.status, body: await response.json() };
}

/** Asks for an expansion, and waits until it has ended or needs a person. */
export async function expand(
  rig: Rig,
  nodes: readonly PikaNode[],
  options: NodeOptions = {},
  policy: PolicyInput = {},
): Promise<Expansion> {
  const startedAt = Date.now();
  const { status, body } = await ask(rig, nodes, options, policy);
  expect([status, body]).toEqual([202, expect.objectContaining({ id: expect.any(String) })]);
  const accepted = body as { readonly id: string };
  for (;;) {
    const expansion = (await rig.service.store.get(accepted.id))!;
    if (isEnded(expansion.state) || needsPerson(expansion.state)) {
      const tookSeconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      console.log(`${expansion.state} after ${tookSeconds} s: ${await summary(rig, expansion, nodes)}`);
      return expansion;
    }
    await sleep(200);
  }
}

/** The same of one node. */
export async function expandOne(
  rig: Rig,
  node: PikaNode,
  options: NodeOptions = {},
  policy: PolicyInput = {},
): Promise<Expansion['joins'][number] & Pick<Expansion, 'state'>> {
  const { state, joins } = await expand(rig, [node], options, policy);
  return { ...joins[0]!, state };
}

/** What became of each node, in figures and words; the bytes are the node's own counter, over all attempts. */
async function summary(rig: Rig, { joins }: Expansion, nodes: readonly PikaNode[]): Promise<string> {
  const version = await versionOf(rig.master);
  const lines = joins.map(async (each, i) => {
    const codes = each.anomalies.map(({ code, text }) => `${code} (${text})`).join(', ');
    const causes = each.diagnosis?.causes.map(({ code }) => code).join(' > ');
    const { snapshotBytes } = each.progress;
    // INFO stats ends a node that holds no open database.
    const readable = nodes[i]!.isRunning() && each.problem?.code !== 'copy_not_opened';
    const received = readable ? await receivedBytes(nodes[i]!) : null;
    const ratio = received === null || snapshotBytes === null ? '?' : (received / snapshotBytes).toFixed(2);
    return [
      `${each.target.name} ${each.phase}, ${each.attempts.length} attempt(s), ${received} bytes over ${snapshotBytes} = ${ratio}`,
      codes && `anomalies: ${codes}`,
      causes && `causes: ${causes}, remedy: ${each.diagnosis!.remedy.kind}`,
      each.problem && `${each.problem.code}: ${each.problem.text} ${each.problem.nextSteps.join(' ')}`,
    ].filter(Boolean);
  });
  return [version, ...(await Promise.all(lines)).flat()].join('\n    ');
}

/** Since the start of the process. */
export const receivedBytes = async (node: PikaNode): Promise<number> =>
  Number(/total_net_repl_input_bytes:(\d+)/.exec(await info(node, 'stats'))![1]);

/** SLAVEOF on every node, 3 s apart, as a script would; and how each has come out. */
export async function naiveBurst(rig: Rig): Promise<readonly ('up' | 'dead' | 'hung')[]> {
  for (const [i, slave] of rig.slaves.entries()) {
    if (i > 0) await sleep(3000);
    await slave.send('SLAVEOF', '127.0.0.1', rig.master.port);
  }
  const patienceMs = (await hasTheBug(rig.master)) ? 90_000 : 300_000;
  return Promise.all(rig.slaves.map((slave) => settles(slave, patienceMs)));
}

/** Until the first node has received 20 MB or more of its snapshot. */
export async function inTransfer(rig: Rig): Promise<void> {
  for (;;) {
    const { items } = await rig.service.store.list({ limit: 1 });
    const first = items[0]?.joins[0];
    if (first?.phase === 'transferring' && (first.progress.receivedBytes ?? 0) > 20e6) return;
    await sleep(50);
  }
}

const info = async (node: PikaNode, section: string): Promise<string> =>
  String(await node.send('INFO', section));

/**
 * Up, dead, or hanging for as long as `patienceMs`. On every version a node on a busy machine can miss the master's
 * reply (it sets WaitReply after it has sent the question); it reconnects by itself after 65 to 80 s, and may have to
 * copy again.
 */
export async function settles(node: PikaNode, patienceMs = 90_000): Promise<'up' | 'dead' | 'hung'> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    if (!node.isRunning()) return 'dead';
    // A node that dies closes its connection before it is known to be dead.
    const text = await Promise.race([info(node, 'replication').catch(() => ''), sleep(5000, '')]);
    if (text.includes('master_link_status:up')) return 'up';
    await sleep(200);
  }
  return 'hung';
}

const offsetOf = async (node: PikaNode): Promise<string> =>
  /binlog_offset=(\d+ \d+)/.exec(await info(node, 'replication'))?.[1] ?? '';

/** Until the nodes have the master's own offset, with the writes stopped. */
export async function quiet(rig: Rig, nodes: readonly PikaNode[]): Promise<void> {
  const target = await offsetOf(rig.master);
  for (const node of nodes) while ((await offsetOf(node)) !== target) await sleep(100);
}

export async function everyNodeIsWhole(
  rig: Rig,
  ended: Expansion,
  nodes: readonly PikaNode[],
): Promise<void> {
  await stopWrites(rig);
  expect([ended.state, ended.joins.map((each) => each.phase)]).toEqual([
    'succeeded',
    ended.joins.map(() => 'verified'),
  ]);
  await quiet(rig, nodes);
  for (const node of nodes) {
    const result = await compare(rig.master, node);
    console.log(
      `${node.name}: ${result.keys} keys on the master, ${result.missing} missing, ${result.foreign} foreign, ${result.different} of other value`,
    );
    expect(result).toMatchObject({ missing: 0, foreign: 0, different: 0 });
    expect(result.keys).toBeGreaterThanOrEqual(masterKeys);
  }
}

async function keysOf(node: PikaNode): Promise<Set<string>> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = (await node.send('SCAN', cursor, 'COUNT', 10_000)) as [string, string[]];
    for (const key of page) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}

/** Every key and every value, read by a client that is not the product's. */
export async function compare(
  master: PikaNode,
  node: PikaNode,
): Promise<{ keys: number; missing: number; foreign: number; different: number }> {
  const [left, right] = await Promise.all([keysOf(master), keysOf(node)]);
  const names = [...left];
  let different = 0;
  for (let from = 0; from < names.length; from += 1000) {
    const page = names.slice(from, from + 1000);
    const [a, b] = (await Promise.all([master.send('MGET', ...page), node.send('MGET', ...page)])) as [
      unknown[],
      unknown[],
    ];
    different += page.filter((name, i) => right.has(name) && a[i] !== b[i]).length;
  }
  return {
    keys: left.size,
    missing: names.filter((name) => !right.has(name)).length,
    foreign: [...right].filter((name) => !left.has(name)).length,
    different,
  };
}
