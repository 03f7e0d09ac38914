/** What counts of the report of an agent: only that for which its token may speak. */
import Value from 'typebox/value';
import { isLoopback } from '../model/addresses.ts';
import { formatAddress } from '../model/observation.ts';
import { refuse } from '../model/refusal.ts';
import { type AgentReport, AgentServer, type Folder } from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import { namesServer } from '../platform/server-rules.ts';
import { bare, type Dropped, portOf } from '../store/agents.ts';

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
