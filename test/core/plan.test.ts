import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseBatchSize, inBatches, makePlan, type PlanInput } from '../../src/core/plan.ts';
import { aMaster, aNode, aRequest, now, type RequestChanges } from './preflight-support.ts';

const nodesOf = (count: number, version = '3.5.4') =>
  Array.from({ length: count }, (_, index) => aNode(`10.0.1.${index + 1}:9221`, { version }));

const planOf = (changes: RequestChanges) =>
  makePlan({ id: 'pln_1', at: now, ...aRequest(changes) } satisfies PlanInput);

const together = (version: string, count: number, batchSize: number | 'auto') =>
  chooseBatchSize({
    master: aMaster({ version }),
    nodes: nodesOf(count, version),
    policy: { batchSize },
  });

describe('how many nodes together', () => {
  test.each(['3.3.6', '3.4.0', '3.5.0', '3.5.2', '3.5.4', '4.0.0', '3.5.6', '4.1.0'])(
    'promise 1: on %s never more than one, whatever the request asks',
    (version) => {
      fc.assert(
        fc.property(
          fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: 500 })),
          fc.integer({ min: 1, max: 40 }),
          (wish, count) => {
            expect(together(version, count, wish).batchSize).toBe(1);
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

  test('a budget of bandwidth that gives a node too little makes the batch smaller, and says so', () => {
    const input = (bandwidthBytesPerSecond: number) => ({
      master: aMaster({ version: '4.0.1' }),
      nodes: nodesOf(6, '4.0.1'),
      policy: { batchSize: 'auto' as const, bandwidthBytesPerSecond },
    });
    expect(chooseBatchSize(input(100_000_000)).batchSize).toBe(4);
    const tight = chooseBatchSize(input(9_000_000));
    expect(tight.batchSize).toBe(2);
    expect(tight.reason).toMatch(/at least 4\.0 MB\/s of the budget of 9\.0 MB\/s/);
    expect(chooseBatchSize(input(1_000_000)).batchSize).toBe(1);
  });

  test('one node of a version with the bug holds all others to one at a time', () => {
    const nodes = [...nodesOf(2, '3.5.5'), aNode('10.0.2.1:9221', { version: '3.5.4' })];
    const { batchSize, reason } = chooseBatchSize({
      master: aMaster({ version: '3.5.5' }),
      nodes,
      policy: { batchSize: 3 },
    });
    expect(batchSize).toBe(1);
    expect(reason).toContain('10.0.2.1:9221');
  });

  test('an unread master is no licence for more than one', () => {
    const look = { kind: 'busy', at: now, tookMs: 1 } as const;
    expect(
      chooseBatchSize({ master: aMaster({ look }), nodes: nodesOf(3), policy: { batchSize: 3 } }).batchSize,
    ).toBe(1);
  });

  test.each([
    ['3.5.4', 6, 'auto', /^On 3\.5\.4 .*at most 1 full sync .*2742/],
    ['3.5.4', 6, 3, /^The request asks for 3, but on 3\.5\.4/],
    ['4.0.1', 6, 'auto', /^Chosen by the service: 4 together/],
    ['4.0.1', 2, 'auto', /^All nodes of the request together/],
    ['4.0.1', 2, 5, /^The request asks for 5; it names 2 nodes\.$/],
    ['4.0.1', 6, 2, /^As the request asks\./],
  ] as const)('%s, %i nodes, batchSize %s: the reason is in plain words', (version, count, wish, words) => {
    expect(together(version, count, wish).reason).toMatch(words);
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
