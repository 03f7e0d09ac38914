import type { AgentListings, AgentServer } from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import {
  type AgentInstance,
  type AgentStore,
  heardOf,
  type KnownAgent,
  listingsOf,
  mostHostsOfAgent,
  mostReportsMissed,
  portOf,
  type StoredSight,
  splitListings,
  steadyClock,
} from './agents.ts';
import { type Database, onlyRow, type Row } from './database.ts';
import { storableText, toJson } from './json.ts';
import { addressKey, masterKey } from './master-key.ts';
import { stamp, upgrade } from './upgrades.ts';

interface Told extends Pick<KnownAgent, 'receivedAt' | 'clockAheadMs'> {
  readonly listings: Omit<AgentListings, 'at'>;
}

type AgentRow = KnownAgent & Row;
interface SightRow extends Row {
  readonly known: KnownAgent;
  readonly server: StoredSight['server'];
  readonly hasListings: boolean;
}

const agentColumns = `a.name as agent, a.host, a.version, a.started_at as "startedAt", a.received_at as "receivedAt",
  a.clock_ahead_ms as "clockAheadMs", a.next_report_ms as "nextReportInMs", a.reports, a.refused, a.dropped, a.instances`;
/** Looked up row by row: a join reads all agents. */
const sightColumns = `s.doc as server, s.listings is not null as "hasListings",
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
      await database.transaction(async (client) => {
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
        const servers = report.servers.map((server) => row(server));
        await client.query(
          'delete from agent_servers where agent = $1 and host = $2 and port <> all ($3::integer[])',
          [agent, host, servers.map(({ port }) => port)],
        );
        for (const { port, addresses, doc, listings } of servers)
          await client.query(
            `insert into agent_servers (agent, host, port, addresses, doc, listings) values ($1, $2, $3, $4, $5, $6)
             on conflict (agent, host, port) do update set addresses = excluded.addresses, doc = excluded.doc,
               listings = excluded.listings`,
            [agent, host, port, addresses, doc, listings],
          );
        await client.query(
          `delete from agents where name = $1 and host in (
             select host from agents where name = $1 order by received_at desc, host offset $2
           )`,
          [agent, mostHostsOfAgent],
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
      );
      return rows.map(sight);
    },

    async listings({ agent, host, port }) {
      const [found] = await database.query<Told & Row>(
        `select a.received_at as "receivedAt", a.clock_ahead_ms as "clockAheadMs", s.listings from agent_servers s join agents a on a.name = s.agent and a.host = s.host
         where s.agent = $1 and s.host = $2 and s.port = $3 and s.listings is not null`,
        [agent, host, port],
      );
      return found ? listingsOf(found, upgrade('agent_listings', found.listings)) : null;
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
      return onlyRow(counted);
    },

    async prune(receivedBefore) {
      const gone = await database.query('delete from agents where received_at < $1 returning 1', [
        receivedBefore,
      ]);
      return gone.length;
    },
  };
}

function row(server: AgentServer) {
  const { doc, listings } = splitListings(server);
  return {
    port: portOf(server),
    addresses: server.addresses.map((address) => storableText(masterKey(address))),
    doc: toJson(stamp('agent_server', doc)),
    listings: listings === null ? null : toJson(stamp('agent_listings', listings)),
  };
}
