import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { objectionToAction } from '../../admission/may-act.ts';
import { actionsOf } from '../../model/access.ts';
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
  async ({ body, ip }: FastifyRequest): Promise<string> =>
    `${(await access.tokenFor((body as { readonly token: string }).token))?.name ?? ''} ${ip}`;

/** Sign-in of the dashboard: the token goes into an HttpOnly cookie, never into an address or a script's reach. */
export const sessionRoutes: ApiRoutes = async (app, { access, log, people, streams }) => {
  const sessionOf = (caller: Caller | null) => ({
    name: caller?.name ?? null,
    role: caller?.role ?? null,
    may: caller === null ? [] : actionsOf(caller),
    authRequired: access.required,
    provider: people?.config.label ?? null,
  });

  app.get(
    '/v1/session',
    {
      config: { action: null },
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
        action: null,
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
      const token = await access.tokenFor(request.body.token);
      if (token === null) {
        log.warn({ from: request.ip }, 'somebody tried to sign in with an unknown token');
        throw refuse('bad_token', {});
      }
      if (token.role === 'agent') throw refuse('agents_report_only', { name: token.name });
      const objection = objectionToAction(token, 'read');
      if (objection !== null) throw objection;
      trace(request, {
        who: { name: token.name, role: token.role },
        by: { kind: 'token', id: null },
      });
      reply.header('set-cookie', await access.signIn(token, request.ip, request.protocol === 'https'));
      return sessionOf(token);
    },
  );

  app.delete(
    '/v1/session',
    {
      config: { action: null },
      schema: {
        operationId: 'signOut',
        tags: ['session'],
        summary: 'Sign out',
        response: { 204: Type.Null({ description: 'Signed out.' }), ...errorResponses() },
      },
    },
    async (request, reply) => {
      reply.header('set-cookie', await access.signOut(request.caller, request.protocol === 'https'));
      await streams.endOfEnded();
      return reply.code(204).send(null);
    },
  );
};
