import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../src/simulator/index.ts';
import { patiently } from '../support/patiently.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import {
  type Behaviour,
  behaviours,
  closeAtOnce,
  dataCommand,
  type Impostor,
  neverAnswer,
  oneByteASecond,
  standInFrontOf,
  whenCompared,
} from './impostor.ts';

vi.setConfig({ testTimeout: 600_000 });

const MB = 1_000_000;
const withinMs = 300_000;
/** Slow enough that all nodes are met in the middle of their copies, however busy the machine is. */
const copyTakesMs = 600_000;
const snapshotBytes = 3000 * MB;
const quick = 1000 * MB;
/**
 * What one process may take above what it had with honest nodes alone: a reply of at most 8 MB from each hostile node, as bytes
 * and as text. It levels off: 132 MB after 5 s of hostile looks, 168 MB after 10 s, 170 MB after 20 s.
 */
const moreMemoryBytes = 256 * MB;

/** One master for each hostile node, so that all of them are met at the same time; the last pair stays honest. */
const compared = behaviours.length;
const slow = compared + 1;
const closing = slow + 1;
const honest = closing + 1;
const pairs = honest + 1;

/** How a master behaves in the middle of a copy, and the word for it. */
const ofMasters: readonly (readonly [name: string, behaviour: Behaviour, word: RegExp])[] = [
  ...behaviours.filter(([name]) => /^(?:garbage|a header of 2 GB|a redirect|a refused login)$/.test(name)),
  ['a connection that closes at once', closeAtOnce, /cannot be reached \(/],
  ['no answer at all', neverAnswer, /does not reply in time/],
];

let postgres: TestPostgres;
let program: string;
let database: TestDatabase;
let cluster: Cluster;
let nodes: ServedCluster;
let served: ServiceProcess;
let url: string;
const impostors: Impostor[] = [];
const masters: Impostor[] = [];

beforeAll(async () => {
  [postgres, program] = await Promise.all([startPostgres(), builtProgram()]);
  database = await postgres.createMigratedDatabase();
  cluster = createCluster({
    seed: 'hostile',
    timers: fastTimers,
    dataScale: snapshotBytes / (200 * 190),
    defaults: {
      version: '3.5.4',
      config: { 'throttle-bytes-per-second': (snapshotBytes / copyTakesMs) * 1000 },
    },
  });
  for (let i = 0; i < pairs; i += 1) {
    cluster.addNode({ id: `m${i}`, binlogAt: { file: 3, offset: 0 } });
    cluster.load(`m${i}`, { strings: 200, valueBytes: 130 });
    cluster.addNode({ id: `n${i}` });
  }
  for (const i of ofMasters.keys()) {
    cluster.addNode({ id: `hm${i}`, binlogAt: { file: 3, offset: 0 } });
    cluster.load(`hm${i}`, { strings: 200, valueBytes: 130 });
    cluster.addNode({ id: `hn${i}` });
  }
  nodes = await serveCluster(cluster);
  for (const i of ofMasters.keys()) masters.push(await standInFrontOf(nodes.addresses[`hm${i}`]!));
  for (let i = 0; i < pairs; i += 1) impostors.push(await standInFrontOf(nodes.addresses[`n${i}`]!));
  served = startServiceProcess({ env: { DATABASE_URL: database.url }, program });
  url = await served.url();
});
afterAll(async () => {
  await served?.kill();
  await Promise.all([...impostors, ...masters].map((impostor) => impostor.close()));
  await nodes?.close();
  await postgres?.stop();
});

const nodeOf = (i: number) => ({ address: impostors[i]!.address, seenAs: nodes.addresses[`n${i}`]! });

function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return patiently(() => fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly master: { readonly name: string };
  readonly joins: readonly {
    readonly phase: string;
    readonly waitingFor: { readonly text: string } | null;
    readonly problem: { readonly code: string; readonly text: string; readonly nextSteps: string[] } | null;
  }[];
}

/** On a busy machine a hostile answer takes seconds to come too: until then the node only counts as one that hangs. */
const policy = { lookIntervalMs: 100, nodeDownTimeoutMs: 30_000, masterBusyTimeoutMs: 30_000 };

const expand = (i: number): Promise<string> =>
  accepted({ master: nodes.addresses[`m${i}`], nodes: [nodeOf(i)], policy });

async function accepted(request: object): Promise<string> {
  const response = await post('/v1/expansions', request);
  const body = (await response.json()) as Shown;
  expect(response.status, JSON.stringify(body)).toBe(202);
  return body.id;
}

const show = async (id: string): Promise<Shown> =>
  until(
    async () => {
      const response = await fetch(`${url}/v1/expansions/${id}`);
      return response.status === 200 ? ((await response.json()) as Shown) : null;
    },
    { withinMs, everyMs: 250 },
  );

const becomes = (id: string, condition: (shown: Shown) => boolean): Promise<Shown> => {
  let last: Shown | null = null;
  return until(
    async () => {
      last = await show(id);
      return condition(last) ? last : null;
    },
    { withinMs, everyMs: 250, what: () => `what was waited for; it is ${JSON.stringify(last)}` },
  );
};

/** The most memory that the process ever had. */
async function peakBytes(): Promise<number> {
  const status = await readFile(`/proc/${served.child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024;
}

describe('nodes that become hostile in the middle of a copy', () => {
  test('end their own joins, with a word on what they do; the worker stays up, in flat memory', async () => {
    const ids = await Promise.all(Array.from({ length: pairs }, (_, i) => expand(i)));
    await until(() => Array.from({ length: pairs }, (_, i) => i).every(copies), { withinMs });
    const before = await peakBytes();
    for (const [i, [, behave]] of behaviours.entries()) impostors[i]!.turn(behave);
    impostors[compared]!.turnAt(dataCommand, whenCompared);
    impostors[slow]!.turn(oneByteASecond);
    impostors[closing]!.turn(closeAtOnce);
    for (const i of [compared, honest])
      cluster.execute(`n${i}`, ['CONFIG', 'SET', 'throttle-bytes-per-second', String(quick)]);

    for (const [i, [name, , word]] of behaviours.entries()) {
      const { state, joins } = await becomes(ids[i]!, (shown) => shown.state !== 'running');
      expect({ name, state, phase: joins[0]!.phase }).toEqual({
        name,
        state: 'halted',
        phase: 'quarantined',
      });
      expect(joins[0]!.problem!.text).toMatch(word);
      expect(joins[0]!.problem!.nextSteps.length).toBeGreaterThan(0);
    }
    const unreadable = await becomes(ids[compared]!, ({ state }) => state !== 'running');
    expect(unreadable).toMatchObject({ state: 'halted', joins: [{ phase: 'quarantined' }] });
    expect(unreadable.joins[0]!.problem).toMatchObject({
      code: 'comparison_inconclusive',
      text: expect.stringMatching(/came to no result: .*does not speak the Redis protocol/),
    });
    const gone = await becomes(ids[closing]!, ({ state }) => state !== 'running');
    expect(gone.joins[0]).toMatchObject({
      phase: 'quarantined',
      problem: { code: 'node_unreachable', text: expect.stringContaining('the connection fails') },
    });
    await becomes(ids[slow]!, ({ joins }) => joins[0]!.waitingFor?.text.includes('does not reply') === true);
    await becomes(ids[honest]!, ({ state }) => state === 'succeeded');
    expect((await peakBytes()) - before).toBeLessThan(moreMemoryBytes);
    expect(served.child.exitCode ?? served.child.signalCode).toBeNull();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('are told of in a plan, as nodes and as masters', async () => {
    const { [`m${honest}`]: master, [`n${honest}`]: node } = nodes.addresses;
    for (const [i, [, , word]] of behaviours.entries())
      await Promise.all([
        finds({ master, nodes: [nodeOf(i)] }, /^node_(garbled|denied)$/, word),
        finds({ master: nodeOf(i), nodes: [node] }, /^master_(garbled|denied)$/, word),
      ]);
    await finds({ master, nodes: [nodeOf(slow)] }, /^node_busy$/, /did not reply/);
  });
});

describe('masters that become hostile in the middle of a copy', () => {
  test('keep their nodes from being verified, and are told of by what they do', async () => {
    const before = await peakBytes();
    const ids = await Promise.all(
      ofMasters.map((_, i) =>
        accepted({
          master: { address: masters[i]!.address, seenAs: nodes.addresses[`hm${i}`] },
          nodes: [nodes.addresses[`hn${i}`]],
          policy,
        }),
      ),
    );
    await until(() => [...ofMasters.keys()].every((i) => isCopying(`hn${i}`)), { withinMs });
    for (const [i, [, behave]] of ofMasters.entries()) masters[i]!.turn(behave);
    const seen = ofMasters.map(async ([name, , word], i) => {
      const waiting = await becomes(
        ids[i]!,
        ({ state, joins }) =>
          state !== 'running' || joins[0]!.waitingFor?.text.startsWith('the master') === true,
      );
      const { state, joins } = await becomes(ids[i]!, (shown) => shown.state !== 'running');
      const { phase, problem } = joins[0]!;
      expect({ name, waited: waiting.state, state, phase, code: problem?.code }).toEqual({
        name,
        waited: 'running',
        state: 'halted',
        phase: 'quarantined',
        code: 'master_unreachable',
      });
      expect(problem!.text).toMatch(word);
      expect(problem!.nextSteps.length).toBeGreaterThan(0);
    });
    await Promise.all(seen);
    expect((await peakBytes()) - before).toBeLessThan(moreMemoryBytes);
  });
});

/** Asks again where a busy machine made a look end before the reply had come. */
async function finds(request: object, code: RegExp, text: RegExp): Promise<void> {
  let errors: Awaited<ReturnType<typeof plan>> = [];
  await until(
    async () => {
      errors = await plan(request);
      return errors.some((error) => code.test(error.code) && text.test(error.text));
    },
    { withinMs, what: () => `${code} with ${text}; found was ${JSON.stringify(errors)}` },
  );
}

/** Code and text of the errors that a plan finds. */
async function plan(request: object) {
  const response = await post('/v1/plans', request);
  const { findings } = (await response.json()) as {
    findings: { code: string; severity: string; text: string }[];
  };
  return findings.filter(({ severity }) => severity === 'error').map(({ code, text }) => ({ code, text }));
}

const copies = (i: number): boolean => isCopying(`n${i}`);

const isCopying = (id: string): boolean =>
  cluster.node(id).fullSyncsDone > 0 || cluster.observe(id).states.db0 === 'WaitDBSync';
