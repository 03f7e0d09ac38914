import { Workers } from '../../model/views/service.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { RoutePlugin } from '../parts.ts';
import { errorResponses } from '../schemas.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const mostDue = 200;

/** /v1/workers: whether somebody works. `doorbell`: that of expansions; every worker answers it. */
export function workerRoutes(version: string, doorbell: Pick<Doorbell, 'workers'>): RoutePlugin {
  return (app, { store }) => {
    app.withTypeProvider<ApiTypeProvider>().get(
      '/v1/workers',
      {
        config: { action: 'read' },
        schema: {
          operationId: 'getWorkers',
          tags: ['operations'],
          summary: 'Whether processes take work, and what is due and nobody has taken',
          response: { 200: Workers, ...errorResponses(503) },
        },
      },
      async ({ caller }) => {
        const [count, due, unattended, atWork] = await Promise.all([
          doorbell.workers().catch(() => null),
          store.due(mostDue),
          store.unattended(mostDue),
          store.held(),
        ]);
        const sees = caller === null ? async () => true : app.seenBy(caller);
        const seen = async (ids: readonly string[]) => {
          const each = await Promise.all(ids.map((expansionId) => sees({ expansionId })));
          return ids.filter((_, place) => each[place]);
        };
        return { version, count, due: await seen(due), unattended: await seen(unattended), atWork };
      },
    );
  };
}
