import type { Expansion } from '../../src/model/expansion.ts';
import type { Figure, Forecast, ForecastRange } from '../../src/model/forecast.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import { MiB, type MockWorld } from './mock-world.ts';

const around = (expected: number): ForecastRange => ({
  low: expected * 0.8,
  expected,
  high: expected * 1.3,
});

const figure = (expected: number, real: number | null): Figure => ({
  forecast: around(expected),
  real,
  error: real === null ? null : (real - expected) / expected,
});

function forecastFor(nodes: readonly string[], batchSize: number): Forecast {
  const batches = nodes.filter((_, index) => index % batchSize === 0);
  return {
    secondsPerNode: around(24),
    secondsTotal: around(24 * batches.length),
    bytesPerNode: around(512 * MiB),
    snapshotBytesByDatabase: { db0: 512 * MiB },
    nodes: nodes.map((node) => ({
      node,
      throttleBytesPerSecond: 40 * MiB,
      bytesPerSecond: around(38 * MiB),
      limitedBy: 'its throttle',
      transferSeconds: around(13),
      disk: { oldBytes: 0, newBytes: around(512 * MiB) },
    })),
    batches: batches.map((_, batch) => ({
      batch,
      nodes: nodes.slice(batch * batchSize, (batch + 1) * batchSize),
      startSeconds: around(24 * batch),
      seconds: around(24),
      dump: 'new',
      binlogBytes: around(30 * MiB),
    })),
    binlog: {
      writeBytesPerSecond: 1.2 * MiB,
      duringBatchBytes: around(30 * MiB),
      keptBytes: 1000 * MiB,
      keptFiles: 10,
      neededFiles: null,
      sparedDuringSync: true,
    },
    masterDiskBytes: around(90 * MiB),
    learntFrom: 4,
    basis: 'Rates from 4 earlier full syncs.',
  };
}

/** An expansion that has ended, with its forecast beside what it was. */
export function addForetold(world: MockWorld): Expansion {
  const nodes = ['10.50.0.21:9221', '10.50.0.22:9221'];
  const { id } = world.add({ label: 'As foretold', master: '10.50.0.10:9221', nodes });
  world.patch(id, { forecast: forecastFor(nodes, 1) });
  world.runToRest(id);
  return world.patch(id, {
    forecastOutcome: {
      secondsTotal: figure(48, 50.4),
      nodes: nodes.map((node, index) => ({
        node,
        transferSeconds: figure(13, 13.8 - index),
        bytesPerSecond: figure(38 * MiB, 36 * MiB),
        bytes: figure(512 * MiB, 514 * MiB),
      })),
    },
  });
}

const pacedPolicy: PolicyInput = {
  bandwidthBytesPerSecond: 60 * MiB,
  mayRaiseBinlogRetention: true,
  health: { masterLatencyMs: 20, slaveLagBytes: 100 * MiB },
  windows: [{ from: '22:00', to: '06:00', days: ['sat', 'sun'], timeZone: 'Europe/Berlin' }],
};

/** An expansion at work whose pace is set by a budget, by the master's health and by windows, with all that shows it. */
export function addPaced(world: MockWorld): Expansion {
  const nodes = ['10.50.1.21:9221', '10.50.1.22:9221'];
  const { id } = world.add({ label: 'At a gentle pace', master: '10.50.1.10:9221', nodes });
  world.advance(4000);
  const borrowed = {
    given: [],
    pending: null,
    changes: 2,
    seenAt: world.now,
    restoringSince: null,
    fileWritten: false,
  };
  const latency = { what: 'master_latency_ms', value: 27.4, limit: 20 } as const;
  world.patchJoin(id, nodes[0]!, {
    borrowed: {
      ...borrowed,
      name: 'throttle-bytes-per-second',
      old: String(200 * MiB),
      seen: String(24 * MiB),
      state: 'borrowed',
    },
  });
  return world.patch(id, {
    policy: resolvePolicy(pacedPolicy),
    forecast: forecastFor(nodes, 1),
    health: {
      level: 0.4,
      changedAt: world.now,
      calmSince: null,
      ceiling: 0.5,
      readings: [latency, { what: 'slave_lag_bytes', value: 3 * MiB, limit: 100 * MiB }],
      over: latency,
    },
    borrowed: { ...borrowed, name: 'expire-logs-nums', old: '10', seen: '826', state: 'borrowed' },
  });
}

/** An expansion that waits for the next window, with nothing at work. `now` of the world must lie outside of it. */
export function addWaitingForWindow(world: MockWorld): Expansion {
  const { id } = world.add({
    label: 'Tonight',
    master: '10.50.2.10:9221',
    nodes: ['10.50.2.21:9221'],
  });
  const from = new Date(world.now + 3 * 3_600_000).toISOString().slice(11, 16);
  const to = new Date(world.now + 4 * 3_600_000).toISOString().slice(11, 16);
  world.enterState(id, 'running', '1 node in one batch');
  return world.patch(id, {
    startedAt: world.now,
    batchCount: 1,
    batchSize: 1,
    policy: resolvePolicy({ windows: [{ from, to, timeZone: 'UTC' }] }),
  });
}

/** The plan of an expansion no longer holds: it waits for approval, with the figures that have grown. */
export function addDrifted(world: MockWorld): Expansion {
  const nodes = ['10.50.3.21:9221', '10.50.3.22:9221'];
  const { id } = world.add({ label: 'Grown meanwhile', master: '10.50.3.10:9221', nodes });
  world.advance(2000);
  const forecast = forecastFor(nodes, 1);
  world.patch(id, {
    forecast,
    forecastDrift: {
      at: world.now,
      batch: 1,
      text: 'the plan no longer holds: the snapshot was planned with 537 MB and is 1.6 GB now',
      figures: [{ name: 'snapshot_bytes', planned: 512 * MiB, now: 1536 * MiB }],
      forecast,
    },
  });
  world.enterState(
    id,
    'awaiting_approval',
    'the plan no longer holds: the snapshot was planned with 537 MB and is 1.6 GB now',
  );
  return world.get(id)!;
}
