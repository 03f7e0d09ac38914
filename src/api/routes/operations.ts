import Type from 'typebox';
import { Readiness } from '../../model/views/service.ts';
import type { ReadinessCheck } from '../parts.ts';
import { errorResponses } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

const checkTimeoutMs = 3000;

/** /healthz, /readyz, /metrics: for probes and monitoring; also served by processes that only work. */
export const operationRoutes: ApiRoutes = async (app, { readiness, metrics, store }) => {
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'healthz',
        tags: ['operations'],
        summary: 'Whether the process is up',
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('up') }) },
      },
    },
    async () => ({ status: 'up' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readyz',
        tags: ['operations'],
        summary: 'Whether it can do its work, and what is wrong if not',
        security: [],
        response: { 200: Readiness, 503: { ...Readiness, description: 'Something is wrong.' } },
      },
    },
    async (_request, reply) => {
      const checks = await Promise.all(readiness.map(resultOf));
      const ready = checks.every((check) => check.ok);
      return reply.code(ready ? 200 : 503).send({ ready, checks });
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'metrics',
        tags: ['operations'],
        summary: 'Figures for Prometheus',
        response: { 200: Type.String({ description: 'Prometheus text format.' }), ...errorResponses() },
      },
    },
    async (_request, reply) => {
      await metrics.refresh(store);
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
  );
};

async function resultOf(part: ReadinessCheck) {
  const { name } = part;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${checkTimeoutMs / 1000} s`)),
      checkTimeoutMs,
    );
  });
  try {
    await Promise.race([part.check(), tooLate]);
    return { name, ok: true, text: 'in order' };
  } catch (error) {
    return { name, ok: false, text: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}
