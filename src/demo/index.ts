/** `npm run demo`: the failure, then the cure, on simulated nodes and the real service, in under two minutes. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ansis from 'ansis';
import { processContext } from '../cli/context.ts';
import type { Entrances } from '../cli/entrances.ts';
import { table } from '../cli/format.ts';
import { run } from '../cli/run.ts';
import { createPikaEngine } from '../engines/pika/index.ts';
import { startService } from '../main.ts';
import { type CommandLineWords, commandLine } from '../model/command-line/index.ts';
import type { NodeTarget } from '../model/expansion.ts';
import type { Language } from '../model/text.ts';
import { untilTold, whenTold } from '../platform/told-to-stop.ts';
import { readLogs } from '../replay/logs.ts';
import type { Service } from '../service.ts';
import { type Cluster, createDemoCluster, type ServedCluster, serveCluster } from '../simulator/index.ts';
import { countKeys } from './count-keys.ts';
import { hostWithAgent } from './host.ts';
import { naiveBurst } from './naive.ts';

export interface DemoOptions {
  /** Leave the service running at the end until Ctrl-C; on a terminal that is the default. */
  readonly keep?: boolean;
  readonly language: Language;
}

type Words = CommandLineWords['demo'];

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
export function runDemo({ keep, language }: DemoOptions): Promise<number> {
  const words = commandLine[language].demo;
  return untilTold(async (told) => {
    const ends: (() => Promise<unknown>)[] = [];
    try {
      const stage = await setUp(ends, told);
      const isRight = await Promise.race([showAll(stage, language), whenTold(told)]);
      if (keep ?? process.stdout.isTTY) {
        closing(stage.service.url, words);
        say(`  ${words.staysUp}`);
        await whenTold(told).catch(() => undefined);
      } else say(`\n${words.lookYourself(`${isSource ? 'npm run demo --' : 'pika-expander demo'} --keep`)}`);
      return isRight ? 0 : 1;
    } finally {
      for (const end of ends.toReversed()) await end();
    }
  });
}

interface Stage {
  readonly cluster: Cluster;
  readonly served: ServedCluster;
  readonly service: Service;
  readonly host: Awaited<ReturnType<typeof hostWithAgent>>;
}

/** `ends` gets how each part is ended. */
async function setUp(ends: (() => Promise<unknown>)[], told: AbortSignal): Promise<Stage> {
  const cluster = createDemoCluster({ transferMs: 2800, now: Date.now(), logs: true });
  for (const node of naiveNodes.slice(0, 2)) cluster.fault.nextSuperseded(node, 'loss');
  const served = await serveCluster(cluster);
  ends.push(() => served.close());
  const dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-demo-'));
  ends.push(() => rm(dataDir, { recursive: true, force: true }));
  const token = randomUUID();
  const service = await startService(
    { dataDir, port: 0, logLevel: 'error' },
    { PIKA_EXPANDER_AGENT_TOKEN: token, PIKA_EXPANDER_AGENT_NODES: '127.0.0.1' },
    told,
  );
  ends.push(() => service.close());
  const addressOf = (id: string) => targetOf(served.addresses[id]!).address;
  const nodes = { m: addressOf('m'), [watched]: addressOf(watched) };
  const folder = join(dataDir, 'host');
  const host = await hostWithAgent({ cluster, nodes, folder, service: service.url, token });
  ends.push(() => host.close());
  return { cluster, served, service, host };
}

async function showAll({ cluster, served, service, host }: Stage, language: Language): Promise<boolean> {
  const words = commandLine[language].demo;
  title(words.title);
  const lossy = await showFailure(served, host.log(watched), language);
  const succeeded = await showCure(cluster, served, service, language);
  const verified = await checkKeys(served, words);
  return lossy && succeeded && verified;
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
async function showFailure(served: ServedCluster, log: string, language: Language): Promise<boolean> {
  const words = commandLine[language].demo;
  title(words.naive);
  const nodes = naiveNodes.map((id) => targetOf(served.addresses[id]!));
  const results = await naiveBurst(createPikaEngine(), targetOf(served.addresses.m!), nodes, (text) =>
    say(`  ${text}`),
  );
  say();
  const rows = results.map(({ node, link, lag, keys, missing }) =>
    [node, link, lag, keys, missing].map(String),
  );
  const [head, ...lines] = table([Object.values(words.columns), ...rows]);
  say(`  ${head}`);
  for (const [at, line] of lines.entries()) say(`  ${results[at]!.missing === 0 ? line : ansis.red(line)}`);
  const lossy = results.filter((result) => result.missing > 0);
  say(
    lossy.length > 0
      ? ansis.red(`\n  ${words.lossy(lossy.length, results.length)}`)
      : ansis.yellow(`\n  ${words.noLoss}`),
  );
  say(`\n  ${words.itsLog(served.addresses[watched]!)}`);
  await run(['logs', log, '--lang', language], processContext(), noEntrances);
  return lossy.length > 0 && results.every((result) => result.link === 'up');
}

async function showCure(
  cluster: Cluster,
  served: ServedCluster,
  service: Service,
  language: Language,
): Promise<boolean> {
  const words = commandLine[language].demo;
  const lang = ['--lang', language];
  title(words.cure);
  const named = allNodes.map((id) => {
    const permission = naiveNodes.includes(id) ? ',overwrite-data,repoint' : '';
    return `${served.addresses[id]}${permission}`;
  });
  const context = { ...processContext(), env: { ...process.env, PIKA_EXPANDER_URL: service.url } };
  const exitCode = await run(
    [
      'expand',
      '--yes',
      '--label',
      'demo',
      '--sample',
      '300',
      '--master',
      served.addresses.m!,
      ...lang,
      ...named,
    ],
    context,
    noEntrances,
  );
  if (exitCode !== 0) return false;
  title(words.evidence);
  const { items } = await service.store.list({ limit: 1 });
  await run(['evidence', items[0]!.id, ...lang], context, noEntrances);
  title(words.agent);
  await run(['show', items[0]!.id, '--node', served.addresses[watched]!, ...lang], context, noEntrances);
  cluster.stopWrites('m');
  return true;
}

/** Counts the keys of all nodes once more, past the product: the demo believes nobody, not even the service. */
async function checkKeys(served: ServedCluster, words: Words): Promise<boolean> {
  title(words.count);
  const master = await countKeys(targetOf(served.addresses.m!).address);
  let complete = true;
  for (const id of allNodes) {
    const missing = await missingKeys(served.addresses[id]!, master);
    say(
      `  ${served.addresses[id]!.padEnd(18)} ${missing === 0 ? ansis.green(words.complete) : ansis.red(words.missing(missing))}`,
    );
    complete &&= missing === 0;
  }
  say(`  ${words.onMaster(master.size)}`);
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

function closing(url: string, { lookAtIt, places }: Words): void {
  title(lookAtIt);
  const command = `${isSource ? 'npx tsx src/cli/main.ts' : 'pika-expander'} watch --url ${url}`;
  const rows = [
    [places.dashboard, `${url}/`],
    [places.api, `${url}/docs`],
    [places.commandLine, command],
  ];
  for (const line of table(rows)) say(`  ${line}`);
  say();
}
