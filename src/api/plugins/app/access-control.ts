import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Requester } from '../../../admission/acceptance.ts';
import type { Caller } from '../../access.ts';
import { HttpProblem } from '../../errors.ts';
import type { ApiParts } from '../../parts.ts';

/** Who may call a route. Default under /v1: `viewer` for GET, `operator` for everything else; elsewhere `public`. */
type RouteAccess = 'public' | 'viewer' | 'operator';

declare module 'fastify' {
  interface FastifyRequest {
    /** null on public routes where nobody is signed in. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}

const reading = ['GET', 'HEAD', 'OPTIONS'];

/** Lets nobody through who has not the right, and no page but our own act in a signed-in person's name. */
export function accessControl(app: FastifyInstance, parts: ApiParts): void {
  app.decorateRequest('caller', null);
  // After onRequest, so that the rate limit also counts those who guess tokens.
  app.addHook('preParsing', async (request) => {
    checkPage(request);
    if (!parts.access.required) checkHost(request);
    if (!reading.includes(request.method)) checkOrigin(request);
    request.caller = parts.access.callerOf(request.headers);
    const needed = accessOf(request);
    if (needed === 'public') return;
    if (request.caller === null) throw signInFirst(request);
    if (needed === 'operator' && request.caller.role !== 'operator') throw operatorsOnly(request.caller);
  });
}

function accessOf(request: FastifyRequest): RouteAccess {
  const { url = '', config } = request.routeOptions;
  if (config.access !== undefined) return config.access;
  if (!url.startsWith('/v1/')) return 'public';
  return reading.includes(request.method) ? 'viewer' : 'operator';
}

/**
 * Without tokens the loopback address is the only protection. A page on the internet can make its own name point to
 * 127.0.0.1 (DNS rebinding); its requests carry that name.
 */
function checkHost(request: FastifyRequest): void {
  const host = request.hostname.toLowerCase();
  if (host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)) return;
  throw new HttpProblem(
    403,
    'host_not_allowed',
    'Without configured tokens the service answers only under a loopback name.',
    ['Use http://127.0.0.1 or http://localhost.', 'Or configure tokens; see the README.'],
  );
}

/** A browser says which page asks: another site's page may ask for nothing here, be it only to read. */
function checkPage(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // The route that answers counts: its address can be written in many ways.
  if (!request.routeOptions.url?.startsWith('/v1/')) return;
  throw new HttpProblem(403, 'foreign_origin', 'The request comes from a page of another site.', [
    'Use the dashboard that this service serves.',
  ]);
}

function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).host : null;
  if (from !== null && from === request.host) return;
  throw new HttpProblem(403, 'foreign_origin', 'The request comes from a page of another site.', [
    'Use the dashboard that this service serves.',
    'Behind a reverse proxy: pass the Host header on unchanged, or set PIKA_EXPANDER_TRUST_PROXY=true.',
  ]);
}

function signInFirst(request: FastifyRequest): HttpProblem {
  const tried = request.headers.authorization !== undefined;
  return new HttpProblem(
    401,
    tried ? 'bad_token' : 'not_signed_in',
    tried ? 'The token is not one that is configured.' : 'This needs a token.',
    ['Send a configured token: Authorization: Bearer <token>.', 'In a browser: sign in on the dashboard.'],
    { 'www-authenticate': 'Bearer realm="pika-expander"' },
  );
}

function operatorsOnly(caller: Caller): HttpProblem {
  return new HttpProblem(
    403,
    'operators_only',
    `The token ${caller.name} has the role viewer; this needs the role operator.`,
    ['Use a token with the role operator.'],
  );
}

/** Who asked, for the history. Only for routes that are not public. */
export function requesterOf(request: FastifyRequest): Requester {
  return { name: request.caller?.name ?? 'local', via: 'rest' };
}
