import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { printable } from '../../../admission/validate.ts';
import { refuse } from '../../../model/refusal.ts';
import { sendError } from '../../errors.ts';

interface KnownRoute {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/**
 * Answers what no route answers: 405 where the path exists under another method, the dashboard's page for its own
 * addresses (it routes by itself), else 404. Register before any route, so that it sees them all.
 */
export function unknownRoutes(
  app: FastifyInstance,
  sendPage: ((reply: FastifyReply) => FastifyReply) | null,
): void {
  const known: KnownRoute[] = [];
  app.addHook('onRoute', (route) => {
    if (route.url.endsWith('*')) return;
    const methods = Array.isArray(route.method) ? route.method : [route.method];
    known.push({ path: patternOf(route.url), methods });
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const allowed = [
      ...new Set(known.filter((route) => route.path.test(path)).flatMap((route) => route.methods)),
    ];
    const facts = { method: request.method, path: printable(path) };
    if (allowed.length > 0)
      return sendError(refuse('method_not_allowed', { ...facts, allowed }), request, reply);
    if (sendPage !== null && wantsPage(request, path)) return sendPage(reply);
    return sendError(refuse('no_such_route', facts), request, reply);
  });
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
  return new RegExp(`^${escaped}/?$`);
}

/** A file is known by its ending; a node's address in a page's path has dots too (`/nodes/10.0.0.5:9221`). */
const namesFile = /\.[A-Za-z]\w*$/;

function wantsPage(request: FastifyRequest, path: string): boolean {
  if (request.method !== 'GET' || path.startsWith('/v1') || namesFile.test(path)) return false;
  return (request.headers.accept ?? '').includes('text/html');
}
