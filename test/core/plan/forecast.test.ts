import { describe, expect, test } from 'vitest';
import { driftOf } from '../../../src/core/plan/drift.ts';
import { type ForecastInput, makeForecast } from '../../../src/core/plan/forecast.ts';
import { makePlan } from '../../../src/core/plan/plan.ts';
import { writeRate } from '../../../src/core/plan/write-rate.ts';
import type { Forecast, MeasuredSync } from '../../../src/model/forecast.ts';
import type { ConfigFacts, SizeFacts } from '../../../src/model/observation.ts';
import { defaultPolicy, type Policy } from '../../../src/model/policy.ts';
import { aMaster, aNode, aRequest, now, type RequestChanges } from './preflight-support.ts';

const MB = 1_000_000;
const GB = 1000 * MB;

const sizes = (sstBytes: number, more: Partial<SizeFacts> = {}): SizeFacts => ({
  sstBytes,
  liveSstBytes: null,
  memtableBytes: 0,
  estimatedKeys: 1000,
  ...more,
});

const throttled = (version: string, name: string, throttleBytesPerSecond = 20 * MB) =>
  aNode(name, { version, config: { throttleBytesPerSecond } });

interface World extends RequestChanges {
  readonly version?: string;
  readonly snapshot?: number;
  readonly config?: Partial<ConfigFacts>;
  readonly writes?: number | null;
  readonly learnt?: readonly MeasuredSync[];
  readonly nodeCount?: number;
}

function planned(world: World) {
  const version = world.version ?? '3.5.4';
  const nodes = Array.from({ length: world.nodeCount ?? 2 }, (_, i) =>
    throttled(version, `10.0.1.${i + 1}:9221`),
  );
  return makePlan({
    id: 'pln_1',
    at: now,
    ...aRequest({
      master: aMaster({
        version,
        ...(world.config ? { config: world.config } : {}),
        facts: { sizes: sizes(world.snapshot ?? 10 * GB) },
      }),
      nodes,
      ...world,
    }),
    measured: {
      writes:
        world.writes == null
          ? null
          : { bytesPerSecond: world.writes, byDatabase: { db0: world.writes }, overMs: 2000 },
      learnt: world.learnt ?? [],
    },
  });
}

const forecastOf = (world: World): Forecast => planned(world).forecast!;

const sync = (more: Partial<MeasuredSync> = {}): MeasuredSync => ({
  masterHost: '10.0.0.1',
  masterPort: 9221,
  nodeHost: '10.0.1.1',
  bytes: GB,
  bytesPerSecond: 16 * MB,
  limitBytesPerSecond: 20 * MB,
  together: 1,
  transferSeconds: 62,
  aroundSeconds: 2,
  verifySeconds: 3,
  pace: null,
  at: now,
  ...more,
});

describe('the forecast of a plan', () => {
  test('is the snapshot over the throttle, and says that the throttle is only an upper bound', () => {
    const forecast = forecastOf({});
    const [node] = forecast.nodes;
    expect(node).toMatchObject({ throttleBytesPerSecond: 20 * MB, limitedBy: 'its throttle of 20.0 MB/s' });
    expect(node!.transferSeconds!.expected).toBeCloseTo((10 * GB) / (0.95 * 20 * MB), 0);
    expect(node!.transferSeconds!.high).toBeGreaterThan(1.9 * node!.transferSeconds!.low);
    expect(forecast.basis).toContain('upper bound');
    expect(forecast.learntFrom).toBe(0);
  });

  test('says which depth auto will probably choose, and how long that takes', () => {
    const few = forecastOf({ snapshot: GB, version: '3.5.4' });
    expect(few.depth).toMatchObject({ depth: 'full', pace: null, because: { code: 'full_chosen' } });
    const verify = { ...defaultPolicy.verify, fullTimeMs: 10_000 };
    const briefly = forecastOf({ snapshot: GB, policy: { verify } });
    expect(briefly.depth).toMatchObject({ depth: 'sample', because: { code: 'sample_chosen' } });
    expect(forecastOf({ policy: { verify: { ...verify, depth: 'full' } } }).depth).toBeNull();
    const slow = forecastOf({ snapshot: GB, learnt: [sync({ pace: 4 })] });
    expect(slow.depth).toMatchObject({ depth: 'sample', pace: 4, because: { facts: { measured: true } } });
    const ofAnother = forecastOf({ snapshot: GB, learnt: [sync({ pace: 4, masterPort: 9222 })] });
    expect(ofAnother.depth).toMatchObject({ depth: 'full', pace: null });
  });

  test('leaves the depth open where nothing tells how long the copy takes', () => {
    const node = aNode('10.0.1.1:9221', { config: { throttleBytesPerSecond: null } });
    expect(forecastOf({ nodes: [node] }).depth).toMatchObject({
      depth: null,
      because: { code: 'depth_after_copy' },
    });
  });

  test('adds the batches up, with the pauses between them', () => {
    const plain = forecastOf({ nodeCount: 3 });
    const paused = forecastOf({ nodeCount: 3, policy: { pauseBetweenBatchesMs: 60_000 } });
    expect(plain.batches.map((batch) => batch.startSeconds!.expected)).toEqual([
      0,
      plain.secondsPerNode!.expected,
      2 * plain.secondsPerNode!.expected,
    ]);
    expect(paused.secondsTotal!.expected).toBeCloseTo(plain.secondsTotal!.expected + 120, 5);
  });

  test('of a version that shares its dump counts the nodes of a batch once', () => {
    const one = forecastOf({ version: '4.0.1', nodeCount: 1 });
    const four = forecastOf({ version: '4.0.1', nodeCount: 4 });
    expect(four.batches).toHaveLength(1);
    expect(four.secondsTotal!.expected).toBeLessThan(one.secondsTotal!.expected * 1.05);
  });

  test('divides a budget of bandwidth among the nodes of a batch', () => {
    const forecast = forecastOf({
      version: '4.0.1',
      nodeCount: 4,
      policy: { bandwidthBytesPerSecond: 40 * MB },
    });
    expect(forecast.nodes[0]).toMatchObject({
      throttleBytesPerSecond: 10 * MB,
      limitedBy: 'its share of the budget of 40.0 MB/s',
    });
  });

  test('takes the rates of earlier full syncs between the same hosts, and is surer the more there are', () => {
    const policy = { verify: { ...defaultPolicy.verify, depth: 'sample' } } as const;
    const untried = forecastOf({ policy });
    const once = forecastOf({ policy, learnt: [sync()] });
    const often = forecastOf({ policy, learnt: Array.from({ length: 5 }, () => sync()) });
    expect(once.nodes[0]!.bytesPerSecond!.expected).toBeCloseTo(16 * MB, -3);
    const rateWidth = (f: Forecast): number =>
      f.nodes[0]!.bytesPerSecond!.high - f.nodes[0]!.bytesPerSecond!.low;
    expect(rateWidth(often)).toBeLessThan(rateWidth(once));
    const width = (f: Forecast): number => f.secondsPerNode!.high / f.secondsPerNode!.low;
    expect(width(often)).toBeLessThan(width(untried) / 1.5);
  });

  test('shares a rate that the network bounded among more nodes than before', () => {
    const bounded = sync({ bytesPerSecond: 60 * MB, limitBytesPerSecond: 200 * MB, together: 1 });
    const forecast = makeForecast({
      ...inputOf('4.0.1', 3, 200 * MB),
      learnt: [bounded],
    });
    expect(forecast.nodes[0]!.bytesPerSecond!.expected).toBeCloseTo(20 * MB, -3);
  });

  test('never promises more than the throttle, whatever was learnt', () => {
    const forecast = forecastOf({ learnt: [sync({ bytesPerSecond: 90 * MB, limitBytesPerSecond: null })] });
    expect(forecast.nodes[0]!.bytesPerSecond!.high).toBeLessThanOrEqual(20 * MB);
  });

  test('says unknown where a version does not tell its size', () => {
    const plan = makePlan({ id: 'p', at: now, ...aRequest() });
    expect(plan.forecast).toMatchObject({ secondsTotal: null, secondsPerNode: null, bytesPerNode: null });
    expect(plan.forecast!.basis).toContain('does not tell the size of the snapshot');
  });

  test('tells the snapshot by DB where the blocks could be told apart', () => {
    const forecast = forecastOf({
      master: aMaster({
        replication: { binlog: { db0: { file: 1, offset: 0 }, db1: { file: 1, offset: 0 } } },
        facts: { sizes: sizes(3 * GB, { sstBytesByDatabase: [GB, 2 * GB] }) },
      }),
    });
    expect(forecast.snapshotBytesByDatabase).toEqual({ db0: GB, db1: 2 * GB });
  });

  test('survives JSON', () => {
    const forecast = forecastOf({ writes: 5 * MB });
    expect(JSON.parse(JSON.stringify(forecast))).toEqual(forecast);
  });
});

function inputOf(version: string, count: number, throttle: number): ForecastInput {
  const nodes = Array.from({ length: count }, (_, i) => throttled(version, `10.0.1.${i + 1}:9221`, throttle));
  const master = aMaster({ version, facts: { sizes: sizes(10 * GB) } });
  return {
    master: { target: master.target, facts: master.look.kind === 'answered' ? master.look.facts : {} },
    capabilities: master.capabilities!,
    nodes: nodes.map((node) => ({
      target: node.target,
      facts: node.look.kind === 'answered' ? node.look.facts : null,
    })),
    batches: [nodes.map((node) => node.target.name)],
    policy: defaultPolicy as Policy,
    writes: null,
    learnt: [],
  };
}

describe('the binlog that is written meanwhile', () => {
  const codes = (world: World) => planned(world).findings.map((finding) => finding.code);

  test('warns of a purge on versions that do not spare a syncing slave, with the numbers', () => {
    const plan = planned({ version: '3.3.6', writes: 20 * MB, snapshot: 10 * GB });
    const risk = plan.findings.find((finding) => finding.code === 'binlog_retention_risk');
    expect(risk?.text).toMatch(/20\.0 MB\/s.*keep 1\.0 GB \(10 files a DB\)/);
    expect(codes({ version: '3.3.6', writes: 20 * MB })).not.toContain('binlog_disk_growth');
  });

  const unsized = (version: string, writes: number, policy: Partial<Policy> = {}) => {
    const request = aRequest({
      master: aMaster({ version }),
      nodes: [throttled(version, '10.0.1.1:9221')],
      policy,
    });
    const measured = { bytesPerSecond: writes, byDatabase: { db0: writes }, overMs: 2000 };
    return makePlan({ id: 'p', at: now, ...request, measured: { writes: measured, learnt: [] } });
  };

  test('of such a version, which does not tell its size, is to be kept for a day', () => {
    const { findings, forecast } = unsized('3.3.6', MB);
    const risk = findings.find((finding) => finding.code === 'binlog_retention_risk');
    expect(risk?.text).toMatch(/1\.0 MB\/s of binlog are written; .*, which lasts 17 min\. How long/);
    // 86.4 GB in files of 104,857,600 bytes, and two to spare.
    expect(forecast?.binlog.neededFiles).toBe(826);
    expect(risk?.nextStep).toContain('to 826 for the time of the expansion');
    const slow = unsized('3.3.6', 1000);
    expect(slow.findings.map(({ code }) => code)).not.toContain('binlog_retention_risk');
    expect(slow.forecast?.binlog.neededFiles).toBeNull();
  });

  test('is raised where the request permits it: a note in place of the warning', () => {
    const { findings } = unsized('3.4.0', MB, { mayRaiseBinlogRetention: true });
    const codes = findings.map(({ code }) => code);
    expect(codes).toContain('binlog_retention_raised');
    expect(codes).not.toContain('binlog_retention_risk');
    const raised = findings.find(({ code }) => code === 'binlog_retention_raised');
    expect(raised?.severity).toBe('info');
    expect(raised?.text).toContain('raises expire-logs-nums of 10.0.0.1:9221 to 826');
  });

  test('of a version that spares it is no matter where its size is not known', () => {
    expect(unsized('3.5.0', 50 * MB).forecast?.binlog.neededFiles).toBeNull();
  });

  test('warns of a growing log folder where purging waits for the sync', () => {
    expect(codes({ version: '3.5.4', writes: 20 * MB })).toContain('binlog_disk_growth');
    expect(codes({ version: '4.0.1', writes: 20 * MB })).not.toContain('binlog_retention_risk');
  });

  test('warns of nothing when the settings keep enough, or nothing was measured', () => {
    const quiet = codes({ version: '3.5.4', writes: 20 * MB, config: { expireLogsNums: 10_000 } });
    expect(quiet).not.toContain('binlog_disk_growth');
    expect(codes({ version: '3.5.4', writes: null })).not.toContain('binlog_disk_growth');
  });

  test('is measured from two looks, over the end of a file', () => {
    const first = { at: 0, binlog: { db0: { file: 4, offset: 90 * MB }, db1: { file: 0, offset: 0 } } };
    const last = {
      at: 2000,
      binlog: { db0: { file: 5, offset: 10 * MB }, db1: { file: 0, offset: 4 * MB } },
    };
    expect(writeRate(first, last, 100 * MB)).toEqual({
      bytesPerSecond: 12 * MB,
      byDatabase: { db0: 10 * MB, db1: 2 * MB },
      overMs: 2000,
    });
    expect(writeRate(first, last, null)).toBeNull();
    expect(writeRate(first, { ...last, at: 100 }, 100 * MB)).toBeNull();
  });
});

describe('the forecast against the facts of later', () => {
  const drift = (before: World, after: World, tolerance = 0.5) =>
    driftOf(forecastOf(before), forecastOf(after), tolerance, { at: now, batch: 1 });

  test('within the tolerance says nothing', () => {
    expect(drift({}, { snapshot: 12 * GB })).toBeNull();
  });

  test('beyond it names what has grown, with both figures', () => {
    const found = drift({ writes: MB }, { snapshot: 60 * GB, writes: 30 * MB });
    expect(found?.figures.map((figure) => figure.name)).toEqual([
      'snapshot_bytes',
      'seconds_per_node',
      'write_bytes_per_second',
    ]);
    expect(found?.text).toContain('planned with 10.0 GB and is 60.0 GB now');
  });

  test('of small things is noise', () => {
    expect(drift({ snapshot: MB }, { snapshot: 40 * MB })).toBeNull();
  });
});
