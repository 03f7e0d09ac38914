import { describe, expect, test } from 'vitest';
import { newMasterTracker, othersInFullSync, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { Look, NodeFacts, ReplicationFacts, SlaveLag } from '../../../src/model/observation.ts';

const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };
const stats = {
  bgsaving: false,
  scanningKeyspace: false,
  compacting: false,
  opsPerSecond: 0,
  replInputBytes: 0,
  replOutputBytes: 1000,
  commandsProcessed: null,
};
const answered = (at: number, facts: NodeFacts = {}): Look => ({
  kind: 'answered',
  at,
  tookMs: 1,
  facts: { server, stats, lastSaveUnixSeconds: 10, ...facts },
});
const seen = (...looks: readonly Look[]) => looks.reduce(trackMaster, newMasterTracker());

describe('a restart of the master', () => {
  test.each<readonly [string, NodeFacts]>([
    ['another process id', { server: { ...server, processId: 8 } }],
    ['an uptime that fell', { server: { ...server, uptimeSeconds: 3 } }],
    ['a counter that fell', { stats: { ...stats, replOutputBytes: 5 } }],
  ])('is told by %s alone', (_, facts) => {
    expect(seen(answered(1000), answered(2000)).restartedAt).toBeNull();
    expect(seen(answered(1000), answered(2000, facts)).restartedAt).toBe(2000);
  });

  test('sets LASTSAVE back, which is no dump; the next change is one', () => {
    const restarted = { server: { ...server, processId: 8 } };
    const back = answered(2000, { ...restarted, lastSaveUnixSeconds: 0 });
    expect(seen(answered(1000), back).dumps).toEqual([]);
    const next = answered(3000, { ...restarted, lastSaveUnixSeconds: 12 });
    expect(seen(answered(1000), back, next).dumps).toMatchObject([{ lastSave: 12, notBefore: 1999 }]);
  });
});

test('the silence of a master is counted from its first look without an answer to the next answer (promise 6)', () => {
  const silent = (at: number): Look => ({ kind: 'busy', at, tookMs: 1000 });
  expect(seen(answered(1000), silent(2000), silent(3000)).silentSince).toBe(2000);
  expect(seen(answered(1000), silent(2000), answered(3000)).silentSince).toBeNull();
});

test('full syncs of others are told by the word that the master’s version has for them (promise 1)', () => {
  const slave = (ip: string, lag: SlaveLag) => ({ ip, port: 9221, lag: { db0: lag } });
  const slaves = [slave('10.0.0.2', 'full syncing'), slave('10.0.0.3', 'not syncing'), slave('10.0.0.4', 0)];
  const others = (reportedVersion: string) =>
    othersInFullSync(
      { slaves } as unknown as ReplicationFacts,
      () => false,
      capabilitiesOf({ server: { ...server, reportedVersion } }),
    );
  expect(others('3.5.4')).toEqual(['10.0.0.2:9221']);
  expect(others('3.3.6')).toEqual(['10.0.0.3:9221']);
});
