import { describe, expect, test } from 'vitest';
import { capabilitiesOf, sharedDumpLimit } from '../../../src/engines/pika/capabilities.ts';
import { parseReplication, parseServer } from '../../../src/engines/pika/info.ts';
import type { Capabilities } from '../../../src/model/capabilities.ts';
import type { NodeFacts, ReplicationFacts } from '../../../src/model/observation.ts';
import { versionReason } from '../../../src/model/versions.ts';
import { dumpedSections } from './recordings.ts';

interface Said {
  readonly replicationId?: string | null;
  readonly eligible?: boolean | null;
}

function saying(reportedVersion: string, { replicationId = '', eligible = null }: Said = {}): NodeFacts {
  const replication = parseReplication(
    'role:master\r\nconnected_slaves:0\r\ndb0:binlog_offset=0 0',
  ) as ReplicationFacts;
  return {
    server: { reportedVersion, processId: 1, uptimeSeconds: 1, runId: null, tcpPort: 9221 },
    replication: { ...replication, replicationId, eligibleForMasterElection: eligible },
  };
}

const said = (capabilities: Capabilities, name: string): string =>
  versionReason(capabilities, capabilities.reasons[name]!, { language: 'en' });

const of = (version: string, said?: Said) => capabilitiesOf(saying(version, said));

describe('the version is told by what a node prints, not only by what it says', () => {
  test('4.0.1 says 4.0.0 and is known by its eligibility flag', () => {
    expect(of('4.0.0').version).toBe('4.0.0');
    expect(of('4.0.0', { eligible: true }).version).toBe('4.0.1');
    expect(of('4.0.0', { eligible: false }).version).toBe('4.0.1');
  });

  test.each([
    ['3.5.4', '3.5.4'],
    ['3.5.5', '3.5.5'],
    ['4.0.1', '4.0.1'],
  ])('the recorded master and slave of %s', (release, version) => {
    for (const file of [`24-${release}-info-master.txt`, `24-${release}-info-slave.txt`]) {
      const sections = dumpedSections(file);
      const capabilities = capabilitiesOf({
        server: parseServer(sections.get('INFO server')!)!,
        replication: parseReplication(sections.get('INFO replication')!)!,
      });
      expect(capabilities.version).toBe(version);
      expect(capabilities.hasEligibleFlag).toBe(version !== '3.5.4');
      expect(capabilities.hasReplicationId).toBe(true);
    }
  });
});

describe('promise 1: how many full syncs at a time', () => {
  test.each([
    ['3.3.6', 1],
    ['3.4.0', 1],
    ['3.4.1', 1],
    ['3.5.0', 1],
    ['3.5.1', 1],
    ['3.5.2', 1],
    ['3.5.3', 1],
    ['3.5.4', 1],
    ['3.5.5', sharedDumpLimit],
    ['4.0.0', 1],
    ['3.5.6', 1],
    ['4.0.2', 1],
    ['4.1.0', 1],
    ['5.0.0', 1],
    ['3.2.9', 1],
    ['nonsense', 1],
  ])('%s: %i', (version, limit) => {
    expect(of(version).maxConcurrentFullSyncs).toBe(limit);
  });

  test('4.0.1 shares its dump', () => {
    expect(of('4.0.0', { eligible: true })).toMatchObject({
      maxConcurrentFullSyncs: sharedDumpLimit,
      opensSupersededCopy: false,
      reusesDump: true,
    });
  });

  test('4.0.0 reuses its dump, but opens a partial copy', () => {
    expect(of('4.0.0')).toMatchObject({ opensSupersededCopy: true, reusesDump: true });
  });
});

describe('what each version prints', () => {
  test.each([
    [
      '3.3.6',
      { lastSave: false, fullSyncing: false, bytes: false, rocksdb: false, dataCostly: true, streams: false },
    ],
    [
      '3.5.0',
      { lastSave: false, fullSyncing: false, bytes: true, rocksdb: true, dataCostly: true, streams: false },
    ],
    [
      '3.5.2',
      { lastSave: false, fullSyncing: false, bytes: true, rocksdb: true, dataCostly: true, streams: false },
    ],
    [
      '3.5.3',
      { lastSave: true, fullSyncing: true, bytes: true, rocksdb: true, dataCostly: true, streams: true },
    ],
    [
      '3.5.4',
      { lastSave: true, fullSyncing: true, bytes: true, rocksdb: true, dataCostly: false, streams: true },
    ],
    [
      '4.0.0',
      { lastSave: true, fullSyncing: true, bytes: true, rocksdb: true, dataCostly: false, streams: true },
    ],
  ])('%s', (version, expected) => {
    const found = of(version);
    expect({
      lastSave: found.hasLastSave,
      fullSyncing: found.showsFullSyncing,
      bytes: found.hasReplByteCounters,
      rocksdb: found.hasRocksdbSizes,
      dataCostly: found.infoDataIsCostly,
      streams: found.hasStreams,
    }).toEqual(expected);
  });

  test('one name under several types exists on 3.x only', () => {
    expect(of('3.5.5').keyUnderSeveralTypes).toBe(true);
    expect(of('4.0.0').keyUnderSeveralTypes).toBe(false);
  });

  test('3.5.0 has no replication id, 3.5.1 has', () => {
    expect(of('3.5.0', { replicationId: null }).hasReplicationId).toBe(false);
    expect(of('3.5.1').hasReplicationId).toBe(true);
  });
});

describe('promise 5: where nothing can be proven, it says so', () => {
  test.each(['3.3.5', '3.2.9', '2.3.6', 'nonsense', ''])('%s proves nothing', (version) => {
    const found = of(version);
    expect(found.canProveFullSync).toBe(false);
    expect(found.family).toBe('unknown');
    expect(said(found, 'canProveFullSync')).toMatch(/\.$/);
  });

  test('a node that tells no version proves nothing', () => {
    expect(capabilitiesOf({}).canProveFullSync).toBe(false);
  });

  test('3.3.6 proves without byte counters, and says from what', () => {
    const found = of('3.3.6', { replicationId: null });
    expect(found.canProveFullSync).toBe(true);
    expect(said(found, 'canProveFullSync')).toMatch(/no byte counters, no LASTSAVE.*pushes last/);
  });

  test('a build that lacks the byte counters of its version proves nothing', () => {
    const facts: NodeFacts = {
      ...saying('3.5.4'),
      stats: {
        bgsaving: false,
        scanningKeyspace: false,
        compacting: false,
        opsPerSecond: 0,
        replInputBytes: null,
        replOutputBytes: null,
        commandsProcessed: 0,
      },
    };
    expect(capabilitiesOf(facts)).toMatchObject({ canProveFullSync: false, hasReplByteCounters: false });
  });
});

test('every capability survives JSON, and every reason is a sentence', () => {
  for (const version of ['3.3.6', '3.5.4', '3.5.5', '4.0.0', '4.1.0', 'x']) {
    const found = of(version);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    for (const name of Object.keys(found.reasons)) expect(said(found, name)).toMatch(/^[^\n]{10,}\.$/);
  }
});
