import { describe, expect, it, test } from 'vitest';
import { defaultAnomalyLimits, detectAnomalies } from '../../../src/core/sync/anomalies.ts';
import { fullSyncRules } from '../../../src/core/sync/evidence.ts';
import { receivedInPass } from '../../../src/core/sync/full-sync-pass.ts';
import { newMasterTracker, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker, trackSlave, trackSlaveThroughMaster } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type {
  Address,
  BinlogOffset,
  DbState,
  ListedSlave,
  Look,
  NodeFacts,
} from '../../../src/model/observation.ts';
import { masterReplication } from './master-replication.ts';

const mega = 1_000_000;
const fileSize = 100 * mega;
const master = { host: '10.0.0.1', port: 9221 };
const self = { host: '10.0.0.2', port: 9221 };

const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };

const answered = (at: number, facts: NodeFacts): Look => ({
  kind: 'answered',
  at,
  tookMs: 1,
  facts: { server, ...facts },
});

const stats = (replInputBytes: number, commandsProcessed: number) => ({
  bgsaving: false,
  scanningKeyspace: false,
  compacting: false,
  opsPerSecond: 0,
  replInputBytes,
  replOutputBytes: 0,
  commandsProcessed,
});

const masterLook = (
  at: number,
  offset: BinlogOffset,
  lastSave: number,
  sstBytes = 200 * mega,
  lag: number | 'not syncing' = 0,
): Look =>
  answered(at, {
    replication: masterReplication({
      binlog: { db0: offset },
      slaves: [{ ip: self.host, port: self.port, lag: { db0: lag } }],
    }),
    lastSaveUnixSeconds: lastSave,
    sizes: { sstBytes, liveSstBytes: sstBytes, memtableBytes: 0, estimatedKeys: 1 },
  });

const slaveLook = (
  at: number,
  state: DbState,
  offset: BinlogOffset,
  bytes: number,
  follows: Address = master,
): Look =>
  answered(at, {
    replication: masterReplication({
      role: 'slave',
      masterHost: follows.host,
      masterPort: follows.port,
      linkStatus: state === 'Connected' ? 'up' : 'down',
      dbStates: { db0: state },
      binlog: { db0: offset },
    }),
    stats: stats(bytes, at),
  });

const withFacts = (look: Look, facts: NodeFacts): Look =>
  look.kind === 'answered' ? { ...look, facts: { ...look.facts, ...facts } } : look;

interface Seen {
  readonly master: Look;
  readonly slave: Look;
}

/** Attaches at 1,000 with the master at 5:0, and shows the looks given; `earlier` are looks at the master before. */
function follow(
  looks: readonly Seen[],
  reportedVersion = '3.5.4',
  earlier: readonly Look[] = [],
  told: Address = master,
  shown: Pick<NodeFacts, 'replication'> = {},
) {
  const capabilities = capabilitiesOf({ server: { ...server, reportedVersion }, ...shown });
  const first = [...earlier, masterLook(900, { file: 5, offset: 0 }, 10)];
  let tracked = first.reduce(trackMaster, newMasterTracker());
  let slave = newSlaveTracker({
    attachedAt: 1000,
    master: told,
    self,
    before: {
      server,
      stats: stats(0, 0),
      replication: masterReplication({ binlog: { db0: { file: 0, offset: 0 } } }),
    },
    listedBefore: [],
    binlogFileSizeBytes: fileSize,
    masterOffsets: { db0: { file: 5, offset: 0 } },
  });
  for (const look of looks) {
    tracked = trackMaster(tracked, look.master);
    slave = trackSlave(
      trackSlaveThroughMaster(slave, tracked, look.master.at, capabilities),
      look.slave,
      tracked,
      capabilities,
    );
  }
  const now = tracked.lastAnsweredAt!;
  const judged = { slave, master: tracked, capabilities, limits: defaultAnomalyLimits, attempt: 1, now };
  return {
    slave,
    anomalies: detectAnomalies(judged).map(({ code }) => code),
    rules: Object.fromEntries(
      fullSyncRules(slave, tracked, capabilities).map((rule) => [rule.rule, rule.holds]),
    ),
  };
}

describe('a full sync that nobody looked at (promise 5)', () => {
  const upAt = (bytes: number, dumps: number, at = 3000): Seen => ({
    master: masterLook(at, { file: 5, offset: 20 * mega }, 10 + dumps),
    slave: slaveLook(at + 10, 'Connected', { file: 5, offset: 20 * mega }, bytes),
  });

  it('is proven by one dump, the offset, and bytes beyond all the binlog that can have come', () => {
    const { rules } = follow([upAt(225 * mega, 1)]);
    expect(rules).toEqual({ full_sync_seen: true, bytes_received: true, single_snapshot: true });
  });

  it('is not proven when nobody looked for long: more than one dump can have been made', () => {
    expect(follow([upAt(225 * mega, 1, 9000)]).rules.single_snapshot).toBe(false);
  });

  it('is not proven when the bytes could be binlog', () => {
    expect(follow([upAt(150 * mega, 1)]).rules.bytes_received).toBe(false);
  });

  it('is not taken for one when the master made no dump', () => {
    expect(follow([upAt(225 * mega, 0)]).rules.full_sync_seen).toBe(false);
  });

  it('is called skipped only once the master was looked at after the node came up', () => {
    const earlier = { ...upAt(225 * mega, 1), master: masterLook(2000, { file: 5, offset: mega }, 10) };
    expect(follow([earlier]).anomalies).toEqual([]);
    expect(follow([earlier, upAt(225 * mega, 0, 3100)]).anomalies).toEqual(['full_sync_skipped']);
    const later = follow([earlier, upAt(225 * mega, 1, 3100)]);
    expect(later).toMatchObject({ anomalies: [], rules: { full_sync_seen: true } });
  });

  it('is not taken for one when the master made two dumps: the second can have replaced the first', () => {
    const first: Seen = {
      master: masterLook(1500, { file: 5, offset: mega }, 11),
      slave: { kind: 'busy', at: 1510, tookMs: 1000 },
    };
    expect(follow([first, upAt(225 * mega, 1)]).rules.full_sync_seen).toBe(true);
    expect(follow([first, upAt(225 * mega, 2)]).rules.full_sync_seen).toBe(false);
  });

  it('is not taken for one when the only dump was made before the node was attached', () => {
    const earlier = [masterLook(800, { file: 5, offset: 0 }, 9)];
    expect(follow([upAt(225 * mega, 0)], '3.5.4', earlier).rules.full_sync_seen).toBe(false);
  });

  it('is not taken for one of a node that has restarted', () => {
    const seen = upAt(225 * mega, 1);
    const restarted = withFacts(seen.slave, { server: { ...server, processId: 8 } });
    expect(follow([{ ...seen, slave: restarted }]).rules.full_sync_seen).toBe(false);
  });

  it('is not taken for one when the node stands before the master’s offset at the attach', () => {
    const looks = [
      { ...upAt(225 * mega, 1), slave: slaveLook(3010, 'Connected', { file: 0, offset: 500 }, 225 * mega) },
    ];
    expect(follow(looks).rules.full_sync_seen).toBe(false);
  });
});

describe('a full sync whose end nobody looked at', () => {
  const copying: Seen = {
    master: masterLook(2000, { file: 5, offset: 1 * mega }, 11),
    slave: slaveLook(2010, 'WaitDBSync', { file: 0, offset: 0 }, 0),
  };
  const under = (at: number, bytes: number): Seen => ({
    master: masterLook(at, { file: 5, offset: 2 * mega }, 11),
    slave: slaveLook(at + 10, 'WaitDBSync', { file: 0, offset: 0 }, bytes),
  });
  const up = (bytes: number): Seen => ({
    master: masterLook(60_000, { file: 5, offset: 31 * mega }, 11),
    slave: slaveLook(60_010, 'Connected', { file: 5, offset: 31 * mega }, bytes),
  });

  it('is proven by all bytes less the binlog', () => {
    const { slave, rules } = follow([copying, under(3000, 40 * mega), up(232 * mega)]);
    expect(rules.bytes_received).toBe(true);
    expect(receivedInPass(slave.waits[0]!)).toBe(199 * mega);
  });

  it('is not proven while the master is silent: nobody knows how much binlog came', () => {
    const silent: Look = { kind: 'busy', at: 60_000, tookMs: 1000 };
    const { rules } = follow([copying, under(3000, 40 * mega), { ...up(232 * mega), master: silent }]);
    expect(rules.bytes_received).toBe(false);
  });

  it('is not proven by bytes that can be binlog: a copy cut short looks like this', () => {
    expect(follow([copying, under(3000, 40 * mega), up(120 * mega)]).rules.bytes_received).toBe(false);
  });
});

describe('a copy of fewer bytes than INFO shows of the snapshot (promise 5)', () => {
  const copyingOf = (snapshot: number): Seen => ({
    master: masterLook(2000, { file: 5, offset: 0 }, 11, snapshot),
    slave: slaveLook(2010, 'WaitDBSync', { file: 0, offset: 0 }, 0),
  });
  interface Up {
    /** What the node says of its full sync; null = its version says nothing. */
    readonly ended?: boolean | null;
    readonly earlier?: readonly Seen[];
    readonly databases?: readonly string[];
    /** Bytes of binlog that the master wrote while nobody looked. */
    readonly written?: number;
  }
  /** The node is up and holds `own` bytes of tables. */
  const received = (
    version: string,
    snapshot: number,
    came: number,
    own: number,
    { ended = true, earlier = [], databases = ['db0'], written = 0 }: Up = {},
  ) => {
    const replication = {
      ...masterReplication({
        role: 'slave',
        masterHost: master.host,
        masterPort: master.port,
        linkStatus: 'up',
        dbStates: { db0: 'Connected' },
        binlog: Object.fromEntries(databases.map((db) => [db, { file: 5, offset: 0 }])),
      }),
      eligibleForMasterElection: ended,
    };
    const sizes = { sstBytes: own, liveSstBytes: own, memtableBytes: 0, estimatedKeys: 1 };
    const up: Seen = {
      master: masterLook(3000, { file: 5, offset: written }, 11, snapshot),
      slave: answered(3010, { replication, sizes, stats: stats(came, 3010) }),
    };
    return follow([copyingOf(snapshot), ...earlier, up], version, [], master, { replication }).rules
      .bytes_received;
  };

  it.each(['3.5.5', '4.0.1'])('is whole on %s where the node opened what came, and says so', (version) => {
    expect(received(version, 200 * mega, 170 * mega, 175 * mega)).toBe(true);
    expect(received(version, 200 * mega, 120 * mega, 190 * mega)).toBe(true);
    expect(received(version, 10 * mega, 4 * mega, 8 * mega)).toBe(true);
  });

  it.each(['3.5.5', '4.0.1'])('is a part on %s where the node opened more than came', (version) => {
    expect(received(version, 200 * mega, 120 * mega, 175 * mega)).toBe(false);
  });

  it.each(['3.5.5', '4.0.1'])('is a part on %s where the node opened little of what came', (version) => {
    expect(received(version, 200 * mega, 170 * mega, 50 * mega)).toBe(false);
  });

  it.each(['3.5.5', '4.0.1'])(
    'is a part on %s where hardly anything came: the flag proves nothing',
    (version) => {
      expect(received(version, 200 * mega, 50 * mega, 50 * mega)).toBe(false);
      expect(received(version, 200 * mega, 0, 200 * mega)).toBe(false);
      expect(received(version, 10 * mega, 0, 10 * mega)).toBe(false);
      expect(received(version, 10 * mega, 0, 1 * mega)).toBe(false);
    },
  );

  it('is whole where the copy went on with the files that an earlier try of it had brought', () => {
    const at = (ms: number, state: DbState, came: number): Seen => ({
      ...copyingOf(200 * mega),
      slave: slaveLook(ms, state, { file: 0, offset: 0 }, came),
    });
    const earlier = (came: number) => [
      at(2100, 'WaitDBSync', came),
      at(2200, 'TryConnect', came),
      at(2300, 'WaitDBSync', came),
    ];
    expect(received('4.0.1', 200 * mega, 172 * mega, 200 * mega, { earlier: earlier(170 * mega) })).toBe(
      true,
    );
    expect(received('4.0.1', 200 * mega, 12 * mega, 200 * mega, { earlier: earlier(10 * mega) })).toBe(false);
  });

  it.each(['3.5.5', '4.0.1'])(
    'is whole on %s where all of it can have come while nobody looked, and its tables were merged since',
    (version) => {
      const written = 200 * mega;
      expect(received(version, 200 * mega, 230 * mega, 150 * mega, { written })).toBe(true);
      expect(received(version, 200 * mega, 230 * mega, 150 * mega, { written, ended: false })).toBe(false);
      expect(received(version, 200 * mega, 150 * mega, 150 * mega, { written: 150 * mega })).toBe(false);
      expect(received(version, 200 * mega, 230 * mega, 20 * mega, { written })).toBe(false);
    },
  );

  it('is a part as long as the node does not say that its full sync has ended', () => {
    expect(received('4.0.1', 200 * mega, 170 * mega, 175 * mega, { ended: false })).toBe(false);
    const databases = ['db0', 'db1'];
    expect(received('4.0.1', 200 * mega, 50 * mega, 200 * mega, { databases })).toBe(true);
    expect(received('4.0.1', 200 * mega, 50 * mega, 200 * mega, { ended: false, databases })).toBe(false);
  });

  it('is a part on versions that can open a copy that was cut short', () => {
    expect(received('3.5.4', 200 * mega, 170 * mega, 175 * mega, { ended: null })).toBe(false);
  });
});

describe('a full sync whose beginning nobody looked at', () => {
  /** The next look after SLAVEOF comes 19 s later: the node copies, and LASTSAVE is another. */
  const foundCopying = (bytes: number): Seen => ({
    master: masterLook(20_000, { file: 5, offset: 0 }, 11),
    slave: slaveLook(20_010, 'WaitDBSync', { file: 0, offset: 0 }, bytes),
  });
  const up = (bytes: number): Seen => ({
    master: masterLook(30_000, { file: 5, offset: 0 }, 11),
    slave: slaveLook(30_010, 'Connected', { file: 5, offset: 0 }, bytes),
  });

  it('is proven when all bytes came after the dump was seen', () => {
    const { rules } = follow([foundCopying(1000), { ...foundCopying(199 * mega) }, up(200 * mega)]);
    expect(rules).toEqual({ full_sync_seen: true, bytes_received: true, single_snapshot: true });
  });

  it('is not proven when some came before: they can be those of an older dump, which this one replaced', () => {
    const { rules } = follow([foundCopying(180 * mega), foundCopying(185 * mega), up(190 * mega)]);
    expect(rules).toEqual({ full_sync_seen: true, bytes_received: true, single_snapshot: false });
  });
});

describe('a version that reuses its dump', () => {
  /** A dump of 100 MB was seen to finish for an earlier node; the tables have doubled since. */
  const earlier = [
    masterLook(100, { file: 2, offset: 0 }, 9, 100 * mega),
    masterLook(200, { file: 2, offset: 0 }, 10, 100 * mega),
  ];
  const waiting = (at: number, lastSave: number, bytes: number): Seen => ({
    master: masterLook(at, { file: 5, offset: 0 }, lastSave),
    slave: slaveLook(at + 10, 'WaitDBSync', { file: 0, offset: 0 }, bytes),
  });
  const up = (at: number, lastSave: number, bytes: number): Seen => ({
    master: masterLook(at, { file: 5, offset: 0 }, lastSave),
    slave: slaveLook(at + 10, 'Connected', { file: 5, offset: 0 }, bytes),
  });
  const see = (...looks: readonly Seen[]) => follow(looks, '3.5.5', earlier);

  it('is measured by the old dump as long as no new one is made', () => {
    const { slave, anomalies, rules } = see(
      waiting(1100, 10, 100),
      waiting(1200, 10, 99 * mega),
      up(1300, 10, 100 * mega),
    );
    expect(slave.waits[0]).toMatchObject({ snapshotBytes: 100 * mega, laterDumps: 0 });
    expect([anomalies, rules.bytes_received, rules.single_snapshot]).toEqual([[], true, true]);
  });

  it('is superseded by a later dump, also where the clock of the service was set back before that dump was seen', () => {
    const { slave } = see(
      waiting(1100, 10, 100),
      waiting(1200, 11, 600),
      waiting(1300, 11, 50 * mega),
      waiting(700, 12, 60 * mega),
    );
    expect(slave.waits[0]).toMatchObject({ laterDumps: 1, supersededBy: 'later_dump' });
  });

  it('is measured by the new dump that the master makes when the node asks, which supersedes nothing', () => {
    const asks = [waiting(1100, 10, 100), waiting(1200, 11, 600)];
    const whole = see(...asks, waiting(1300, 11, 195 * mega), up(1400, 11, 200 * mega));
    expect(whole.slave.waits[0]).toMatchObject({ snapshotBytes: 200 * mega, laterDumps: 0 });
    expect([whole.anomalies, whole.rules.bytes_received, whole.rules.single_snapshot]).toEqual([
      [],
      true,
      true,
    ]);
    // The tables would tell, and nobody shows them.
    const shown = [waiting(1300, 11, 100 * mega), up(1400, 11, 101 * mega), up(61_400, 11, 101 * mega)];
    const half = see(...asks, ...shown);
    expect([half.anomalies, half.rules.bytes_received]).toEqual([['up_but_incomplete'], false]);
  });

  it('is superseded by a dump that is made once its files come', () => {
    const { anomalies } = see(
      waiting(1100, 10, 100),
      waiting(1200, 10, 40 * mega),
      waiting(1300, 10, 45 * mega),
      waiting(1400, 11, 50 * mega),
    );
    expect(anomalies).toEqual(['snapshot_superseded']);
  });
});

describe('a dump that ends just before the node goes on, and is seen just after', () => {
  const copying: Seen[] = [
    {
      master: masterLook(1100, { file: 5, offset: 0 }, 11),
      slave: slaveLook(1110, 'WaitDBSync', { file: 0, offset: 0 }, 100),
    },
    {
      master: masterLook(1200, { file: 5, offset: 0 }, 11),
      slave: slaveLook(1210, 'WaitDBSync', { file: 0, offset: 0 }, 190 * mega),
    },
  ];
  const up = (at: number, lastSave: number): Seen => ({
    master: masterLook(at, { file: 5, offset: 0 }, lastSave),
    slave: slaveLook(at + 10, 'Connected', { file: 5, offset: 0 }, 200 * mega),
  });

  it('has replaced what the node copied (promise 5)', () => {
    const { anomalies, rules } = follow([...copying, up(1300, 11), up(1400, 12)]);
    expect([anomalies, rules.single_snapshot]).toEqual([['snapshot_superseded'], false]);
  });

  it('is no harm when it began after the node had gone on', () => {
    const { anomalies, rules } = follow([...copying, up(1300, 11), up(1400, 11), up(1500, 12)]);
    expect([anomalies, rules.single_snapshot]).toEqual([[], true]);
  });
});

describe('a node that follows somebody else while it is under way (promise 4)', () => {
  const elsewhere = { host: '10.0.0.9', port: 9221 };
  const showing = (at: number, follows: Address): Seen => ({
    master: masterLook(at, { file: 5, offset: 0 }, 10),
    slave: slaveLook(at + 10, 'WaitDBSync', { file: 0, offset: 0 }, 100, follows),
  });

  const detached = (at: number): Seen => ({
    ...showing(at, master),
    slave: answered(at + 10, {
      replication: masterReplication({ binlog: { db0: { file: 0, offset: 0 } } }),
    }),
  });

  it('is noticed at the first look', () => {
    expect(follow([showing(1100, elsewhere)]).anomalies).toEqual(['foreign_change']);
  });

  it('is noticed after it has followed the right one', () => {
    expect(follow([showing(1100, master), showing(1200, elsewhere)]).anomalies).toEqual(['foreign_change']);
    const otherPort = { ...master, port: 9222 };
    expect(follow([showing(1100, master), showing(1200, otherPort)]).anomalies).toEqual(['foreign_change']);
  });

  it('is noticed although the address that it was told could be any host’s own', () => {
    const told = { host: '127.0.0.1', port: master.port };
    const ownAddress = follow([showing(1100, master), showing(1200, master)], '3.5.4', [], told);
    expect(ownAddress.anomalies).toEqual([]);
    const moved = follow([showing(1100, master), showing(1200, elsewhere)], '3.5.4', [], told);
    expect(moved.anomalies).toEqual(['foreign_change']);
  });

  it('is noticed when somebody has made it a master', () => {
    expect(follow([showing(1100, master), detached(1200), detached(6300)]).anomalies).toEqual([
      'foreign_change',
    ]);
  });

  it('has its new master named, though it shows none while it leaves the right one', () => {
    const leaving = [showing(1100, master), detached(1200), detached(3800)];
    expect(follow(leaving).anomalies).toEqual([]);
    expect(follow([...leaving, showing(4100, elsewhere)]).anomalies).toEqual(['foreign_change']);
  });
});

describe('a restart of the node after its copy (promise 5)', () => {
  const upAt = (at: number, facts: NodeFacts = {}): Seen => ({
    master: masterLook(at, { file: 5, offset: 0 }, 11),
    slave: withFacts(slaveLook(at + 10, 'Connected', { file: 5, offset: 0 }, 200 * mega), facts),
  });
  const copied: readonly Seen[] = [
    { ...upAt(1100), slave: slaveLook(1110, 'WaitDBSync', { file: 0, offset: 0 }, 100) },
    { ...upAt(1200), slave: slaveLook(1210, 'WaitDBSync', { file: 0, offset: 0 }, 190 * mega) },
    upAt(1300),
  ];
  const gone: Seen = {
    ...upAt(1400),
    slave: { kind: 'unreachable', at: 1410, code: 'ECONNREFUSED', message: 'refused' },
  };
  const restartSeen = (...looks: readonly Seen[]): boolean => {
    const { anomalies, rules } = follow([...copied, ...looks]);
    expect(rules.full_sync_seen).toBe(!anomalies.includes('node_restarted'));
    return anomalies.includes('node_restarted');
  };

  it.each<readonly [string, NodeFacts]>([
    ['another process id', { server: { ...server, processId: 8 } }],
    ['an uptime that fell', { server: { ...server, uptimeSeconds: 3 } }],
    ['a counter that fell', { stats: stats(200 * mega, 5) }],
  ])('is told by %s alone', (_, facts) => {
    expect(restartSeen(upAt(1400), upAt(1500))).toBe(false);
    expect(restartSeen(upAt(1400), upAt(1500, facts))).toBe(true);
  });

  it('is taken for granted of a node that was gone, unless it shows that its process is the same', () => {
    expect(restartSeen(gone, upAt(1500))).toBe(false);
    expect(restartSeen(gone, upAt(1500, { server: { ...server, processId: null } }))).toBe(true);
  });
});

test('a node that restarted while it copied is proven by the copy that it began anew, counted from zero', () => {
  const begunAnew = { server: { ...server, processId: 8 } };
  const at = (now: number, state: DbState, bytes: number): Seen => ({
    master: masterLook(now, { file: 5, offset: 0 }, 11),
    slave: slaveLook(now + 10, state, { file: state === 'Connected' ? 5 : 0, offset: 0 }, bytes),
  });
  const again = (seen: Seen): Seen => ({ ...seen, slave: withFacts(seen.slave, begunAnew) });
  const { slave, rules } = follow([
    at(1100, 'WaitDBSync', 100),
    at(1200, 'WaitDBSync', 150 * mega),
    again(at(1300, 'WaitDBSync', 1 * mega)),
    again(at(1400, 'WaitDBSync', 199 * mega)),
    again(at(1500, 'Connected', 200 * mega)),
  ]);
  expect(slave.waits.map(({ end }) => end)).toEqual(['interrupted', 'swapped']);
  expect([rules.full_sync_seen, rules.bytes_received]).toEqual([true, true]);
});

describe('what the node has opened is told by its tables at the first look after the swap (promise 5)', () => {
  const at = (now: number, state: DbState, ownBytes: number, memtableBytes = 0): Seen => ({
    master: masterLook(now, { file: 5, offset: 0 }, 11),
    slave: withFacts(
      slaveLook(now + 10, state, { file: state === 'Connected' ? 5 : 0, offset: 0 }, 200 * mega),
      { sizes: { sstBytes: ownBytes, liveSstBytes: ownBytes, memtableBytes, estimatedKeys: 1 } },
    ),
  });

  it('and not by those that it had before', () => {
    const looks = [at(1100, 'WaitDBSync', 150 * mega), at(1200, 'Connected', 5 * mega)];
    expect(follow(looks).slave.ownSstBytes).toBe(5 * mega);
  });

  it('where its memory holds what its tables lack, it came by the binlog and not by a copy', () => {
    const up = (memory: number) => [
      at(1100, 'WaitDBSync', 0),
      at(1200, 'Connected', 0, memory),
      at(9000, 'Connected', 200 * mega),
    ];
    expect(follow(up(190 * mega)).anomalies).toEqual(['full_sync_skipped']);
    expect(follow(up(mega)).anomalies).toEqual(['up_but_incomplete']);
  });

  it('and not by those to which they have grown since', () => {
    const looks = [
      at(1100, 'WaitDBSync', 0),
      at(1200, 'Connected', 5 * mega),
      at(9000, 'Connected', 200 * mega),
    ];
    expect(follow(looks).slave.ownSstBytes).toBe(5 * mega);
  });
});

describe('FLUSHALL on the master right after the swap: the node is seen empty before its master is', () => {
  const node = (now: number, state: DbState, sstBytes: number): Look =>
    withFacts(slaveLook(now + 10, state, { file: state === 'Connected' ? 5 : 0, offset: 0 }, 200 * mega), {
      sizes: { sstBytes, liveSstBytes: sstBytes, memtableBytes: 0, estimatedKeys: 1 },
    });
  const unsized = (at: number): Look =>
    answered(at, { replication: masterReplication({ binlog: { db0: { file: 5, offset: 0 } } }) });
  const masterOf = (now: number, sstBytes: number): Look =>
    masterLook(now, { file: 5, offset: 0 }, 11, sstBytes);
  const opened = (...later: readonly Look[]) => {
    const looks: readonly Seen[] = [
      { master: masterOf(1100, 200 * mega), slave: node(1100, 'WaitDBSync', 0) },
      { master: masterOf(1200, 200 * mega), slave: node(1200, 'Connected', 2 * mega) },
      ...later.map((master, i) => ({ master, slave: node(1300 + 100 * i, 'Connected', 2 * mega) })),
    ];
    const { anomalies, rules } = follow(looks);
    return {
      received: rules.bytes_received,
      copiesAgain: anomalies.includes('up_but_incomplete'),
    };
  };

  it('nothing is decided until the size of the master was read again', () => {
    expect(opened()).toEqual({ received: null, copiesAgain: false });
    expect(opened(unsized(1300), unsized(1400))).toEqual({ received: null, copiesAgain: false });
  });

  it('a master as empty as the node explains it; the clock of the worker may have been set back', () => {
    for (const at of [1300, 700]) expect(opened(masterOf(at, 2 * mega)).copiesAgain).toBe(false);
    expect(opened(masterOf(1300, 2 * mega)).received).toBe(true);
  });

  it('a master that holds as much as before proves that the node opened too little', () => {
    expect(opened(masterOf(1300, 200 * mega))).toEqual({ received: false, copiesAgain: true });
  });
});

describe('the master’s entry of a node', () => {
  const entry = (ip: string, lag: number): ListedSlave => ({ ip, port: self.port, lag: { db0: lag } });
  /** Sees the node once, with the master listing these; 10.0.0.3 was listed before. */
  const found = (...slaves: readonly ListedSlave[]): number | null => {
    const tracker = newSlaveTracker({
      attachedAt: 1000,
      master,
      self,
      before: null,
      listedBefore: [`10.0.0.3:${self.port}`],
    });
    const seen = answered(1100, { replication: masterReplication({ slaves }) });
    const { listed } = trackSlaveThroughMaster(
      tracker,
      trackMaster(newMasterTracker(), seen),
      1100,
      capabilitiesOf({ server }),
    );
    return (listed?.lag.db0 as number | undefined) ?? null;
  };

  it('is the one with its address, among others with its port', () => {
    expect(found(entry('10.0.0.4', 4), entry(self.host, 2))).toBe(2);
  });

  it('is else the one that appeared with its port since SLAVEOF', () => {
    expect(found(entry('10.0.0.3', 3), entry('192.168.0.2', 2))).toBe(2);
  });

  it('is none of two that appeared: nobody knows which is its own', () => {
    expect(found(entry('192.168.0.2', 2), entry('192.168.0.4', 4))).toBeNull();
  });

  it('is not one that was there before', () => {
    expect(found(entry('10.0.0.3', 3))).toBeNull();
  });

  it('is none, once its own is gone: one that appeared beside it is of another node', () => {
    const capabilities = capabilitiesOf({ server });
    const listing = (at: number, ...slaves: readonly ListedSlave[]) =>
      trackMaster(newMasterTracker(), answered(at, { replication: masterReplication({ slaves }) }));
    const attached = newSlaveTracker({ attachedAt: 1000, master, self, before: null, listedBefore: [] });
    const both = listing(1100, entry(self.host, 2), entry('10.0.0.5', 5));
    const beside = trackSlaveThroughMaster(attached, both, 1100, capabilities);
    expect(beside.listed?.ip).toBe(self.host);
    const gone = trackSlaveThroughMaster(beside, listing(1200, entry('10.0.0.5', 5)), 1200, capabilities);
    expect(gone.listed).toBeNull();
  });
});

describe('the copy that counts (promise 5)', () => {
  const at = (now: number, state: DbState, bytes: number, lastSave: number): Seen => ({
    master: masterLook(now, { file: 5, offset: 0 }, lastSave),
    slave: slaveLook(now + 10, state, { file: state === 'Connected' ? 5 : 0, offset: 0 }, bytes),
  });

  it('is the last one: bytes of one that was broken off before do not count for it', () => {
    const { slave, rules } = follow([
      at(1100, 'WaitDBSync', 100, 11),
      at(1200, 'WaitDBSync', 150 * mega, 11),
      at(1300, 'NoConnect', 150 * mega, 11),
      at(1400, 'WaitDBSync', 150 * mega, 11),
      at(1500, 'WaitDBSync', 200 * mega, 11),
      at(1600, 'Connected', 205 * mega, 11),
    ]);
    expect(slave.waits).toHaveLength(2);
    expect(rules.bytes_received).toBe(false);
  });

  it.each<DbState>(['NoConnect', 'TryDBSync', 'Error', 'DBNoConnect'])(
    'is broken off when the node falls back to %s, wherever its offset stands',
    (state) => {
      const fell = slaveLook(1310, state, { file: 5, offset: 0 }, 200 * mega);
      const { slave } = follow([
        at(1100, 'WaitDBSync', 100, 11),
        at(1200, 'WaitDBSync', 200 * mega, 11),
        { ...at(1300, 'WaitDBSync', 0, 11), slave: fell },
      ]);
      expect(slave.waits[0]!.end).toBe('interrupted');
    },
  );

  it('is superseded by the first dump that is made once its files come, when nobody saw its own made', () => {
    const { anomalies, rules } = follow([
      at(1100, 'WaitDBSync', 100, 10),
      at(1200, 'WaitDBSync', 40 * mega, 10),
      at(1300, 'WaitDBSync', 45 * mega, 10),
      at(1400, 'WaitDBSync', 50 * mega, 11),
    ]);
    expect([anomalies, rules.single_snapshot]).toEqual([['snapshot_superseded'], false]);
  });

  it('is not superseded by its own dump where the look at the master took long: its replies came before the first file', () => {
    const slow = (seen: Seen, bgsaving: boolean): Seen => ({
      ...seen,
      master: withFacts({ ...seen.master, at: seen.slave.at + 40, tookMs: 60 } as Look, {
        stats: { ...stats(0, 0), bgsaving },
      }),
    });
    for (const bgsaving of [false, true]) {
      const { anomalies, rules } = follow([
        at(1100, 'WaitDBSync', 100, 10),
        slow(at(1200, 'WaitDBSync', 40 * mega, 10), bgsaving),
        at(1300, 'WaitDBSync', 190 * mega, 11),
        at(1400, 'Connected', 200 * mega, 11),
      ]);
      expect([anomalies, rules.single_snapshot]).toEqual([[], true]);
    }
  });

  it('is superseded as soon as the master is seen to make another dump', () => {
    const dumping = (seen: Seen): Seen => ({
      ...seen,
      master: withFacts(seen.master, { stats: { ...stats(0, 0), bgsaving: true } }),
    });
    const copying = [at(1100, 'WaitDBSync', 100, 11), at(1200, 'WaitDBSync', 40 * mega, 11)];
    expect(follow([...copying, at(1300, 'WaitDBSync', 50 * mega, 11)]).anomalies).toEqual([]);
    const { anomalies } = follow([...copying, dumping(at(1300, 'WaitDBSync', 50 * mega, 11))]);
    expect(anomalies).toEqual(['snapshot_superseded']);
  });

  it('is superseded only once the node was seen since, and is the same process', () => {
    const copying = [at(1100, 'WaitDBSync', 100, 11), at(1200, 'WaitDBSync', 40 * mega, 11)];
    const newer = at(1300, 'WaitDBSync', 50 * mega, 12);
    const late: Seen = { ...newer, slave: { ...newer.slave, at: 1250 } };
    const busy: Seen = { ...newer, slave: { kind: 'busy', at: 1310, tookMs: 1 } };
    const another = { server: { ...server, processId: 8, uptimeSeconds: 0 } };
    const restarted: Seen = { ...newer, slave: withFacts(newer.slave, another) };
    const namedAfter = (...looks: readonly Seen[]) => follow([...copying, ...looks]).anomalies;
    expect(namedAfter(newer)).toEqual(['snapshot_superseded']);
    for (const unsure of [late, busy]) {
      expect(namedAfter(unsure)).toEqual([]);
      expect(namedAfter(unsure, at(1400, 'WaitDBSync', 50 * mega, 12))).toEqual(['snapshot_superseded']);
      expect(namedAfter(unsure, restarted)).toEqual(['node_restarted']);
    }
    const { slave } = follow([...copying, restarted]);
    expect(slave.waits.map(({ supersededBy }) => supersededBy)).toEqual([null, null]);
    // Whatever the mark hides meanwhile, no node is whole by it.
    const up = at(1400, 'Connected', 51 * mega, 12);
    expect(follow([...copying, { ...newer, slave: { ...up.slave, at: 1250 } }]).rules.single_snapshot).toBe(
      false,
    );
    expect(follow([...copying, restarted, up]).rules.full_sync_seen).toBe(false);
    const setBack = at(1300 - 3_600_000, 'WaitDBSync', 50 * mega, 12);
    expect(namedAfter(late, { ...newer, slave: setBack.slave })).toEqual(['snapshot_superseded']);
  });

  it('is uncertain when a dump was seen late, and bytes had come before it was seen', () => {
    const unseen = (now: number, bytes: number): Seen => ({
      ...at(now, 'WaitDBSync', bytes, 10),
      master: { kind: 'busy', at: now, tookMs: 1000 },
    });
    const { rules } = follow([
      at(1100, 'WaitDBSync', 100, 10),
      unseen(2000, 200),
      unseen(4000, 100 * mega),
      at(6000, 'WaitDBSync', 110 * mega, 11),
      at(7000, 'Connected', 205 * mega, 11),
    ]);
    expect(rules).toEqual({ full_sync_seen: true, bytes_received: true, single_snapshot: false });
  });
});

describe('nodes that are known by name, all on one port (recording 50)', () => {
  const capabilities = capabilitiesOf({ server: { ...server, reportedVersion: '4.0.1' } });
  const names = ['pika-0.pika', 'pika-1.pika', 'pika-2.pika', 'pika-3.pika'];
  const entry = (ip: string, lag: number): ListedSlave => ({ ip, port: 9221, lag: { db0: lag } });
  const listing = (at: number, slaves: readonly ListedSlave[]) =>
    trackMaster(
      newMasterTracker(),
      answered(at, {
        replication: masterReplication({ slaves: [...slaves], binlog: { db0: { file: 5, offset: 0 } } }),
      }),
    );
  const attach = (name: string, ip: string | null) =>
    newSlaveTracker({
      attachedAt: 1000,
      master,
      self: { host: name, port: 9221 },
      before: ip === null ? null : { ips: [ip] },
      listedBefore: [],
    });
  const seenAt = (at: number, ip: string) =>
    withFacts(slaveLook(at, 'Connected', { file: 5, offset: 0 }, 0), { ips: [ip] });

  test('each finds its own entry among four that appeared at one time', () => {
    const seen = listing(
      2000,
      [4, 2, 3, 1].map((last) => entry(`10.0.0.${last}`, last)),
    );
    const lags = names.map((name, index) => {
      const tracker = attach(name, `10.0.0.${index + 1}`);
      return trackSlaveThroughMaster(tracker, seen, 2000, capabilities).listed?.lag.db0;
    });
    expect(lags).toEqual([1, 2, 3, 4]);
  });

  test('a name that changes its address during the sync is found at the new one, and keeps no dead entry', () => {
    const entries = [entry('10.0.0.1', 1), entry('10.0.0.2', 2)];
    const before = trackSlaveThroughMaster(
      attach(names[0]!, '10.0.0.1'),
      listing(2000, entries),
      2000,
      capabilities,
    );
    expect(before.listed?.ip).toBe('10.0.0.1');
    // The master keeps the entry of a dead connection for up to 180 s.
    const moved = listing(3000, [...entries, entry('10.0.0.9', 9)]);
    const after = trackSlave(before, seenAt(3000, '10.0.0.9'), moved, capabilities);
    expect(trackSlaveThroughMaster(after, moved, 3100, capabilities).listed).toMatchObject({
      ip: '10.0.0.9',
    });
    const gone = listing(200_000, [entry('10.0.0.2', 2), entry('10.0.0.9', 9)]);
    expect(trackSlaveThroughMaster(after, gone, 200_000, capabilities).listed).toMatchObject({
      ip: '10.0.0.9',
    });
  });

  test('where no address is known, an entry is no guess among several', () => {
    const seen = listing(2000, [entry('10.0.0.1', 1), entry('10.0.0.2', 2)]);
    expect(trackSlaveThroughMaster(attach(names[0]!, null), seen, 2000, capabilities).listed).toBeNull();
  });
});

describe('a node that its master lists as not syncing', () => {
  const up = (at: number, lag: number | 'not syncing'): Seen => ({
    master: masterLook(at, { file: 5, offset: 20 * mega }, 11, 200 * mega, lag),
    slave: slaveLook(at + 10, 'Connected', { file: 5, offset: 20 * mega }, 225 * mega),
  });

  it('is so since the first look that shows it, not since the node is up', () => {
    const after = [up(3000, 0), up(60_000, 'not syncing')];
    expect(follow(after).anomalies).toEqual([]);
    expect(follow([...after, up(80_000, 'not syncing')]).anomalies).toEqual([]);
    expect(follow([...after, up(95_000, 'not syncing')]).anomalies).toEqual(['up_but_not_listed']);
    expect(follow([...after, up(80_000, 0), up(95_000, 'not syncing')]).anomalies).toEqual([]);
  });

  it('has its time to ask for its place once it answers again (real 4.0.0, frozen for 60 s)', () => {
    const frozen = (at: number): Seen => ({
      master: up(at, 'not syncing').master,
      slave: { kind: 'busy', at: at + 10, message: 'no reply' } as never,
    });
    const asleep = [up(3000, 0), frozen(24_000), frozen(44_000), frozen(63_000)];
    expect(follow(asleep).anomalies).toEqual([]);
    expect(follow([...asleep, up(64_000, 'not syncing'), up(90_000, 'not syncing')]).anomalies).toEqual([]);
    expect(follow([...asleep, up(64_000, 'not syncing'), up(95_000, 'not syncing')]).anomalies).toEqual([
      'up_but_not_listed',
    ]);
  });
});

test('a copy whose end nobody saw is told by its tables where binlog came too, on versions that open whole copies only', () => {
  const up = (at: number, tables: number, offset: number): Seen => ({
    master: masterLook(at, { file: 5, offset }, 11),
    slave: withFacts(
      withFacts(slaveLook(at + 10, 'Connected', { file: 5, offset }, 230 * mega), {
        sizes: { sstBytes: tables, liveSstBytes: tables, memtableBytes: 0, estimatedKeys: 1 },
      }),
      {
        replication: {
          ...masterReplication({
            role: 'slave',
            masterHost: master.host,
            masterPort: master.port,
            linkStatus: 'up',
            dbStates: { db0: 'Connected' },
            binlog: { db0: { file: 5, offset } },
          }),
          eligibleForMasterElection: true,
        },
      },
    ),
  });
  const seen = (tables: number, version: string) => {
    const { anomalies, rules } = follow([up(9000, tables, 60 * mega)], version);
    return [anomalies, rules.bytes_received];
  };
  expect(seen(195 * mega, '4.0.1')).toEqual([[], true]);
  expect(seen(120 * mega, '4.0.1')).toEqual([['up_but_incomplete'], false]);
  expect(seen(195 * mega, '3.5.4')).toEqual([['up_but_incomplete'], false]);
});
