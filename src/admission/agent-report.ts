/** What counts of the report of an agent: only that for which its token may speak. */
import Type from 'typebox';
import Value from 'typebox/value';
import { isLoopback } from '../model/addresses.ts';
import { formatAddress } from '../model/observation.ts';
import { refuse } from '../model/refusal.ts';
import { type AgentReport, AgentServer, type Folder, FolderFile, mostListed } from '../model/views/agent.ts';
import { copiedTexts } from '../model/views/schema.ts';
import type { Address } from '../model/views/targets.ts';
import { namesServer } from '../platform/server-rules.ts';
import { bare, type Dropped, kinds as folderKinds, portOf } from '../store/agents.ts';
import { checker } from './validate.ts';

interface Speaker {
  /** Name of the token. */
  readonly name: string;
  /** The servers that it may speak for, as the configuration names them. */
  readonly nodes: readonly string[];
  /** Whether the report came over loopback: no other machine knows who listens there on this machine. */
  readonly isLocal: boolean;
}

/** A server without its listings has some KB; only its log can be long. */
const mostServerBytes = 256 * 1024;
/** The last instant that a date can hold. */
const endOfTime = 8.64e15;

const checkFile = checker(Type.Object(FolderFile.properties, { [copiedTexts]: true }), 'body');
/** To check these takes some milliseconds. */
const checkedAtOnce = 5000;

/**
 * Checks the lists of files of what may be a report, with pauses for the rest of the process, and leaves empty lists in their
 * places. Resolves with what puts them back. Throws a Refusal.
 */
export async function checkLists(body: unknown): Promise<() => void> {
  const found = listsIn(body);
  for (const { folder, list, at } of found) {
    // Its length is what the check of the report refuses.
    folder.listing = list.length > mostListed ? list.slice(0, mostListed + 1) : [];
    for (let index = 0; index < Math.min(list.length, mostListed); index++) {
      if (index % checkedAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
      const refusal = checkFile(list[index], `${at}.listing[${index}]`);
      if (refusal !== null) throw refusal;
    }
  }
  return () => {
    for (const { folder, list } of found) folder.listing = list;
  };
}

type Fields = Record<string, unknown>;

function listsIn(body: unknown): readonly { folder: Fields; list: readonly unknown[]; at: string }[] {
  const fieldsOf = (value: unknown): Fields =>
    typeof value === 'object' && value !== null ? (value as Fields) : {};
  const entries = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  return entries(fieldsOf(body).servers).flatMap((server, index) =>
    folderKinds.flatMap((kind) =>
      entries(fieldsOf(server)[kind]).flatMap((value, place) => {
        const folder = fieldsOf(value);
        const { listing } = folder;
        return Array.isArray(listing)
          ? { folder, list: listing, at: `servers[${index}].${kind}[${place}]` }
          : [];
      }),
    ),
  );
}

/**
 * The report with the servers and the addresses for which this agent may speak, and how many others it names. Throws a
 * Refusal if it names servers and may speak for none of them.
 */
export function takeReport(
  sent: AgentReport,
  speaker: Speaker,
): { readonly report: AgentReport; readonly dropped: Dropped } {
  const mine = sent.servers.map((server) => ({
    ...server,
    addresses: server.addresses.filter((address) => maySpeakFor(speaker, address)),
  }));
  const spoken = mine.filter(({ addresses }) => addresses.length > 0);
  if (spoken.length === 0 && mine.length > 0) {
    const servers = sent.servers.slice(0, 5).map(({ addresses }) => printed(addresses[0]!));
    throw refuse('agent_speaks_for_none', { name: speaker.name, servers });
  }
  const ports = new Set<number>();
  const servers = spoken.flatMap((server) => {
    const port = portOf(server);
    if (ports.has(port)) return [];
    const fitting = inBounds(server);
    if (fitting !== null) ports.add(port);
    return fitting ?? [];
  });
  const inTime = (at: number) => Math.min(Math.max(at, 0), endOfTime);
  const { format, host, version, instance, startedAt, sentAt } = sent;
  return {
    report: {
      format,
      host,
      version,
      ...(instance === undefined ? {} : { instance }),
      startedAt: inTime(startedAt),
      sentAt: inTime(sentAt),
      servers,
    },
    dropped: {
      addresses: count(sent.servers) - count(spoken),
      servers: sent.servers.length - servers.length,
    },
  };
}

const count = (servers: readonly Pick<AgentServer, 'addresses'>[]): number =>
  servers.reduce((sum, { addresses }) => sum + addresses.length, 0);

const printed = (address: Address): string => formatAddress(address).slice(0, 100);

function maySpeakFor({ nodes, isLocal }: Speaker, address: Address): boolean {
  const { host, port } = address;
  if (!/^[\w.:-]{1,255}$/.test(host) || port < 1 || port > 65_535) return false;
  if (isLoopback(host) && !isLocal) return false;
  return namesServer(nodes, address);
}

/** The server with nothing that its schema does not know, its log cut to the size that is stored; null = too large all the same. */
function inBounds(sent: AgentServer): AgentServer | null {
  const doc = Value.Clean(AgentServer, bare(sent)) as AgentServer;
  let { log } = doc;
  while (log.length > 0 && sizeOf({ ...doc, log }) > mostServerBytes)
    log = log.slice(Math.ceil(log.length / 2));
  if (sizeOf({ ...doc, log }) > mostServerBytes) return null;
  return {
    ...doc,
    dumps: listed(doc.dumps, sent.dumps),
    copies: listed(doc.copies, sent.copies),
    opened: listed(doc.opened, sent.opened),
    log,
    logDropped: doc.logDropped + doc.log.length - log.length,
  };
}

/** The folders with their listings. They are long, so each field is taken by its name: that is fast. */
const listed = (folders: readonly Folder[], sent: readonly Folder[]): readonly Folder[] =>
  folders.map((folder, index) => ({
    ...folder,
    listing:
      sent[index]!.listing?.map(({ name, bytes, sha256, gone }) => ({
        name,
        bytes,
        sha256,
        ...(gone ? { gone } : {}),
      })) ?? null,
  }));

const sizeOf = (doc: AgentServer): number => JSON.stringify(doc).length;
