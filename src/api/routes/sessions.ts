import Type from 'typebox';
import { patterns } from '../../model/invalid-fields.ts';
import { refuse } from '../../model/refusal.ts';
import { PageOf } from '../../model/views/schema.ts';
import { OpenSession } from '../../model/views/service.ts';
import { type StoredSession, sessionId } from '../../store/identities.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, Limit, strict } from '../schemas.ts';
import { checkCursor } from '../shared.ts';
import type { ApiRoutes } from '../type-provider.ts';

/** /v1/sessions: the browsers that are signed in. */
export const sessionListRoutes: ApiRoutes = async (app, { access, identities, log, now, streams }) => {
  app.get(
    '/v1/sessions',
    {
      config: { action: 'tokens', on: 'all' },
      schema: {
        operationId: 'listSessions',
        tags: ['session'],
        summary: 'List the browsers that are signed in, newest first',
        querystring: Type.Object(
          {
            cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
            limit: Limit(200, 50),
          },
          { ...strict },
        ),
        response: { 200: PageOf(OpenSession), ...errorResponses(400) },
      },
    },
    async ({ query }) => {
      checkCursor(query.cursor);
      const page = await identities.sessions({ ...query, at: now(), limit: query.limit ?? 50 });
      return { ...page, items: page.items.map(sessionView) };
    },
  );

  app.delete(
    '/v1/sessions/:id',
    {
      config: { action: 'tokens', on: 'all', emergency: true },
      async preValidation(request) {
        request.body ??= {};
      },
      schema: {
        operationId: 'endSession',
        tags: ['session'],
        summary: 'End a session; its event streams end with it',
        description: 'Who may still sign in can do so again.',
        params: Type.Object({
          id: Type.String({
            minLength: 1,
            maxLength: 80,
            pattern: patterns.id,
            description: 'Id of the session.',
          }),
        }),
        body: Type.Object(
          { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })) },
          { ...strict },
        ),
        response: { 200: OpenSession, ...errorResponses(400, 404, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const ended = await identities.endSessionOfId(id, now());
      if (ended === null) throw refuse('no_such_session', { id });
      access.forget();
      await streams.endOfEnded();
      log.warn({ session: id, name: ended.name, by: requesterOf(request).name }, 'a session was ended');
      trace(request, { before: sessionView(ended) });
      return sessionView(ended);
    },
  );
};

const sessionView = ({ digest, name, person, address, createdAt, until }: StoredSession): OpenSession => ({
  id: sessionId(digest),
  name,
  by: person === null ? 'token' : 'person',
  groups: person === null ? [] : [...person.groups],
  address,
  createdAt,
  until,
});
