import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { printable } from '../../admission/validate.ts';
import { eventFor } from '../../model/events.ts';
import { type Expansion, isEnded } from '../../model/expansion.ts';
import { refuseField } from '../../model/refusal.ts';
import { EventPage } from '../../model/views/event.ts';
import type { Progressing, StreamRequest } from '../event-streams.ts';
import { progressFor } from '../for-reader.ts';
import type { ApiParts } from '../parts.ts';
import { reader } from '../reader.ts';
import { AfterSeq, errorResponses, IdParams, Limit, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { existing, storedExpansion } from '../shared.ts';
import type { ApiRoutes, ApiTypeProvider } from '../type-provider.ts';
import { progressMessage } from '../views.ts';

export const EventQuery = Type.Object(
  {
    after: AfterSeq,
    limit: Limit(1000, 200),
    type: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'Event types, separated by commas (pages only).',
      }),
    ),
    node: Type.Optional(
      Type.String({ minLength: 3, maxLength: 320, description: 'Only this node (pages only).' }),
    ),
  },
  { ...strict },
);

export const StreamHeaders = Type.Object({
  accept: Type.Optional(Type.String({ description: '`text/event-stream` for the live stream.' })),
  'last-event-id': Type.Optional(Type.String({ description: 'Where a broken stream goes on.' })),
});

export const streamText =
  'With `Accept: text/event-stream` a live stream: `id` is the seq, `event` the type, `data` the event as JSON; it goes on after `Last-Event-ID` (or `after`).';

/** /v1/events and /v1/expansions/:id/events: history as pages, and live. */
export const eventRoutes: ApiRoutes = async (app, parts) => {
  app.get(
    '/v1/expansions/:id/events',
    {
      config: { on: storedExpansion(parts.store) },
      schema: {
        operationId: 'listExpansionEvents',
        tags: ['events'],
        summary: 'What happened in an expansion',
        description: `${streamText} A message \`progress\` without an id carries phase and progress of every node, at most once a second.`,
        params: IdParams,
        querystring: EventQuery,
        headers: StreamHeaders,
        response: { 200: EventPage, ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      const { id } = await existing(parts.store, request.params.id);
      if (!wantsStream(request)) return pageOf(parts, request, { expansionId: id });
      const afterSeq = lastEventId(request) ?? request.query.after ?? 0;
      const progress: Progressing<Expansion> = {
        load: () => parts.store.get(id),
        show: (expansion) => ({
          data: progressFor(progressMessage(expansion), reader(request)),
          moves: expansion.state === 'running',
          settled: isEnded(expansion.state),
        }),
      };
      await parts.streams.serve(request, reply, { about: { expansionId: id }, afterSeq, progress });
      return reply;
    },
  );

  app.get(
    '/v1/events',
    {
      config: { on: 'owners' },
      schema: {
        operationId: 'listEvents',
        tags: ['events'],
        summary: 'What happened in all expansions, campaigns, audits, guards, holds and replacements',
        description: `${streamText} Without either, the stream begins with what happens from now on.`,
        querystring: EventQuery,
        headers: StreamHeaders,
        response: { 200: EventPage, ...errorResponses(400) },
      },
    },
    async (request, reply) => {
      if (!wantsStream(request)) return pageOf(parts, request, null);
      const afterSeq = lastEventId(request) ?? request.query.after ?? (await parts.store.lastSeq());
      await parts.streams.serve(request, reply, { about: null, afterSeq });
      return reply;
    },
  );
};

/** The history of one thing, in pages and live. `about` throws a Refusal where there is no such thing. */
export function historyRoute(
  plain: FastifyInstance,
  api: ApiParts,
  of: {
    readonly path: `/v1/${string}/:id/events`;
    readonly operationId: string;
    readonly tag: string;
    readonly summary: string;
    readonly params: typeof IdParams;
    readonly on: Stored;
    readonly about: (id: string) => Promise<StreamRequest['about']>;
  },
): void {
  plain.withTypeProvider<ApiTypeProvider>().get(
    of.path,
    {
      config: { on: of.on },
      schema: {
        operationId: of.operationId,
        tags: [of.tag],
        summary: of.summary,
        description: streamText,
        params: of.params,
        querystring: EventQuery,
        headers: StreamHeaders,
        response: { 200: EventPage, ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      const about = await of.about(request.params.id);
      if (!wantsStream(request)) return pageOf(api, request, about);
      const afterSeq = lastEventId(request) ?? request.query.after ?? 0;
      await api.streams.serve(request, reply, { about, afterSeq });
      return reply;
    },
  );
}

/** A page of history. */
export async function pageOf(
  parts: Pick<ApiParts, 'store'>,
  request: Pick<FastifyRequest, 'headers'> & { readonly query: Static<typeof EventQuery> },
  about: StreamRequest['about'],
) {
  const { query } = request;
  const limit = query.limit ?? 200;
  const items = await parts.store.events({
    ...about,
    ...(query.node === undefined ? {} : { node: query.node }),
    ...(query.type === undefined ? {} : { types: query.type.split(',').map((type) => type.trim()) }),
    afterSeq: query.after ?? 0,
    limit,
  });
  const forWhom = reader(request);
  return {
    items: items.map((event) => eventFor(event, forWhom)),
    nextAfter: items.length < limit ? null : items.at(-1)!.seq,
  };
}

export const wantsStream = (request: FastifyRequest): boolean =>
  request.method === 'GET' && (request.headers.accept ?? '').toLowerCase().includes('text/event-stream');

/** Where a broken stream goes on; null = the header is not there. Throws Refusal for a header that is no event id. */
export function lastEventId(request: FastifyRequest): number | null {
  const text = request.headers['last-event-id'];
  if (typeof text !== 'string' || text === '') return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw refuseField('not_an_event_id', 'Last-Event-ID', { value: printable(text) }, 'headers');
}
