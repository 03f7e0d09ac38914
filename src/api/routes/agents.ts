import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { checkLists, takeReport } from '../../admission/agent-report.ts';
import { maySee } from '../../admission/may-act.ts';
import { type AgentWish, agentWishes } from '../../core/steps/agent-orders.ts';
import { isBound, type Rights } from '../../model/access.ts';
import { isLoopback } from '../../model/addresses.ts';
import { type Expansion, expansionStates, isEnded } from '../../model/expansion.ts';
import { type Address, formatAddress } from '../../model/observation.ts';
import { Refusal, refuse } from '../../model/refusal.ts';
import {
  AgentList,
  AgentOrders,
  AgentReport,
  type AgentServer,
  type AgentView,
} from '../../model/views/agent.ts';
import { type AgentStore, isContested, isStale, type KnownAgent, portOf } from '../../store/agents.ts';
import { masterKey } from '../../store/master-key.ts';
import type { Store } from '../../store/store.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { errorResponses } from '../schemas.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

/** A listing of 100,000 files with their hashes has about 13 MB. */
const mostReportBytes = 16 * 1024 * 1024;
/** Reports that are read at the same time, all together; a report takes several times its size while it is read. */
const mostBytesAtOnce = 4 * mostReportBytes;
/** Four times as many as an agent sends that is asked to hurry. */
const reportsPerMinute = 120;
const hurryMs = 2000;
const idleMs = 15_000;
const ordersSeenForMs = 1000;

/** Reports of agents, and who they are. */
export function agentRoutes(agents: AgentStore): RoutePlugin {
  return (app, parts) => addRoutes(app, parts, agents);
}

function addRoutes(app: FastifyInstance, { store, log, now, metrics }: ApiParts, agents: AgentStore): void {
  const typed = app.withTypeProvider<ApiTypeProvider>();
  const wishes = wishesSeen(store, agents, now);
  const lists = new WeakMap<object, () => void>();
  let bytesNow = 0;

  typed.post(
    '/v1/agents/reports',
    {
      bodyLimit: mostReportBytes,
      config: {
        action: 'report',
        on: 'named',
        // Each agent sends one every 15 s.
        trail: 'refused',
        rateLimit: {
          max: reportsPerMinute,
          timeWindow: 60_000,
          keyGenerator: ({ caller, ip }) => `agent ${caller?.name ?? ''} ${ip}`,
        },
      },
      async preParsing(request, reply, payload) {
        const bytes = bytesOf(request.raw);
        if (bytesNow + bytes > mostBytesAtOnce) throw refuse('too_many_reports', {});
        bytesNow += bytes;
        reply.raw.once('close', () => {
          bytesNow -= bytes;
        });
        return payload;
      },
      async preValidation({ body }) {
        if (typeof body === 'object' && body !== null) lists.set(body, await checkLists(body));
      },
      schema: {
        operationId: 'reportOfAgent',
        tags: ['agents'],
        summary: 'Tell what an agent sees of the servers of its host',
        description:
          'For tokens of the role agent. What the token may not speak for is dropped and counted. The answer says ' +
          'what the service wants to know next.',
        body: AgentReport,
        response: { 200: AgentOrders, ...errorResponses(400, 413, 415) },
      },
    },
    async (request, reply) => {
      lists.get(request.body)!();
      // As it began to come: what takes long to read was not sent late.
      const receivedAt = Math.round(now() - reply.elapsedTime);
      const { name, scope } = request.caller!;
      const speaker = {
        name,
        nodes: scope.nodes ?? [],
        isLocal: isLoopback(request.ip.replace(/^::ffff:/, '')),
      };
      try {
        const taken = takeReport(request.body, speaker);
        const orders = ordersFor(taken.report.servers, await wishes());
        const held = await agents.report({
          ...taken,
          agent: name,
          receivedAt,
          nextReportInMs: orders.nextReportInMs,
        });
        metrics.agentReport('taken');
        return {
          ...orders,
          servers: orders.servers.map((server) => ({ ...server, held: held.get(server.port) ?? [] })),
        };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        metrics.agentReport('refused');
        log.warn({ agent: name, host: request.body.host, from: request.ip }, error.message);
        await agents.refused(name, request.body.host);
        throw error;
      }
    },
  );

  typed.get(
    '/v1/agents',
    {
      schema: {
        operationId: 'listAgents',
        tags: ['agents'],
        summary: 'Which agents report, of which servers, and what of it does not count',
        response: { 200: AgentList, ...errorResponses() },
      },
    },
    async ({ caller }) => ({ items: viewsOf(seenBy(caller, await agents.list()), now()) }),
  );
}

type ListedAgents = Awaited<ReturnType<AgentStore['list']>>;

/** A bound token sees its servers, and the agents that speak for any of them. */
function seenBy(caller: Rights | null, known: ListedAgents): ListedAgents {
  if (caller === null || !isBound(caller)) return known;
  const isSeen = (address: Address) => maySee(caller, { servers: [{ address }] });
  return known
    .map((one) => ({ ...one, servers: one.servers.filter(({ server }) => server.addresses.some(isSeen)) }))
    .filter(({ servers }) => servers.length > 0);
}

/** Whoever does not say how much it sends may send all that is allowed. */
const bytesOf = ({ headers }: IncomingMessage): number =>
  Math.min(Number(headers['content-length'] ?? mostReportBytes) || 0, mostReportBytes);

/**
 * What expansions that have not ended, and plans that wait, want of servers, by each address of a server. Asked for once a
 * second at most.
 */
function wishesSeen(
  store: Store,
  agents: AgentStore,
  now: () => number,
): () => Promise<ReadonlyMap<string, AgentWish>> {
  const ask = async (): Promise<ReadonlyMap<string, AgentWish>> => {
    const [expansions, plans] = await Promise.all([
      store.list({ states: active, limit: 200 }),
      agents.portsAsked(now()),
    ]);
    const wishes = wishesOf(expansions);
    for (const { addresses, ports } of plans)
      for (const key of addresses)
        wishes.set(
          key,
          both(wishes.get(key), { urgent: true, listFiles: false, hashFiles: false, tryPorts: ports }),
        );
    return wishes;
  };
  let asked: { readonly at: number; readonly answer: Promise<ReadonlyMap<string, AgentWish>> } | null = null;
  return () => {
    if (asked === null || Math.abs(now() - asked.at) >= ordersSeenForMs) {
      const question = { at: now(), answer: ask() };
      question.answer.catch(() => {
        if (asked === question) asked = null;
      });
      asked = question;
    }
    return asked.answer;
  };
}

const active = expansionStates.filter((state) => !isEnded(state));

function wishesOf({ items }: { readonly items: readonly Expansion[] }): Map<string, AgentWish> {
  const wishes = new Map<string, AgentWish>();
  for (const expansion of items) {
    const targets = [expansion.master, ...expansion.joins.map(({ target }) => target)];
    for (const [name, wish] of agentWishes(expansion)) {
      const target = targets.find((each) => each.name === name)!;
      for (const key of new Set([masterKey(target.address), masterKey(target.seenAs)]))
        wishes.set(key, both(wishes.get(key), wish));
    }
  }
  return wishes;
}

function both(one: AgentWish | undefined, other: AgentWish): AgentWish {
  if (one === undefined) return other;
  return {
    urgent: one.urgent || other.urgent,
    listFiles: one.listFiles || other.listFiles,
    hashFiles: one.hashFiles || other.hashFiles,
    tryPorts: [...one.tryPorts, ...other.tryPorts],
  };
}

const mostPorts = 16;

function ordersFor(servers: readonly AgentServer[], wishes: ReadonlyMap<string, AgentWish>) {
  const wanted = servers.flatMap((server) => {
    const found = server.addresses.map(masterKey).flatMap((key) => wishes.get(key) ?? []);
    return found.length === 0 ? [] : { port: portOf(server), wish: found.reduce(both) };
  });
  return {
    nextReportInMs: wanted.some(({ wish }) => wish.urgent) ? hurryMs : idleMs,
    servers: wanted.map(({ port, wish: { urgent: _, tryPorts, ...wish } }) => ({
      port,
      ...wish,
      tryPorts: tryPorts
        .filter((to, at) => tryPorts.findIndex((each) => formatAddress(each) === formatAddress(to)) === at)
        .slice(0, mostPorts),
    })),
  };
}

const nameOf = ({ agent, host }: KnownAgent): string => `${agent}@${host}`;

function viewsOf(known: ListedAgents, at: number): readonly AgentView[] {
  const speakers = new Map<string, string[]>();
  for (const one of known.filter((each) => !isStale(each, at)))
    for (const key of new Set(one.servers.flatMap(({ server }) => server.addresses.map(masterKey))))
      speakers.set(key, [...(speakers.get(key) ?? []), nameOf(one)]);
  return known.map((one) => {
    const { agent, host, version, startedAt, receivedAt, clockAheadMs, reports, refused, dropped, servers } =
      one;
    return {
      agent,
      host,
      version,
      startedAt,
      lastReportAt: receivedAt,
      stale: isStale(one, at),
      clockAheadMs,
      reports,
      refused,
      dropped,
      servers: servers.map(({ server }) => ({
        addresses: server.addresses.map(formatAddress),
        processId: server.processId,
        config: server.config,
        contestedBy: [
          ...new Set(server.addresses.flatMap((address) => speakers.get(masterKey(address)) ?? [])),
        ].filter((name) => name !== nameOf(one) || isContested(one, at)),
        paths: server.paths,
        logDropped: server.logDropped,
        ...(server.logSkippedBytes === undefined ? {} : { logSkippedBytes: server.logSkippedBytes }),
        ...(server.logProblem === undefined ? {} : { logProblem: server.logProblem }),
      })),
    };
  });
}
