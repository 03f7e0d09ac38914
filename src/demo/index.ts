/** `npm run demo`: the failure, then the cure, on simulated nodes and the real service, in under two minutes. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ansis from 'ansis';
import { processContext } from '../cli/context.ts';
import type { Entrances } from '../cli/entrances.ts';
import { run } from '../cli/run.ts';
import { createPikaEngine } from '../engines/pika/index.ts';
import { startService } from '../main.ts';
import type { NodeTarget } from '../model/expansion.ts';
import { readLogs } from '../replay/logs.ts';
import type { Service } from '../service.ts';
import { type Cluster, createDemoCluster, type ServedCluster, serveCluster } from '../simulator/index.ts';
import { countKeys } from './count-keys.ts';
import { hostWithAgent } from './host.ts';
import { type NaiveResult, naiveBurst } from './naive.ts';

export interface DemoOptions {
  /** Leave the service running at the end until Ctrl-C; on a terminal that is the default. */
  readonly keep?: boolean;
}

/** The demo's commands talk to a service; they start none. */
const notHere = async (): Promise<never> => {
  throw new Error('the demo starts nothing by a command');
};
const noEntrances: Entrances = {
  serve: notHere,
  backup: notHere,
  restore: notHere,
  markRestored: notHere,
  demo: notHere,
  simulate: notHere,
  replay: notHere,
  verifyEvidence: notHere,
  verifyTrail: notHere,
  logs: readLogs,
  record: notHere,
  agent: notHere,
  agentReport: notHere,
};

const naiveNodes = ['n1', 'n2', 'n3'];
const allNodes = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
/** An agent runs beside this node and the master. It is not the first: while that one is copied the agent is asked to hurry. */
const watched = 'n2';

/** Runs the demo; the exit code is 0 only when the naive loop lost keys and the expansion lost none. */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const cluster = createDemoCluster({ transferMs: 2800, now: Date.now(), logs: true });
  for (const node of naiveNodes.slice(0, 2)) cluster.fault.nextSuperseded(node, 'loss');
  const served = await serveCluster(cluster);
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-demo-'));
  const token = randomUUID();
  const service = await startService(
    { dataDir, port: 0, logLevel: 'error' },
    { PIKA_EXPANDER_AGENT_TOKEN: token, PIKA_EXPANDER_AGENT_NODES: '127.0.0.1' },
  );
  const addressOf = (id: string) => targetOf(served.addresses[id]!).address;
  const nodes = { m: addressOf('m'), [watched]: addressOf(watched) };
  const folder = join(dataDir, 'host');
  const host = await hostWithAgent({ cluster, nodes, folder, service: service.url, token });
  try {
    title('A Pika 3.5.4 master with keys and writes going on, and six empty nodes (simulated)');
    const lossy = await showFailure(served, host.log(watched));
    const succeeded = await showCure(cluster, served, service);
    const verified = await checkKeys(served);
    if (options.keep ?? process.stdout.isTTY) {
      closing(service.url);
      await untilInterrupted();
    } else
      say(
        `\nTo look at the dashboard and the API yourself: ${isSource ? 'npm run demo --' : 'pika-expander demo'} --keep`,
      );
    return lossy && succeeded && verified ? 0 : 1;
  } finally {
    await host.close();
    await service.close();
    await served.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

function title(text: string): void {
  say(`\n${ansis.bold(text)}\n`);
}

const targetOf = (address: string): NodeTarget => {
  const [host, port] = address.split(':');
  const at = { host: host!, port: Number(port) };
  return { name: address, address: at, seenAs: at, credential: null };
};

/** Whether it runs in a clone, or from an installed package. */
const isSource = import.meta.url.endsWith('.ts');

/** True when every node said that all was well, and keys were missing. */
async function showFailure(served: ServedCluster, log: string): Promise<boolean> {
  title('1. The naive way: SLAVEOF on three nodes, one after the other');
  const nodes = naiveNodes.map((id) => targetOf(served.addresses[id]!));
  const results = await naiveBurst(createPikaEngine(), targetOf(served.addresses.m!), nodes, (text) =>
    say(`  ${text}`),
  );
  say();
  say('  node               link   lag   keys     missing');
  for (const result of results) say(`  ${naiveLine(result)}`);
  const lossy = results.filter((result) => result.missing > 0);
  say(
    lossy.length > 0
      ? ansis.red(
          `\n  ${lossy.length} of ${results.length} nodes say "up, lag 0" and have lost keys. Nothing in INFO betrays it.`,
        )
      : ansis.yellow('\n  This time no key was lost: the demo did not show the failure.'),
  );
  say(`\n  Its log does. ${served.addresses[watched]}:`);
  await run(['logs', log], processContext(), noEntrances);
  return lossy.length > 0 && results.every((result) => result.link === 'up');
}

const naiveLine = (result: NaiveResult): string =>
  `${result.node.padEnd(18)} ${result.link.padEnd(6)} ${result.lag.padEnd(5)} ${String(result.keys).padEnd(8)} ${result.missing === 0 ? '0' : ansis.red(String(result.missing))}`;

async function showCure(cluster: Cluster, served: ServedCluster, service: Service): Promise<boolean> {
  title('2. The same master through the service: all six nodes, the three lossy nodes synced again');
  const named = allNodes.map((id) => {
    const permission = naiveNodes.includes(id) ? ',overwrite-data,repoint' : '';
    return `${served.addresses[id]}${permission}`;
  });
  const context = { ...processContext(), env: { ...process.env, PIKA_EXPANDER_URL: service.url } };
  const exitCode = await run(
    ['expand', '--yes', '--label', 'demo', '--sample', '300', '--master', served.addresses.m!, ...named],
    context,
    noEntrances,
  );
  if (exitCode !== 0) return false;
  title('3. The evidence');
  const { items } = await service.store.list({ limit: 1 });
  await run(['evidence', items[0]!.id], context, noEntrances);
  title('4. What the agent beside one node saw');
  await run(['show', items[0]!.id, '--node', served.addresses[watched]!], context, noEntrances);
  cluster.stopWrites('m');
  return true;
}

/** Counts the keys of all nodes once more, past the product: the demo believes nobody, not even the service. */
async function checkKeys(served: ServedCluster): Promise<boolean> {
  title('5. An independent count of all keys, with the writes stopped');
  const master = await countKeys(targetOf(served.addresses.m!).address);
  let complete = true;
  for (const id of allNodes) {
    const missing = await missingKeys(served.addresses[id]!, master);
    say(
      `  ${served.addresses[id]!.padEnd(18)} ${missing === 0 ? ansis.green('all keys there') : ansis.red(`${missing} keys missing`)}`,
    );
    complete &&= missing === 0;
  }
  say(`  (${master.size} keys on the master)`);
  return complete;
}

/** The last writes may still be on their way: looked at until they have arrived, ten times at most. */
async function missingKeys(address: string, master: ReadonlySet<string>): Promise<number> {
  let missing = master.size;
  for (let i = 0; i < 10 && missing > 0; i++) {
    const keys = await countKeys(targetOf(address).address);
    missing = [...master].filter((key) => !keys.has(key)).length;
  }
  return missing;
}

function closing(url: string): void {
  title('Look at it');
  say(`  dashboard     ${url}/`);
  say(`  API           ${url}/docs`);
  say(`  command line  ${isSource ? 'npx tsx src/cli/main.ts' : 'pika-expander'} watch --url ${url}`);
  say();
}

function untilInterrupted(): Promise<void> {
  say('  The service stays up until Ctrl-C.');
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
