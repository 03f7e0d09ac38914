import { describe, expect, test } from 'vitest';
import {
  type AnomalyCode,
  type AnomalyFacts,
  anomalyCodes,
  anomalyFor,
  anomalyInGeneral,
  anomalySteps,
  makeAnomaly,
} from '../../src/model/anomalies.ts';
import { anomalyTable, remedyTexts } from '../../src/model/anomaly-table.ts';
import { expectText, readers } from '../support/texts.ts';

const sizes = { receivedBytes: 160e6, snapshotBytes: 100e6 };
const unknown = { receivedBytes: null, snapshotBytes: null };

/** Facts of every code, in the shapes that its rule makes. */
const samples: { readonly [Code in AnomalyCode]: readonly AnomalyFacts<Code>[] } = {
  snapshot_superseded: [
    { by: 'later_dump', otherSlave: null },
    { by: 'bgsave_during_copy', otherSlave: null },
    { by: 'other_full_sync', otherSlave: '10.0.0.3:9221' },
    { by: 'other_full_sync', otherSlave: null },
  ],
  hung_in_full_sync: [
    { as: 'still', stillForMs: 60_000, ...sizes },
    { as: 'refused', waitsForMs: 60_000, bytesPerSecond: 300, ...sizes },
    { as: 'no_headway', cameBytes: 4e6, inMs: 1_800_000, ...sizes },
    { as: 'no_headway', cameBytes: 4e6, inMs: 1_800_000, ...unknown },
    { as: 'uncounted', waitsForMs: 1_800_000, ...unknown },
    { as: 'between', forMs: 100_000, dbStates: { db0: 'WaitReply' }, ...unknown },
  ],
  reply_missed: [
    { dbs: ['db0'], forMs: 12_000, otherDatabaseConnected: false, helpsItselfWithinMs: 100_000 },
    { dbs: ['db0'], forMs: 120_000, otherDatabaseConnected: false, helpsItselfWithinMs: 100_000 },
    { dbs: ['db0', 'db1'], forMs: 12_000, otherDatabaseConnected: true, helpsItselfWithinMs: 100_000 },
  ],
  copy_not_opened: [sizes],
  binlog_not_applied: [
    { forMs: 60_000, flaps: 0 },
    { forMs: 60_000, flaps: 7 },
  ],
  died_on_partial_database: [{ forMs: 0 }, { forMs: 12_000 }],
  full_sync_skipped: [{ as: 'unfinished' }, { as: 'never' }, { as: 'by_binlog' }],
  refused_for_good: [{ noConnectForMs: 25_000 }],
  master_unreachable: [{ noConnectForMs: 25_000 }],
  master_still_syncing: [{ seenAt: 1 }],
  up_but_not_listed: [
    { as: 'not_listed', forMs: 10_000 },
    { as: 'not_syncing', forMs: 10_000 },
  ],
  up_but_incomplete: [
    { as: 'not_eligible' },
    { as: 'few_bytes', receivedBytes: 80e6, snapshotBytes: 100e6 },
    { as: 'small_tables', receivedBytes: 80e6, nodeTableBytesAfterSwap: 4e6 },
    { as: 'uncertain_dump', unseenMs: 3200 },
    { as: 'offset_stands_still', forMs: 60_000 },
    { as: 'data_differ', differences: 1, lookedAtKeys: 1, share: null },
    { as: 'data_differ', differences: 12, lookedAtKeys: 4000, share: 0.4 },
  ],
  files_unproven: [
    { as: 'dump_during_copy', db: 'db0' },
    { as: 'dump_gone', db: 'db0' },
    { as: 'came_too_late', db: 'db0' },
  ],
  sync_loop: [
    { as: 'since_attach', fullSyncs: 5 },
    { as: 'of_one_dump', fullSyncs: 4 },
    { as: 'too_many_bytes', fullSyncs: 3, receivedBytes: 240_000_000 },
  ],
  copy_begun_again: [
    { node: '10.0.0.2:9221', fullSyncs: 2, limit: 3, ...sizes },
    { node: '10.0.0.2:9221', fullSyncs: 2, limit: 3, ...unknown },
  ],
  copy_without_end: [
    { node: '10.0.0.2:9221', snapshotBytesAtMost: 100e6, masterBytes: 100e6, ...sizes },
    { node: '10.0.0.2:9221', snapshotBytesAtMost: null, masterBytes: 100e6, ...unknown },
    { node: '10.0.0.2:9221', snapshotBytesAtMost: 100e6, masterBytes: 100e6, timesOut: true, ...sizes },
  ],
  node_restarted: [
    { afterCopy: true, detached: false, restarts: 1 },
    { afterCopy: false, detached: true, restarts: 1 },
    { afterCopy: false, detached: false, restarts: 1 },
    { afterCopy: false, detached: false, restarts: 2 },
  ],
  master_restarted: [{ at: 1 }],
  foreign_change: [
    { as: 'other_master', intendedMaster: '10.0.0.1:9221', foundMaster: '10.9.9.9:9221' },
    { as: 'detached', intendedMaster: '10.0.0.1:9221', foundMaster: null },
  ],
  node_unreachable: [
    { as: 'hangs', forMs: 600_000 },
    { as: 'away', forMs: 0, how: null, met: null },
    { as: 'away', forMs: 9000, how: 'unreachable', met: 'connect ECONNREFUSED' },
    { as: 'away', forMs: 9000, how: 'denied', met: 'NOAUTH Authentication required.' },
  ],
};

const made = <Code extends AnomalyCode>(code: Code) =>
  samples[code].map((facts) => makeAnomaly(code, facts, { at: 1, attempt: 1 }));

describe('every anomaly', () => {
  test.each(anomalyCodes)('%s reads for everybody, after it was stored', (code) => {
    for (const anomaly of made(code))
      for (const reader of readers) {
        const stored = JSON.parse(JSON.stringify(anomaly));
        expectText(anomalyFor(stored, reader).text.replace('required.).', 'required).'), reader.language);
        for (const stage of ['underWay', 'givenUp'] as const) {
          const steps = anomalySteps(stored, stage, reader);
          expect(steps.length).toBeGreaterThan(0);
          for (const step of steps) expectText(step, reader.language);
        }
      }
  });

  test.each(anomalyCodes)('%s is explained in both languages', (code) => {
    for (const reader of readers) {
      const { title, cause, versions, underWay, nextSteps } = anomalyInGeneral(code, reader);
      for (const words of [title, cause, versions, ...underWay, ...nextSteps])
        expectText(words, reader.language);
    }
  });

  test.each(anomalyCodes)('%s, given up, promises nothing that the service no longer does', (code) => {
    for (const anomaly of made(code)) {
      const [underWay, givenUp] = (['underWay', 'givenUp'] as const).map((stage) =>
        anomalySteps(anomaly, stage, readers[0]!),
      );
      expect(givenUp).not.toEqual(underWay);
      expect(givenUp!.join(' ')).not.toMatch(/The service (detaches|repeats|attaches|follows|stops)/);
    }
  });

  test('of another release keeps its words', () => {
    const old = {
      ...makeAnomaly('full_sync_skipped', { as: 'never' }, { at: 1, attempt: 1 }),
      facts: { waits: 0 },
      text: 'As it was.',
    };
    expect(anomalyFor(old, readers[0]!).text).toBe('As it was.');
  });
});

test('every remedy has a name in both languages', () => {
  expect(new Set(Object.values(anomalyTable).map(({ remedy }) => remedy))).toEqual(
    new Set(Object.keys(remedyTexts)),
  );
  for (const reader of readers)
    for (const text of Object.values(remedyTexts)) expect(text[reader.language]({}, reader)).not.toBe('');
});
