import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BatchFacts, chooseBatches, inBatches } from '../../../src/core/plan/batches.ts';
import { makePlan, type PlanInput } from '../../../src/core/plan/plan.ts';
import type { PreflightNode } from '../../../src/core/plan/preflight-servers.ts';
import { aMaster, aNode, aRequest, now, type RequestChanges } from './preflight-support.ts';

const nodesOf = (count: number, version = '3.5.4') =>
  Array.from({ length: count }, (_, index) => aNode(`10.0.1.${index + 1}:9221`, { version }));

const planOf = (changes: RequestChanges) =>
  makePlan({ id: 'pln_1', at: now, ...aRequest(changes) } satisfies PlanInput);

interface Asked {
  readonly version?: string;
  readonly snapshotBytes?: number | null;
  readonly nodes?: readonly PreflightNode[];
  readonly batchSize?: number | 'auto';
  readonly budget?: number | null;
  readonly perNodeHost?: number | null;
  readonly canary?: number | null;
}

const factsOf = ({ version = '4.0.1', ...asked }: Asked): BatchFacts => ({
  masterCapabilities: aMaster({ version }).capabilities,
  snapshotBytes: asked.snapshotBytes ?? null,
  nodes: asked.nodes ?? nodesOf(6, version),
  policy: {
    batchSize: asked.batchSize ?? 'auto',
    bandwidthBytesPerSecond: asked.budget ?? null,
    canary: asked.canary ?? null,
  },
  perNodeHost: asked.perNodeHost ?? null,
});
const chosen = (asked: Asked) => chooseBatches(factsOf(asked));

const together = (version: string, count: number, batchSize: number | 'auto') =>
  chosen({ version, nodes: nodesOf(count, version), batchSize });

/** Nodes on the hosts that are named, in that order. */
const onHosts = (...hosts: readonly string[]) =>
  hosts.map((host, index) => aNode(`${host}:${9221 + index}`, { version: '4.0.1' }));

const MB = 1_000_000;
const GB = 1000 * MB;

describe('how many nodes together', () => {
  test.each(['3.3.6', '3.4.0', '3.5.0', '3.5.2', '3.5.4', '4.0.0', '3.5.6', '4.1.0'])(
    'promise 1: on %s never more than one, whatever the request asks',
    (version) => {
      fc.assert(
        fc.property(
          fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: 500 })),
          fc.integer({ min: 1, max: 40 }),
          (wish, count) => {
            const { batchSize, batches } = together(version, count, wish);
            expect(batchSize).toBe(1);
            expect(batches.every((batch) => batch.length === 1)).toBe(true);
          },
        ),
      );
    },
  );

  test.each(['3.5.5', '4.0.1'])('%s shares a dump: the wish counts, up to a bound', (version) => {
    expect(together(version, 6, 3).batchSize).toBe(3);
    expect(together(version, 6, 'auto').batchSize).toBe(4);
    expect(together(version, 2, 'auto').batchSize).toBe(2);
    expect(together(version, 40, 40).batchSize).toBe(16);
  });

  test.each([
    [1, 3, [1, 3, 2]],
    [3, 2, [2, 1, 2, 1]],
    [2, 'auto', [2, 4]],
    [6, 3, [3, 3]],
    [9, 3, [3, 3]],
    [null, 3, [3, 3]],
  ] as const)(
    'with a canary of %s of 6 nodes, asked for %s together: no batch holds both',
    (canary, batchSize, sizes) => {
      const nodes = nodesOf(6, '4.0.1').map((node, index) => ({
        ...node,
        target: { ...node.target, seenAs: { host: `10.9.9.${index}`, port: 9221 } },
      }));
      const { batches } = chosen({ nodes, canary, batchSize });
      expect(batches.map((batch) => batch.length)).toEqual(sizes);
      expect(batches.flat()).toEqual(nodes.map(({ target }) => target.name));
    },
  );

  test('one node of a version with the bug holds all others to one at a time', () => {
    const nodes = [...nodesOf(2, '3.5.5'), aNode('10.0.2.1:9221', { version: '3.5.4' })];
    const { batchSize, reason } = chosen({ version: '3.5.5', nodes, batchSize: 3 });
    expect(batchSize).toBe(1);
    expect(reason.text).toContain('10.0.2.1:9221');
  });

  test('an unread master is no licence for more than one', () => {
    expect(chooseBatches({ ...factsOf({ batchSize: 3 }), masterCapabilities: null }).batchSize).toBe(1);
  });

  test.each([
    ['3.5.4', 6, 'auto', /^On 3\.5\.4 .*at most 1 full sync of/],
    ['3.5.4', 6, 3, /^The request asks for 3, but on 3\.5\.4/],
    [
      '4.0.1',
      6,
      'auto',
      /^Chosen by the service: 4 together, because more would leave the master little room/,
    ],
    ['4.0.1', 2, 'auto', /^All nodes of the request together/],
    ['4.0.1', 2, 5, /^The request asks for 5; it names 2 nodes\.$/],
    ['4.0.1', 6, 2, /^As the request asks\./],
  ] as const)('%s, %i nodes, batchSize %s: the reason is in plain words', (version, count, wish, words) => {
    expect(together(version, count, wish).reason.text).toMatch(words);
  });
});

describe('left to the service, how many together depends on', () => {
  test('the hosts: nodes that share a disk count as one, and get into different batches', () => {
    const { batchSize, reason, batches } = chosen({ nodes: onHosts('a', 'a', 'a', 'b') });
    expect(batchSize).toBe(2);
    expect(reason.text).toBe(
      'Chosen by the service: 2 together, because the 4 nodes lie on 2 hosts, and nodes on one host share its disk.',
    );
    expect(batches).toEqual([['a:9221', 'b:9224'], ['a:9222'], ['a:9223']]);
  });

  test('the hosts as the others see them, not as the service reaches them', () => {
    const nodes = [1, 2].map((i) =>
      aNode(`10.0.1.${i}:9221`, { version: '4.0.1', seenAs: { host: 'Inside', port: 9220 + i } }),
    );
    expect(chosen({ nodes }).batchSize).toBe(1);
  });

  test('the slots of a host, as far as they allow more of it', () => {
    const { batchSize, reason, batches } = chosen({
      nodes: onHosts('a', 'a', 'a', 'a', 'a'),
      perNodeHost: 2,
    });
    expect(batchSize).toBe(2);
    expect(reason.text).toContain('at most 2 full syncs may run to one host (slots.perNodeHost)');
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
  });

  test('the budget: one that gives a node too little makes the batch smaller', () => {
    expect(chosen({ budget: 100 * MB }).batchSize).toBe(4);
    const tight = chosen({ budget: 9 * MB });
    expect(tight.batchSize).toBe(2);
    expect(tight.reason.text).toMatch(/at least 4\.0 MB\/s of the budget of 9\.0 MB\/s/);
    expect(chosen({ budget: MB }).batchSize).toBe(1);
  });

  test('the size: copies of seconds are made eight at a time', () => {
    const tiny = chosen({ nodes: nodesOf(12, '4.0.1'), snapshotBytes: 100 * MB });
    expect(tiny.batchSize).toBe(8);
    expect(tiny.reason.text).toMatch(
      /^Chosen by the service: 8 together, because copying 100 MB takes them seconds/,
    );
    const slow = chosen({ nodes: nodesOf(12, '4.0.1'), snapshotBytes: 100 * MB, budget: 20 * MB });
    expect(slow.batchSize).toBe(4);
  });

  test('the size: as many as end within four hours, because a longer copy meets more trouble', () => {
    expect(chosen({ snapshotBytes: 300 * GB }).batchSize).toBe(4);
    const huge = chosen({ snapshotBytes: 700 * GB });
    expect(huge.batchSize).toBe(2);
    expect(huge.reason.text).toMatch(
      /2 together, because a copy of 700 GB .* network card of one gigabit takes 3 h 32 min/,
    );
    expect(huge.reason.text).toContain('the dump takes disk of the master');
    const alone = chosen({ snapshotBytes: 700 * GB, budget: 40 * MB });
    expect(alone.batchSize).toBe(1);
    expect(alone.reason.text).toMatch(
      /one at a time, because a copy of 700 GB at its share of the budget of 40\.0 MB\/s/,
    );
  });

  test('nothing of that where the request says a number', () => {
    const asked = { batchSize: 3, perNodeHost: 1, snapshotBytes: 900 * GB, budget: MB } as const;
    const { batchSize, batches } = chosen({ ...asked, nodes: onHosts('a', 'a', 'a', 'a') });
    expect(batchSize).toBe(3);
    expect(batches).toEqual([['a:9221', 'a:9222', 'a:9223'], ['a:9224']]);
  });

  test('but every node is in exactly one batch, and no batch has too many, of all or of one host', () => {
    const hosts = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        hosts,
        fc.option(fc.integer({ min: 1, max: 4 })),
        fc.option(fc.integer({ min: 0, max: 10_000 * GB })),
        fc.option(fc.integer({ min: 65_536, max: 2_000 * MB })),
        (names, perNodeHost, snapshotBytes, budget) => {
          const nodes = onHosts(...names);
          const { batches, batchSize } = chosen({ nodes, perNodeHost, snapshotBytes, budget });
          expect(batches.flat().sort()).toEqual(nodes.map((node) => node.target.name).sort());
          for (const batch of batches) {
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(batchSize);
            const ofHosts = batch.map((name) => name.split(':')[0]);
            const most = Math.max(...ofHosts.map((host) => ofHosts.filter((other) => other === host).length));
            expect(most).toBeLessThanOrEqual(perNodeHost ?? 1);
          }
        },
      ),
    );
  });
});

describe('the plan', () => {
  test('names its batches in the order of the request', () => {
    const plan = planOf({
      master: aMaster({ version: '4.0.1' }),
      nodes: nodesOf(5, '4.0.1'),
      policy: { batchSize: 2 },
    });
    expect(plan.batches).toEqual([
      ['10.0.1.1:9221', '10.0.1.2:9221'],
      ['10.0.1.3:9221', '10.0.1.4:9221'],
      ['10.0.1.5:9221'],
    ]);
    expect(plan.acceptable).toBe(true);
    expect(plan.waitsFor).toBeNull();
    expect(plan.forecast?.secondsTotal).toBeNull();
  });

  test('is not acceptable with any error, and still says all that is known', () => {
    const plan = planOf({ nodes: [aNode('10.0.0.2:9221', { facts: { holdsKeys: true } })] });
    expect(plan.acceptable).toBe(false);
    expect(plan.findings.map(({ code }) => code)).toContain('holds_data');
    expect(plan.batches).toHaveLength(1);
  });

  test('says for which expansion it waits', () => {
    const plan = planOf({
      context: {
        expansionsOnMaster: [
          { id: 'exp_1', state: 'running' },
          { id: 'exp_2', state: 'pending' },
        ],
      },
    });
    expect(plan.waitsFor).toBe('exp_1');
    expect(plan.acceptable).toBe(true);
  });

  test('shows the master and its slaves as the master tells it', () => {
    const plan = planOf({
      master: aMaster({
        replication: {
          replicationId: 'id',
          slaves: [{ ip: '10.0.0.9', port: 9221, lag: { db0: 5 } }],
        },
        facts: { sizes: { sstBytes: 42, liveSstBytes: null, memtableBytes: null, estimatedKeys: 1 } },
      }),
    });
    expect(plan.topology).toEqual({
      master: {
        name: '10.0.0.1:9221',
        gitSha: null,
        version: '3.5.4',
        role: 'master',
        sstBytes: 42,
        binlog: { db0: { file: 3, offset: 500 } },
        replicationId: 'id',
      },
      slaves: [{ ip: '10.0.0.9', port: 9221, lag: { db0: 5 } }],
    });
  });

  test('of an unreadable master has neither topology nor capabilities', () => {
    const plan = planOf({
      master: aMaster({ look: { kind: 'unreachable', at: now, code: 'ECONNREFUSED', message: 'refused' } }),
    });
    expect(plan).toMatchObject({ topology: null, capabilities: null, acceptable: false, batchSize: 1 });
  });

  test('survives JSON unchanged', () => {
    const plan = planOf({ master: aMaster({ version: '4.0.1' }), nodes: nodesOf(3, '4.0.1') });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

describe('batches', () => {
  test('hold every name once, in order, and never more than the size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (names, size) => {
          const batches = inBatches(names, size);
          expect(batches.flat()).toEqual(names);
          expect(batches.every((batch) => batch.length > 0 && batch.length <= size)).toBe(true);
        },
      ),
    );
  });
});
