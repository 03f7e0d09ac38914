import { describe, expect, it } from 'vitest';
import { defaultAnomalyLimits, detectAnomalies } from '../../../src/core/sync/anomalies.ts';
import { diagnose } from '../../../src/core/sync/diagnosis.ts';
import { newMasterTracker, trackMaster } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker, trackSlave, trackSlaveThroughMaster } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { BinlogOffset, DbState, NodeFacts, ReplicationFacts } from '../../../src/model/observation.ts';

const mega = 1_000_000;
const fileSize = 100 * mega;
const master = { host: '10.0.0.1', port: 9221 };
const self = { host: '10.0.0.2', port: 9221 };
const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };
const capabilities = capabilitiesOf({ server });

type States = Readonly<Record<string, DbState>>;
type Offsets = Readonly<Record<string, BinlogOffset>>;

const replication = (dbStates: States, binlog: Offsets): ReplicationFacts => ({
  role: 'slave',
  replicationId: 'id',
  masterHost: master.host,
  masterPort: master.port,
  linkStatus: 'down',
  dbStates,
  slaves: [],
  connectedSlaves: 0,
  binlog,
  safetyPurgeFile: {},
  eligibleForMasterElection: null,
  hasConnectStatus: false,
});

const stats = (replInputBytes: number, bgsaving = false) => ({
  bgsaving,
  scanningKeyspace: false,
  compacting: false,
  opsPerSecond: 0,
  replInputBytes,
  replOutputBytes: 0,
  commandsProcessed: null,
});

interface Second {
  readonly states: States;
  readonly binlog: Offsets;
  readonly bytes: number;
  readonly bgsaving?: boolean;
  readonly nodeProcess?: number;
  /** By how much the clock of the worker is ahead. */
  readonly aheadMs?: number;
}

/** What is known after so many seconds, looked at once a second. */
function watched(seconds: number, at: (second: number) => Second) {
  let tracked = newMasterTracker();
  let slave = newSlaveTracker({
    attachedAt: 0,
    master,
    self,
    before: { server, stats: stats(0) },
    listedBefore: [],
    binlogFileSizeBytes: fileSize,
  });
  for (let second = 1; second <= seconds; second += 1) {
    const { states, binlog, bytes, bgsaving, nodeProcess = 7, aheadMs = 0 } = at(second);
    const now = second * 1000 + aheadMs;
    const facts = { server: { ...server, uptimeSeconds: 100 + second } };
    const look = (more: NodeFacts) =>
      ({ kind: 'answered', at: now, tookMs: 1, facts: { ...facts, ...more } }) as const;
    tracked = trackMaster(
      tracked,
      look({
        stats: stats(0, bgsaving),
        replication: { ...replication({}, binlog), role: 'master', masterHost: null, masterPort: null },
      }),
    );
    slave = trackSlave(
      trackSlaveThroughMaster(slave, tracked, now, capabilities),
      look({
        server: { ...facts.server, processId: nodeProcess },
        stats: stats(bytes),
        replication: replication(states, binlog),
      }),
      tracked,
      capabilities,
    );
  }
  const limits = { ...defaultAnomalyLimits, bgsaveMs: 300_000 };
  const now = seconds * 1000 + (at(seconds).aheadMs ?? 0);
  return { slave, master: tracked, capabilities, limits, attempt: 1, now };
}

/** The anomalies after so many seconds. */
const anomaliesAfter = (...args: Parameters<typeof watched>): readonly string[] =>
  detectAnomalies(watched(...args)).map(({ code }) => code);

/** What is diagnosed of a copy that hangs after so many seconds. */
function diagnosisAfter(...args: Parameters<typeof watched>) {
  const input = watched(...args);
  const anomaly = detectAnomalies(input).find(({ code }) => code === 'hung_in_full_sync');
  expect(anomaly).toBeDefined();
  return diagnose({
    ...input,
    nodeVersion: '3.5.4',
    faults: [],
    logs: { node: null, master: null },
    report: null,
    anomaly: anomaly!,
    earlier: [],
    mayAskForDump: false,
  });
}

describe('a copy that hangs in one DB while another is connected (promise 6)', () => {
  /** db0 is up after 10 s and takes 5 MB of binlog a second; db1 gets so many bytes a second. */
  const beside =
    (copied: number) =>
    (second: number): Second => {
      const binlog = second <= 10 ? 0 : (second - 10) * 5 * mega;
      return {
        states: { db0: second <= 10 ? 'WaitDBSync' : 'Connected', db1: 'WaitDBSync' },
        binlog: { db0: { file: 5, offset: binlog }, db1: { file: 0, offset: 0 } },
        bytes: Math.round(Math.min(second, 10) * 20 * mega + binlog * 1.03 + second * copied),
      };
    };

  it('is noticed, however much binlog comes for the other', () => {
    expect(anomaliesAfter(60, beside(0))).not.toContain('hung_in_full_sync');
    expect(anomaliesAfter(90, beside(0))).toContain('hung_in_full_sync');
  });

  it('is not seen where the copy moves on', () => {
    expect(anomaliesAfter(300, beside(2 * mega))).not.toContain('hung_in_full_sync');
  });
});

describe('a dump that the master never ends (promise 6)', () => {
  const dumping = (): Second => ({
    states: { db0: 'WaitDBSync' },
    binlog: { db0: { file: 0, offset: 0 } },
    bytes: 0,
    bgsaving: true,
  });

  it('excuses for a while that nothing comes, not for ever', () => {
    expect(anomaliesAfter(200, dumping)).not.toContain('hung_in_full_sync');
    expect(anomaliesAfter(302, dumping)).toContain('hung_in_full_sync');
  });

  it('leaves the node its time when it has ended', () => {
    const ended = (second: number): Second => ({ ...dumping(), bgsaving: second < 200 });
    expect(anomaliesAfter(255, ended)).not.toContain('hung_in_full_sync');
    expect(anomaliesAfter(262, ended)).toContain('hung_in_full_sync');
  });
});

describe('a node that is neither connected nor copying', () => {
  /** After a copy of 10 s. */
  const then =
    (state: DbState) =>
    (second: number): Second => ({
      states: { db0: second <= 10 ? 'WaitDBSync' : state, db1: second <= 10 ? 'WaitDBSync' : 'Connected' },
      binlog: { db0: { file: 5, offset: 10 }, db1: { file: 5, offset: 10 } },
      bytes: Math.min(second, 10) * 20 * mega,
    });

  it('has missed a reply of its master where it waits for one, and nothing else is wrong with it', () => {
    expect(anomaliesAfter(10 + 5, then('WaitReply'))).toEqual([]);
    expect(anomaliesAfter(10 + 15, then('WaitReply'))).toEqual(['reply_missed']);
    expect(anomaliesAfter(10 + 200, then('WaitReply'))).toEqual(['reply_missed']);
  });

  it('is not, where Pika has given up', () => {
    expect(anomaliesAfter(10 + 65, then('Error'))).toContain('hung_in_full_sync');
  });
});

describe('a state that becomes Error in a full sync, of a dump whose size nobody knows', () => {
  const copies =
    (seconds: number, bytesPerSecond: number) =>
    (second: number): Second => ({
      states: { db0: second <= seconds ? 'WaitDBSync' : 'Error' },
      binlog: { db0: { file: 0, offset: 0 } },
      bytes: Math.min(second, seconds) * bytesPerSecond,
    });

  it('means that the copy could not be opened, if files had come or it came too soon for a missing list', () => {
    expect(anomaliesAfter(31, copies(30, 3 * mega))).toContain('copy_not_opened');
    expect(anomaliesAfter(4, copies(3, 0))).toContain('copy_not_opened');
  });

  it('means an offset that the master does not know, if the node was started again in the copy', () => {
    const restarted = (second: number): Second => ({
      states: { db0: second <= 10 ? 'WaitDBSync' : 'Error' },
      binlog: { db0: { file: 0, offset: 71 } },
      bytes: second <= 10 ? second * 3 * mega : 144,
      nodeProcess: second <= 10 ? 7 : 8,
    });
    expect(anomaliesAfter(12, restarted)).toEqual(['node_restarted']);
    const { causes, remedy } = diagnosisAfter(90, restarted);
    expect([causes[0]?.code, remedy.kind]).toEqual(['node_restarted', 'reattach']);
  });

  it('means something else if only pings had come for ten seconds', () => {
    expect(anomaliesAfter(13, copies(12, 16))).not.toContain('copy_not_opened');
  });
});

describe('a copy without a file, whose bytes tell why (recordings 48)', () => {
  /** In WaitDBSync from this second on, and so many bytes a second from then on. */
  const trickle =
    (bytesPerSecond: number, from = 1, pingsPerSecond = 16) =>
    (second: number): Second => ({
      states: { db0: second < from ? 'WaitReply' : 'WaitDBSync' },
      binlog: { db0: { file: 0, offset: 0 } },
      bytes: pingsPerSecond * Math.min(second, from) + bytesPerSecond * Math.max(0, second - from),
    });
  const causeAfter = (...args: Parameters<typeof watched>) => diagnosisAfter(...args).causes[0]?.code;

  it('is refused by a master without a dump, or cannot reach the port', () => {
    expect(causeAfter(70, trickle(400))).toBe('dump_failed');
    expect(causeAfter(70, trickle(16))).toBe('rsync_port_closed');
  });

  it('is the master’s dump as long as it lasts', () => {
    expect(causeAfter(310, (second) => ({ ...trickle(16)(second), bgsaving: true }))).toBe('doing_bgsave');
  });

  it('is not charged with what came while the node waited for a reply', () => {
    expect(causeAfter(700, trickle(16, 630))).toBe('rsync_port_closed');
  });

  it('counts by the clock of the node where the clock of the worker jumps', () => {
    const jumps =
      (aheadMs: number, bytesPerSecond: number) =>
      (second: number): Second => ({
        ...trickle(bytesPerSecond)(second),
        aheadMs: second < 20 ? 0 : aheadMs,
      });
    expect(causeAfter(30, jumps(300_000, 400))).toBe('dump_failed');
    expect(causeAfter(100, jumps(-25_000, 40))).toBe('rsync_port_closed');
  });

  it('has no cause where the jump hides how long it was', () => {
    expect(
      causeAfter(2, (second) => ({ ...trickle(400)(second), aheadMs: second < 2 ? 0 : 300_000 })),
    ).toBeUndefined();
  });
});
