import { describe, expect, test } from 'vitest';
import type { Cluster, SupersededOutcome } from '../../src/simulator/index.ts';
import {
  attach,
  type Base,
  clusterFor,
  essence,
  loadBase,
  loadRecording,
  type Played,
  play,
  type Recording,
  seenInRecording,
  smallDiskBytes,
  type Verified,
  wipeKeepingId,
} from './recorded-situation.ts';

interface Situation {
  /** What was written to `m` before the recording. */
  readonly base?: Base;
  readonly prepare?: (cluster: Cluster) => void;
  /** Where the recorded outcome was a matter of microseconds: what a superseded copy came to, by node. */
  readonly superseded?: Readonly<Record<string, SupersededOutcome>>;
  /** Dumps that the recording's README counts. */
  readonly dumps?: number;
}

const notInBinlog: Base = { strings: 20_000, outsideBinlog: true };

/** A slave that came by its data without a file transfer: NO ONE does not stall. */
function attachedByIncrement(cluster: Cluster): void {
  wipeKeepingId(cluster, 's1', 'm');
  attach(cluster, 's1', 'm');
}

const emptyButAttached = (cluster: Cluster): void => {
  attachedByIncrement(cluster);
  loadBase(cluster, 'm', { strings: 100, prefix: 'later' });
  cluster.advance(2_000);
};

const situations: Readonly<Record<string, Situation>> = {
  '01-3.5.4-one-slave-idle': { base: { strings: 120_000 }, dumps: 1 },
  '02-3.5.4-one-slave-writes': { base: { strings: 120_000 }, dumps: 1 },
  '03-4.0.1-one-slave-writes': { base: { strings: 120_000 }, dumps: 1 },
  '04-3.5.5-one-slave-writes': { base: { strings: 120_000 }, dumps: 1 },
  '05-3.5.4-burst3-writes-silent-loss': { base: { strings: 200_000 }, dumps: 3 },
  '06-3.5.4-burst3-hang': { base: { strings: 120_000, hashes: 120_000, zsets: 50_000 }, dumps: 3 },
  '07-3.5.4-burst3-slave-dies': {
    base: { strings: 60_000 },
    superseded: { s1: 'loss', s2: 'death' },
    dumps: 3,
  },
  '08-4.0.1-burst3-writes': { base: { strings: 200_000 }, dumps: 1 },
  '09-3.5.5-burst3-writes': { base: { strings: 200_000 }, dumps: 1 },
  '10a-3.5.4-few-keys-new-slave': { base: { strings: 2_000 }, dumps: 1 },
  '10a-4.0.1-few-keys-new-slave': { base: { strings: 2_000 }, dumps: 1 },
  '10b-3.5.4-few-keys-wiped-slave-same-replication-id': {
    base: { strings: 2_000 },
    prepare: (cluster) => wipeKeepingId(cluster, 's1', 'm'),
  },
  '10b-4.0.1-few-keys-wiped-slave-same-replication-id': {
    base: { strings: 2_000 },
    prepare: (cluster) => wipeKeepingId(cluster, 's1', 'm'),
  },
  '11-3.5.4-slaveof-force': { base: { strings: 2_000 }, prepare: attachedByIncrement, dumps: 1 },
  '11-4.0.1-slaveof-force': { base: { strings: 2_000 }, prepare: attachedByIncrement, dumps: 1 },
  '12a-3.5.4-data-not-in-binlog-new-slave': { base: notInBinlog },
  '12a-4.0.1-data-not-in-binlog-new-slave': { base: notInBinlog },
  '12b-3.5.4-data-not-in-binlog-wiped-slave-silent-loss': {
    base: notInBinlog,
    prepare: (cluster) => wipeKeepingId(cluster, 's1', 'm'),
  },
  '12b-4.0.1-data-not-in-binlog-wiped-slave-silent-loss': {
    base: notInBinlog,
    prepare: (cluster) => wipeKeepingId(cluster, 's1', 'm'),
  },
  '12c-3.5.4-data-not-in-binlog-force': { base: notInBinlog, prepare: emptyButAttached },
  '12c-4.0.1-data-not-in-binlog-force': { base: notInBinlog, prepare: emptyButAttached },
  '13-3.5.4-masterauth-missing-wrong-right': {
    base: { strings: 2_000 },
    prepare: (cluster) => cluster.execute('m', ['CONFIG', 'SET', 'requirepass', 'secret']),
  },
  '13-4.0.1-masterauth-missing-wrong-right': {
    base: { strings: 2_000 },
    prepare: (cluster) => cluster.execute('m', ['CONFIG', 'SET', 'requirepass', 'secret']),
  },
  '14-3.5.4-master-unreachable': { prepare: (cluster) => loadBase(cluster, 's1', { strings: 1_000 }) },
  '14-4.0.1-master-unreachable': { prepare: (cluster) => loadBase(cluster, 's1', { strings: 1_000 }) },
  '15-3.5.4-databases-mismatch': { base: { strings: 2_000 }, dumps: 0 },
  '15-4.0.1-databases-mismatch': { base: { strings: 2_000 }, dumps: 0 },
  '16-3.5.4-slave-of-4.0.1-master': { base: { strings: 20_000, hashes: 2_000 } },
  '16-4.0.1-slave-of-3.5.4-master': { base: { strings: 20_000, hashes: 2_000 }, dumps: 0 },
  '17-3.5.4-slave-killed-mid-transfer': { base: { strings: 100_000 }, dumps: 2 },
  '17-4.0.1-slave-killed-mid-transfer': { base: { strings: 100_000 }, dumps: 1 },
  '17b-3.5.4-slave-killed-mid-transfer-slaveof-in-conf': { base: { strings: 100_000 }, dumps: 2 },
  '18-3.5.4-master-killed-mid-transfer': { base: { strings: 100_000 }, dumps: 2 },
  '18-4.0.1-master-killed-mid-transfer': { base: { strings: 100_000 }, dumps: 2 },
  '19-3.5.4-no-one-mid-transfer': { base: { strings: 100_000 } },
  '19-4.0.1-no-one-mid-transfer': { base: { strings: 100_000 } },
  '20-3.5.4-chain': { base: { strings: 40_000 } },
  '20-4.0.1-chain': { base: { strings: 40_000 } },
  '21-3.5.4-slaveof-errors-and-short-cuts': { base: { strings: 3_000 }, prepare: otherMasterAndForeignKeys },
  '21-4.0.1-slaveof-errors-and-short-cuts': { base: { strings: 3_000 }, prepare: otherMasterAndForeignKeys },
  '22-3.5.4-bgsave-and-dump-reuse': { base: { strings: 60_000 }, dumps: 5 },
  '22-3.5.5-bgsave-and-dump-reuse': { base: { strings: 60_000 }, dumps: 2 },
  '22-4.0.1-bgsave-and-dump-reuse': { base: { strings: 60_000 }, dumps: 2 },
  '25-3.5.4-three-slaves-one-after-another': { base: { strings: 150_000 }, dumps: 3 },
  '26-3.5.4-loss-and-its-repair': { base: { strings: 150_000 }, superseded: { s1: 'loss' }, dumps: 2 },
  '27-3.5.4-hang-and-its-repair': { base: { strings: 60_000, hashes: 60_000, zsets: 25_000 }, dumps: 3 },
  '28-3.5.4-dead-slave-and-its-restart': {
    base: { strings: 60_000 },
    superseded: { s1: 'loss', s2: 'death' },
    dumps: 3,
  },
  '30-3.5.4-bgsave-by-hand-mid-transfer': { base: { strings: 100_000 }, prepare: keepFileZero, dumps: 2 },
  '30-3.5.5-bgsave-by-hand-mid-transfer': { base: { strings: 100_000 }, prepare: keepFileZero, dumps: 2 },
  '30-4.0.1-bgsave-by-hand-mid-transfer': { base: { strings: 100_000 }, prepare: keepFileZero, dumps: 2 },
  '31-3.5.4-data-not-in-binlog-new-slave-killed-mid-transfer': {
    base: { strings: 60_000, outsideBinlog: true },
  },
  '31-4.0.1-data-not-in-binlog-new-slave-killed-mid-transfer': {
    base: { strings: 60_000, outsideBinlog: true },
  },
  '32-3.5.4-bgsave-by-hand-mid-transfer-file0-purged': { base: { strings: 300_000 }, dumps: 2 },
  '32-4.0.1-bgsave-by-hand-mid-transfer-file0-purged': { base: { strings: 300_000 }, dumps: 2 },
  '33-3.5.4-three-at-once-writes': { base: { strings: 120_000 }, dumps: 2 },
  '34-3.5.4-lastsave-betrays-dumps': {
    base: { strings: 120_000 },
    superseded: { s1: 'loss', s2: 'death' },
    dumps: 3,
  },
  '34-4.0.1-lastsave-betrays-dumps': { base: { strings: 120_000 }, dumps: 1 },
  '40-3.5.4-one-slave-writes-with-counters': { base: { strings: 200_000 }, dumps: 1 },
  '41-3.5.4-burst3-silent-loss-with-counters': { base: { strings: 200_000 }, dumps: 3 },
  '42-4.0.1-burst3-writes-with-counters': { base: { strings: 200_000 }, dumps: 1 },
  '43-3.5.4-slave-disk-full': { base: { strings: 150_000 }, prepare: smallDisk, dumps: 1 },
  '43-4.0.1-slave-disk-full': { base: { strings: 150_000 }, prepare: smallDisk, dumps: 1 },
};

function otherMasterAndForeignKeys(cluster: Cluster): void {
  loadBase(cluster, 'm2', { strings: 3_000, prefix: 'other' });
  loadBase(cluster, 's1', { strings: 700, prefix: 'foreign' });
}

/** In recording 30 the purge had not come to file 0 yet when the sync began, and the sync then held it back. */
function keepFileZero(cluster: Cluster): void {
  cluster.node('m').settings.set('expire-logs-nums', '20');
}

function smallDisk(cluster: Cluster): void {
  cluster.fault.copyRoom('s1', smallDiskBytes);
}

interface Run extends Played {
  readonly cluster: Cluster;
}

function run(name: string, recording: Recording, seed: number): Run {
  const { base, prepare, superseded } = situations[name]!;
  const cluster = clusterFor(recording, seed);
  const early = prepare === keepFileZero;
  if (early) prepare?.(cluster);
  if (base !== undefined) loadBase(cluster, 'm', base);
  if (!early) prepare?.(cluster);
  for (const [node, outcome] of Object.entries(superseded ?? {})) cluster.fault.nextSuperseded(node, outcome);
  return { ...play(cluster, recording), cluster };
}

const lastVerification = ({ rows }: Recording): Readonly<Record<string, Verified>> =>
  Object.assign({}, ...rows.flatMap(({ verify }) => (verify === undefined ? [] : [verify])));

/** What the recorder counted after the end, as: complete, incomplete or gone. */
function recordedOutcome(verified: Verified): string | null {
  if (verified.process === 'gone') return 'gone';
  if (verified.missing === undefined) return null;
  return verified.missing === 0 ? 'complete' : 'incomplete';
}

function outcomeOf(cluster: Cluster, id: string): string {
  const { alive, missing } = cluster.observe(id);
  if (!alive) return 'gone';
  return missing === 0 ? 'complete' : 'incomplete';
}

const seedsTried = 200;

/** All that the recorder wrote down of one run, in words: sequences, outcomes, and dumps where they were counted. */
const wordsOf = (recording: Recording, seen: Played['seen']): Record<string, string> =>
  Object.fromEntries(
    Object.keys(seenInRecording(recording)).map((name) => [name, essence(seen[name] ?? []).join(' ')]),
  );

interface Told {
  readonly sequences: Record<string, string>;
  readonly outcomes: Record<string, string | null>;
  readonly dumps: number | undefined;
}

const toldByRecording = (name: string, recording: Recording): Told => ({
  sequences: wordsOf(recording, seenInRecording(recording)),
  outcomes: Object.fromEntries(
    Object.entries(lastVerification(recording)).map(([id, verified]) => [id, recordedOutcome(verified)]),
  ),
  dumps: situations[name]!.dumps,
});

/** After the end the write load's last records arrive, as they did before the recorder counted. */
function toldBySimulator(name: string, recording: Recording, { cluster, seen }: Run): Told {
  const sequences = wordsOf(recording, seen);
  const dumps = situations[name]!.dumps === undefined ? undefined : cluster.observe('m').dumpsMade;
  cluster.advance(20_000);
  const outcomes = Object.entries(lastVerification(recording)).map(([id, verified]) => [
    id,
    recordedOutcome(verified) === null ? null : outcomeOf(cluster, id),
  ]);
  return { sequences, outcomes: Object.fromEntries(outcomes), dumps };
}

/**
 * The recorded run must be a possible one: the phase of a 3 s cron and races of milliseconds decide some of them, so
 * several seeds are tried. Gives the first that tells the same, or else the first of all.
 */
function findRecordedRun(name: string, recording: Recording): { readonly told: Told; readonly run: Run } {
  const wanted = JSON.stringify(toldByRecording(name, recording));
  let first: { told: Told; run: Run } | undefined;
  for (let seed = 1; seed <= seedsTried; seed++) {
    const tried = run(name, recording, seed);
    const told = toldBySimulator(name, recording, tried);
    first ??= { told, run: tried };
    if (JSON.stringify(told) === wanted) return { told, run: tried };
  }
  return first!;
}

const numeric = /^\d+$/;

describe.each(Object.keys(situations))('recording %s', (name) => {
  test('an observer of the simulator sees the states of the recording, in its order, and the same data are missing', () => {
    const recording = loadRecording(name);
    const { told, run: found } = findRecordedRun(name, recording);
    expect(told).toEqual(toldByRecording(name, recording));
    for (const [recorded, simulated] of found.replies)
      if (!numeric.test(recorded)) expect(simulated).toBe(recorded);
  });
});
