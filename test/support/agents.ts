import type { AgentReport, AgentServer, AgentSight, Folder, Space } from '../../src/model/views/agent.ts';

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
  totalBytes: 2e12,
  freeBytes,
  totalInodes: 1e6,
  freeInodes: 1e6,
  problem: null,
});
