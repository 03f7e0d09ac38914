import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Requester } from '../../../admission/acceptance.ts';
import { objectionToAction } from '../../../admission/may-act.ts';
import { printable } from '../../../admission/validate.ts';
import type { Action } from '../../../model/access.ts';
import { refuse, refuseField } from '../../../model/refusal.ts';
import { StoreUnavailableError } from '../../../store/store.ts';
import type { Caller } from '../../access.ts';
import type { ApiParts } from '../../parts.ts';
import { type Route, scopes } from '../../scopes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** null on public routes where nobody is signed in. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /**
     * What the caller must be allowed; null = nothing. Left out: `read` for GET under /v1, nothing elsewhere. A route under
     * /v1 that changes something names its action, and what it is `on`, or the service does not start.
     */
    action?: Action | null;
    /** Another site's page may lead a browser here, as the identity provider does. */
    fromElsewhere?: true;
  }
}

/** `anyControl`, as it stands in an address. */
const encodedControl = /%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f])/gi;

const reading = ['GET', 'HEAD', 'OPTIONS'];

/** Lets nobody through who has not the right, and no page but our own act in a signed-in person's name. */
export function accessControl(app: FastifyInstance, parts: ApiParts): void {
  app.decorateRequest('caller', null);
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    if (!route.url.startsWith('/v1/') || methods.every((method) => reading.includes(method))) return;
    const { action, on } = route.config ?? {};
    if (action === undefined || (action !== null && on === undefined))
      throw new Error(
        `${methods.join(', ')} ${route.url} changes something: name its action, and what it is on`,
      );
  });
  // Before requests are counted: another site's page must not use up what the person before it may ask.
  app.addHook('onRequest', async (request) => {
    checkPage(request);
    if (!parts.access.required) checkHost(request);
    if (!reading.includes(request.method)) checkOrigin(request);
    request.caller = await parts.access
      .callerOf(request.headers, request.protocol === 'https')
      .catch((error: unknown) => {
        // Pages and probes are given also while the database is away.
        const { url } = request.routeOptions;
        if (
          error instanceof StoreUnavailableError &&
          !url?.startsWith('/v1/') &&
          actionOfRequest(request) === null
        )
          return null;
        throw error;
      });
  });
  // After requests were counted: who guesses tokens is counted too.
  app.addHook('preParsing', async (request) => {
    const action = actionOfRequest(request);
    const { caller } = request;
    if (caller?.role === 'agent' && action !== 'report')
      throw refuse('agents_report_only', { name: caller.name });
    if (action === null) return;
    if (caller === null)
      throw refuse(request.headers.authorization === undefined ? 'not_signed_in' : 'bad_token', {});
    if (action === 'report' && caller.role !== 'agent') throw refuse('agents_only', { name: caller.name });
    const objection = objectionToAction(caller, action);
    if (objection !== null) throw objection;
  });
  // After the schemas, which name the place.
  app.addHook('preHandler', async ({ url }) => {
    // Only these are decoded: what stands beside them can be no text at all.
    const plain = url.replaceAll(encodedControl, decodeURIComponent);
    if (plain !== url) throw refuseField('control_character', null, { value: printable(plain) }, 'query');
  });
  scopes(app, actionOf);
}

const actionOfRequest = ({ method, routeOptions }: FastifyRequest): Action | null =>
  actionOf({ ...routeOptions, method });

/** What the callers of a route must be allowed; null = everybody may call it. */
export function actionOf({ url = '', method, config }: Route): Action | null {
  if (config?.action !== undefined) return config.action;
  return url.startsWith('/v1/') && reading.includes(method) ? 'read' : null;
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
  const { fromElsewhere } = request.routeOptions.config;
  if (fromElsewhere && request.headers['sec-fetch-mode'] === 'navigate' && isWholePage(request)) return;
  throw refuse('foreign_origin', { proxied: false });
}

/** Not a frame, nor a picture. */
const isWholePage = ({ headers }: FastifyRequest): boolean => headers['sec-fetch-dest'] === 'document';

function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).host : null;
  if (from !== null && from === request.host) return;
  throw refuse('foreign_origin', { proxied: true });
}

/** Who asked, for the history. Only for routes that are not public. */
export function requesterOf(request: FastifyRequest): Requester {
  const { caller } = request;
  return { name: caller?.name ?? 'local', via: 'rest', ...(caller === null ? {} : { rights: caller }) };
}
