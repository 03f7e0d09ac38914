import type {
  AgentReport,
  AgentServer,
  AgentSight,
  AgentView,
  Folder,
  Space,
} from '../../src/model/views/agent.ts';

export const aFolder = (over: Partial<Folder> = {}): Folder => ({
  db: 'db0',
  path: '/data/pika/dump/20261128/db0',
  inode: '77',
  changedAt: 1_000,
  dumpId: null,
  files: 1,
  bytes: 2_000,
  listing: null,
  ...over,
});

/** What an agent sees of a server at `host:port` that is well and does nothing. */
export const aSeenServer = (host: string, port: number, over: Partial<AgentServer> = {}): AgentServer => ({
  addresses: [{ host, port }],
  processId: 4_711,
  config: '/etc/pika/pika.conf',
  paths: {},
  openFileLimit: 65_535,
  sharesDiskWith: [],
  dumps: [],
  copies: [],
  opened: [],
  backups: [],
  attempts: [],
  log: [],
  logDropped: 0,
  ports: [],
  ...over,
});

export const aReport = (servers: readonly AgentServer[], over: Partial<AgentReport> = {}): AgentReport => ({
  format: 1,
  host: 'host-7',
  version: '1.0.0',
  startedAt: 0,
  sentAt: 10_000,
  servers,
  ...over,
});

export const sightOf = (at: number, server: Partial<AgentServer> = {}, clockAheadMs = 0): AgentSight => ({
  at,
  agent: 'agent-1',
  clockAheadMs,
  server: aSeenServer('10.0.0.2', 9221, server),
});

export const space = (path: string, device: number, freeBytes = 1e12): Space => ({
  path,
  device,
  totalBytes: Math.max(4 * freeBytes, 1e9),
  freeBytes,
  totalInodes: 1e6,
  freeInodes: 1e6,
  problem: null,
});

/** What agents tell of a node that copies 54 files of `snapshotBytes`, and of its master. Times are from `at` on. */
export const copyingHosts = (at: number, snapshotBytes: number) => ({
  node: sightOf(at + 6000, {
    paths: {
      db: space('/data/pika/db', 1, 3 * snapshotBytes),
      dbSync: space('/data/pika/dbsync', 1, 3 * snapshotBytes),
      log: space('/var/log/pika', 2, 1e9),
    },
    attempts: [
      {
        db: 'db0',
        startedAt: at,
        endedAt: null,
        verdict: 'running',
        cause: null,
        files: { listed: 54, copied: 32 },
      },
    ],
    log: [
      aLine(at + 100, 'sync_granted', 'DB: db0 Need Wait To Sync'),
      aLine(
        at + 1100,
        'list_refused',
        'IO error: kRsyncMeta request failed! db is not exist or doing bgsave',
      ),
      aLine(at + 2100, 'list_taken', 'copy meta data done, db name: db0 file count: 54'),
      aLine(at + 2200, 'copy_begins', 'RsyncClient begin to copy remote files'),
    ],
  }),
  master: sightOf(at + 6000, {
    paths: { db: space('/data/pika/db', 1, snapshotBytes), dump: space('/data/pika/dump', 1, snapshotBytes) },
    log: [
      aLine(at + 150, 'dump_begun', 'db0 bgsave_info: path=/data/pika/dump/20261128/db0'),
      aLine(at + 2000, 'list_served', 'Rsync Meta request, snapshot_uuid: 7f files count: 54'),
    ],
  }),
});

const aLine = (at: number, code: string, line: string): AgentServer['log'][number] => ({
  at,
  code,
  line,
  thread: 1,
  values: {},
});

/** An agent of a host with two servers, whose data lie on one disk. */
export const anAgent = (host: string, now: number, over: Partial<AgentView> = {}): AgentView => ({
  agent: `token-of-${host}`,
  host,
  version: '1.2.0',
  startedAt: now - 86_400_000,
  lastReportAt: now,
  stale: false,
  clockAheadMs: 12,
  reports: 5_760,
  refused: 0,
  dropped: { addresses: 0, servers: 0 },
  servers: [9221, 9222].map((port) => ({
    addresses: [`10.20.0.31:${port}`, `${host}:${port}`],
    processId: port - 5_000,
    config: `/etc/pika/${port}.conf`,
    contestedBy: [],
    paths: {
      db: space(`/data/${port}/db`, 1, 3e11),
      dump: space(`/data/${port}/dump`, 1, 3e11),
      log: space(`/var/log/pika/${port}`, 2, 1e9),
    },
    logDropped: 0,
  })),
  ...over,
});

/** An agent with all that can be wrong. */
export function troubledAgent(host: string, now: number): AgentView {
  const { servers, ...agent } = anAgent(host, now);
  const none = { device: null, totalBytes: null, freeBytes: null, totalInodes: null, freeInodes: null };
  return {
    ...agent,
    lastReportAt: now - 300_000,
    stale: true,
    clockAheadMs: -61_000,
    refused: 2,
    dropped: { addresses: 3, servers: 1 },
    servers: [
      {
        ...servers[0]!,
        processId: null,
        contestedBy: ['host-8@pika-8'],
        paths: { ...servers[0]!.paths, dump: { path: '/backup/dump', ...none, problem: 'EACCES' } },
        logDropped: 9,
        logSkippedBytes: 3e8,
        logProblem: 'EACCES',
      },
    ],
  };
}
