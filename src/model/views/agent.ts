/**
 * What an agent on the host of a server sees, and what it sends. A report holds the whole picture, without the lists of files
 * of which the answer before said that the service has them: a lost report loses nothing. Times are milliseconds since the epoch: in a report on the clock of the agent's host, in a sight on the service's.
 */
import Type from 'typebox';
import { copiedTexts, Nullable, type Of, Time } from './schema.ts';
import { Address } from './targets.ts';

const Space = Type.Object(
  {
    path: Type.String({ description: 'As the server has it, links resolved.' }),
    device: Nullable(Type.Integer(), 'Paths of one mount have the same; null = the path could not be read.'),
    totalBytes: Nullable(Type.Number()),
    freeBytes: Nullable(Type.Number(), 'What a process without privileges may still write.'),
    totalInodes: Nullable(Type.Number()),
    freeInodes: Nullable(Type.Number()),
    problem: Nullable(Type.String(), 'Why it could not be read, as the system says it.'),
  },
  { description: 'A folder of a server, and the room on its mount.' },
);
export type Space = Of<typeof Space>;

export const FolderFile = Type.Object({
  name: Type.String({ description: 'Below the folder of the database, with `/`: `strings/000012.sst`.' }),
  bytes: Type.Number(),
  sha256: Nullable(Type.String(), 'null = not hashed.'),
  gone: Type.Optional(
    Type.Literal(true, {
      description:
        'It came with the copy, or was open: a compaction has replaced it since. Size and hash are the last that were seen.',
    }),
  ),
});
export type FolderFile = Of<typeof FolderFile>;

/** Files of a list. */
export const mostListed = 100_000;

const Folder = Type.Object(
  {
    db: Type.String(),
    path: Type.String(),
    inode: Type.String({
      description: 'Another one = another folder of the same name: the dump was replaced.',
    }),
    changedAt: Time('When a file of it last changed.'),
    dumpId: Nullable(Type.String(), 'md5 of the file `info`: the id by which a master names its dump.'),
    files: Type.Integer(),
    bytes: Type.Number(),
    listing: Nullable(
      Type.Array(FolderFile, { maxItems: mostListed }),
      'Each file; null = nobody asked, there are too many, or the service has the list of this `listingId`.',
    ),
    listingId: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Hash of the list. The same list is sent once, as long as the answers name it in `held`.',
      }),
    ),
    problem: Type.Optional(
      Type.String({
        maxLength: 300,
        description:
          'Why this is not the whole picture: a MANIFEST that cannot be read, a table file that is missing or has another size.',
      }),
    ),
  },
  {
    description:
      'The files of one database: a dump, an arriving copy, or the tables that the server has open.',
  },
);
export type Folder = Of<typeof Folder>;

const LogFact = Type.Object({
  code: Type.String({ description: 'Row of the table of log lines.' }),
  at: Time('As the line says, in UTC.'),
  thread: Type.Integer(),
  values: Type.Record(Type.String(), Type.String({ maxLength: 1000 })),
  line: Type.String({ maxLength: 300, description: 'As the server wrote it, without its prefix.' }),
});

const AgentAttempt = Type.Object({
  db: Nullable(Type.String()),
  startedAt: Time('When the node asked.'),
  endedAt: Nullable(Type.Number()),
  verdict: Type.Enum(['complete', 'incomplete', 'failed', 'running', 'undecided']),
  cause: Nullable(Type.String()),
  files: Type.Object({ listed: Nullable(Type.Integer()), copied: Type.Integer() }),
});

const PortTry = Type.Object({
  to: Address,
  at: Time('When it was tried.'),
  outcome: Type.Enum(['open', 'refused', 'no_answer', 'unresolved']),
});
export type PortTry = Of<typeof PortTry>;

/** All that an agent sees of one server. */
export const AgentServer = Type.Object({
  addresses: Type.Array(Address, {
    minItems: 1,
    maxItems: 64,
    description: 'Under which others may reach it: every IP address and the name of the host, with its port.',
  }),
  processId: Nullable(Type.Integer(), 'null = no process runs. As the server itself prints it in INFO.'),
  config: Type.String({ description: 'Path of its pika.conf.' }),
  paths: Type.Partial(Type.Object({ db: Space, dump: Space, dbSync: Space, log: Space })),
  openFileLimit: Nullable(Type.Integer(), 'Of the running process.'),
  sharesDiskWith: Type.Array(Type.Integer(), {
    maxItems: 256,
    description: 'Ports of the other servers of this host whose db-path lies on the same mount.',
  }),
  dumps: Type.Array(Folder, { maxItems: 256, description: 'The newest dump of each database.' }),
  copies: Type.Array(Folder, {
    maxItems: 256,
    description: 'What has come into db-sync-path, a folder per database.',
  }),
  opened: Type.Array(Folder, {
    maxItems: 256,
    description: 'The table files that CURRENT and its MANIFEST name, a folder per database.',
  }),
  backups: Type.Array(Type.String(), {
    maxItems: 256,
    description: 'Folders `dbN_bak`: the data from before a swap that did not end.',
  }),
  attempts: Type.Array(AgentAttempt, {
    maxItems: 64,
    description: 'Its latest full syncs as its log tells them, oldest first.',
  }),
  log: Type.Array(LogFact, {
    maxItems: 500,
    description: 'The latest lines that mean something, oldest first, without those of single files.',
  }),
  logDropped: Type.Integer({ description: 'Such lines that no report could hold, since the agent started.' }),
  logSkippedBytes: Type.Optional(
    Type.Number({
      description: 'Of the log, since the agent started: it grew faster than the agent may read.',
    }),
  ),
  logProblem: Type.Optional(Type.String({ maxLength: 300, description: 'Why the log cannot be read.' })),
  ports: Type.Array(PortTry, { maxItems: 64, description: 'What the service asked the agent to try.' }),
});
export type AgentServer = Of<typeof AgentServer>;

export const AgentReport = Type.Object(
  {
    format: Type.Literal(1),
    host: Type.String({ maxLength: 255 }),
    version: Type.String({ maxLength: 64, description: 'Of pika-expander.' }),
    instance: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Made anew at each start of an agent: it tells two agents with one token and one host name apart.',
      }),
    ),
    startedAt: Time('When the agent started.'),
    sentAt: Time('By its clock: the service takes the difference to its own off every time.'),
    servers: Type.Array(AgentServer, { maxItems: 256 }),
  },
  { [copiedTexts]: true },
);
export type AgentReport = Of<typeof AgentReport>;

const { processId, config, paths, logDropped, logSkippedBytes, logProblem } = AgentServer.properties;

/** An agent as the service knows it, for people. */
export const AgentView = Type.Object({
  agent: Type.String({ description: 'Name of its token.' }),
  host: Type.String({ description: 'As the agent names it.' }),
  version: Type.String(),
  startedAt: Time('When the agent started, by its clock.'),
  lastReportAt: Time('When its latest report came.'),
  stale: Type.Boolean({ description: 'Three reports did not come: what it told counts no more.' }),
  clockAheadMs: Type.Number({ description: "By how much its host's clock is ahead of the service's." }),
  reports: Type.Integer({ description: 'Reports taken since it was first heard of.' }),
  refused: Type.Integer({ description: 'Reports refused as a whole: they named none of its servers.' }),
  dropped: Type.Object(
    { addresses: Type.Integer(), servers: Type.Integer() },
    { description: 'Of the latest report: what its token may not speak for, or what was too large.' },
  ),
  servers: Type.Array(
    Type.Object({
      addresses: Type.Array(Type.String()),
      processId,
      config,
      contestedBy: Type.Array(Type.String(), {
        description:
          'Other agents, as `name@host`, that report of the same address now. Its own name: two agents report by it.',
      }),
      paths,
      logDropped,
      logSkippedBytes,
      logProblem,
    }),
  ),
});
export type AgentView = Of<typeof AgentView>;

export const AgentList = Type.Object({ items: Type.Array(AgentView) });
export type AgentList = Of<typeof AgentList>;

/** What the service wants to know next. It stands for the next report only. */
export const AgentOrders = Type.Object({
  nextReportInMs: Type.Integer({ minimum: 500, maximum: 60_000 }),
  servers: Type.Array(
    Type.Object({
      port: Type.Integer({ description: 'Which of the servers of the report.' }),
      listFiles: Type.Boolean({ description: 'Send the listings of its folders.' }),
      hashFiles: Type.Boolean({
        description: 'Hash the files of the dump and of the copy, at a bounded rate.',
      }),
      held: Type.Array(Type.String(), {
        description: 'The `listingId` of each list of files that the service has: it need not come again.',
      }),
      tryPorts: Type.Array(Address, {
        maxItems: 16,
        description: 'Connect there once, as the server would.',
      }),
    }),
  ),
});
export type AgentOrders = Of<typeof AgentOrders>;

/** The latest report about one server, as the service keeps it. Part of a look, and there without the listings. */
export const AgentSight = Type.Object({
  at: Time('When the report came.'),
  agent: Type.String({ description: 'Name of its token.' }),
  clockAheadMs: Type.Number({ description: "By how much its host's clock is ahead of the service's." }),
  server: AgentServer,
});
export type AgentSight = Of<typeof AgentSight>;

/** The folders of a server with their listings, of the same report as the sight of this time. Never stored with a look. */
export interface AgentListings extends Pick<AgentServer, 'dumps' | 'copies' | 'opened'> {
  readonly at: number;
}
