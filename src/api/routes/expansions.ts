import Type from 'typebox';
import { ExpansionRequest } from '../../admission/request.ts';
import { printable } from '../../admission/validate.ts';
import { type ExpansionState, expansionStates } from '../../model/expansion.ts';
import { refuseField } from '../../model/refusal.ts';
import { EvidenceReport, ExpansionSummary, ExpansionView, NodeDetail } from '../../model/views/expansion.ts';
import { ObservationPage } from '../../model/views/observation.ts';
import { PageOf } from '../../model/views/schema.ts';
import { expansionFor, expansionSummaryFor, joinFor } from '../for-reader.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { reader } from '../reader.ts';
import {
  AfterSeq,
  errorResponses,
  IdempotencyHeaders,
  IdParams,
  Limit,
  NodeParams,
  strict,
} from '../schemas.ts';
import { checkCursor, existing, existingJoin, storedExpansion } from '../shared.ts';
import type { ApiRoutes } from '../type-provider.ts';
import { evidenceReport, expansionView, nodeDetail } from '../views.ts';

const ListQuery = Type.Object(
  {
    state: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: `States, separated by commas: ${expansionStates.join(', ')}.`,
      }),
    ),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Part of the label, the master or a node.' }),
    ),
    master: Type.Optional(Type.String({ minLength: 3, maxLength: 320, description: '`host:port`' })),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: '`nextCursor` of the page before.' }),
    ),
    limit: Limit(200, 50),
  },
  { ...strict },
);

/** /v1/expansions: start them and read them. */
export const expansionRoutes: ApiRoutes = async (app, { admission, limits, store }) => {
  const about = storedExpansion(store);
  app.post(
    '/v1/expansions',
    {
      bodyLimit: limits.maxBodyBytes,
      config: { action: 'expand', on: 'named' },
      schema: {
        operationId: 'startExpansion',
        tags: ['expansions'],
        summary: 'Add nodes to a master',
        description:
          'Accepted (202) only if preflight finds no error; from then on the expansion reaches an end that is reported. On the versions with the superseded-snapshot bug nodes are attached one at a time, whatever batchSize says. With planId exactly that plan is started, or refused (409 plan_changed) with what has changed since. With retryOf what an ended expansion has left is asked for again.',
        body: ExpansionRequest,
        headers: IdempotencyHeaders,
        response: { 202: ExpansionView, ...errorResponses(400, 404, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'] ?? null;
      const { expansion, replayed } = await admission.expand(request.body, requesterOf(request), key);
      if (replayed) reply.header('idempotency-replayed', 'true');
      return reply
        .code(202)
        .header('location', `/v1/expansions/${expansion.id}`)
        .send(expansionFor(expansionView(expansion), reader(request)));
    },
  );

  app.get(
    '/v1/expansions',
    {
      config: { on: about },
      schema: {
        operationId: 'listExpansions',
        tags: ['expansions'],
        summary: 'List expansions, newest first',
        querystring: ListQuery,
        response: { 200: PageOf(ExpansionSummary), ...errorResponses(400) },
      },
    },
    async (request) => {
      const { state, limit, ...filter } = request.query;
      const states = state === undefined ? undefined : parseStates(state);
      checkCursor(filter.cursor);
      const page = await store.summaries({
        ...filter,
        ...(states === undefined ? {} : { states }),
        limit: limit ?? 50,
      });
      const forWhom = reader(request);
      return {
        items: page.items.map((expansion) => expansionSummaryFor(expansion, forWhom)),
        nextCursor: page.nextCursor,
      };
    },
  );

  app.get(
    '/v1/expansions/:id',
    {
      config: { on: about },
      schema: {
        operationId: 'getExpansion',
        tags: ['expansions'],
        summary: 'Read one expansion',
        params: IdParams,
        response: { 200: ExpansionView, ...errorResponses(404) },
      },
    },
    async (request) => expansionFor(expansionView(await existing(store, request.params.id)), reader(request)),
  );

  app.get(
    '/v1/expansions/:id/evidence',
    {
      config: { on: about },
      schema: {
        operationId: 'getEvidence',
        tags: ['expansions'],
        summary: 'The facts from which each verdict follows',
        params: IdParams,
        response: { 200: EvidenceReport, ...errorResponses(404) },
      },
    },
    async (request) => {
      const report = evidenceReport(await existing(store, request.params.id));
      return { ...report, nodes: report.nodes.map((node) => joinFor(node, reader(request))) };
    },
  );

  app.get(
    '/v1/expansions/:id/nodes/:node',
    {
      config: { on: about },
      schema: {
        operationId: 'getNode',
        tags: ['expansions'],
        summary: 'Read one node of an expansion',
        params: NodeParams,
        response: { 200: NodeDetail, ...errorResponses(404) },
      },
    },
    async (request) => {
      const expansion = await existing(store, request.params.id);
      return joinFor(nodeDetail(expansion, existingJoin(expansion, request.params.node)), reader(request));
    },
  );

  app.get(
    '/v1/expansions/:id/nodes/:node/observations',
    {
      config: { on: about },
      schema: {
        operationId: 'listObservations',
        tags: ['expansions'],
        summary: 'What a node, or the master, said at each look',
        description: 'The oldest are thinned out as they become many.',
        params: NodeParams,
        querystring: Type.Object({ after: AfterSeq, limit: Limit(1000, 200) }, { ...strict }),
        response: { 200: ObservationPage, ...errorResponses(400, 404) },
      },
    },
    async (request) => {
      const { id, node } = request.params;
      const expansion = await existing(store, id);
      if (node !== expansion.master.name) existingJoin(expansion, node);
      const limit = request.query.limit ?? 200;
      const items = await store.observations({
        expansionId: id,
        node,
        afterSeq: request.query.after ?? 0,
        limit,
      });
      return { items, nextAfter: items.length < limit ? null : items.at(-1)!.seq };
    },
  );
};

function parseStates(text: string): readonly ExpansionState[] {
  const states = text.split(',').map((state) => state.trim());
  for (const state of states) {
    if (expansionStates.includes(state as ExpansionState)) continue;
    throw refuseField('not_a_state', 'state', { value: printable(state), states: expansionStates }, 'query');
  }
  return states as readonly ExpansionState[];
}
