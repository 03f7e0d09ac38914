import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { watchEventLoop } from '../../../platform/event-loop.ts';
import { HttpProblem } from '../../errors.ts';
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
        new HttpProblem(
          429,
          'rate_limited',
          `More than ${context.max} requests in a minute came from ${parts.access.callerOf(request.headers)?.name ?? 'this address'}.`,
          [
            `Wait ${Math.ceil(context.ttl / 1000)} s.`,
            'Follow expansions through the event stream instead of asking often.',
          ],
        ),
    });
  }
  if (parts.shedLoad) {
    const loop = watchEventLoop();
    app.addHook('onClose', async () => loop.stop());
    app.addHook('onRequest', async (request) => {
      if (neverLimited.includes(request.url) || isEmergency(request)) return;
      if (loop.delayMs() <= overloadedFromMs) return;
      throw new HttpProblem(503, 'overloaded', 'This process is overloaded; nothing was done.', [
        'Send the request again in a few seconds.',
        'If it stays so, run workers apart from the API (--role), or more processes.',
      ]);
    });
  }
}

const isEmergency = (request: FastifyRequest): boolean => request.routeOptions.config.emergency === true;

/**
 * Whose requests are counted together. Who is signed in is counted apart from others at the same address, and what
 * steers apart from what reads, so that nobody's asking locks anybody out of a freeze or a pause. All who are not signed
 * in share what their address may ask: guessing tokens must be slow.
 */
function countedAs(request: FastifyRequest, { access }: ApiParts): string {
  const caller = access.callerOf(request.headers);
  if (caller === null) return request.ip;
  return `${isEmergency(request) ? 'steering' : 'asking'} ${caller.name} ${request.ip}`;
}
