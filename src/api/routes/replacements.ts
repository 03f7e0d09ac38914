import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { concernedByReplacement } from '../../admission/concerned.ts';
import { type ReplacementAdmission, ReplacementRequest } from '../../admission/replacement.ts';
import { replacementControlProblem } from '../../core/replacement/controls.ts';
import { refuse } from '../../model/refusal.ts';
import { replacementReasonFor, replacementStep } from '../../model/replacement-texts.ts';
import type { Reader } from '../../model/text.ts';
import { Replacement, StoredReplacement } from '../../model/views/replacement.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { KeptReplacement, ReplacementStore } from '../../store/replacements.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, IdempotencyHeaders, IdParams, Limit, ReasonBody, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { historyRoute } from './events.ts';

export interface ReplacementRouteParts {
  readonly replacements: ReplacementStore;
  readonly admission: ReplacementAdmission;
  readonly doorbell: Pick<Doorbell, 'ring'>;
}

const Params = Type.Object({ id: { ...IdParams.properties.id, description: 'Id of the replacement.' } });

/** /v1/replacements: take slaves from their master, with or without new ones in their place. */
export function replacementRoutes(parts: ReplacementRouteParts): RoutePlugin {
  return (plain, api) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const { replacements, admission, doorbell } = parts;

    app.post(
      '/v1/replacements',
      {
        bodyLimit: api.limits.maxBodyBytes,
        config: { action: 'replace', on: 'named' },
        schema: {
          operationId: 'startReplacement',
          tags: ['replacements'],
          summary: 'Take slaves from their master, with or without new ones in their place',
          description:
            'Accepted (202) only if each old node is a slave of this master, preflight finds no error for the new ones, and enough proven slaves stay. New nodes are added and verified first. Then each old slave is withdrawn, drained of its clients, and detached (SLAVEOF NO ONE); it is left as it is. No slave is detached while fewer than `keepVerified` others are proven, listed and connected.',
          body: ReplacementRequest,
          headers: IdempotencyHeaders,
          response: { 202: Replacement, ...errorResponses(400, 409, 413, 415, 422) },
        },
      },
      async (request, reply) => {
        const key = request.headers['idempotency-key'] ?? null;
        const { doc, replayed } = await admission.start(request.body, requesterOf(request), key);
        if (replayed) reply.header('idempotency-replayed', 'true');
        await wake(doorbell, api.log, 'replacement', doc.id);
        return reply
          .code(202)
          .header('location', `/v1/replacements/${doc.id}`)
          .send(replacementView(doc, reader(request)));
      },
    );

    app.get(
      '/v1/replacements',
      {
        config: { on: aboutReplacement(replacements) },
        schema: {
          operationId: 'listReplacements',
          tags: ['replacements'],
          summary: 'List replacements, newest first',
          querystring: Type.Object(
            {
              cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
              limit: Limit(200, 50),
            },
            { ...strict },
          ),
          response: { 200: PageOf(StoredReplacement), ...errorResponses(400) },
        },
      },
      async (request) => {
        const { query } = request;
        checkCursor(query.cursor);
        const page = await replacements.list({ ...query, limit: query.limit ?? 50 });
        return { ...page, items: page.items.map((doc) => replacementView(doc, reader(request))) };
      },
    );

    app.get(
      '/v1/replacements/:id',
      {
        config: { on: aboutReplacement(replacements) },
        schema: {
          operationId: 'getReplacement',
          tags: ['replacements'],
          summary: 'Read one replacement with its slaves',
          params: Params,
          response: { 200: Replacement, ...errorResponses(404) },
        },
      },
      async (request) => shown(await existing(replacements, request.params.id), reader(request)),
    );

    historyRoute(plain, api, {
      path: '/v1/replacements/:id/events',
      operationId: 'listReplacementEvents',
      tag: 'replacements',
      summary: 'What happened in a replacement',
      params: Params,
      on: aboutReplacement(replacements),
      about: async (id) => ({ replacementId: (await existing(replacements, id)).doc.id }),
    });
    cancelRoute(plain, parts, api);
    approveRoute(plain, parts, api);
  };
}

function cancelRoute(plain: FastifyInstance, parts: ReplacementRouteParts, api: ApiParts): void {
  plain.withTypeProvider<ApiTypeProvider>().post(
    '/v1/replacements/:id/cancel',
    {
      config: { action: 'replace', on: aboutReplacement(parts.replacements), emergency: true },
      schema: {
        operationId: 'cancelReplacement',
        tags: ['replacements'],
        summary: 'End a replacement: no further slave is detached',
        description:
          'The expansion of its new nodes is cancelled as well. A slave that was withdrawn but not detached is published again; a slave that was detached stays so.',
        params: Params,
        body: ReasonBody,
        response: { 202: Replacement, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request, reply) => {
      const by = requesterOf(request).name;
      const { id, state } = await steerable(parts.replacements, request.params.id, 'cancel', by);
      const cancel = { reason: request.body.reason, by, at: api.now() };
      await parts.replacements.cancel(id, cancel);
      trace(request, { before: { state }, after: { cancel } });
      await wake(parts.doorbell, api.log, 'replacement', id);
      return reply.code(202).send(shown(await existing(parts.replacements, id), reader(request)));
    },
  );
}

function approveRoute(plain: FastifyInstance, parts: ReplacementRouteParts, api: ApiParts): void {
  plain.withTypeProvider<ApiTypeProvider>().post(
    '/v1/replacements/:id/approve',
    {
      config: { action: 'approve', on: aboutReplacement(parts.replacements), emergency: true },
      schema: {
        operationId: 'approveReplacement',
        tags: ['replacements'],
        summary: 'Approve that slaves go which no new node replaces',
        description:
          'Where the policy or the configuration asks for four eyes, such slaves wait until another person than the requester has approved it. Slaves with a new node go after that node, whose expansion is approved.',
        params: Params,
        body: ReasonBody,
        response: { 202: Replacement, ...errorResponses(400, 403, 404, 409, 415) },
      },
    },
    async (request, reply) => {
      const by = requesterOf(request).name;
      const { id, state } = await steerable(parts.replacements, request.params.id, 'approve', by);
      const approval = { reason: request.body.reason, by, at: api.now() };
      await parts.replacements.approve(id, approval);
      trace(request, { before: { state }, after: { approval } });
      await wake(parts.doorbell, api.log, 'replacement', id);
      return reply.code(202).send(shown(await existing(parts.replacements, id), reader(request)));
    },
  );
}

/** With what was asked of it, whether or not the worker has seen it. */
const withAsked = ({ doc, asked, approved }: KeptReplacement): StoredReplacement => ({
  ...doc,
  cancel: doc.cancel ?? asked,
  approval: doc.approval ?? approved,
});

const shown = (kept: KeptReplacement, forWhom: Reader): Replacement =>
  replacementView(withAsked(kept), forWhom);

/** The replacement, if this may be asked of it now. Throws Refusal. */
async function steerable(
  replacements: ReplacementStore,
  id: string,
  verb: 'approve' | 'cancel',
  by: string,
): Promise<StoredReplacement> {
  const replacement = withAsked(await existing(replacements, id));
  const problem = replacementControlProblem(replacement, verb, by);
  if (problem !== null) throw problem;
  return replacement;
}

/** A replacement in the words of this reader. */
function replacementView(doc: StoredReplacement, forWhom: Reader): Replacement {
  return {
    ...doc,
    stateReason: replacementReasonFor(doc.stateReason, forWhom),
    pairs: doc.pairs.map((pair) => ({
      ...pair,
      reason: replacementReasonFor(pair.reason, forWhom),
      nextStep: pair.reason && replacementStep(pair.reason, forWhom),
    })),
  };
}

const aboutReplacement = (replacements: Pick<ReplacementStore, 'get'>): Stored => ({
  kind: 'replacement',
  async concerned(id) {
    const kept = await replacements.get(id);
    return kept && concernedByReplacement(kept.doc);
  },
  missing: (id) => refuse('no_such_replacement', { id }),
});

async function existing(replacements: ReplacementStore, id: string): Promise<KeptReplacement> {
  const kept = await replacements.get(id);
  if (kept !== null) return kept;
  throw refuse('no_such_replacement', { id });
}
