/** The looks of a bundle, as the rules need them. A section that a look did not ask for is null. */
import { number, type Row, row, rows, text, truth } from './json.ts';

export interface Offset {
  readonly file: number;
  readonly offset: number;
}
export type Offsets = ReadonlyMap<string, Offset>;

export interface Listed {
  readonly ip: string;
  readonly port: number;
  /** By DB: bytes, or a word. */
  readonly lag: ReadonlyMap<string, number | string>;
}

export interface Replication {
  readonly role: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly isUp: boolean;
  readonly states: ReadonlyMap<string, string>;
  readonly offsets: Offsets;
  readonly slaves: readonly Listed[];
  /** null = this version does not tell. */
  readonly eligible: boolean | null;
}

export interface Seen {
  /** Place in the order in which the service stored them, over all servers. */
  readonly seq: number;
  readonly at: number;
  readonly tookMs: number;
  readonly answered: boolean;
  readonly replication: Replication | null;
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  readonly receivedBytes: number | null;
  readonly isDumping: boolean | null;
  readonly lastSave: number | null;
  /** Live tables where the version tells them apart. */
  readonly tableBytes: number | null;
  readonly ips: readonly string[];
  /** What the log of the node tells of its full syncs; null = no agent told. */
  readonly attempts: readonly Row[] | null;
  readonly reportedVersion: string | null;
}

export const seenIn = (list: unknown): readonly Seen[] => rows(list).map(seen);

function seen(observation: Row): Seen {
  const look = row(observation.look);
  const facts = row(look.facts);
  const [server, stats, sizes] = [row(facts.server), row(facts.stats), row(facts.sizes)];
  const attempts = row(row(look.sight).server).attempts;
  return {
    seq: number(observation.seq) ?? 0,
    at: number(look.at) ?? 0,
    tookMs: number(look.tookMs) ?? 0,
    answered: look.kind === 'answered',
    replication: facts.replication === undefined ? null : replication(row(facts.replication)),
    processId: number(server.processId),
    uptimeSeconds: number(server.uptimeSeconds),
    receivedBytes: number(stats.replInputBytes),
    isDumping: truth(stats.bgsaving),
    lastSave: number(facts.lastSaveUnixSeconds),
    tableBytes: number(sizes.liveSstBytes) ?? number(sizes.sstBytes),
    ips: Array.isArray(facts.ips) ? facts.ips.filter((ip) => typeof ip === 'string') : [],
    attempts: Array.isArray(attempts) ? rows(attempts) : null,
    reportedVersion: text(server.reportedVersion),
  };
}

function replication(said: Row): Replication {
  return {
    role: text(said.role) ?? '',
    host: text(said.masterHost),
    port: number(said.masterPort),
    isUp: said.linkStatus === 'up',
    states: new Map(Object.entries(row(said.dbStates)).map(([db, state]) => [db, String(state)])),
    offsets: offsetsIn(said.binlog),
    slaves: rows(said.slaves).map(({ ip, port, lag }) => ({
      ip: text(ip) ?? '',
      port: number(port) ?? -1,
      lag: new Map(
        Object.entries(row(lag)).map(([db, behind]) => [
          db,
          typeof behind === 'number' ? behind : String(behind),
        ]),
      ),
    })),
    eligible: truth(said.eligibleForMasterElection),
  };
}

export const offsetsIn = (value: unknown): Offsets =>
  new Map(
    Object.entries(row(value)).map(([db, position]) => {
      const { file, offset } = row(position);
      return [db, { file: number(file) ?? -1, offset: number(offset) ?? -1 }];
    }),
  );

const isBefore = (a: Offset, b: Offset): boolean =>
  a.file !== b.file ? a.file < b.file : a.offset < b.offset;

export const isSame = (a: Offset, b: Offset): boolean => a.file === b.file && a.offset === b.offset;

/** Whether every DB of `target` has been reached. */
export const hasReached = (own: Offsets, target: Offsets): boolean =>
  target.size > 0 && [...target].every(([db, to]) => own.has(db) && !isBefore(own.get(db)!, to));

/** Bytes of binlog between two positions; null = not known. */
export function binlogBetween(from: Offsets, to: Offsets, fileBytes: number | null): number | null {
  let sum = 0;
  for (const [db, end] of to) {
    const start = from.get(db);
    if (start === undefined) return null;
    const files = end.file - start.file;
    if (files !== 0 && fileBytes === null) return null;
    sum += files * (fileBytes ?? 0) + end.offset - start.offset;
  }
  return Math.max(0, sum);
}

/** A slave whose link is up and whose DBs are all connected. */
export const isConnected = (said: Replication | null): said is Replication =>
  said !== null &&
  said.role !== 'master' &&
  said.isUp &&
  said.states.size > 0 &&
  [...said.states.values()].every((state) => state === 'Connected');

/** Whether the process of the one look is certainly not that of the other. */
export const isOtherProcess = (before: Seen, after: Seen): boolean =>
  (before.processId !== null && after.processId !== null && before.processId !== after.processId) ||
  (before.uptimeSeconds !== null &&
    after.uptimeSeconds !== null &&
    after.uptimeSeconds < before.uptimeSeconds);
