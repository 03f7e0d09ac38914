import { describe, expect, test } from 'vitest';
import { fullSyncVerdict, hasPassed, judge } from '../../../src/core/sync/evidence.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import { type CatchUp, isMet, type RuleName, ruleNames } from '../../../src/model/evidence.ts';
import type { FullSyncPass, MasterTracker, SlaveTracker } from '../../../src/model/full-sync.ts';
import type { DbState, ReplicationFacts } from '../../../src/model/observation.ts';

/** A node of which everything is proven; each test takes one fact away, and one rule must notice (promise 5). */
const mega = 1_000_000;
const snapshotBytes = 200 * mega;
const at = (offset: number) => ({ db0: { file: 5, offset }, db1: { file: 5, offset } });
const master = { host: '10.0.0.1', port: 9221 };
const self = { host: '10.0.0.2', port: 9221 };
const connected: Readonly<Record<string, DbState>> = { db0: 'Connected', db1: 'Connected' };

const replication: ReplicationFacts = {
  role: 'slave',
  replicationId: 'id',
  masterHost: master.host,
  masterPort: master.port,
  linkStatus: 'up',
  dbStates: connected,
  slaves: [],
  connectedSlaves: 0,
  binlog: at(100),
  safetyPurgeFile: {},
  eligibleForMasterElection: null,
  hasConnectStatus: false,
};

const wait: FullSyncPass = {
  startedAt: 2000,
  earliestAt: 1000,
  endedAt: 9000,
  end: 'swapped',
  dbs: ['db0', 'db1'],
  bytesAtStart: 0,
  bytesLast: snapshotBytes,
  bytesLastAt: 8900,
  unseenBytesAtLeast: null,
  firstBytesAt: 2500,
  dumpQuietAt: null,
  offsetsBefore: { db0: { file: 0, offset: 0 }, db1: { file: 0, offset: 0 } },
  offsetsAfter: at(10),
  masterOffsets: at(10),
  dump: {
    lastSave: 11,
    notBefore: 2100,
    notAfter: 2200,
    sstBytesBefore: snapshotBytes,
    sstBytesAfter: snapshotBytes,
  },
  bytesAtDump: 0,
  lastSaveAtStart: 10,
  snapshotBytes,
  snapshotBytesKnown: true,
  supersededAt: null,
  supersededBy: null,
  laterDumps: 0,
  otherSlave: null,
  lastMoveAt: 8900,
};

const slave: SlaveTracker = {
  ...newSlaveTracker({ attachedAt: 1000, master, self, before: {}, listedBefore: [] }),
  replication,
  establishedMaster: master,
  waits: [wait],
  everWaited: true,
  listed: { ip: self.host, port: self.port, lag: { db0: 0, db1: 0 } },
  ownSstBytes: snapshotBytes,
  upSince: 9000,
};

const masterTracker: MasterTracker = {
  ...newMasterTracker(),
  lastAnsweredAt: 10_000,
  replication: { ...replication, role: 'master', masterHost: null, masterPort: null, dbStates: {} },
};

const catchUp: CatchUp = {
  target: at(50),
  targetAt: 9100,
  passedAt: 9200,
  passedOffsets: at(60),
  stableLooks: 3,
  stableSince: 9300,
  ownOffsets: at(100),
  movedAt: 9900,
};

const report = { verdict: 'equal', lookedAtKeys: 10, share: 1, smallestLossFound: null } as ComparisonReport;

const old = capabilitiesOf({
  server: { reportedVersion: '3.5.4', processId: 1, uptimeSeconds: 1, runId: 'r', tcpPort: 9221 },
});
const fixed = capabilitiesOf({
  server: { reportedVersion: '3.5.5', processId: 1, uptimeSeconds: 1, runId: 'r', tcpPort: 9221 },
  replication: { ...replication, eligibleForMasterElection: true, hasConnectStatus: true },
});

interface Seen {
  readonly slave: SlaveTracker;
  readonly master: MasterTracker;
  readonly catchUp: CatchUp | null;
  readonly report: ComparisonReport | null;
  readonly capabilities: typeof old;
}

const proven: Seen = { slave, master: masterTracker, catchUp, report, capabilities: old };

function evidenceOf(change: Partial<Seen>) {
  const evidence = judge({
    ...proven,
    ...change,
    stableLooksRequired: 3,
    requireAgent: false,
    attempt: 1,
    now: 10_000,
  });
  const unmet = evidence.rules.filter((rule) => !isMet(rule));
  return {
    verdict: evidence.verdict,
    unmet: Object.fromEntries(unmet.map(({ rule, holds }) => [rule, holds])) as Partial<
      Record<RuleName, boolean | null>
    >,
  };
}

const waited = (change: Partial<FullSyncPass>): Partial<Seen> => ({
  slave: { ...slave, waits: [{ ...wait, ...change }] },
});
const slaveIs = (change: Partial<SlaveTracker>): Partial<Seen> => ({ slave: { ...slave, ...change } });
const says = (change: Partial<ReplicationFacts>): Partial<Seen> =>
  slaveIs({ replication: { ...replication, ...change } });
const reused: Partial<FullSyncPass> = {
  dump: null,
  snapshotBytes: 2 * snapshotBytes,
  snapshotBytesKnown: false,
};

test('a node that opened far less than it received is not verified: RocksDB begins anew where a file is missing', () => {
  const opened = (share: number) => evidenceOf(slaveIs({ ownSstBytes: share * snapshotBytes }));
  // Recording 41: s1 and s2 lost keys, s3 did not.
  for (const lost of [8.0 / 223.3, 23.4 / 273.5])
    expect(opened(lost)).toEqual({ verdict: 'not_verified', unmet: { bytes_received: false } });
  // Recording 42: a compaction took a fifth within a second.
  for (const whole of [330.6 / 319.9, 303 / 375]) expect(opened(whole).verdict).toBe('verified');
  expect(evidenceOf(slaveIs({ ownSstBytes: null })).verdict).toBe('verified');
});

describe('beside a master whose size is known now', () => {
  const masterHolds = (sstBytes: number) => ({
    master: { ...masterTracker, samples: [{ at: 9900, binlog: at(100), sstBytes }] },
  });
  const opened = (share: number) => slaveIs({ ownSstBytes: share * snapshotBytes });

  test('a node that opened far less than both the snapshot and the master hold is not verified', () => {
    for (const held of [snapshotBytes, 3 * snapshotBytes, 0.6 * snapshotBytes])
      expect(evidenceOf({ ...masterHolds(held), ...opened(0.08) })).toEqual({
        verdict: 'not_verified',
        unmet: { bytes_received: false },
      });
  });

  test('a node that opened as little as its master holds after FLUSHALL is no proof of loss (recordings 46)', () => {
    expect(evidenceOf({ ...masterHolds(0.1 * snapshotBytes), ...opened(0.08) }).verdict).toBe('verified');
  });
});

test('nor one that opened far less than came of a reused dump, whose size is not known', () => {
  const opened = (share: number) => {
    const { slave: reusing } = waited(reused);
    return evidenceOf({ slave: { ...reusing!, ownSstBytes: share * snapshotBytes } });
  };
  expect(opened(0.1)).toEqual({ verdict: 'not_verified', unmet: { bytes_received: false } });
  expect(opened(0.9).verdict).toBe('verified');
});

test('but of a small snapshot the tables tell nothing: other files are as large', () => {
  const small = { snapshotBytes: 100_000, bytesLast: 100_000 };
  expect(evidenceOf({ slave: { ...waited(small).slave!, ownSstBytes: 0 } }).verdict).toBe('verified');
});

test('with every fact in place the verdict is verified, by each of the rules', () => {
  expect(evidenceOf({})).toEqual({ verdict: 'verified', unmet: {} });
  const eligible = says({ eligibleForMasterElection: true });
  expect(evidenceOf({ ...eligible, capabilities: fixed }).verdict).toBe('verified');
  const { rules } = judge({
    ...proven,
    stableLooksRequired: 3,
    requireAgent: false,
    attempt: 1,
    now: 10_000,
  });
  expect(rules.map(({ rule }) => rule)).toEqual([...ruleNames]);
});

describe('one fact is enough to keep the verdict from being verified', () => {
  test.each<readonly [string, RuleName, boolean | null, Partial<Seen>]>([
    ['no full sync was seen', 'full_sync_seen', false, slaveIs({ waits: [] })],
    ['the full sync goes on', 'full_sync_seen', null, waited({ endedAt: null, end: null })],
    ['the full sync was broken off', 'full_sync_seen', false, waited({ end: 'interrupted' })],
    ['the copy was thrown away', 'full_sync_seen', false, waited({ end: 'discarded' })],
    [
      'one DB was never in full sync',
      'full_sync_seen',
      false,
      waited({ dbs: ['db0'], offsetsAfter: { ...at(10), db1: { file: 0, offset: 0 } } }),
    ],
    ['the node restarted after it', 'full_sync_seen', false, slaveIs({ restarts: [9500] })],
    ['too few bytes came', 'bytes_received', false, waited({ bytesLast: 0.8 * snapshotBytes })],
    ['the bytes are not known', 'bytes_received', null, waited({ bytesLast: null })],
    [
      'a reused dump, and the node’s own size is not known',
      'bytes_received',
      null,
      { slave: { ...slave, waits: [{ ...wait, ...reused }], ownSstBytes: null } },
    ],
    [
      'a reused dump, and the node holds more than came',
      'bytes_received',
      false,
      { slave: { ...slave, waits: [{ ...wait, ...reused }], ownSstBytes: 2 * snapshotBytes } },
    ],
    [
      'data in the memory of the master, whose size is 0 before its dump',
      'bytes_received',
      null,
      {
        slave: {
          ...slave,
          waits: [{ ...wait, snapshotBytes: 0, snapshotBytesKnown: false }],
          ownSstBytes: null,
        },
      },
    ],
    [
      'the master answers no LASTSAVE',
      'single_snapshot',
      null,
      waited({ dump: null, bytesAtDump: null, lastSaveAtStart: null }),
    ],
    ['a later dump', 'single_snapshot', false, waited({ supersededBy: 'later_dump', laterDumps: 1 })],
    [
      'a dump was seen to be made during the copy',
      'single_snapshot',
      false,
      waited({ supersededBy: 'bgsave_during_copy' }),
    ],
    [
      'another full sync began, and a dump was made',
      'single_snapshot',
      null,
      waited({ supersededBy: 'other_full_sync', laterDumps: 1 }),
    ],
    [
      'nobody looked for long while the dump was made',
      'single_snapshot',
      false,
      waited({ dump: { ...wait.dump!, notAfter: 8000 }, bytesAtDump: 0.5 * snapshotBytes }),
    ],
    ['the link is down', 'role_and_link', false, says({ linkStatus: 'down' })],
    [
      'one DB is not connected',
      'role_and_link',
      false,
      says({ dbStates: { ...connected, db1: 'TryConnect' } }),
    ],
    ['it is a master', 'role_and_link', false, says({ role: 'master' })],
    ['it follows another master', 'role_and_link', false, slaveIs({ foreignMaster: '10.0.0.9:9221' })],
    ['its master was never seen', 'role_and_link', false, slaveIs({ establishedMaster: null })],
    [
      'it says itself that it is not eligible',
      'role_and_link',
      false,
      says({ eligibleForMasterElection: false }),
    ],
    ['it cannot be reached now', 'role_and_link', false, slaveIs({ unreachableSince: 9900 })],
    ['the master does not list it', 'listed_by_master', false, slaveIs({ listed: null })],
    [
      'the master lists one DB only',
      'listed_by_master',
      false,
      slaveIs({ listed: { ...slave.listed!, lag: { db0: 0 } } }),
    ],
    [
      'the master lists it as not syncing',
      'listed_by_master',
      false,
      slaveIs({ listed: { ...slave.listed!, lag: { db0: 0, db1: 'not syncing' } } }),
    ],
    ['the master is silent', 'listed_by_master', false, { master: { ...masterTracker, silentSince: 9900 } }],
    ['the master was syncing itself', 'listed_by_master', false, slaveIs({ masterSyncingAt: 3000 })],
    ['the master’s offset was not captured', 'offset_passed', null, { catchUp: null }],
    ['it has not passed it', 'offset_passed', false, { catchUp: { ...catchUp, passedAt: null } }],
    ['nothing was compared', 'data_agrees', null, { report: null }],
    [
      'the comparison came to no result',
      'data_agrees',
      null,
      { report: { ...report, verdict: 'inconclusive' } },
    ],
    ['the data differ', 'data_agrees', false, { report: { ...report, verdict: 'different' } }],
    ['too few looks in a row', 'stable', false, { catchUp: { ...catchUp, stableLooks: 2 } }],
  ])('%s: %s', (_, rule, holds, change) => {
    const { verdict, unmet } = evidenceOf(change);
    expect(unmet[rule]).toBe(holds);
    expect(verdict).toBe(Object.values(unmet).includes(false) ? 'not_verified' : 'undecided');
  });
});

test('a version without LASTSAVE cannot tell whether a full sync fell between two looks', () => {
  const oldest = capabilitiesOf({
    server: { reportedVersion: '3.3.6', processId: 1, uptimeSeconds: 1, runId: null, tcpPort: 9221 },
  });
  const unseen = slaveIs({ waits: [] });
  expect(evidenceOf({ ...unseen, capabilities: oldest }).unmet.full_sync_seen).toBe(null);
  expect(evidenceOf(unseen).unmet.full_sync_seen).toBe(false);
  const { verdict } = fullSyncVerdict(unseen.slave!, masterTracker, oldest);
  expect(verdict).toBe('undecided');
});

describe('what a version with the fixes needs, and what it forgives', () => {
  const onFixed = (change: Partial<FullSyncPass>, eligible = true): Partial<Seen> => ({
    capabilities: fixed,
    slave: {
      ...slave,
      waits: [{ ...wait, ...change }],
      replication: { ...replication, eligibleForMasterElection: eligible },
    },
  });

  test('a later dump is no harm once the node has swapped, and undecided before', () => {
    expect(evidenceOf(onFixed({ supersededBy: 'later_dump', laterDumps: 1 })).verdict).toBe('verified');
    const thrownAway = onFixed({ supersededBy: 'later_dump', laterDumps: 1, end: 'discarded' });
    expect(evidenceOf(thrownAway).unmet).toMatchObject({ full_sync_seen: false, single_snapshot: null });
  });

  test('without LASTSAVE the version itself keeps a copy of an older dump from being opened', () => {
    expect(evidenceOf(onFixed({ ...reused, lastSaveAtStart: null })).verdict).toBe('verified');
  });

  test('a reused dump counts with the node’s own word for a finished full sync only', () => {
    expect(evidenceOf(onFixed(reused)).verdict).toBe('verified');
    expect(evidenceOf(onFixed(reused, false)).unmet.bytes_received).toBe(false);
  });
});

test('another full sync that made no dump is no harm where all bytes came', () => {
  expect(evidenceOf(waited({ supersededBy: 'other_full_sync', otherSlave: 'x' })).verdict).toBe('verified');
  const fewer = waited({ supersededBy: 'other_full_sync', otherSlave: 'x', bytesLast: snapshotBytes / 2 });
  expect(evidenceOf(fewer).unmet.single_snapshot).toBe(null);
});

test('an offset is passed by every DB, or not at all', () => {
  expect(hasPassed(at(60), at(50))).toBe(true);
  expect(hasPassed({ ...at(60), db1: { file: 5, offset: 40 } }, at(50))).toBe(false);
  expect(hasPassed({ db0: { file: 6, offset: 0 } }, at(50))).toBe(false);
  expect(hasPassed(at(60), {})).toBe(false);
});
