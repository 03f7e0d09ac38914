import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../../errors.ts';
import type { ApiParts } from '../../parts.ts';

/** Probes must get through whatever else goes on. */
const neverLimited = ['/healthz', '/readyz', '/metrics'];

/** Keeps one client, or all together, from taking the service down. */
export async function loadLimits(app: FastifyInstance, parts: ApiParts): Promise<void> {
  const { requestsPerMinute } = parts.limits;
  if (requestsPerMinute > 0) {
    await app.register(rateLimit, {
      global: true,
      max: requestsPerMinute,
      timeWindow: 60_000,
      // By address, not by token: guessing tokens must be slow too.
      keyGenerator: (request) => request.ip,
      allowList: (request) => neverLimited.includes(request.url),
      errorResponseBuilder: (_request, context) =>
        new HttpProblem(
          429,
          'rate_limited',
          `More than ${context.max} requests in a minute came from this address.`,
          [
            `Wait ${Math.ceil(context.ttl / 1000)} s.`,
            'Follow expansions through the event stream instead of asking often.',
          ],
        ),
    });
  }
  if (parts.shedLoad) {
    await app.register(underPressure, {
      maxEventLoopDelay: 5000,
      pressureHandler: (request) => {
        if (neverLimited.includes(request.url)) return;
        throw new HttpProblem(503, 'overloaded', 'This process is overloaded; nothing was done.', [
          'Send the request again in a few seconds.',
          'If it stays so, run workers apart from the API (--role), or more processes.',
        ]);
      },
    });
  }
}
