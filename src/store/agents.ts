import { foldersMoved, serverMoved } from '../model/agent-times.ts';
import type {
  AgentListings,
  AgentReport,
  AgentServer,
  AgentSight,
  Folder,
  FolderFile,
} from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import { storableText } from './json.ts';

/** Addresses and servers of a report that did not count. */
export interface Dropped {
  /** The token may not speak for them. */
  readonly addresses: number;
  /** No address was left of them, their port came twice, or they were too large. */
  readonly servers: number;
}

/** A report of which only that is left for which its agent may speak. */
interface TakenReport {
  /** Name of the token. */
  readonly agent: string;
  readonly report: AgentReport;
  /** By the service's clock, milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly nextReportInMs: number;
  readonly dropped: Dropped;
}

/** A start of an agent, with its first and its latest report. */
export interface AgentInstance {
  /** Made by the agent as it starts; '' = it is of a release that makes none. */
  readonly id: string;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** An agent, as it stood at its latest report. */
export interface KnownAgent {
  readonly agent: string;
  readonly host: string;
  readonly version: string;
  readonly startedAt: number;
  readonly receivedAt: number;
  readonly clockAheadMs: number;
  readonly nextReportInMs: number;
  /** Since it was first heard of: reports that were taken, and reports that were refused as a whole. */
  readonly reports: number;
  readonly refused: number;
  /** Starts of the agent that reported by this name and host, the latest last. */
  readonly instances: readonly AgentInstance[];
  /** Of the latest report. */
  readonly dropped: Dropped;
}

/** A server of a report, and the agent behind it. */
export interface StoredSight extends KnownAgent {
  /** Without listings. Its times are as the report has them. */
  readonly server: AgentServer;
  readonly hasListings: boolean;
}

/** Where the latest reports of agents live. All methods throw StoreUnavailableError while the database cannot be reached. */
export interface AgentStore {
  /**
   * Keeps a report in place of the earlier one of this agent on this host; a server that it does not name any more is gone
   * with it. Of an agent no more hosts than `mostHostsOfAgent` are kept, the latest ones. A list of files that the report
   * names by its id alone is the one that is kept; resolves with the ids of all that are, by the port of the server.
   */
  report(taken: TakenReport): Promise<ReadonlyMap<number, readonly string[]>>;
  /** Counts a report that was refused as a whole. Nothing else changes, and an agent never heard of stays unknown. */
  refused(agent: string, host: string): Promise<void>;
  /** What is told of servers with one of these addresses, `host:port` in any spelling. An address may have more than one. */
  sights(addresses: readonly string[]): Promise<readonly StoredSight[]>;
  /**
   * The folders of the latest report of this agent about a server of its host; null = it lists no files. Lists that are in
   * `known`, by their id, are not read again.
   */
  listings(
    of: Pick<StoredSight, 'agent' | 'host'> & { readonly port: number },
    known?: ReadonlyMap<string, Listing>,
  ): Promise<AgentListings | null>;
  /** Wants ports tried from the host of the servers with one of these addresses, by whoever speaks for them, until that time. */
  askPorts(addresses: readonly string[], ports: readonly Address[], until: number): Promise<void>;
  /** What is wanted so at that time, with the addresses of each server as keys. */
  portsAsked(
    now: number,
  ): Promise<readonly { readonly addresses: readonly string[]; readonly ports: readonly Address[] }[]>;
  /** By name and host. */
  list(): Promise<readonly (KnownAgent & { readonly servers: readonly StoredSight[] })[]>;
  /** How many agents are kept, how many of them are stale by now, and the latest reports of those silent for longest. */
  counts(now: number): Promise<{
    readonly agents: number;
    readonly stale: number;
    readonly latest: readonly Pick<KnownAgent, 'agent' | 'host' | 'receivedAt'>[];
  }>;
  /** Deletes agents whose latest report came before that time; returns how many. */
  prune(receivedBefore: number): Promise<number>;
}

/** A token that was taken into many machines must not fill the database. */
export const mostHostsOfAgent = 64;

/** Of agents whose latest reports are told of one by one. */
export const mostLatest = 200;

const jitterMs = 2000;

/**
 * By how much the clock of an agent is ahead. A report that took long on its way makes the clock look behind, so the most
 * that was seen counts, until the clock was set back.
 */
export const steadyClock = (before: number | null, seen: number): number =>
  before === null || seen > before || seen < before - jitterMs ? seen : before;

/** The port of a server: what tells it from the others of its host. */
export const portOf = ({ addresses }: AgentServer): number => addresses[0]!.port;

/** Files of a row: what is written and read at once keeps the process from nothing else for long. */
const filesPerPart = 5000;
/** Of lists that an agent need not send again, a host has so many parts, or else each report brings its own lists. */
export const mostPartsHeld = 100;

export type Listing = readonly FolderFile[];
type Kind = 'dumps' | 'copies' | 'opened';
export const kinds: readonly Kind[] = ['dumps', 'copies', 'opened'];

/** One at least. */
export function partsOf(listing: Listing): readonly Listing[] {
  const parts: Listing[] = [];
  for (let from = 0; from === 0 || from < listing.length; from += filesPerPart)
    parts.push(listing.slice(from, from + filesPerPart));
  return parts;
}

/** A server without the lists of its folders. */
export function bare(server: AgentServer): AgentServer {
  const without = (folders: readonly Folder[]) => folders.map((folder) => ({ ...folder, listing: null }));
  const { dumps, copies, opened } = server;
  return { ...server, dumps: without(dumps), copies: without(copies), opened: without(opened) };
}

/** By which id the list of a folder is kept; agents of other releases give none. */
export const listingKey = (kind: Kind, { db, listingId }: Folder): string =>
  storableText(listingId ?? `${kind} ${db}`);

/** The lists that came with a server, by their ids, and the ids of those that it names alone. */
export function listingsIn(server: AgentServer): {
  readonly sent: ReadonlyMap<string, Listing>;
  readonly named: readonly string[];
} {
  const sent = new Map<string, Listing>();
  const named: string[] = [];
  for (const kind of kinds)
    for (const folder of server[kind])
      if (folder.listing !== null) sent.set(listingKey(kind, folder), folder.listing);
      else if (folder.listingId !== undefined) named.push(listingKey(kind, folder));
  return { sent, named };
}

/** The folders of a server with their lists. */
export function withListings(server: AgentServer, lists: ReadonlyMap<string, Listing>): Folders {
  const folders = (kind: Kind) =>
    server[kind].map((folder) => ({ ...folder, listing: lists.get(listingKey(kind, folder)) ?? null }));
  return { dumps: folders('dumps'), copies: folders('copies'), opened: folders('opened') };
}

type Folders = Omit<AgentListings, 'at'>;

const byTheService =
  ({ clockAheadMs }: Pick<KnownAgent, 'clockAheadMs'>) =>
  (time: number) =>
    time - clockAheadMs;

/** The folders of a report, with all times by the service's clock. */
export const listingsOf = (
  known: Pick<KnownAgent, 'clockAheadMs' | 'receivedAt'>,
  folders: Folders,
): AgentListings => ({ at: known.receivedAt, ...foldersMoved(folders, byTheService(known)) });

/** What was told of a server, with all times by the service's clock. */
export function sightOf({ agent, receivedAt, clockAheadMs, server }: StoredSight): AgentSight {
  const seen = serverMoved(server, byTheService({ clockAheadMs }));
  return { at: receivedAt, agent, clockAheadMs, server: seen };
}

/** An agent counts no more when so many of its reports did not come. */
export const mostReportsMissed = 3;
export const isStale = ({ receivedAt, nextReportInMs }: KnownAgent, now: number): boolean =>
  now - receivedAt > mostReportsMissed * nextReportInMs;

const keptInstances = 8;

/** The starts of an agent after a report of one of them. */
export function heardOf(before: readonly AgentInstance[], id: string, at: number): readonly AgentInstance[] {
  const known = before.find((each) => each.id === id);
  const others = before.filter((each) => each !== known);
  return [...others, { id, firstAt: known?.firstAt ?? at, lastAt: at }].slice(-keptInstances);
}

/**
 * Whether two agents report by one token and one host name: each replaces what the other told. An agent that was started
 * again is none: the start before it reports no more.
 */
export function isContested({ instances, nextReportInMs }: KnownAgent, now: number): boolean {
  const fresh = instances.filter(({ lastAt }) => now - lastAt <= mostReportsMissed * nextReportInMs);
  return fresh.some((one) =>
    fresh.some((other) => one.id !== other.id && one.firstAt < other.lastAt && other.firstAt < one.lastAt),
  );
}
