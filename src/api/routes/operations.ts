import Type from 'typebox';
import { readinessTexts } from '../../model/readiness.ts';
import type { Reader } from '../../model/text.ts';
import { Readiness } from '../../model/views/service.ts';
import type { ReadinessCheck } from '../parts.ts';
import { reader } from '../reader.ts';
import { errorResponses } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

const checkTimeoutMs = 3000;

/** /healthz, /readyz, /metrics: for probes and monitoring; also served by processes that only work. */
export const operationRoutes: ApiRoutes = async (app, { readiness, metrics, store, log }) => {
  /** Everybody may ask, so whoever asks while the parts are asked gets the same answer. */
  let asking: Promise<readonly (readonly [name: string, Failure])[]> | null = null;
  const failures = () => {
    asking ??= Promise.all(readiness.map(asked)).finally(() => {
      asking = null;
    });
    return asking;
  };

  async function asked(part: ReadinessCheck) {
    const failure = await failureOf(part);
    if (failure !== null) log.warn({ part: part.name, code: failure.code, err: failure.cause }, 'not ready');
    return [part.name, failure] as const;
  }

  function resultOf(name: string, failure: Failure, forWhom: Reader) {
    const code = failure?.code ?? 'in_order';
    const text = readinessTexts[code][forWhom.language]({ seconds: checkTimeoutMs / 1000 }, forWhom);
    return { name, ok: failure === null, code, text };
  }

  app.get(
    '/healthz',
    {
      config: { action: null },
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
      config: { action: null },
      schema: {
        operationId: 'readyz',
        tags: ['operations'],
        summary: 'Whether it can do its work, and what is wrong if not',
        security: [],
        response: { 200: Readiness, 503: { ...Readiness, description: 'Something is wrong.' } },
      },
    },
    async (request, reply) => {
      const forWhom = reader(request);
      const checks = (await failures()).map(([name, failure]) => resultOf(name, failure, forWhom));
      const ready = checks.every((check) => check.ok);
      return reply.code(ready ? 200 : 503).send({ ready, checks });
    },
  );

  app.get(
    '/metrics',
    {
      config: { action: 'read', on: 'all' },
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

type Failure = { readonly code: 'does_not_answer' | 'no_answer_in_time'; readonly cause: unknown } | null;

async function failureOf({ check }: ReadinessCheck): Promise<Failure> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Failure>((resolve) => {
    timer = setTimeout(() => resolve({ code: 'no_answer_in_time', cause: null }), checkTimeoutMs);
  });
  const answer = check().then(
    () => null,
    (cause: unknown): Failure => ({ code: 'does_not_answer', cause }),
  );
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
