import Type from 'typebox';
import { checkMayGive, checkTokenRequest } from '../../admission/token.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { refuse } from '../../model/refusal.ts';
import { PageOf } from '../../model/views/schema.ts';
import { NewToken, TokenRequest, TokenView } from '../../model/views/token.ts';
import { digestOf, newTokenText } from '../../platform/token-text.ts';
import { type IdentityStore, type StoredToken, TokenNameTakenError } from '../../store/identities.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, Limit, strict } from '../schemas.ts';
import { checkCursor } from '../shared.ts';
import type { ApiRoutes } from '../type-provider.ts';

const Params = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 80, pattern: patterns.id, description: 'Id of the token.' }),
});
const minute = 60_000;
const longestGraceMinutes = 7 * 24 * 60;

/** /v1/tokens: who may do what, beside the configured tokens; changed without a restart. */
export const tokenRoutes: ApiRoutes = async (app, { access, identities, log, now, newId, streams }) => {
  /** What ended is ended at once in this process; other processes ask the database again within a second. */
  async function changed(id: string): Promise<TokenView> {
    access.forget();
    await streams.endOfEnded();
    return tokenView(await existing(identities, id), now());
  }

  app.post(
    '/v1/tokens',
    {
      config: { action: 'tokens', on: 'all' },
      schema: {
        operationId: 'createToken',
        tags: ['tokens'],
        summary: 'Create a token',
        description: 'The answer holds the text of the token; it is shown this once, and stored nowhere.',
        body: TokenRequest,
        response: { 201: NewToken, ...errorResponses(400, 409, 415) },
      },
    },
    async (request, reply) => {
      const { name, role, scope = {}, expiresInMs } = request.body;
      checkTokenRequest(request.body, request.caller!, access.required);
      if (access.configuredNames.has(name.toLowerCase()))
        throw refuse('token_name_taken', { name, configured: true }, { field: 'name' });
      const text = newTokenText();
      const createdAt = now();
      const token = {
        id: newId('tok'),
        name,
        role,
        scope,
        createdAt,
        createdBy: requesterOf(request).name,
        expiresAt: expiresInMs === undefined ? null : createdAt + expiresInMs,
        ...untouched,
      };
      await identities.createToken(token, digestOf(text)).catch((error: unknown) => {
        if (!(error instanceof TokenNameTakenError)) throw error;
        throw refuse('token_name_taken', { name, configured: false }, { field: 'name' });
      });
      trace(request, { after: tokenView({ ...token, oldUntil: null }, createdAt) });
      log.warn({ tokenId: token.id, name, role, scope, by: token.createdBy }, 'a token was made');
      reply.code(201).header('location', `/v1/tokens/${token.id}`);
      return { ...tokenView({ ...token, oldUntil: null }, now()), token: text };
    },
  );

  app.get(
    '/v1/tokens',
    {
      config: { action: 'tokens', on: 'all' },
      schema: {
        operationId: 'listTokens',
        tags: ['tokens'],
        summary: 'List the tokens that were created, newest first',
        description: 'Tokens of the configuration are not among them.',
        querystring: Type.Object(
          {
            cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
            limit: Limit(200, 50),
          },
          { ...strict },
        ),
        response: { 200: PageOf(TokenView), ...errorResponses(400) },
      },
    },
    async ({ query }) => {
      checkCursor(query.cursor);
      const page = await identities.tokens({ ...query, limit: query.limit ?? 50 });
      return { ...page, items: page.items.map((token) => tokenView(token, now())) };
    },
  );

  app.delete(
    '/v1/tokens/:id',
    {
      config: { action: 'tokens', on: 'all', emergency: true },
      async preValidation(request) {
        request.body ??= {};
      },
      schema: {
        operationId: 'revokeToken',
        tags: ['tokens'],
        summary: 'Revoke a token; its sessions and event streams end with it',
        params: Params,
        body: Type.Object(
          { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })) },
          { ...strict },
        ),
        response: { 200: TokenView, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request) => {
      const before = await existing(identities, request.params.id);
      const { id } = before;
      const by = requesterOf(request).name;
      const reason = request.body.reason ?? null;
      if (!(await identities.revokeToken(id, { by, at: now(), reason })))
        throw refuse('token_ended', { id, state: 'revoked' });
      log.warn({ tokenId: id, by, reason }, 'a token was revoked');
      const after = await changed(id);
      trace(request, { before: tokenView(before, now()), after });
      return after;
    },
  );

  app.post(
    '/v1/tokens/:id/rotate',
    {
      config: { action: 'tokens', on: 'all' },
      schema: {
        operationId: 'rotateToken',
        tags: ['tokens'],
        summary: 'Give a token another text',
        description: 'The answer holds the new text; it is shown this once. Name, role, scope and end stay.',
        params: Params,
        body: Type.Object(
          {
            graceMinutes: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: longestGraceMinutes,
                description: 'For how long the old text counts. Default: 0.',
              }),
            ),
          },
          { ...strict },
        ),
        response: { 200: NewToken, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { graceMinutes = 0 } = request.body;
      const before = await existing(identities, id);
      const { role, scope } = before;
      const at = now();
      const text = newTokenText();
      // A text is a token: who gets it must be allowed to give it.
      checkMayGive(role, scope, request.caller!);
      const by = requesterOf(request).name;
      const oldUntil = graceMinutes === 0 ? null : at + graceMinutes * minute;
      if (!(await identities.rotateToken(id, { by, at, digest: digestOf(text), oldUntil })))
        throw refuse('token_ended', { id, state: endedAs(await existing(identities, id)) });
      log.warn({ tokenId: id, by, graceMinutes }, 'a token has a new text');
      const after = await changed(id);
      trace(request, { before: tokenView(before, at), after });
      return { ...after, token: text };
    },
  );
};

const untouched = {
  rotatedAt: null,
  rotatedBy: null,
  revokedAt: null,
  revokedBy: null,
  revokeReason: null,
} as const;

const endedAs = ({ revokedAt }: StoredToken): 'expired' | 'revoked' =>
  revokedAt === null ? 'expired' : 'revoked';

function tokenView(token: StoredToken, at: number): TokenView {
  const expired = token.expiresAt !== null && token.expiresAt <= at;
  const ended = token.revokedAt !== null || expired;
  const oldUntil = token.oldUntil !== null && token.oldUntil > at && !ended ? token.oldUntil : null;
  return { ...token, oldUntil, state: ended ? endedAs(token) : 'living' };
}

async function existing(identities: IdentityStore, id: string): Promise<StoredToken> {
  const token = await identities.token(id);
  if (token !== null) return token;
  throw refuse('no_such_token', { id });
}
