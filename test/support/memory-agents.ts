import type { AgentServer } from '../../src/model/views/agent.ts';
import type { Address } from '../../src/model/views/targets.ts';
import {
  type AgentStore,
  bare,
  heardOf,
  isStale,
  type KnownAgent,
  type Listing,
  listingsIn,
  listingsOf,
  mostHostsOfAgent,
  mostLatest,
  mostPartsHeld,
  partsOf,
  portOf,
  type StoredSight,
  steadyClock,
  withListings,
} from '../../src/store/agents.ts';
import { toJson } from '../../src/store/json.ts';
import { addressKey, masterKey } from '../../src/store/master-key.ts';
import type { MemoryStore } from './memory-store.ts';

interface Row {
  readonly agent: KnownAgent;
  readonly servers: readonly {
    readonly keys: readonly string[];
    readonly doc: StoredSight['server'];
    readonly lists: ReadonlyMap<string, Listing>;
    readonly asked?: { readonly ports: readonly Address[]; readonly until: number } | undefined;
  }[];
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

const serverOf = (row: Row | undefined, port: number) => row?.servers.find(({ doc }) => portOf(doc) === port);

/** The lists that came, and of the earlier ones those that the server names. */
function listsOf(
  server: AgentServer,
  before: ReadonlyMap<string, Listing> = new Map(),
): Map<string, Listing> {
  const { sent, named } = listingsIn(server);
  const parts = [...before.values()].reduce((sum, list) => sum + partsOf(list).length, 0);
  const kept = parts <= mostPartsHeld ? [...before].filter(([id]) => named.includes(id)) : [];
  return new Map([...kept, ...[...sent].map(([id, list]) => [id, stored(list)] as const)]);
}

/** The AgentStore in memory, in the same database as this store; test/store/agents.test.ts runs on both. */
export function createMemoryAgents(store: Pick<MemoryStore, 'reachable'>): AgentStore {
  const rows = new Map<string, Row>();
  const key = (agent: string, host: string) => JSON.stringify([agent, host]);
  const inOrder = () => [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const sightsOf = ({
    agent,
    servers,
  }: Row): readonly (StoredSight & { readonly keys: readonly string[] })[] =>
    [...servers]
      .sort((a, b) => portOf(a.doc) - portOf(b.doc))
      .map(({ keys, doc, lists }) => ({ ...agent, server: doc, hasListings: lists.size > 0, keys }));
  const shown = ({ keys: _, ...sight }: StoredSight & { readonly keys: readonly string[] }): StoredSight =>
    sight;

  return {
    async report({ agent, report, receivedAt, nextReportInMs, dropped }) {
      store.reachable();
      const row = rows.get(key(agent, report.host));
      const known = row?.agent;
      rows.set(key(agent, report.host), {
        agent: {
          agent,
          host: report.host,
          version: report.version,
          startedAt: report.startedAt,
          receivedAt,
          clockAheadMs: steadyClock(known?.clockAheadMs ?? null, Math.round(report.sentAt - receivedAt)),
          nextReportInMs,
          reports: (known?.reports ?? 0) + 1,
          refused: known?.refused ?? 0,
          dropped,
          instances: heardOf(known?.instances ?? [], report.instance ?? '', Math.round(receivedAt)),
        },
        servers: report.servers.map((server) => ({
          keys: server.addresses.map(masterKey),
          doc: stored(bare(server)),
          lists: listsOf(server, serverOf(row, portOf(server))?.lists),
          asked: serverOf(row, portOf(server))?.asked,
        })),
      });
      const own = inOrder()
        .filter((one) => one.agent.agent === agent)
        .sort((a, b) => b.agent.receivedAt - a.agent.receivedAt);
      for (const { agent: old } of own.slice(mostHostsOfAgent)) rows.delete(key(old.agent, old.host));
      const { servers } = rows.get(key(agent, report.host)) ?? { servers: [] };
      return new Map(servers.map(({ doc, lists }) => [portOf(doc), [...lists.keys()].sort()]));
    },
    async refused(agent, host) {
      store.reachable();
      const known = rows.get(key(agent, host));
      if (!known) return;
      rows.set(key(agent, host), { ...known, agent: { ...known.agent, refused: known.agent.refused + 1 } });
    },
    async sights(addresses) {
      store.reachable();
      const wanted = addresses.map(addressKey);
      return inOrder()
        .flatMap(sightsOf)
        .filter(({ keys }) => keys.some((each) => wanted.includes(each)))
        .map(shown);
    },
    async listings({ agent, host, port }, already = new Map()) {
      store.reachable();
      const known = rows.get(key(agent, host));
      const found = serverOf(known, port);
      return known && found?.lists.size
        ? listingsOf(known.agent, withListings(found.doc, new Map([...found.lists, ...already])))
        : null;
    },
    async askPorts(addresses, ports, until) {
      store.reachable();
      const wanted = addresses.map(addressKey);
      for (const [at, row] of rows)
        rows.set(at, {
          ...row,
          servers: row.servers.map((one) =>
            one.keys.some((each) => wanted.includes(each)) ? { ...one, asked: { ports, until } } : one,
          ),
        });
    },
    async portsAsked(now) {
      store.reachable();
      return inOrder().flatMap(({ servers }) =>
        servers.flatMap(({ keys, asked }) =>
          asked && asked.until > now ? [{ addresses: keys, ports: asked.ports }] : [],
        ),
      );
    },
    async list() {
      store.reachable();
      return inOrder().map((one) => ({ ...one.agent, servers: sightsOf(one).map(shown) }));
    },
    async counts(now) {
      store.reachable();
      const all = [...rows.values()].map(({ agent }) => agent);
      const latest = all
        .toSorted((a, b) => a.receivedAt - b.receivedAt)
        .slice(0, mostLatest)
        .map(({ agent, host, receivedAt }) => ({ agent, host, receivedAt }));
      return { agents: all.length, stale: all.filter((agent) => isStale(agent, now)).length, latest };
    },
    async prune(receivedBefore) {
      store.reachable();
      const old = [...rows].filter(([, { agent }]) => agent.receivedAt < receivedBefore);
      for (const [each] of old) rows.delete(each);
      return old.length;
    },
  };
}
