import type { AgentReport, AgentServer, Folder } from '../../src/model/views/agent.ts';

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
