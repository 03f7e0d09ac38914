import { expect, test } from 'vitest';
import { dumpBytes, newMasterTracker, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import type { Dump } from '../../../src/model/full-sync.ts';
import type { Look, NodeFacts, ReplicationFacts } from '../../../src/model/observation.ts';
import { begin, ended } from '../steps/played-expansion.ts';
import { masterReplication } from './master-replication.ts';

const MB = 1_000_000;

const replication = (offset: number, file = 5): ReplicationFacts =>
  masterReplication({ binlog: { db0: { file, offset } } });
const sizes = (live: number) => ({ sstBytes: live, liveSstBytes: live }) as NonNullable<NodeFacts['sizes']>;
const look = (at: number, facts: NodeFacts): Look => ({ kind: 'answered', at, tookMs: 1, facts });

/** The dump that two looks at a master have between them, the size after it read by the second or by a third one. */
function dumpOf(before: NodeFacts, ...after: readonly NodeFacts[]): Dump {
  const looks = [
    look(1000, { lastSaveUnixSeconds: 1, ...before }),
    ...after.map((facts, i) => look(1100 + 100 * i, { lastSaveUnixSeconds: 2, ...facts })),
  ];
  return looks.reduce(trackMaster, newMasterTracker()).dumps[0]!;
}

test('what the dump flushed from memory belongs to the snapshot', () => {
  const dump = dumpOf(
    { replication: replication(100), sizes: sizes(43 * MB) },
    { replication: replication(100) },
    { replication: replication(100), sizes: sizes(65 * MB) },
  );
  expect(dumpBytes(dump)).toBe(65 * MB);
});

test('what was written after the dump, and can have been flushed by now, does not', () => {
  const after = { replication: replication(2 * MB), sizes: sizes(65 * MB) };
  expect(dumpBytes(dumpOf({ replication: replication(0), sizes: sizes(50 * MB) }, after))).toBe(59 * MB);
  expect(dumpBytes(dumpOf({ replication: replication(0), sizes: sizes(64 * MB) }, after))).toBe(64 * MB);
});

test('a compaction that ended meanwhile makes it the smaller of both', () => {
  const after = { replication: replication(0), sizes: sizes(40 * MB) };
  expect(dumpBytes(dumpOf({ replication: replication(0), sizes: sizes(50 * MB) }, after))).toBe(40 * MB);
});

test('with an unknown amount of writes the smaller size counts: a binlog file was begun, of unknown length', () => {
  const before = { replication: replication(100, 5), sizes: sizes(43 * MB) };
  const after = { replication: replication(50, 6), sizes: sizes(65 * MB) };
  expect(dumpBytes(dumpOf(before, after))).toBe(43 * MB);
  const config = { binlogFileSizeBytes: 1 * MB } as NonNullable<NodeFacts['config']>;
  expect(dumpBytes(dumpOf({ ...before, config }, after))).toBe(65 * MB - 3 * (1 * MB - 50));
});

test('nothing is known of a dump whose sizes were not read', () => {
  expect(dumpBytes(dumpOf({ replication: replication(0) }, { replication: replication(0) }))).toBeNull();
});

test('a master whose values lie in blob files: the snapshot is as large as what comes, and so is what the node opened', async () => {
  const { comesTo } = await begin({
    version: '4.0.1',
    nodes: ['n1'],
    before: ({ nodes }) => {
      for (const { settings } of nodes) settings.set('enable-blob-files', 'yes');
    },
  });
  const { joins } = await comesTo('its end', ended);
  const bytes = joins[0]!.evidence!.rules.find(({ rule }) => rule === 'bytes_received')!;
  expect(bytes.facts).toMatchObject({ snapshotBytesKnown: true });
  const { receivedBytes, snapshotBytes, nodeTableBytesAfterSwap } = bytes.facts as Record<string, number>;
  expect(receivedBytes! / snapshotBytes!).toBeCloseTo(1, 1);
  expect(nodeTableBytesAfterSwap! / snapshotBytes!).toBeCloseTo(1, 1);
});
