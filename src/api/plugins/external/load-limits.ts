import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
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
const neverLimited = ['/healthz', '/readyz', '/metrics'];
const overloadedFromMs = 5000;

/** Keeps one client, or all together, from taking the service down. */
export async function loadLimits(app: FastifyInstance, parts: ApiParts): Promise<void> {
  const { requestsPerMinute } = parts.limits;
  if (requestsPerMinute > 0) {
    await app.register(rateLimit, {
      global: true,
      max: requestsPerMinute,
      timeWindow: 60_000,
      keyGenerator: (request) => countedAs(request, parts),
      allowList: (request) => neverLimited.includes(request.url),
      errorResponseBuilder: (request, context) =>
        refuse('rate_limited', {
          most: context.max,
          from: parts.access.callerOf(request.headers)?.name ?? null,
          waitSeconds: Math.ceil(context.ttl / 1000),
        }),
    });
  }
  if (parts.shedLoad) {
    const loop = watchEventLoop();
    app.addHook('onClose', async () => loop.stop());
    app.addHook('onRequest', async (request) => {
      if (neverLimited.includes(request.url) || isEmergency(request)) return;
      if (loop.delayMs() <= overloadedFromMs) return;
      throw refuse('overloaded', {});
    });
  }
}

const isEmergency = (request: FastifyRequest): boolean => request.routeOptions.config.emergency === true;

/**
 * Whose requests are counted together. Each signed-in client counts apart from others at the same address, and controls
 * count apart from reads. So nobody's requests lock anybody out of a freeze or a pause. All who are not signed in share
 * the limit of their address: guessing tokens must be slow.
 */
function countedAs(request: FastifyRequest, { access }: ApiParts): string {
  const caller = access.callerOf(request.headers);
  if (caller === null) return request.ip;
  return `${isEmergency(request) ? 'steering' : 'asking'} ${caller.name} ${request.ip}`;
}
