import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { refuse } from '../../model/refusal.ts';
import { callbackPath } from '../../net/oidc.ts';
import { cookieValue } from '../access.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, strict } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

const attemptsPerMinute = 30;
/** For so long a person may take to sign in at the provider. */
const cookieSeconds = 600;
const secretForm = /^[A-Za-z0-9_-]{43}$/;
const longestPath = 500;
/** Only what the dashboard's own addresses are made of. */
const ownPath = /^\/(?!\/)[A-Za-z0-9/_.:%[\]-]*$/;

const nameOfCookie = (secure: boolean): string => `${secure ? '__Host-' : ''}pika_expander_sign_in`;

/**
 * Sign-in with an identity provider. This browser's cookie holds a random secret, from which state, nonce and PKCE verifier
 * are made: an answer that another browser brought about fits none of them. The provider takes each code once.
 */
export const personRoutes: ApiRoutes = async (app, { access, log, people }) => {
  const rateLimit = {
    max: attemptsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ ip, routeOptions }: FastifyRequest) => `${routeOptions.url} ${ip}`,
  };
  const moved = Type.Null({ description: 'The browser goes on, to the address in `location`.' });

  app.get(
    '/v1/session/oidc',
    {
      config: { action: null, page: true, rateLimit },
      schema: {
        operationId: 'beginSignIn',
        tags: ['session'],
        summary: 'Sign in with the identity provider: leads the browser there',
        querystring: Type.Object(
          {
            to: Type.Optional(
              Type.String({
                maxLength: longestPath,
                description: 'The page of the dashboard to come back to; anything else is left out.',
              }),
            ),
          },
          { ...strict },
        ),
        response: { 302: moved, ...errorResponses(400, 404, 503) },
      },
    },
    async (request, reply) => {
      if (people === undefined) throw refuse('no_identity_provider', {});
      const secret = randomBytes(32).toString('base64url');
      const to = Buffer.from(pageOf(request.query.to ?? '/')).toString('base64url');
      const url = await people.signIn.begin(secret);
      reply.header('set-cookie', cookieText(`${secret}.${to}`, cookieSeconds, isSecure(request)));
      return reply.code(302).header('location', url.href).send(null);
    },
  );

  app.get(
    callbackPath,
    {
      config: { action: null, page: true, fromElsewhere: true, trail: 'always', rateLimit },
      schema: {
        operationId: 'finishSignIn',
        tags: ['session'],
        summary: 'The identity provider leads the browser back here',
        response: { 302: moved, ...errorResponses(400, 404, 503) },
      },
    },
    async (request, reply) => {
      trace(request, { by: { kind: 'person', id: null }, via: 'dashboard' });
      if (people === undefined) throw refuse('no_identity_provider', {});
      const secure = isSecure(request);
      const [secret = '', to = ''] = (
        cookieValue(request.headers.cookie ?? '', nameOfCookie(secure)) ?? ''
      ).split('.');
      // It counts once, whatever comes of it.
      reply.header('set-cookie', cookieText('', 0, secure));
      if (!secretForm.test(secret)) throw refuse('sign_in_does_not_fit', {});
      const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
      const person = await people.signIn.finish(query, secret);
      trace(request, { who: { name: person.name, role: null } });
      const signedIn = await access.signInPerson(person, request.ip, secure);
      if (signedIn === null) throw refuse('person_without_role', { name: person.name });
      const { rights, groups, session, cookie } = signedIn;
      const { name, role } = rights;
      trace(request, { object: session, who: { name, role }, after: { name, role, groups } });
      log.info({ name, role, session }, 'a person signed in with the identity provider');
      reply.header('set-cookie', cookie);
      return reply
        .code(302)
        .header('location', pageOf(Buffer.from(to, 'base64url').toString('utf8')))
        .send(null);
    },
  );
};

const isSecure = ({ protocol }: FastifyRequest): boolean => protocol === 'https';

/** A page of this dashboard; never another site, nor a route. */
function pageOf(to: string): string {
  const isOwn = to.length <= longestPath && ownPath.test(to) && !to.startsWith('/v1/');
  return isOwn ? to : '/';
}

/** It must come along when the provider leads the browser back, so it is `Lax`. */
function cookieText(value: string, maxAgeSeconds: number, secure: boolean): string {
  const base = `${nameOfCookie(secure)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`;
  return secure ? `${base}; Secure` : base;
}
