import type { AgentServer } from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import {
  type AgentInstance,
  type AgentStore,
  bare,
  heardOf,
  type KnownAgent,
  kinds,
  type Listing,
  listingKey,
  listingsIn,
  listingsOf,
  mostHostsOfAgent,
  mostLatest,
  mostPartsHeld,
  mostReportsMissed,
  partsOf,
  portOf,
  type StoredSight,
  steadyClock,
  withListings,
} from './agents.ts';
import { type Database, onlyRow, type Queryable, type Row } from './database.ts';
import { storableText, toJson } from './json.ts';
import { addressKey, masterKey } from './master-key.ts';
import { stamp, upgrade } from './upgrades.ts';

interface Told extends Pick<KnownAgent, 'receivedAt' | 'clockAheadMs'> {
  readonly server: AgentServer;
}

type AgentRow = KnownAgent & Row;
interface ListingRow extends Row {
  readonly id: string;
  readonly doc: { readonly files: Listing };
}
interface SightRow extends Row {
  readonly known: KnownAgent;
  readonly server: StoredSight['server'];
  readonly hasListings: boolean;
}

const agentColumns = `a.name as agent, a.host, a.version, a.started_at as "startedAt", a.received_at as "receivedAt",
  a.clock_ahead_ms as "clockAheadMs", a.next_report_ms as "nextReportInMs", a.reports, a.refused, a.dropped, a.instances`;
/** Looked up row by row: a join reads all agents. */
const sightColumns = `s.doc as server,
  coalesce((select true from agent_listings l where l.agent = s.agent and l.host = s.host and l.port = s.port limit 1), false) as "hasListings",
  (select to_jsonb(k) from (select ${agentColumns} from agents a where a.name = s.agent and a.host = s.host) as k) as known`;
const sight = ({ known, server, hasListings }: SightRow): StoredSight => ({
  ...known,
  server: upgrade('agent_server', server),
  hasListings,
});

/** The AgentStore on PostgreSQL. */
export function createPostgresAgents(database: Database): AgentStore {
  return {
    async report({ agent, report, receivedAt, nextReportInMs, dropped }) {
      const host = storableText(report.host);
      return database.transaction(async (client) => {
        const [known] = await client.query<{ clock: number; instances: readonly AgentInstance[] } & Row>(
          'select clock_ahead_ms as clock, instances from agents where name = $1 and host = $2 for update',
          [agent, host],
        );
        const clock = steadyClock(known?.clock ?? null, Math.round(report.sentAt - receivedAt));
        const instances = heardOf(known?.instances ?? [], report.instance ?? '', Math.round(receivedAt));
        await client.query(
          `insert into agents (name, host, version, started_at, received_at, clock_ahead_ms, next_report_ms, reports, dropped, instances)
           values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)
           on conflict (name, host) do update set version = excluded.version, started_at = excluded.started_at,
             received_at = excluded.received_at, clock_ahead_ms = excluded.clock_ahead_ms,
             next_report_ms = excluded.next_report_ms, reports = agents.reports + 1, dropped = excluded.dropped,
             instances = excluded.instances`,
          [
            agent,
            host,
            storableText(report.version),
            Math.round(report.startedAt),
            Math.round(receivedAt),
            clock,
            nextReportInMs,
            toJson(dropped),
            toJson(instances),
          ],
        );
        await client.query(
          'delete from agent_servers where agent = $1 and host = $2 and port <> all ($3::integer[])',
          [agent, host, report.servers.map(portOf)],
        );
        const before = await heldListings(client, agent, host);
        const mayStay = before.reduce((sum, { parts }) => sum + parts, 0) <= mostPartsHeld;
        for (const server of report.servers) {
          await client.query(
            `insert into agent_servers (agent, host, port, addresses, doc) values ($1, $2, $3, $4, $5)
             on conflict (agent, host, port) do update set addresses = excluded.addresses, doc = excluded.doc`,
            [
              agent,
              host,
              portOf(server),
              server.addresses.map((address) => storableText(masterKey(address))),
              toJson(stamp('agent_server', bare(server))),
            ],
          );
          await keepListings(client, { agent, host, server, mayStay });
        }
        const held = await heldListings(client, agent, host);
        await client.query(
          `delete from agents where name = $1 and host in (
             select host from agents where name = $1 order by received_at desc, host offset $2
           )`,
          [agent, mostHostsOfAgent],
        );
        return new Map(
          report.servers
            .map(portOf)
            .map((port) => [port, held.filter((each) => each.port === port).map(({ id }) => id)]),
        );
      });
    },

    async refused(agent, host) {
      await database.query('update agents set refused = refused + 1 where name = $1 and host = $2', [
        agent,
        storableText(host),
      ]);
    },

    async sights(addresses) {
      const rows = await database.query<SightRow>(
        `select ${sightColumns} from agent_servers s where s.addresses && $1::text[] order by s.agent, s.host, s.port`,
        [addresses.map(addressKey)],
        'sights',
      );
      return rows.map(sight);
    },

    async listings({ agent, host, port }, known = new Map()) {
      const [told] = await database.query<Told & Row>(
        `select a.received_at as "receivedAt", a.clock_ahead_ms as "clockAheadMs", s.doc as server from agent_servers s join agents a on a.name = s.agent and a.host = s.host
         where s.agent = $1 and s.host = $2 and s.port = $3`,
        [agent, host, port],
      );
      if (!told) return null;
      const server = upgrade('agent_server', told.server);
      const keys = kinds.flatMap((kind) => server[kind].map((folder) => listingKey(kind, folder)));
      const lists = new Map(known);
      const rows = await database.query<ListingRow>(
        `select id, doc from agent_listings where agent = $1 and host = $2 and port = $3 and id = any ($4::text[])
         order by id, part`,
        [agent, host, port, keys.filter((key) => !known.has(key))],
      );
      for (const { id, doc } of rows)
        lists.set(id, [...(lists.get(id) ?? []), ...upgrade('agent_listings', doc).files]);
      if (!keys.some((key) => lists.has(key))) return null;
      return listingsOf(told, withListings(server, lists));
    },

    async askPorts(addresses, ports, until) {
      await database.query(
        `update agent_servers set ports_asked = $2, ports_asked_until = $3 where addresses && $1::text[]`,
        [addresses.map(addressKey), toJson(ports), Math.round(until)],
      );
    },

    async portsAsked(now) {
      return database.query<{ addresses: string[]; ports: readonly Address[] } & Row>(
        'select addresses, ports_asked as ports from agent_servers where ports_asked_until > $1',
        [Math.round(now)],
      );
    },

    async list() {
      const [agents, rows] = await Promise.all([
        database.query<AgentRow>(`select ${agentColumns} from agents a order by a.name, a.host`),
        database.query<SightRow>(
          `select ${sightColumns} from agent_servers s order by s.agent, s.host, s.port`,
        ),
      ]);
      const sights = rows.map(sight);
      return agents.map((one) => ({
        ...one,
        servers: sights.filter(({ agent, host }) => agent === one.agent && host === one.host),
      }));
    },

    async counts(now) {
      const counted = await database.query<{ agents: number; stale: number }>(
        `select count(*)::integer as agents,
           (count(*) filter (where $1 - received_at > $2 * next_report_ms))::integer as stale
         from agents`,
        [Math.round(now), mostReportsMissed],
      );
      const latest = await database.query<Pick<KnownAgent, 'agent' | 'host' | 'receivedAt'> & Row>(
        `select name as agent, host, received_at as "receivedAt" from agents order by received_at limit $1`,
        [mostLatest],
      );
      return { ...onlyRow(counted), latest };
    },

    async prune(receivedBefore) {
      const gone = await database.query('delete from agents where received_at < $1 returning 1', [
        receivedBefore,
      ]);
      return gone.length;
    },
  };
}

/** Keeps the lists that came with a server, and of the earlier ones those that may stay. */
async function keepListings(
  client: Queryable,
  { agent, host, server, mayStay }: Pick<StoredSight, 'agent' | 'host' | 'server'> & { mayStay: boolean },
): Promise<void> {
  const { sent, named } = listingsIn(server);
  const of = [agent, host, portOf(server)];
  await client.query(
    'delete from agent_listings where agent = $1 and host = $2 and port = $3 and id <> all ($4::text[])',
    [...of, mayStay ? named : []],
  );
  for (const [id, listing] of sent)
    for (const [part, files] of partsOf(listing).entries())
      await client.query(
        `insert into agent_listings (agent, host, port, id, part, doc) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing`,
        [...of, id, part, toJson(stamp('agent_listings', { files }))],
      );
}

interface Held extends Row {
  readonly port: number;
  readonly id: string;
  readonly parts: number;
}

/** The lists of a host that are kept. */
const heldListings = (client: Queryable, agent: string, host: string): Promise<Held[]> =>
  client.query<Held>(
    'select port, id, count(*)::integer as parts from agent_listings where agent = $1 and host = $2 group by port, id',
    [agent, host],
  );
