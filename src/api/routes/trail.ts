import { Readable } from 'node:stream';
import Type from 'typebox';
import type { SigningKey } from '../../evidence/signing-key.ts';
import { refuseField } from '../../model/refusal.ts';
import { TrailHead, TrailPage } from '../../model/views/trail.ts';
import { type TrailStore, trailCursor } from '../../store/trail.ts';
import { exportLines } from '../../trail/export.ts';
import { signedHead } from '../../trail/head.ts';
import type { RoutePlugin } from '../parts.ts';
import { AfterSeq, errorResponses, Limit, strict } from '../schemas.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const Query = Type.Object(
  {
    who: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Name of the token.' })),
    act: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'What was asked for: `POST /v1/freeze`.' }),
    ),
    object: Type.Optional(
      Type.String({ minLength: 1, maxLength: 320, description: 'Id of what it concerns.' }),
    ),
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Only what was done from then on. Milliseconds since the epoch.',
      }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 300 })),
    limit: Limit(200, 50),
  },
  { ...strict },
);

/** Who asked for what (docs/trail.md). */
export function trailRoutes(trail: TrailStore, key: SigningKey): RoutePlugin {
  return (plain, { now }) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    app.get(
      '/v1/trail',
      {
        config: { action: 'trail', on: 'all' },
        schema: {
          operationId: 'listTrail',
          tags: ['trail'],
          summary: 'Who asked the service for what, the newest first',
          querystring: Query,
          response: { 200: TrailPage, ...errorResponses(400) },
        },
      },
      async ({ query: { limit = 50, ...filter } }) => {
        if (filter.cursor !== undefined && trailCursor(filter.cursor) === null)
          throw refuseField('foreign_cursor', 'cursor', {}, 'query');
        return trail.list({ ...filter, limit });
      },
    );

    app.get(
      '/v1/trail/head',
      {
        config: { action: 'trail', on: 'all' },
        schema: {
          operationId: 'getTrailHead',
          tags: ['trail'],
          summary: 'Number and hash of the newest entry, signed by the service',
          description: 'Keep heads elsewhere: they show later that entries were taken away (docs/trail.md).',
          response: { 200: TrailHead, ...errorResponses() },
        },
      },
      async () => signedHead(await trail.end(), now(), key),
    );

    app.get(
      '/v1/trail/export',
      {
        config: { action: 'trail', on: 'all' },
        schema: {
          operationId: 'exportTrail',
          tags: ['trail'],
          summary: 'All entries as JSON lines, for `trail verify`',
          description: 'Canonical JSON (docs/trail.md): keep the bytes as they are.',
          querystring: Type.Object({ after: AfterSeq }, { ...strict }),
          response: {
            200: Type.String({ description: 'JSON lines, of the type application/x-ndjson.' }),
            ...errorResponses(400),
          },
        },
      },
      (request, reply) =>
        reply
          .type('application/x-ndjson')
          .header('content-disposition', 'attachment; filename="trail.jsonl"')
          .send(Readable.from(exportLines(trail, request.query.after ?? 0, key, now))),
    );
  };
}
