import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuse } from '../../model/refusal.ts';
import { Session } from '../../model/views/service.ts';
import type { Access, Caller } from '../access.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, strict } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

const attemptsPerMinute = 30;
/** Longer than any token with its JSON. */
const mostBodyBytes = 4096;

/** Wrong tokens are counted by address, right tokens by their owner: nobody's guesses lock anybody else out. */
const attemptsOf =
  (access: Access) =>
  ({ body, ip }: FastifyRequest): string =>
    `${access.tokenFor((body as { readonly token: string }).token)?.name ?? ''} ${ip}`;

/** Sign-in of the dashboard: the token goes into an HttpOnly cookie, never into an address or a script's reach. */
export const sessionRoutes: ApiRoutes = async (app, { access, log, streams }) => {
  const sessionOf = (caller: Caller | null) => ({
    name: caller?.name ?? null,
    role: caller === null || caller.role === 'agent' ? null : caller.role,
    authRequired: access.required,
  });

  app.get(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getSession',
        tags: ['session'],
        summary: 'Who is signed in',
        response: { 200: Session, ...errorResponses() },
      },
    },
    async (request) => sessionOf(request.caller),
  );

  app.post(
    '/v1/session',
    {
      bodyLimit: mostBodyBytes,
      config: {
        access: 'public',
        trail: 'bodiless',
        rateLimit: {
          max: attemptsPerMinute,
          timeWindow: 60_000,
          // It is known then whose token it is.
          hook: 'preHandler',
          keyGenerator: attemptsOf(access),
        },
      },
      schema: {
        operationId: 'signIn',
        tags: ['session'],
        summary: 'Sign in with a token',
        body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 1000 }) }, { ...strict }),
        response: { 200: Session, ...errorResponses(400, 415) },
      },
    },
    async (request, reply) => {
      if (!access.required) return sessionOf(request.caller);
      const token = access.tokenFor(request.body.token);
      if (token === null) {
        log.warn({ from: request.ip }, 'somebody tried to sign in with an unknown token');
        throw refuse('bad_token', {});
      }
      if (token.role === 'agent') throw refuse('agents_report_only', { name: token.name });
      trace(request, {
        who: { name: token.name, role: token.role },
        by: { kind: 'token', id: null },
      });
      reply.header('set-cookie', access.signIn(token, request.protocol === 'https'));
      return sessionOf({ name: token.name, role: token.role, byCookie: true });
    },
  );

  app.delete(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signOut',
        tags: ['session'],
        summary: 'Sign out',
        response: { 204: Type.Null({ description: 'Signed out.' }), ...errorResponses() },
      },
    },
    (request, reply) => {
      const { caller } = request;
      if (caller?.session) streams.endOf(caller.session.id);
      return reply
        .header('set-cookie', access.signOut(caller, request.protocol === 'https'))
        .code(204)
        .send(null);
    },
  );
};
