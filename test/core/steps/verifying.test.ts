import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/steps/decide.ts';
import { newExpansion } from '../../../src/core/steps/new-expansion.ts';
import { newMasterTracker, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import type { EventInput } from '../../../src/model/events.ts';
import type { Expansion, Join } from '../../../src/model/expansion.ts';
import type { DbState, Look, NodeFacts, ReplicationFacts } from '../../../src/model/observation.ts';
import { type PolicyInput, resolvePolicy } from '../../../src/model/policy.ts';
import { sightOf } from '../../support/agents.ts';
import { masterReplication } from '../sync/master-replication.ts';

/** From "up" to its end: one node, whose copy is whole, and one look after another at it and its master. */
const mega = 1_000_000;
const snapshotBytes = 200 * mega;
const masterAt = { host: '10.0.0.1', port: 9221 };
const nodeAt = { host: '10.0.0.2', port: 9221 };
const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };
const capabilities = capabilitiesOf({ server });
const sizes = {
  sstBytes: snapshotBytes,
  liveSstBytes: snapshotBytes,
  memtableBytes: 0,
  estimatedKeys: 1,
};

const replication = masterReplication();
const answered = (at: number, facts: NodeFacts): Look => ({
  kind: 'answered',
  at,
  tookMs: 1,
  facts: { server, ...facts },
});
const file5 = (offset: number) => ({ db0: { file: 5, offset } });

const masterLook = (at: number, offset: number, lastSave: number, lag: number | 'not syncing' = 0): Look =>
  answered(at, {
    replication: {
      ...replication,
      binlog: file5(offset),
      slaves: [{ ip: nodeAt.host, port: nodeAt.port, lag: { db0: lag } }],
    },
    lastSaveUnixSeconds: lastSave,
    sizes,
  });

const nodeLook = (
  at: number,
  state: DbState,
  binlog: ReplicationFacts['binlog'],
  bytes: number | null,
): Look =>
  answered(at, {
    replication: {
      ...replication,
      role: 'slave',
      masterHost: masterAt.host,
      masterPort: masterAt.port,
      linkStatus: state === 'Connected' ? 'up' : 'down',
      dbStates: { db0: state },
      binlog,
    },
    stats: {
      bgsaving: false,
      scanningKeyspace: false,
      compacting: false,
      opsPerSecond: 0,
      replInputBytes: bytes,
      replOutputBytes: 0,
      commandsProcessed: null,
    },
    sizes,
  });

/** An expansion whose only node was attached at 1,000, the master's offset being 5:0. */
function attached(policy: PolicyInput): Expansion {
  const target = (name: string, address: typeof nodeAt) => ({
    name,
    address,
    seenAs: address,
    credential: null,
  });
  const fresh = newExpansion({
    id: 'e',
    master: target('m', masterAt),
    nodes: [{ ...target('n', nodeAt), overwriteData: false, repoint: false }],
    policy: resolvePolicy(policy),
    label: null,
    requestedBy: 'test',
    via: 'rest',
    now: 0,
  });
  const tracker = newSlaveTracker({
    attachedAt: 1000,
    master: masterAt,
    self: nodeAt,
    before: { server, replication: { ...replication, binlog: { db0: { file: 0, offset: 0 } } } },
    listedBefore: [],
    masterOffsets: file5(0),
  });
  return {
    ...fresh,
    state: 'running',
    startedAt: 500,
    capabilities,
    batchSize: 1,
    batchCount: 1,
    masterTracker: trackMaster(newMasterTracker(), masterLook(900, 0, 10)),
    joins: fresh.joins.map((join) => ({
      ...join,
      batch: 0,
      phase: 'attaching',
      attempts: [
        {
          number: 1,
          kind: 'attach',
          startedAt: 1000,
          endedAt: null,
          outcome: null,
          step: 'syncing',
          detachedAt: null,
          intents: [],
          tracker,
          catchUp: null,
        },
      ],
    })),
  };
}

/** null = it was not looked at. */
interface Shown {
  readonly node?: Look | null;
  readonly master?: Look | null;
  readonly report?: Partial<ComparisonReport>;
}

/** The node has copied all of its dump, counting so many bytes, and goes on to be judged, look by look. */
function copied(policy: PolicyInput = {}, bytes: number | null = snapshotBytes) {
  let expansion = attached(policy);
  const comparisons: string[] = [];
  const events: EventInput[] = [];
  /** Both are up and at 5:500, unless it is shown otherwise. */
  const see = (now: number, shown: Shown = {}): Join => {
    const { node = nodeLook(now, 'Connected', file5(500), snapshotBytes) } = shown;
    const { master = masterLook(now, 500, 11) } = shown;
    const decision = decide({
      expansion,
      now,
      epoch: 1,
      masterLook: master,
      nodeLooks: new Map(node === null ? [] : [[0, node]]),
      controls: [],
      frozen: null,
      reports: new Map(shown.report ? [[0, reportOf(now, shown.report)]] : []),
      masterHeldBy: null,
      capabilitiesOf,
    });
    expansion = decision.expansion;
    comparisons.push(...decision.comparisons.map(({ id }) => id));
    events.push(...decision.events);
    return expansion.joins[0]!;
  };
  const before = { db0: { file: 0, offset: 0 } };
  see(1100, { node: nodeLook(1100, 'WaitDBSync', before, bytes && 100) });
  see(1200, { node: nodeLook(1200, 'WaitDBSync', before, bytes) });
  return { see, comparisons, events };
}

const reportOf = (endedAt: number, change: Partial<ComparisonReport>): ComparisonReport => ({
  depth: 'sample',
  verdict: 'equal',
  reason: null,
  startedAt: endedAt - 10,
  endedAt,
  lookedAtKeys: 10,
  lookedAtKeysByType: {},
  estimatedKeys: 10,
  share: 1,
  smallestLossFound: null,
  differencesTotal: 0,
  differencesByKind: {},
  examples: [],
  rounds: 1,
  settledByRecheck: 0,
  counts: null,
  ...change,
});

test('a node that passes the offset, agrees and stays so is verified at the last of the looks required', () => {
  const { see, comparisons } = copied({ stableLooks: 3 });
  const phases = [see(2000), see(2100, { report: {} }), see(2200)].map(({ phase }) => phase);
  expect(phases).toEqual(['verifying', 'verifying', 'verified']);
  expect(comparisons).toEqual(['e.0.1.1']);
});

describe('a catch-up that stands still (promise 6)', () => {
  const behind = (now: number, offset: number): Shown => ({
    node: nodeLook(now, 'Connected', file5(offset), snapshotBytes),
  });
  const stallTimeoutMs = 60_000;

  test('ends the attempt after the time for it', () => {
    const { see } = copied({ stallTimeoutMs });
    see(2000, behind(2000, 400));
    expect(see(61_900, behind(61_900, 400)).attempts).toHaveLength(1);
    const { attempts, anomalies } = see(62_000, behind(62_000, 400));
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', null]);
    expect(anomalies.map(({ code }) => code)).toEqual(['up_but_incomplete']);
  });

  test('is not seen where the offset moves on, however slowly', () => {
    const { see } = copied({ stallTimeoutMs });
    for (let now = 2000; now <= 302_000; now += 50_000) {
      const { phase, attempts } = see(now, behind(now, 100 + now / 10_000));
      expect([phase, attempts.length]).toEqual(['catching_up', 1]);
    }
  });
});

test('a look at the node from before the master’s offset was captured does not show that it was passed', () => {
  const { see } = copied();
  const earlier = see(2000, { node: nodeLook(1990, 'Connected', file5(500), snapshotBytes) });
  expect([earlier.phase, earlier.attempts[0]!.catchUp!.passedAt]).toEqual(['catching_up', null]);
  expect(see(2100).attempts[0]!.catchUp!.passedAt).toBe(2100);
});

test('a comparison without a result is made three times, then the node is set apart (promise 6)', () => {
  const { see, comparisons } = copied();
  const none = { report: { verdict: 'inconclusive', reason: 'too busy' } } as const;
  see(2000);
  for (const now of [2100, 2300]) {
    expect(see(now, none).phase).toBe('verifying');
    see(now + 100);
  }
  const { phase, problem } = see(2500, none);
  expect([phase, problem?.code]).toEqual(['quarantined', 'comparison_inconclusive']);
  expect(comparisons).toEqual(['e.0.1.1', 'e.0.1.2', 'e.0.1.3']);
});

describe('the last word belongs to looks made after the comparison', () => {
  test.each<readonly [string, Shown]>([
    ['at the node', { node: nodeLook(2290, 'Connected', file5(500), snapshotBytes) }],
    ['at the master', { master: masterLook(2290, 500, 11) }],
  ])('%s', (_, shown) => {
    const { see } = copied({ stableLooks: 2 });
    see(2000);
    see(2100);
    expect(see(2310, { ...shown, report: { endedAt: 2300 } }).phase).toBe('verifying');
    expect(see(2400).phase).toBe('verified');
  });
});

test.each<readonly [string, Shown]>([
  ['the node', { node: null }],
  ['the master', { master: null }],
])('what was not looked at does not count as a look that held: %s', (_, shown) => {
  const { see } = copied({ stableLooks: 3 });
  see(2000);
  see(2100, { report: {} });
  expect(see(2200, shown).attempts[0]!.catchUp!.stableLooks).toBe(2);
});

describe('a look that fails begins the looks in a row anew', () => {
  test.each<readonly [string, Shown]>([
    ['the master lists the node as not syncing', { master: masterLook(2200, 500, 11, 'not syncing') }],
    ['the node does not reply', { node: { kind: 'busy', at: 2200, tookMs: 1000 } }],
  ])('%s', (_, shown) => {
    const { see, comparisons } = copied({ stableLooks: 3 });
    see(2000);
    see(2100);
    see(2200, shown);
    const phases = [see(2300, { report: {} }), see(2400), see(2500)].map(({ phase }) => phase);
    expect(phases).toEqual(['verifying', 'verifying', 'verified']);
    expect(comparisons).toHaveLength(1);
  });

  test('after a lost link the offset is captured and the data are compared anew too', () => {
    const { see, comparisons } = copied({ stableLooks: 2 });
    see(2000);
    see(2100);
    see(2200, { node: nodeLook(2200, 'TryConnect', file5(500), snapshotBytes) });
    const { attempts } = see(2300);
    expect(attempts[0]!.catchUp).toMatchObject({ targetAt: 2300, stableLooks: 1 });
    expect(comparisons).toHaveLength(2);
  });
});

test('a node of which a rule is never shown is set apart after the time for it (promise 6)', () => {
  const { see } = copied({ stallTimeoutMs: 60_000 }, null);
  const uncounted = (now: number): Shown => ({ node: nodeLook(now, 'Connected', file5(500), null) });
  see(2000, uncounted(2000));
  see(2100, { ...uncounted(2100), report: {} });
  const waiting = see(62_000, uncounted(62_000));
  expect([waiting.phase, waiting.waitingFor?.text]).toEqual([
    'verifying',
    'The bytes received are not known.',
  ]);
  const { phase, problem } = see(62_100, uncounted(62_100));
  expect([phase, problem?.code]).toEqual(['quarantined', 'evidence_missing']);
});

test('a policy that requires agents copies once more if the master’s next dump took the proof away', () => {
  const { see } = copied({ requireAgent: true });
  const attempt = {
    db: 'db0',
    startedAt: 1100,
    endedAt: 1900,
    verdict: 'complete' as const,
    cause: null,
    files: { listed: 2, copied: 2 },
  };
  const list = { code: 'list_taken', at: 1150, thread: 1, line: '', values: { db: 'db0', uuid: 'u' } };
  const shown = (now: number): Shown => ({
    node: {
      ...nodeLook(now, 'Connected', file5(500), snapshotBytes),
      sight: sightOf(now, { attempts: [attempt], log: [list] }),
    },
    master: { ...masterLook(now, 500, 11), sight: sightOf(now) },
  });
  see(2000, shown(2000));
  const { attempts, anomalies, diagnosis } = see(2100, { ...shown(2100), report: {} });
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', null]);
  expect(anomalies.map(({ text }) => text)).toEqual([
    'The copy of db0 agrees by INFO and data, and the agents cannot prove its files: its dump is no longer on the master.',
  ]);
  expect([diagnosis?.causes[0]?.code, diagnosis?.remedy.kind]).toEqual(['proof_gone', 'reattach']);
});

describe('where the sight of an agent is missing', () => {
  const attempt = {
    db: 'db0',
    startedAt: 1100,
    endedAt: 1900,
    verdict: 'complete' as const,
    cause: null,
    files: { listed: 2, copied: 2 },
  };
  const list = { code: 'list_taken', at: 1150, thread: 1, line: '', values: { db: 'db0', uuid: 'u' } };
  const nodeTells = (at: number) => ({ sight: sightOf(at, { attempts: [attempt], log: [list] }) });
  const looks = (now: number, ofNode: object, ofMaster: object): Shown => ({
    node: { ...nodeLook(now, 'Connected', file5(500), snapshotBytes), ...ofNode },
    master: { ...masterLook(now, 500, 11), ...ofMaster },
  });
  const scenes: Readonly<Record<string, (now: number) => Shown>> = {
    'no agent reports': (now) => looks(now, {}, {}),
    'none reports beside the node': (now) => looks(now, {}, { sight: sightOf(now) }),
    'none reports beside the master': (now) => looks(now, nodeTells(now), {}),
    'the agent of the node is silent since the swap': (now) =>
      looks(now, now < 2000 ? nodeTells(now) : {}, { sight: sightOf(now) }),
    'two agents contest each other': (now) =>
      looks(now, { contestedAgents: ['a@b', 'a@b'] }, { sight: sightOf(now) }),
  };

  test.each(Object.keys(scenes))('a policy that requires agents waits, then asks a person: %s', (name) => {
    const { see } = copied({ requireAgent: true, stallTimeoutMs: 60_000 });
    const shown = scenes[name]!;
    see(2000, shown(2000));
    for (let now = 2100; now <= 62_000; now += 5_000)
      expect(see(now, { ...shown(now), report: {} }).phase).toBe('verifying');
    const { phase, problem, attempts } = see(70_000, shown(70_000));
    expect([phase, problem?.code, attempts.length]).toEqual(['quarantined', 'evidence_missing', 1]);
    expect(problem?.text).toMatch(/agent/);
  });

  test.each(Object.keys(scenes))('no other policy asks for it: %s', (name) => {
    const { see } = copied({ stallTimeoutMs: 60_000 });
    const shown = scenes[name]!;
    see(2000, shown(2000));
    see(2100, { ...shown(2100), report: {} });
    const { phase } = see(20_000, shown(20_000));
    expect(phase).toBe('verified');
  });
});

test('what a node waits for is said once, although figures move with each look', () => {
  const { see, events } = copied({ stallTimeoutMs: 60_000 });
  const lags = (now: number): Shown => ({
    master: answered(now, {
      replication: {
        ...replication,
        binlog: file5(now),
        slaves: [{ ip: nodeAt.host, port: nodeAt.port, lag: { db0: now, db1: 'not syncing' } }],
      },
      lastSaveUnixSeconds: 11,
      sizes: { ...sizes, liveSstBytes: snapshotBytes + now },
    }),
  });
  see(2000);
  see(2100, { report: {} });
  for (let now = 2200; now < 12_000; now += 100) see(now, lags(now));
  expect(events.filter(({ type }) => type === 'node.waiting').map(({ text }) => text)).toEqual([
    'n waits: The master does not list the node in binlog sync.',
  ]);
});

describe('what depth auto chooses (promise 5)', () => {
  const begun = (policy: PolicyInput, keys = 1): Join => {
    const { see } = copied(policy);
    const master = masterLook(2000, 500, 11) as Look & { kind: 'answered' };
    const held = { ...master, facts: { ...master.facts, sizes: { ...sizes, estimatedKeys: keys } } };
    return see(2000, { master: held });
  };

  test('is decided when the comparison begins, by the time that the copy took, and kept with it', () => {
    expect(begun({}).comparison).toMatchObject({ report: null, chosen: { depth: 'full', limitMs: 10_000 } });
    const many = begun({}, 50_000_000).comparison;
    expect(many?.chosen).toMatchObject({ depth: 'sample', because: { code: 'sample_chosen' } });
  });

  test('is nothing where the request names the depth', () => {
    for (const depth of ['full', 'sample', 'counts'] as const)
      expect(begun({ verify: { depth } }).comparison).toEqual({ id: 'e.0.1.1', report: null });
  });

  test('stays with the report', () => {
    const { see } = copied({ stableLooks: 1 });
    see(2000);
    expect(see(2100, { report: {} }).comparison).toMatchObject({
      report: { verdict: 'equal' },
      chosen: { depth: 'full' },
    });
  });
});
