import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NewTrailEntry } from '../../../model/views/trail.ts';
import { sessionId } from '../../../store/identities.ts';
import { clean, cleanText } from '../../../trail/clean.ts';
import { createStrangers } from '../../../trail/strangers.ts';
import type { Caller } from '../../access.ts';
import type { ApiParts } from '../../parts.ts';
import { reader } from '../../reader.ts';

/** What a route says of its act for the trail. */
export interface Traced {
  /** Where it is not the id in the address, or that of what was made. */
  readonly object?: string;
  /** Where it is not the caller. */
  readonly who?: NewTrailEntry['who'];
  readonly by?: NewTrailEntry['by'];
  readonly via?: NewTrailEntry['from']['via'];
  /** What stood before, where a stored thing changes. */
  readonly before?: unknown;
  readonly after?: unknown;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Code of the refusal with which it is answered; null = none. */
    refusal: string | null;
    traced: Traced | null;
  }
  interface FastifyContextConfig {
    /**
     * Which of its requests the trail keeps; default: all that may change something. `refused`: it changes nothing, or is called
     * all the time. `bodiless`: its body is a secret. `always`: it changes something, although it is a GET.
     */
    trail?: 'refused' | 'bodiless' | 'always';
  }
}

/** Adds to what the trail says of a request. */
export function trace(request: FastifyRequest, traced: Traced): void {
  request.traced = { ...request.traced, ...traced };
}

const reading = ['GET', 'HEAD', 'OPTIONS'];
/** They say nothing but that somebody asked too often. */
const shed = ['rate_limited', 'overloaded'];
/** Number of the entry, or `late` where the answer did not wait for it. */
const trailHeader = 'pika-expander-trail';
const lookAgainMs = 10_000;

/**
 * Puts every act into the trail before its answer goes out: all requests that may change something, whether done or refused,
 * and tokens that are none wherever they are shown. An answer waits for its entry for a second at most.
 */
export function trailOfRequests(app: FastifyInstance, parts: ApiParts): void {
  const { trail, now } = parts;
  const strangers = createStrangers();
  app.decorateRequest('refusal', null);
  app.decorateRequest('traced', null);
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isKept(request, reply)) return;
    const entry = entryOf(request, reply, payload, parts);
    if (request.caller === null && entry.outcome.code !== null && !strangers.admits(entry)) return;
    const seq = await trail.add(entry);
    reply.header(trailHeader, seq ?? 'late');
  });
  const timer = setInterval(() => {
    for (const entry of strangers.due(now())) void trail.add(entry);
  }, lookAgainMs);
  app.addHook('onClose', async () => {
    clearInterval(timer);
    for (const entry of strangers.due(Number.POSITIVE_INFINITY)) await trail.add({ ...entry, at: now() });
  });
}

function isKept({ method, routeOptions, refusal }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (refusal !== null && shed.includes(refusal)) return false;
  if (refusal === 'bad_token' || (routeOptions.config.trail === 'always' && method === 'GET')) return true;
  if (reading.includes(method) || routeOptions.url === undefined) return false;
  return routeOptions.config.trail !== 'refused' || [401, 403, 409].includes(statusCode);
}

function entryOf(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  { now, hideSecrets }: ApiParts,
): NewTrailEntry {
  const { caller, headers, method, routeOptions, refusal } = request;
  const traced = request.traced ?? {};
  const isDone = reply.statusCode < 400;
  const client = headers['user-agent'];
  return {
    at: now(),
    act: `${method} ${routeOptions.url ?? '?'}`,
    object: traced.object ?? objectOf(request, reply, isDone ? payload : null),
    who: traced.who ?? { name: caller?.name ?? null, role: caller?.role ?? null },
    by: traced.by ?? { kind: kindOf(caller, headers.authorization), id: idOf(caller) },
    from: {
      address: request.ip,
      client: client === undefined ? null : cleanText(client, hideSecrets, 200),
      via: traced.via ?? (caller?.byCookie ? 'dashboard' : reader(request).tool),
      requestId: request.id,
    },
    outcome: { status: reply.statusCode, code: isDone ? null : refusal },
    asked: clean(askedOf(request), hideSecrets),
    before: clean(traced.before, hideSecrets),
    after: isDone ? clean(traced.after, hideSecrets) : null,
    times: 1,
  };
}

function kindOf(caller: Caller | null, authorization: string | undefined): NewTrailEntry['by']['kind'] {
  if (caller === null) return 'none';
  if (caller.byCookie) return 'session';
  return authorization === undefined ? 'none' : 'token';
}

/** Tells sessions and tokens apart, and opens none. */
function idOf(caller: Caller | null): string | null {
  const { session = null, tokenId = null } = caller?.proof ?? {};
  return session === null ? tokenId : sessionId(session);
}

function askedOf({ params, body, routeOptions }: FastifyRequest): unknown {
  const { id: _, ...rest } = (params ?? {}) as Record<string, unknown>;
  const sent = routeOptions.config.trail === 'bodiless' ? undefined : body;
  if (Object.keys(rest).length === 0) return sent ?? null;
  return sent === undefined || sent === null ? { params: rest } : { params: rest, body: sent };
}

/** What was made, or what the address names. */
function objectOf({ params }: FastifyRequest, reply: FastifyReply, payload: unknown): string | null {
  const made = reply.getHeader('location');
  if (typeof made === 'string') return made.split('/').at(-1)!;
  const { id, node } = (params ?? {}) as Record<string, string | undefined>;
  const named = id ?? node;
  if (named !== undefined) return cleanText(named, (text) => text);
  return typeof payload === 'string' && payload !== '' ? idIn(payload) : null;
}

function idIn(answer: string): string | null {
  try {
    const { id } = JSON.parse(answer) as { readonly id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}
