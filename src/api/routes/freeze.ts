import { isSamePerson } from '../../model/access.ts';
import { refuse } from '../../model/refusal.ts';
import { Freeze } from '../../model/views/service.ts';
import { AlreadyFrozenError } from '../../store/store.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, ReasonBody } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

/** The global stop: while it is on, no worker sends a new SLAVEOF anywhere. */
export const freezeRoutes: ApiRoutes = async (app, { store, log, fourEyes = [] }) => {
  app.get(
    '/v1/freeze',
    {
      schema: {
        operationId: 'getFreeze',
        tags: ['control'],
        summary: 'Whether the global stop is on',
        response: { 200: Freeze, ...errorResponses() },
      },
    },
    () => store.freezeState(),
  );

  app.post(
    '/v1/freeze',
    {
      config: { action: 'freeze', on: 'all', emergency: true },
      schema: {
        operationId: 'freeze',
        tags: ['control'],
        summary: 'Stop everywhere: no new SLAVEOF is sent',
        description:
          'Nodes in full sync go on; nothing new begins until it is lifted. A second order is refused, so that the ' +
          'reason and the person of the first stay.',
        body: ReasonBody,
        response: { 200: Freeze, ...errorResponses(400, 409, 415) },
      },
    },
    async (request) => {
      const by = requesterOf(request).name;
      const state = await store.freeze({ reason: request.body.reason, by }).catch((error: unknown) => {
        throw error instanceof AlreadyFrozenError ? refuse('already_frozen', error.first) : error;
      });
      trace(request, { before: { frozen: false }, after: state });
      log.warn({ by, reason: request.body.reason }, 'the global stop is on: no new SLAVEOF is sent');
      return state;
    },
  );

  app.delete(
    '/v1/freeze',
    {
      config: { action: 'freeze', on: 'all', emergency: true },
      schema: {
        operationId: 'unfreeze',
        tags: ['control'],
        summary: 'Lift the global stop',
        body: ReasonBody,
        response: { 200: Freeze, ...errorResponses(400, 415) },
      },
    },
    async (request) => {
      const by = requesterOf(request).name;
      const before = await store.freezeState();
      if (fourEyes.length > 0 && before.by !== null && isSamePerson(before.by, by))
        throw refuse('needs_other_person', { of: 'freeze', id: null, by });
      const state = await store.unfreeze({ reason: request.body.reason, by });
      trace(request, { before, after: state });
      log.warn({ by, reason: request.body.reason }, 'the global stop is lifted');
      return state;
    },
  );
};
