import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { expansionFor, joinFor, knowledgeFor, progressFor } from '../../src/api/for-reader.ts';
import { reader } from '../../src/api/reader.ts';
import { evidenceReport, expansionView, nodeDetail, progressMessage } from '../../src/api/views.ts';
import { countsOf, repairsOf } from '../../src/core/audit/audit.ts';
import { inBatches } from '../../src/core/plan/batches.ts';
import { builtIn } from '../../src/engines/pika/knowledge.ts';
import { roleActions } from '../../src/model/access.ts';
import { eventFor } from '../../src/model/events.ts';
import {
  type ControlVerb,
  type Expansion,
  leftUnverified,
  type NodeTarget,
} from '../../src/model/expansion.ts';
import type { Finding } from '../../src/model/finding.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import type { Audit } from '../../src/model/views/audit.ts';
import type { ChannelView, IncidentView } from '../../src/model/views/channel.ts';
import type { Guard } from '../../src/model/views/guard.ts';
import type { Plan, Topology } from '../../src/model/views/plan.ts';
import type { Replacement } from '../../src/model/views/replacement.ts';
import { summaryOf } from '../../src/store/expansion-rows.ts';
import { aGuard } from '../support/guards.ts';
import { anAudit, damagedSlave } from '../support/memory-audits.ts';
import { aReplacement } from '../support/replacements.ts';
import { said } from '../support/said.ts';
import { aTrailEntry } from '../support/trail.ts';
import { registerCampaigns } from './mock-campaigns.ts';
import { registerIncidents } from './mock-incidents.ts';
import { rehearsalOf } from './mock-rehearsal.ts';
import {
  address,
  capabilitiesOf,
  type Fault,
  forecastOf,
  GiB,
  type MockWorld,
  nodeTarget,
  reportOf,
} from './mock-world.ts';

/** What the dashboard's pages must do without: nothing inline, nothing from elsewhere. Stricter than the service. */
const strictCsp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface MockApiOptions {
  readonly world: MockWorld;
  /** Folder of the built dashboard. */
  readonly dashboard: string;
  /** token -> role; absent = nobody needs to sign in. */
  readonly tokens?: Readonly<Record<string, 'viewer' | 'operator' | 'admin'>>;
  /** What the identity provider is called; absent = there is none. */
  readonly provider?: string;
  /** Milliseconds of the world per millisecond of the clock; 0 = the test drives it. */
  readonly speed?: number;
  readonly port?: number;
  /** Whether the overview is told of campaigns that wait for a person. */
  readonly campaignsOnOverview?: boolean;
  /** What needs a person; default: nothing. */
  readonly incidents?: readonly IncidentView[];
  /** Faults of the nodes of expansions that are started through the API. */
  readonly faults?: Readonly<Record<string, Fault>>;
}

export interface MockApi {
  readonly url: string;
  readonly world: MockWorld;
  /** Cuts all event streams; while `refused`, new connections fail too. */
  cutStreams(refused: boolean): void;
  allowStreams(): void;
  readonly openStreams: number;
  /** The Last-Event-ID that each stream was opened with, in order. */
  readonly streamStarts: readonly (string | null)[];
  readonly requests: readonly { readonly method: string; readonly url: string; readonly body: unknown }[];
  close(): Promise<void>;
}

interface TargetBody {
  readonly address: string;
  readonly seenAs?: string;
  readonly overwriteData?: boolean;
}
interface ExpandBody {
  readonly master: string | TargetBody;
  readonly nodes: readonly (string | TargetBody)[];
  readonly policy?: PolicyInput;
  readonly label?: string;
}

interface RetryBody {
  readonly retryOf: string;
  readonly nodes?: readonly TargetBody[];
}

function expandBody(world: MockWorld, body: ExpandBody | RetryBody): ExpandBody {
  if (!('retryOf' in body)) return body;
  const before = world.get(body.retryOf)!;
  const left = leftUnverified(before).map(({ target }) => ({ address: target.name }));
  return {
    master: before.master.name,
    nodes: left.map((node) => body.nodes?.find(({ address }) => address === node.address) ?? node),
  };
}

const nameOf = (target: string | TargetBody): string =>
  typeof target === 'string' ? target : target.address;

/** Serves the built dashboard and the API that it speaks to, out of a scripted world. */
export async function startMockApi(options: MockApiOptions): Promise<MockApi> {
  const { world } = options;
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 4_000_000 });
  const streams = new Set<FastifyReply>();
  const streamStarts: (string | null)[] = [];
  const requests: { method: string; url: string; body: unknown }[] = [];
  const keysSeen = new Map<string, string>();
  let refusing = false;

  const roleOf = (request: FastifyRequest): 'viewer' | 'operator' | 'admin' | null => {
    if (!options.tokens) return 'operator';
    const token = /session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    return (token && options.tokens[token]) || null;
  };
  const fail = (reply: FastifyReply, status: number, code: string, message: string, more: object = {}) =>
    reply.code(status).send({ error: { code, message, next_steps: [], requestId: 'req-mock', ...more } });
  const found = (request: FastifyRequest): Expansion | null =>
    world.get((request.params as { id: string }).id);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('content-security-policy', strictCsp);
    const path = request.url.split('?')[0] ?? '';
    if (!path.startsWith('/v1/') || path === '/v1/session') return;
    const role = roleOf(request);
    if (role === null) return fail(reply, 401, 'not_signed_in', 'This needs a token.');
    const operatorsOnly = request.method !== 'GET';
    if (operatorsOnly && role === 'viewer')
      return fail(reply, 403, 'not_permitted', 'This needs the role operator.');
  });
  app.addHook('preHandler', async (request) => {
    requests.push({ method: request.method, url: request.url, body: request.body });
  });

  app.get('/v1/session', async (request) => {
    const role = roleOf(request);
    return {
      role,
      may: role === null ? [] : roleActions[role],
      name: role === null ? null : options.tokens ? `${role} token` : 'local',
      authRequired: options.tokens !== undefined,
      provider: options.provider ?? null,
    };
  });
  app.post('/v1/session', async (request, reply) => {
    const { token } = request.body as { token: string };
    const role = options.tokens?.[token];
    if (!role) return fail(reply, 401, 'bad_token', 'The token is not one that is configured.');
    reply.header('set-cookie', `session=${token}; Path=/; HttpOnly; SameSite=Strict`);
    return { role, may: roleActions[role], name: `${role} token`, authRequired: true, provider: null };
  });
  app.delete('/v1/session', async (_request, reply) =>
    reply.header('set-cookie', 'session=; Path=/; Max-Age=0').code(204).send(null),
  );

  app.get('/v1/freeze', async () => world.freeze);
  app.post('/v1/freeze', async (request) => {
    world.freeze = {
      frozen: true,
      reason: (request.body as { reason: string }).reason,
      by: 'local',
      since: Date.now(),
    };
    return world.freeze;
  });
  app.delete('/v1/freeze', async () => {
    world.freeze = { frozen: false, reason: null, by: null, since: null };
    return world.freeze;
  });

  app.post('/v1/topology', async (request, reply) => {
    const { master } = request.body as { master: string };
    if (master.startsWith('10.99.'))
      return fail(reply, 422, 'master_unreachable', `${master} cannot be reached: connect ECONNREFUSED.`, {
        next_steps: ['Check the address, and that the master runs.'],
      });
    return topologyOf(world, master);
  });

  app.get('/v1/agents', async () => ({ items: world.agents }));
  app.get('/v1/knowledge', async (request) => knowledgeFor(builtIn, reader(request)));

  const plans = new Map<string, Plan>();
  const planned = new Map<string, ExpandBody>();
  app.post('/v1/plans', async (request) => {
    const body = expandBody(world, request.body as ExpandBody | RetryBody);
    const plan = planOf(world, body, `plan_mock${plans.size + 1}`);
    plans.set(plan.id, plan);
    planned.set(plan.id, body);
    return plan;
  });
  const knownPlan = (request: FastifyRequest) => plans.get((request.params as { id: string }).id) ?? null;
  const noPlan = (reply: FastifyReply) => fail(reply, 404, 'no_such_plan', 'There is no such plan.');
  app.get('/v1/plans', async () => ({
    items: [...plans.values()].toReversed().map(({ id, at, master, batches, acceptable }) => ({
      id,
      at,
      master: master.name,
      nodes: batches.flat(),
      batches: batches.length,
      acceptable,
    })),
    nextCursor: null,
  }));
  app.get('/v1/plans/:id', async (request, reply) => knownPlan(request) ?? noPlan(reply));
  app.post('/v1/plans/:id/rehearsal', async (request, reply) => {
    const plan = knownPlan(request);
    return plan ? { plan, ...rehearsalOf(plan) } : noPlan(reply);
  });
  app.post('/v1/expansions', async (request, reply) => {
    const { planId, label } = request.body as { readonly planId: string; readonly label?: string };
    const body = planned.get(planId)!;
    const key = String(request.headers['idempotency-key'] ?? '');
    const seen = keysSeen.get(key);
    if (seen) return reply.code(202).send(expansionView(world.get(seen)!));
    const plan = planOf(world, body, 'plan_mock');
    if (!plan.acceptable)
      return fail(reply, 422, 'preflight_refused', 'Preflight found errors.', { findings: plan.findings });
    const expansion = world.add({
      master: nameOf(body.master),
      nodes: body.nodes.map(nameOf),
      ...(body.policy ? { policy: body.policy } : {}),
      ...(label ? { label } : {}),
      faults: options.faults ?? {},
      version: versionOf(nameOf(body.master)),
      requestedBy: 'local',
    });
    keysSeen.set(key, expansion.id);
    world.changed();
    return reply
      .code(202)
      .header('location', `/v1/expansions/${expansion.id}`)
      .send(expansionView(expansion));
  });

  app.get('/v1/expansions', async (request) => {
    const query = request.query as { state?: string; search?: string; limit?: string; cursor?: string };
    const states = query.state?.split(',');
    const needle = query.search?.toLowerCase() ?? '';
    const all = world.expansions
      .filter((expansion) => !states || states.includes(expansion.state))
      .filter((expansion) =>
        [expansion.label ?? '', expansion.master.name, ...expansion.joins.map((join) => join.target.name)]
          .join(' ')
          .toLowerCase()
          .includes(needle),
      )
      .toSorted((a, b) => b.acceptedAt - a.acceptedAt);
    const from = Number(query.cursor ?? 0);
    const limit = Number(query.limit ?? 50);
    const items = all.slice(from, from + limit).map(summaryOf);
    return { items, nextCursor: from + limit < all.length ? String(from + limit) : null };
  });
  app.get('/v1/expansions/:id', async (request, reply) => {
    const expansion = found(request);
    return expansion
      ? expansionFor(expansionView(expansion), reader(request))
      : fail(reply, 404, 'not_found', 'There is no such expansion.');
  });
  app.get('/v1/expansions/:id/evidence', async (request) => evidenceReport(found(request)!));
  app.get('/v1/expansions/:id/nodes/:node', async (request, reply) => {
    const { node } = request.params as { node: string };
    const join = found(request)?.joins.find((candidate) => candidate.target.name === node);
    return join
      ? joinFor(
          {
            ...nodeDetail(found(request)!, join),
            hosts: world.hosts.get(node) ?? { node: null, master: null },
          },
          reader(request),
        )
      : fail(reply, 404, 'not_found', 'There is no such node in this expansion.');
  });
  app.get('/v1/expansions/:id/nodes/:node/observations', async (request) => {
    const { id, node } = request.params as { id: string; node: string };
    const { after, limit } = pageQuery(request);
    const items = world.observations
      .filter((item) => item.expansionId === id && item.node === node && item.seq > after)
      .slice(0, limit);
    return { items, nextAfter: items.length < limit ? null : items.at(-1)!.seq };
  });

  app.post('/v1/expansions/:id/:verb', async (request, reply) => control(request, reply, null));
  app.post('/v1/expansions/:id/nodes/:node/:verb', async (request, reply) =>
    control(request, reply, (request.params as { node: string }).node),
  );
  async function control(request: FastifyRequest, reply: FastifyReply, node: string | null) {
    const { id, verb } = request.params as { id: string; verb: ControlVerb };
    const { reason } = request.body as { reason?: string };
    if (!reason?.trim()) return fail(reply, 400, 'invalid', 'A reason is needed.', { field: 'reason' });
    const problem = world.control(id, verb, node, reason, 'local');
    if (problem) return fail(reply, 409, problem.code, problem.text, { next_steps: problem.nextSteps });
    return reply.code(202).send(expansionView(world.get(id)!));
  }

  const serveEvents =
    (expansionId: string | null) => async (request: FastifyRequest, reply: FastifyReply) => {
      const id = expansionId ?? (request.params as { id?: string }).id ?? null;
      const ofIt = (event: { expansionId: string | null }) => id === null || event.expansionId === id;
      if (!String(request.headers.accept).includes('text/event-stream')) {
        const { after, limit } = pageQuery(request);
        const items = world.events
          .filter((event) => ofIt(event) && event.seq > after)
          .slice(0, limit)
          .map((event) => eventFor(event, reader(request)));
        return { items, nextAfter: items.length < limit ? null : items.at(-1)!.seq };
      }
      if (refusing) return fail(reply, 503, 'stopping', 'The service is stopping.');
      const lastEventId = request.headers['last-event-id'];
      streamStarts.push(typeof lastEventId === 'string' ? lastEventId : null);
      let after =
        typeof lastEventId === 'string'
          ? Number(lastEventId)
          : id === null
            ? (world.events.at(-1)?.seq ?? 0)
            : 0;
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      reply.raw.write('retry: 2000\n\n');
      streams.add(reply);
      const forWhom = reader(request);
      let progressAt = 0;
      const send = () => {
        const fresh = world.events.filter((event) => event.seq > after && ofIt(event));
        if (fresh.length > 0) {
          reply.raw.write(
            fresh
              .map(
                (event) =>
                  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(eventFor(event, forWhom))}\n\n`,
              )
              .join(''),
          );
          after = fresh.at(-1)!.seq;
        }
        const expansion = id === null ? null : world.get(id);
        if (expansion && Date.now() - progressAt >= 1000) {
          progressAt = Date.now();
          reply.raw.write(
            `event: progress\ndata: ${JSON.stringify(progressFor(progressMessage(expansion), forWhom))}\n\n`,
          );
        }
      };
      send();
      const stop = world.onChange(send);
      reply.raw.on('close', () => {
        stop();
        streams.delete(reply);
      });
      return reply;
    };
  app.get('/v1/events', serveEvents(null));
  app.get('/v1/expansions/:id/events', async (request, reply) => {
    if (!found(request)) return fail(reply, 404, 'not_found', 'There is no such expansion.');
    return serveEvents(null)(request, reply);
  });

  registerAudits(app, world);
  registerGuards(app, world);
  registerHolds(app, world);
  registerTrail(app, world);
  registerTokens(app, world);
  registerIncidents(app, world, options.incidents ?? []);
  registerReplacements(app, world);
  registerComparisons(app, world);
  registerCampaigns(app, world, options.campaignsOnOverview ?? false);

  await app.register(fastifyStatic, { root: options.dashboard, prefix: '/' });
  app.setNotFoundHandler((request, reply) => {
    if (request.url.startsWith('/v1')) return fail(reply, 404, 'no_such_route', 'There is nothing here.');
    return reply.sendFile('index.html');
  });

  const stepMs = 100;
  const speed = options.speed ?? 1;
  let last = Date.now();
  const tick = () => {
    const elapsed = Date.now() - last;
    last += elapsed;
    world.advance(elapsed * speed);
  };
  const clock = speed > 0 ? setInterval(tick, stepMs) : null;
  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    world,
    streamStarts,
    requests,
    get openStreams() {
      return streams.size;
    },
    cutStreams(refused) {
      refusing = refused;
      for (const reply of streams) reply.raw.destroy();
    },
    allowStreams() {
      refusing = false;
    },
    async close() {
      if (clock !== null) clearInterval(clock);
      for (const reply of streams) reply.raw.destroy();
      await app.close();
    },
  };
}

function pageQuery(request: FastifyRequest): { readonly after: number; readonly limit: number } {
  const query = request.query as { after?: string; limit?: string };
  return { after: Number(query.after ?? 0), limit: Math.min(1000, Number(query.limit ?? 200)) };
}

const versionOf = (master: string): string => (master.startsWith('10.40.') ? '4.0.1' : '3.5.4');

function topologyOf(world: MockWorld, master: string): Topology {
  return {
    master: {
      name: master,
      version: versionOf(master),
      role: 'master',
      sstBytes: Math.round(1.4 * GiB),
      binlog: { db0: { file: 112, offset: 4_201_337 } },
      replicationId: '9d1f04c2'.repeat(6),
    },
    slaves: world.oldSlaves.get(master) ?? [],
  };
}

/** Addresses that end in .66 hold data, those in .77 are somebody's slave. */
function findingsOf(body: ExpandBody): readonly Finding[] {
  return body.nodes.flatMap((node): Finding[] => {
    const name = nameOf(node);
    const allowed = typeof node !== 'string' && node.overwriteData === true;
    if (name.includes('.66:') && !allowed)
      return [
        {
          code: 'holds_data',
          severity: 'error',
          node: name,
          text: 'The node holds keys (about 120,000), and the request does not permit to replace them.',
          nextStep: 'Empty the node, or tick that its data may be replaced.',
        },
      ];
    if (name.includes('.77:'))
      return [
        {
          code: 'already_slave_of',
          severity: 'error',
          node: name,
          text: 'The node is a slave of 10.20.9.9:9221.',
          nextStep: 'Leave it out, or tick that it may be taken away from its master.',
        },
      ];
    if (name.includes('.55:'))
      return [
        {
          code: 'small_disk',
          severity: 'warning',
          node: name,
          text: 'The full sync needs about 2.8 GiB for old and new data together.',
          nextStep: 'See that the disk has room.',
        },
      ];
    return [];
  });
}

function planOf(world: MockWorld, body: ExpandBody, id: string): Plan {
  const master = nameOf(body.master);
  const version = versionOf(master);
  const capabilities = capabilitiesOf(version);
  const findings = findingsOf(body);
  const wish = typeof body.policy?.batchSize === 'number' ? body.policy.batchSize : 4;
  const batchSize = capabilities.opensSupersededCopy ? 1 : Math.min(wish, body.nodes.length);
  return {
    id,
    at: world.now,
    master: nodeTarget(formatAddress(address(master))),
    policy: resolvePolicy(body.policy),
    capabilities,
    findings,
    acceptable: findings.every((finding) => finding.severity !== 'error'),
    batchSize,
    batchSizeReason: said(
      capabilities.opensSupersededCopy
        ? `On ${version} (the master) at most 1 full sync of one master may run at a time.`
        : `Chosen by the service: ${batchSize} together share one dump and leave the master room for its clients.`,
    ),
    batches: inBatches(body.nodes.map(nameOf), batchSize),
    waitsFor: null,
    topology: topologyOf(world, master),
    forecast: forecastOf(body.nodes.map(nameOf), batchSize),
  };
}

function registerAudits(app: FastifyInstance, world: MockWorld): void {
  const { doc, servers } = anAudit('aud_1');
  const found = [
    ...servers.map((server) => ({ ...server, state: 'judged' as const })),
    damagedSlave(1, '10.0.0.2:9221'),
  ];
  const summary = {
    ...doc,
    state: 'completed' as const,
    createdAt: world.now - 60_000,
    endedAt: world.now - 40_000,
    counts: countsOf(found, 0),
  };
  const audit: Audit = {
    ...summary,
    servers: found.map((server) => ({ ...server, nextStep: server.reason && 'Give it a full sync.' })),
    repairs: repairsOf(doc, found),
  };
  app.get('/v1/audits', async () => ({ items: [summary], nextCursor: null }));
  app.get('/v1/audits/:id', async () => audit);
}

function registerGuards(app: FastifyInstance, world: MockWorld): void {
  const { doc, masters } = aGuard('grd_1', world.now);
  const guard: Guard = {
    ...doc,
    masters: masters.map((master) => ({
      ...master,
      findings: master.findings.map((finding) => ({ ...finding, nextStep: 'Audit its master.' })),
    })),
  };
  app.get('/v1/guards', async () => ({ items: [doc], nextCursor: null }));
  app.get('/v1/guards/:id', async () => guard);
}

function registerTokens(app: FastifyInstance, world: MockWorld): void {
  const made = (id: string, name: string, more: object) => ({
    id,
    name,
    role: 'operator',
    scope: {},
    state: 'living',
    createdAt: world.now,
    createdBy: 'root',
    rotatedAt: null,
    rotatedBy: null,
    oldUntil: null,
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
    ...more,
  });
  const tokens = [made('tok_1', 'team-7', { scope: { masters: ['10.7.0.0/16', '*.team7.example'] } })];
  const sessions = [
    {
      id: '0123456789abcdef',
      name: 'ann',
      by: 'person',
      groups: ['dba'],
      address: '10.0.0.9',
      createdAt: world.now,
      until: world.now + 43_200_000,
    },
  ];
  const channels = [
    {
      id: 'chn_1',
      name: 'dba-7',
      kind: 'dingtalk',
      url: 'https://oapi.dingtalk.com/…',
      hasSecret: true,
      topics: ['halted', 'node'],
      masters: ['10.7.0.0/16'],
      language: 'zh',
      repeatMinutes: 30,
      quiet: { from: '22:00', to: '08:00', timeZone: 'Asia/Shanghai', breakThrough: ['halted'] },
      mail: null,
      createdBy: 'ann',
      createdAt: world.now,
      last: { state: 'delivered', attempts: 1, createdAt: world.now, endedAt: world.now, error: null },
    },
    {
      id: 'chn_3',
      name: 'dba-9',
      kind: 'email',
      url: 'smtps://mail.example.net',
      hasSecret: true,
      topics: [],
      masters: [],
      language: 'en',
      repeatMinutes: null,
      quiet: null,
      mail: { from: 'pika@example.net', to: ['oncall@example.net'], user: 'pika' },
      createdBy: 'ann',
      createdAt: world.now,
      last: null,
    },
  ] as ChannelView[];
  app.get('/v1/channels', async () => ({ items: channels, nextCursor: null }));
  app.post<{ Body: Partial<ChannelView> }>('/v1/channels', async ({ body }, reply) => {
    const url = 'https://hooks.example.net/…';
    const channel = { ...channels[0]!, ...body, last: null, id: 'chn_2', url };
    channels.push(channel);
    return reply.code(201).send({ ...channel, secret: 'chsec_the-secret' });
  });
  app.patch<{ Params: { id: string }; Body: Partial<ChannelView> & { secret?: string } }>(
    '/v1/channels/:id',
    async ({ params, body }, reply) => {
      const at = channels.findIndex(({ id }) => id === params.id);
      const channel = channels[at]!;
      const { secret, ...change } = body;
      if (channel.kind === 'email' && change.url !== undefined && secret === undefined)
        return reply.code(400).send({
          error: { code: 'invalid_request', message: 'must be given again', field: 'secret', next_steps: [] },
        });
      channels[at] = { ...channel, ...change };
      return channels[at];
    },
  );
  app.post('/v1/channels/:id/test', async () => ({ delivered: false, error: '310000: sign not match' }));
  app.delete('/v1/channels/:id', async (_request, reply) => {
    channels.shift();
    return reply.code(204).send(null);
  });
  app.get('/v1/tokens', async () => ({ items: tokens, nextCursor: null }));
  app.post<{ Body: { name: string } }>('/v1/tokens', async ({ body }, reply) => {
    if (tokens.some(({ name }) => name === body.name))
      return reply
        .code(409)
        .send({ error: { code: 'token_name_taken', message: 'There is a token of this name.' } });
    const token = made('tok_2', body.name, body);
    tokens.unshift(token);
    return reply.code(201).send({ ...token, token: 'pxt_the-text-of-the-token' });
  });
  app.delete<{ Params: { id: string } }>('/v1/tokens/:id', async ({ params }) => {
    const at = tokens.findIndex(({ id }) => id === params.id);
    tokens[at] = { ...tokens[at]!, state: 'revoked' };
    return tokens[at];
  });
  app.get('/v1/sessions', async () => ({ items: sessions, nextCursor: null }));
  app.delete('/v1/sessions/:id', async () => sessions.pop());
}

function registerTrail(app: FastifyInstance, world: MockWorld): void {
  const entry = {
    ...aTrailEntry({ at: world.now, who: { name: 'li', role: 'operator' }, act: 'POST /v1/freeze' }),
    v: 1,
    hash: 'a'.repeat(64),
  };
  const refused = { outcome: { status: 403, code: 'not_permitted' }, object: 'exp_1', times: 7 };
  const entries = [
    { ...entry, seq: 2, ...refused, who: { name: null, role: null }, asked: { reason: 'r'.repeat(300) } },
    { ...entry, seq: 1 },
  ];
  app.get<{ Querystring: { who?: string } }>('/v1/trail', async ({ query }) => ({
    items: entries.filter(({ who }) => query.who === undefined || who.name === query.who),
    nextCursor: null,
  }));
}

function registerHolds(app: FastifyInstance, world: MockWorld): void {
  app.get('/v1/holds', async () => ({ items: world.holds, nextCursor: null }));
  app.post<{ Params: { id: string }; Body: { reason: string } }>('/v1/holds/:id/end', async ({ params }) => {
    const at = world.holds.findIndex(({ id }) => id === params.id);
    return world.holds.splice(at, 1)[0];
  });
}

function registerReplacements(app: FastifyInstance, world: MockWorld): void {
  const doc = aReplacement('rep_1', world.now);
  const replacement: Replacement = {
    ...doc,
    pairs: doc.pairs.map((pair) => ({ ...pair, nextStep: 'See to the expansion.' })),
  };
  app.get('/v1/replacements', async () => ({ items: [doc], nextCursor: null }));
  app.get('/v1/replacements/:id', async () => replacement);
}

function registerComparisons(app: FastifyInstance, world: MockWorld): void {
  const base = (left: NodeTarget, right: NodeTarget) => ({
    left,
    right,
    stateReason: null,
    requestedBy: 'mira',
    createdAt: world.now - 60_000,
    join: null,
    problem: null,
    pendingControl: null,
  });
  const all = new Map<string, Record<string, unknown>>();
  const add = (id: string, more: Record<string, unknown>) =>
    all.set(id, { id, ...base(nodeTarget('10.20.0.10:9221'), nodeTarget('10.20.0.11:9221')), ...more });
  add('cmp_equal', {
    state: 'completed',
    startedAt: world.now - 50_000,
    endedAt: world.now - 47_000,
    report: reportOf(world.now),
    differencesTotal: 0,
    spec: { depth: 'sample' },
  });
  add('cmp_different', {
    state: 'completed',
    startedAt: world.now - 40_000,
    endedAt: world.now - 37_000,
    report: reportOf(world.now, true),
    differencesTotal: 3,
    spec: { depth: 'sample' },
  });
  add('cmp_running', {
    state: 'running',
    startedAt: world.now - 9_000,
    endedAt: null,
    report: null,
    differencesTotal: 0,
    spec: { depth: 'full' },
    progress: {
      activity: 'strings of db0 are compared',
      lookedAtKeys: 420_000,
      estimatedKeys: 1_000_000,
      differences: 0,
      keysPerSecond: 51_000,
      remainingSeconds: 12,
      heldBy: null,
    },
  });
  app.get('/v1/comparisons', async () => ({ items: [...all.values()], nextCursor: null }));
  app.get('/v1/comparisons/:id', async (request, reply) => {
    const one = all.get((request.params as { id: string }).id);
    return (
      one ??
      reply.code(404).send({
        error: { code: 'not_found', message: 'No such comparison.', next_steps: [], requestId: 'r' },
      })
    );
  });
  app.post('/v1/comparisons', async (request, reply) => {
    const body = request.body as { left: string; right: string; depth: string };
    add('cmp_new', {
      ...base(nodeTarget(body.left), nodeTarget(body.right)),
      state: 'pending',
      startedAt: null,
      endedAt: null,
      report: null,
      spec: { depth: body.depth },
    });
    return reply.code(202).send(all.get('cmp_new'));
  });
  app.post('/v1/comparisons/:id/:verb', async (request, reply) => {
    const { id, verb } = request.params as { id: string; verb: string };
    const states: Readonly<Record<string, string>> = {
      pause: 'paused',
      resume: 'running',
      cancel: 'cancelled',
    };
    all.set(id, { ...all.get(id), state: states[verb] });
    return reply.code(202).send(all.get(id));
  });
  app.get('/v1/comparisons/:id/differences', async (_request, reply) =>
    reply.type('application/x-ndjson').send(
      reportOf(world.now, true)
        .examples.map((example) => JSON.stringify(example))
        .join('\n'),
    ),
  );
}
