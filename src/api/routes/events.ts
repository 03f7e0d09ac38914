import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { invalidField, printable } from '../../admission/validate.ts';
import type { ApiParts } from '../parts.ts';
import { AfterSeq, errorResponses, IdParams, Limit, strict } from '../schemas/common.ts';
import { EventPage } from '../schemas/expansion.ts';
import { existing } from '../shared.ts';
import type { ApiRoutes } from '../type-provider.ts';

const EventQuery = Type.Object(
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

const StreamHeaders = Type.Object({
  accept: Type.Optional(Type.String({ description: '`text/event-stream` for the live stream.' })),
  'last-event-id': Type.Optional(Type.String({ description: 'Where a broken stream goes on.' })),
});

const streamText =
  'With `Accept: text/event-stream` a live stream: `id` is the seq, `event` the type, `data` the event as JSON; it goes on after `Last-Event-ID` (or `after`).';

/** /v1/events and /v1/expansions/:id/events: history as pages, and live. */
export const eventRoutes: ApiRoutes = async (app, parts) => {
  app.get(
    '/v1/expansions/:id/events',
    {
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
      if (!wantsStream(request)) return pageOf(parts, request.query, id);
      const afterSeq = lastEventId(request) ?? request.query.after ?? 0;
      await parts.streams.serve(request, reply, { expansionId: id, afterSeq });
      return reply;
    },
  );

  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'listEvents',
        tags: ['events'],
        summary: 'What happened in all expansions',
        description: `${streamText} Without either, the stream begins with what happens from now on.`,
        querystring: EventQuery,
        headers: StreamHeaders,
        response: { 200: EventPage, ...errorResponses(400) },
      },
    },
    async (request, reply) => {
      if (!wantsStream(request)) return pageOf(parts, request.query, null);
      const afterSeq = lastEventId(request) ?? request.query.after ?? (await parts.store.lastSeq());
      await parts.streams.serve(request, reply, { expansionId: null, afterSeq });
      return reply;
    },
  );
};

async function pageOf(parts: ApiParts, query: Static<typeof EventQuery>, expansionId: string | null) {
  const limit = query.limit ?? 200;
  const items = await parts.store.events({
    ...(expansionId === null ? {} : { expansionId }),
    ...(query.node === undefined ? {} : { node: query.node }),
    ...(query.type === undefined ? {} : { types: query.type.split(',').map((type) => type.trim()) }),
    afterSeq: query.after ?? 0,
    limit,
  });
  return { items, nextAfter: items.length < limit ? null : items.at(-1)!.seq };
}

const wantsStream = (request: FastifyRequest): boolean =>
  request.method === 'GET' && (request.headers.accept ?? '').toLowerCase().includes('text/event-stream');

function lastEventId(request: FastifyRequest): number | null {
  const text = request.headers['last-event-id'];
  if (typeof text !== 'string' || text === '') return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidField('Last-Event-ID', `is "${printable(text)}", which is no event id`, [
    'Send the id of the last event that was received, or leave the header out.',
  ]);
}
