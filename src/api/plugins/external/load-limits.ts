import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hasAction } from '../../../admission/may-act.ts';
import { refuse } from '../../../model/refusal.ts';
import { watchEventLoop } from '../../../platform/event-loop.ts';
import type { ApiParts } from '../../parts.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An act that must get through whatever else goes on: it stops something, or lets it go on. */
    emergency?: boolean;
  }
}

/** Probes must get through whatever else goes on. */
const probes = ['/healthz', '/readyz'];
/** Each node has a room of its own: hundreds may be probed with one token from one address. */
const nodeProbes = ['/v1/nodes/:node/ready'];
/** A probe that is turned away takes a node from its readers. */
const neverShed = [...probes, ...nodeProbes, '/metrics'];
const guessesPerMinute = 60;
const overloadedFromMs = 5000;

/** Keeps one client, or all together, from taking the service down. It needs to know the caller: see accessControl. */
export async function loadLimits(app: FastifyInstance, parts: ApiParts): Promise<void> {
  const { requestsPerMinute } = parts.limits;
  if (requestsPerMinute > 0) {
    await app.register(rateLimit, {
      global: true,
      max: (request) =>
        isGuess(request) ? Math.min(guessesPerMinute, requestsPerMinute) : requestsPerMinute,
      timeWindow: 60_000,
      keyGenerator: (request) => `${roomOf(request)} ${request.caller?.name ?? ''} ${request.ip}`,
      allowList: (request) => isOneOf(probes, request) && request.headers.authorization === undefined,
      errorResponseBuilder: (request, context) =>
        refuse('rate_limited', {
          most: context.max,
          from: request.caller?.name ?? null,
          waitSeconds: Math.ceil(context.ttl / 1000),
        }),
    });
  }
  if (parts.shedLoad) {
    const loop = watchEventLoop();
    app.addHook('onClose', async () => loop.stop());
    app.addHook('onRequest', async (request) => {
      if (isOneOf(neverShed, request) || isSteering(request) || isSession(request)) return;
      if (loop.delayMs() <= overloadedFromMs) return;
      throw refuse('overloaded', {});
    });
  }
}

/**
 * What is counted together, for each caller at each address; all who are not signed in at an address share its rooms. Each
 * act that steers has a room of its own: no loop of any kind locks anybody out of a freeze or a pause. The dashboard does
 * not share with programs, so that a script with the same token leaves the dashboard alone.
 */
function roomOf(request: FastifyRequest): string {
  const { method, routeOptions, url, headers, caller } = request;
  if (isGuess(request)) return 'guesses';
  if (isSteering(request)) return `${method} ${routeOptions.url}`;
  if (isSession(request)) return 'session';
  if (isOneOf(nodeProbes, request)) return `probe ${url}`;
  if (!url.startsWith('/v1/')) return 'pages';
  return caller?.byCookie || headers['sec-fetch-site'] !== undefined ? 'page' : 'program';
}

const isOneOf = (routes: readonly string[], { routeOptions }: FastifyRequest): boolean =>
  routes.includes(routeOptions.url ?? '');

/** A token that is none, on whatever route: also a public one may tell whether it is one. */
const isGuess = ({ caller, headers }: FastifyRequest): boolean =>
  caller === null && headers.authorization !== undefined;

const isSession = ({ routeOptions }: FastifyRequest): boolean => routeOptions.url === '/v1/session';

/** Who may not steer is counted and turned away like everybody else. */
const isSteering = ({ routeOptions, caller }: FastifyRequest): boolean =>
  routeOptions.config.emergency === true &&
  caller !== null &&
  hasAction(caller, routeOptions.config.action ?? 'read');
