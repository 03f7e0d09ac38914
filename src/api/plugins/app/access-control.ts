import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Requester } from '../../../admission/acceptance.ts';
import { printable } from '../../../admission/validate.ts';
import { refuse, refuseField } from '../../../model/refusal.ts';
import type { Caller } from '../../access.ts';
import type { ApiParts } from '../../parts.ts';

/**
 * Who may call a route. Default under /v1: `viewer` for GET, `operator` for everything else; elsewhere `public`. Agents
 * may call their own route, and no other.
 */
type RouteAccess = 'public' | 'viewer' | 'operator' | 'agent';

declare module 'fastify' {
  interface FastifyRequest {
    /** null on public routes where nobody is signed in. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}

/** `anyControl`, as it stands in an address. */
const encodedControl = /%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f])/gi;

const reading = ['GET', 'HEAD', 'OPTIONS'];

/** Lets nobody through who has not the right, and no page but our own act in a signed-in person's name. */
export function accessControl(app: FastifyInstance, parts: ApiParts): void {
  app.decorateRequest('caller', null);
  // Before requests are counted: another site's page must not use up what the person before it may ask.
  app.addHook('onRequest', async (request) => {
    checkPage(request);
    if (!parts.access.required) checkHost(request);
    if (!reading.includes(request.method)) checkOrigin(request);
    request.caller = parts.access.callerOf(request.headers, request.protocol === 'https');
  });
  // After requests were counted: who guesses tokens is counted too.
  app.addHook('preParsing', async (request) => {
    const needed = accessOf(request);
    const { caller } = request;
    if (caller?.role === 'agent' && needed !== 'agent')
      throw refuse('agents_report_only', { name: caller.name });
    if (needed === 'public') return;
    if (caller === null)
      throw refuse(request.headers.authorization === undefined ? 'not_signed_in' : 'bad_token', {});
    if (needed === 'agent' && caller.role !== 'agent') throw refuse('agents_only', { name: caller.name });
    if (needed === 'operator' && caller.role !== 'operator')
      throw refuse('operators_only', { name: caller.name });
  });
  // After the schemas, which name the place.
  app.addHook('preHandler', async ({ url }) => {
    // Only these are decoded: what stands beside them can be no text at all.
    const plain = url.replaceAll(encodedControl, decodeURIComponent);
    if (plain !== url) throw refuseField('control_character', null, { value: printable(plain) }, 'query');
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
  throw refuse('host_not_allowed', {});
}

/** A browser says which page asks: another site's page may ask for nothing here, be it only to read. */
function checkPage(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // The route that answers counts: its address can be written in many ways.
  if (!request.routeOptions.url?.startsWith('/v1/')) return;
  throw refuse('foreign_origin', { proxied: false });
}

function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).host : null;
  if (from !== null && from === request.host) return;
  throw refuse('foreign_origin', { proxied: true });
}

/** Who asked, for the history. Only for routes that are not public. */
export function requesterOf(request: FastifyRequest): Requester {
  return { name: request.caller?.name ?? 'local', via: 'rest' };
}
