import { describe, expect, test } from 'vitest';
import { defaultAnomalyLimits, detectAnomalies } from '../../../src/core/sync/anomalies.ts';
import { newMasterTracker, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker, trackSlave, trackSlaveThroughMaster } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { AnomalyRecord } from '../../../src/model/evidence.ts';
import type { BinlogOffset, DbState, NodeFacts } from '../../../src/model/observation.ts';
import { masterReplication } from '../sync/master-replication.ts';

const MB = 1_000_000;
const GB = 1000 * MB;
const minutes = 60;
const fileSize = 100 * MB;
const master = { host: '10.0.0.1', port: 9221 };
const self = { host: '10.0.0.2', port: 9221 };

/** What a look shows at one second; the dump that the node asked for ends in the first unless `lastSave` says otherwise. */
interface Second {
  /** Bytes that the node has received. */
  readonly bytes: number | null;
  readonly states?: Readonly<Record<string, DbState>>;
  readonly binlog?: Readonly<Record<string, BinlogOffset>>;
  readonly lastSave?: number;
  readonly tables?: number;
  readonly memtables?: number;
  readonly processId?: number;
  readonly tookMs?: number;
}

interface Options {
  readonly version?: string;
  readonly everySeconds?: number;
}

const waiting = { db0: 'WaitDBSync' } as const;

/** The anomalies after so many seconds, with 100 MB to copy. */
function anomaliesAfter(
  seconds: number,
  at: (second: number) => Second,
  { version = '3.5.4', everySeconds = 1 }: Options = {},
): readonly AnomalyRecord[] {
  const server = (processId = 7) => ({
    reportedVersion: version,
    processId,
    uptimeSeconds: null,
    runId: 'r',
    tcpPort: 9221,
  });
  const capabilities = capabilitiesOf({ server: server() });
  const stats = (replInputBytes: number | null) => ({
    bgsaving: false,
    scanningKeyspace: false,
    compacting: false,
    opsPerSecond: 0,
    replInputBytes,
    replOutputBytes: 0,
    commandsProcessed: null,
  });
  const answered = (second: number, facts: NodeFacts, { processId, tookMs = 1 }: Partial<Second> = {}) =>
    ({
      kind: 'answered',
      at: second * 1000,
      tookMs,
      facts: { server: server(processId), ...facts },
    }) as const;
  const masterLook = (
    second: number,
    { lastSave, tables = 100 * MB, memtables = 0 }: Omit<Second, 'bytes'>,
  ) =>
    answered(second, {
      stats: stats(0),
      replication: masterReplication({ binlog: { db0: { file: 5, offset: 0 } } }),
      lastSaveUnixSeconds: lastSave ?? 2,
      sizes: { sstBytes: tables, liveSstBytes: tables, memtableBytes: memtables, estimatedKeys: 1 },
    });
  let tracked = trackMaster(newMasterTracker(), masterLook(0, { ...at(0), lastSave: 1 }));
  let slave = newSlaveTracker({
    attachedAt: 0,
    master,
    self,
    before: { server: server(), stats: stats(at(0).bytes) },
    listedBefore: [],
    binlogFileSizeBytes: fileSize,
  });
  for (let second = everySeconds; second <= seconds; second += everySeconds) {
    const seen = at(second);
    const { bytes, states = waiting, binlog = { db0: { file: 0, offset: 0 } } } = seen;
    tracked = trackMaster(tracked, masterLook(second, seen));
    const look = answered(
      second,
      {
        stats: stats(bytes),
        replication: masterReplication({
          role: 'slave',
          masterHost: master.host,
          masterPort: master.port,
          linkStatus: 'down',
          dbStates: states,
          binlog,
        }),
      },
      seen,
    );
    slave = trackSlave(
      trackSlaveThroughMaster(slave, tracked, second * 1000, capabilities),
      look,
      tracked,
      capabilities,
    );
  }
  const limits = defaultAnomalyLimits;
  const now = seconds * 1000;
  return detectAnomalies({ slave, master: tracked, capabilities, limits, attempt: 1, now });
}

const codesAfter = (...args: Parameters<typeof anomaliesAfter>): readonly string[] =>
  anomaliesAfter(...args).map(({ code }) => code);

describe('a copy that receives more than its snapshot holds (promise 6)', () => {
  const endless = (second: number): Second => ({ bytes: 20 * MB * second });

  test('is named after one and a half snapshots, with the node, both sizes, and where to look', () => {
    expect(codesAfter(7, endless)).toEqual([]);
    const [anomaly] = anomaliesAfter(9, endless);
    expect(anomaly).toMatchObject({ code: 'copy_without_end', remedy: 'quarantine' });
    expect(anomaly!.text).toBe(
      '10.0.0.2:9221 has received 160 MB for a snapshot of 100 MB, and still copies. The usual cause is a full disk: look at the free space of db-sync-path and db-path on 10.0.0.2:9221.',
    );
  });

  test.each(['3.5.0', '3.5.3', '3.5.5', '4.0.0', '4.0.1'])('on %s too', (version) => {
    const seconds = version === '3.5.0' ? 31 * minutes : 9;
    expect(codesAfter(seconds, endless, { version })).toContain('copy_without_end');
  });

  test('is not taken for one where the master stood still, and then answered all that was asked again', () => {
    const frozen = (second: number): Second => ({
      bytes: second <= 3 ? 20 * MB * second : second < 15 ? 60 * MB : 160 * MB + 5 * MB * (second - 15),
    });
    expect(codesAfter(22, frozen)).toEqual([]);
    expect(codesAfter(22, frozen, { everySeconds: 2 })).toEqual([]);
    expect(codesAfter(24, frozen, { everySeconds: 12 })).toEqual([]);
    const ever = (second: number): Second => ({
      bytes: frozen(second).bytes! + 10 * MB * Math.max(0, second - 15),
    });
    expect(codesAfter(50, ever)).toContain('copy_without_end');
  });

  test.each([1, 4, 10])('is named as soon by looks that are %i s apart', (everySeconds) => {
    expect(codesAfter(20, endless, { everySeconds })).toContain('copy_without_end');
  });

  test('is not taken for one where the dump flushed as much again from memory', () => {
    const flushed = (second: number): Second => ({
      bytes: 20 * MB * second,
      ...(second < 2 ? { tables: 20 * MB, memtables: 190 * MB } : { tables: 205 * MB }),
    });
    expect(codesAfter(14, flushed)).toEqual([]);
    expect(codesAfter(19, flushed)).toContain('copy_without_end');
  });

  test('is not taken for one whose dump was begun before the master was emptied', () => {
    const emptied = (second: number): Second => ({
      bytes: 20 * MB * Math.max(0, second - 4),
      lastSave: second < 4 ? 1 : 2,
      tables: second < 1 ? 200 * MB : 20 * MB,
    });
    expect(codesAfter(14, emptied)).toEqual([]);
    expect(codesAfter(21, emptied)).toContain('copy_without_end');
  });

  test('counts anew with a newer dump, on versions that begin their copy again by themselves', () => {
    const newer = (second: number): Second => ({ bytes: 20 * MB * second, lastSave: second < 6 ? 2 : 3 });
    expect(codesAfter(10, newer, { version: '4.0.1' })).toEqual(['snapshot_superseded']);
    expect(codesAfter(16, newer, { version: '4.0.1' })).toContain('copy_without_end');
  });
});

describe('a copy of an uneven pace', () => {
  test('may hide a snapshot of what was asked again, and no more', () => {
    const uneven = (second: number): Second => ({
      bytes: 2 * MB + 4 * MB * second + (second < 4 ? 0 : 80 * MB),
      tables: 30 * MB,
    });
    expect(codesAfter(4, uneven, { everySeconds: 4 })).toEqual([]);
    expect(codesAfter(24, uneven, { everySeconds: 4 })).toContain('copy_without_end');
  });
});

describe('a copy whose requests time out (rsync-timeout-ms 20)', () => {
  /** Small files alone come for 20 s, again and again, and then large files: 3.5.4 by looks on a real node. */
  const timesOut = (second: number): Second => ({
    bytes: second === 0 ? 0 : second <= 20 ? 20_000 + 950 * second : 39_000 + 5 * MB * (second - 20),
    tables: 30 * MB,
  });

  test('gets answers all the time, so no stillness of the master excuses what comes again', () => {
    expect(codesAfter(28, timesOut)).toEqual([]);
    expect(codesAfter(30, timesOut)).toContain('copy_without_end');
  });

  test('is excused where nothing but pings came meanwhile', () => {
    const still = (second: number): Second => ({
      ...timesOut(second),
      bytes: timesOut(second).bytes! - 930 * Math.min(20, second),
    });
    expect(codesAfter(30, still)).toEqual([]);
  });

  test('an uneven pace excuses no more than twice the snapshot', () => {
    const uneven = (second: number): Second => ({
      bytes: 2 * MB + 3 * MB * second + 2 * MB * (second % 8),
      tables: 30 * MB,
    });
    expect(codesAfter(20, uneven, { everySeconds: 4 })).toEqual([]);
    expect(codesAfter(28, uneven, { everySeconds: 4 })).toContain('copy_without_end');
  });
});

describe('a copy beside a DB that is connected', () => {
  /** db0 connects after 5 s, and takes 50 MB of binlog a second. */
  const beside =
    (copiedPerSecond: number) =>
    (second: number): Second => {
      const binlog = 50 * MB * Math.max(0, second - 5);
      return {
        states: { db0: second < 5 ? 'WaitDBSync' : 'Connected', db1: 'WaitDBSync' },
        binlog: {
          db0: { file: 5 + Math.floor(binlog / fileSize), offset: binlog % fileSize },
          db1: { file: 0, offset: 0 },
        },
        bytes: Math.round(10 * MB * Math.min(second, 5) + 1.03 * binlog + copiedPerSecond * second),
      };
    };

  test('is not charged with the binlog, however much of it comes', () => {
    expect(codesAfter(50, beside(5 * MB))).toEqual([]);
  });

  test('is told from it when it has no end', () => {
    expect(codesAfter(50, beside(20 * MB))).toContain('copy_without_end');
  });
});

describe('a dump of unknown size, made before anybody watched', () => {
  const reused = (second: number): Second => ({ bytes: 20 * MB * second, lastSave: 1 });
  const version = '4.0.1';

  test('may have been larger than the master is now: more bytes than the master holds do not end it', () => {
    expect(codesAfter(90, reused, { version })).toEqual([]);
    expect(codesAfter(29 * minutes, (second) => ({ bytes: MB * second, lastSave: 1 }), { version })).toEqual(
      [],
    );
  });

  test('ten times the master and 1 GiB do: a new dump is copied sooner', () => {
    expect(codesAfter(110, reused, { version })).toContain('copy_without_end');
  });

  test('bytes and time together do, and the words tell of BGSAVE', () => {
    const slow = (second: number): Second => ({ bytes: MB * second, lastSave: 1 });
    const [anomaly] = anomaliesAfter(31 * minutes, slow, { version });
    expect(anomaly!.code).toBe('copy_without_end');
    expect(anomaly!.text).toContain('a dump of unknown size (the master holds 100 MB now; BGSAVE');
  });

  test('a slow copy of less than three times the master’s size goes on', () => {
    const slow = (second: number): Second => ({ bytes: Math.round(0.15 * MB * second), lastSave: 1 });
    expect(codesAfter(31 * minutes, slow, { version })).toEqual([]);
  });
});

describe('a copy that makes no headway', () => {
  const pace =
    (bytesPerSecond: number, tables: number) =>
    (second: number): Second => ({ bytes: 20_000 + Math.round(bytesPerSecond * second), tables });

  test.each([
    ['40 KB/s of 1 TB', 40_000, 1000 * GB],
    ['2 KB/s of 100 MB', 2_000, 100 * MB],
  ])('%s moves on', (_name, bytesPerSecond, tables) => {
    expect(codesAfter(90 * minutes, pace(bytesPerSecond, tables))).toEqual([]);
  });

  test('20 KB/s of 1 TB does not, for half an hour', () => {
    expect(codesAfter(25 * minutes, pace(20_000, 1000 * GB))).toEqual([]);
    const [anomaly] = anomaliesAfter(35 * minutes, pace(20_000, 1000 * GB));
    expect(anomaly).toMatchObject({ code: 'hung_in_full_sync', remedy: 'reattach' });
    expect(anomaly!.text).toMatch(/^Only 4\d\.\d MB of 1\.0 TB came in the last 3\d min/);
  });

  test.each([1, 20])(
    'a trickle of refusals is no copy, looked at every %i s: the dump is missing',
    (everySeconds) => {
      const [anomaly] = anomaliesAfter(80, pace(500, 100 * MB), { everySeconds });
      expect(anomaly!.code).toBe('hung_in_full_sync');
      expect(anomaly!.text).toContain('no file: the master refuses its requests. The master’s dump failed');
    },
  );

  test('keep-alives alone say nothing of the dump', () => {
    const [anomaly] = anomaliesAfter(80, (second) => ({ bytes: 235 + 20 * second }));
    expect(anomaly!.text).toMatch(/without receiving anything for \d+ s/);
  });

  test('3.3.6 counts no bytes: a long copy is left alone for as long as the policy waits for a master', () => {
    const uncounted = (): Second => ({ bytes: null });
    expect(codesAfter(29 * minutes, uncounted, { version: '3.3.6' })).toEqual([]);
    const [anomaly] = anomaliesAfter(31 * minutes, uncounted, { version: '3.3.6' });
    expect(anomaly!.code).toBe('hung_in_full_sync');
    expect(anomaly!.text).toContain('counts no bytes');
  });
});

describe('copies that begin again', () => {
  /** Breaks off every 10 s, with so much received a second, and is back 2 s later. */
  const breaksOffAt =
    (perSecond: number) =>
    (second: number): Second => ({
      states: { db0: second % 12 < 10 ? 'WaitDBSync' : 'NoConnect' },
      bytes: perSecond * (10 * Math.floor(second / 12) + Math.min(second % 12, 10)),
    });
  const breaksOff = breaksOffAt(5 * MB);
  const version = '4.0.1';

  test('without a newer dump: told at the second, ended at the fourth', () => {
    expect(codesAfter(9, breaksOff, { version })).toEqual([]);
    const [second] = anomaliesAfter(14, breaksOff, { version });
    expect(second).toMatchObject({ code: 'copy_begun_again', remedy: 'wait' });
    expect(second!.text).toContain('10.0.0.2:9221 has begun its copy 2 times, and no newer dump was made');
    expect(codesAfter(34, breaksOff, { version })).toEqual(['copy_begun_again']);
    expect(codesAfter(38, breaksOff, { version })).toContain('sync_loop');
  });

  test('together cost twice the snapshot at most: the attempt ends, and no other begins', () => {
    expect(codesAfter(30, breaksOffAt(8 * MB), { version })).toEqual(['copy_begun_again']);
    const loop = anomaliesAfter(33, breaksOffAt(8 * MB), { version }).find(
      ({ code }) => code === 'sync_loop',
    );
    expect(loop?.remedy).toBe('quarantine');
    expect(loop?.text).toMatch(
      /^The node has received 2\d\d MB in 3 copies since one SLAVEOF\. Twice the snapshot/,
    );
  });

  test('dumps that are replaced again and again cost no more', () => {
    const replaced = (second: number): Second => ({
      bytes: 8 * MB * second,
      lastSave: 2 + Math.floor(second / 10),
    });
    expect(codesAfter(26, replaced, { version })).toEqual(['snapshot_superseded']);
    const loop = anomaliesAfter(29, replaced, { version }).find(({ code }) => code === 'sync_loop');
    expect(loop?.remedy).toBe('reattach');
  });

  test('a restart of the node explains it', () => {
    const restarts = (second: number): Second => ({
      ...breaksOff(second),
      processId: 7 + Math.floor(second / 12),
    });
    expect(codesAfter(34, restarts, { version })).toEqual(['node_restarted']);
  });

  test('one dump after the other, so quickly that no look sees the node begin again', () => {
    const dumps = (second: number): Second => ({
      bytes: 5 * MB * second,
      lastSave: 2 + Math.floor(second / 10),
    });
    expect(codesAfter(39, dumps, { version })).toEqual(['snapshot_superseded']);
    expect(codesAfter(45, dumps, { version })).toContain('sync_loop');
  });
});

describe('what cannot be told from the bytes of one look', () => {
  test('a look that took long counts bytes that came after the states that it shows', () => {
    const slow = (second: number): Second => ({
      bytes: 20 * MB * second + (second < 5 ? 0 : 80 * MB),
      tookMs: second < 5 ? 1 : 4000,
    });
    expect(codesAfter(5, slow)).toEqual([]);
    expect(codesAfter(7, slow)).toContain('copy_without_end');
  });

  test.each(['3.5.5', '4.0.1'])(
    'on %s a second dump in the second of the first is seen by nobody',
    (version) => {
      const unseen = (second: number): Second => ({ bytes: 80 * MB * Math.max(0, second - 2) });
      expect(codesAfter(4, unseen, { version })).toEqual([]);
      expect(codesAfter(6, unseen, { version })).toContain('copy_without_end');
      expect(codesAfter(4, unseen)).toContain('copy_without_end');
    },
  );

  test('of what came between two looks some can be of the dump that was replaced meanwhile', () => {
    const away = (second: number): Second => ({ bytes: 60 * MB * second, lastSave: second < 5 ? 2 : 3 });
    const options = { version: '4.0.1', everySeconds: 4 };
    expect(codesAfter(8, away, options)).not.toContain('copy_without_end');
    expect(codesAfter(12, away, options)).toContain('copy_without_end');
  });
});

describe('a copy that nobody watched since SLAVEOF', () => {
  const seenFirstAfter = (seconds: number, bytes: number, version = '3.5.4'): readonly string[] =>
    codesAfter(seconds, (second) => ({ bytes: second === 0 ? 0 : bytes }), {
      everySeconds: seconds,
      version,
    });

  test('is ended by its first look, where no master that stood still explains so many bytes', () => {
    expect(seenFirstAfter(18, 520 * MB)).toContain('copy_without_end');
    expect(seenFirstAfter(18, 400 * MB)).toEqual([]);
    expect(seenFirstAfter(2, 180 * MB)).toEqual([]);
    expect(seenFirstAfter(2, 190 * MB)).toContain('copy_without_end');
  });

  test('is watched on where several dumps can have been copied', () => {
    expect(seenFirstAfter(18, 520 * MB, '4.0.1')).toEqual([]);
  });
});
