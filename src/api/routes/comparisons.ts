import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ComparisonRequest, newComparison } from '../../admission/comparison.ts';
import { concernedByComparison } from '../../admission/concerned.ts';
import { checkMayAct } from '../../admission/may-act.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import { comparisonReasons, progressFor, reportFor } from '../../model/comparison-texts.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { problemFor } from '../../model/problems.ts';
import { refuse } from '../../model/refusal.ts';
import { comparisonHasEnded } from '../../model/states.ts';
import { saidFor } from '../../model/text.ts';
import { Comparison, type ComparisonVerb, StoredDifference } from '../../model/views/comparison.ts';
import { PageOf, SeqPageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { ComparisonStore, StoredComparison } from '../../store/comparisons.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { AfterSeq, errorResponses, Limit, ReasonBody, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const Params = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 120,
    pattern: patterns.dotted_id,
    description: 'Id of the comparison.',
  }),
});

const verbs = {
  pause: 'Hold a comparison; it goes on where it was',
  resume: 'Go on with a paused comparison',
  cancel: 'End a comparison without a result',
} as const;

const differencesPerRead = 1000;

export interface ComparisonParts {
  readonly comparisons: ComparisonStore;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly credentials: CredentialSource;
}

/** /v1/comparisons: compare the data of two servers. */
export function comparisonRoutes(parts: ComparisonParts): RoutePlugin {
  return (plain, api) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const { comparisons } = parts;

    app.post(
      '/v1/comparisons',
      {
        config: { action: 'compare', on: 'named' },
        schema: {
          operationId: 'startComparison',
          tags: ['comparisons'],
          summary: 'Compare the data of two servers',
          description:
            'In both directions, by type, value and lifetime; differences are looked at again before they count.',
          body: ComparisonRequest,
          response: { 202: Comparison, ...errorResponses(400, 413, 415) },
        },
      },
      async (request, reply) => {
        const made = {
          id: api.newId('cmp'),
          requestedBy: requesterOf(request).name,
          createdAt: api.now(),
        };
        const asked = newComparison(request.body, made, parts.credentials);
        checkMayAct(request.caller ?? undefined, 'compare', concernedByComparison(asked));
        const comparison = await comparisons.create(asked);
        await wake(parts.doorbell, api.log, 'comparison', comparison.id);
        return reply
          .code(202)
          .header('location', `/v1/comparisons/${comparison.id}`)
          .send(comparisonView(comparison, request));
      },
    );

    app.get(
      '/v1/comparisons',
      {
        config: { on: aboutComparison(comparisons) },
        schema: {
          operationId: 'listComparisons',
          tags: ['comparisons'],
          summary: 'List comparisons, newest first',
          querystring: Type.Object(
            {
              expansionId: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
              cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
              limit: Limit(200, 50),
            },
            { ...strict },
          ),
          response: { 200: PageOf(Comparison), ...errorResponses(400) },
        },
      },
      async (request) => {
        checkCursor(request.query.cursor);
        const page = await comparisons.list({ ...request.query, limit: request.query.limit ?? 50 });
        return {
          items: page.items.map((comparison) => comparisonView(comparison, request)),
          nextCursor: page.nextCursor,
        };
      },
    );

    app.get(
      '/v1/comparisons/:id',
      {
        config: { on: aboutComparison(comparisons) },
        schema: {
          operationId: 'getComparison',
          tags: ['comparisons'],
          summary: 'Read one comparison',
          params: Params,
          response: { 200: Comparison, ...errorResponses(404) },
        },
      },
      async (request) => comparisonView(await existing(comparisons, request.params.id), request),
    );

    app.get(
      '/v1/comparisons/:id/differences',
      {
        config: { on: aboutComparison(comparisons) },
        schema: {
          operationId: 'listDifferences',
          tags: ['comparisons'],
          summary: 'The differences that were found',
          description:
            'Pages of JSON; with `Accept: application/x-ndjson` all of them, one JSON object per line.',
          params: Params,
          querystring: Type.Object({ after: AfterSeq, limit: Limit(1000, 200) }, { ...strict }),
          response: {
            200: SeqPageOf(StoredDifference),
            ...errorResponses(400, 404),
          },
        },
      },
      async (request, reply) => {
        const { id } = await existing(comparisons, request.params.id);
        const { after = 0, limit = 200 } = request.query;
        if ((request.headers.accept ?? '').includes('application/x-ndjson')) {
          return reply
            .type('application/x-ndjson; charset=utf-8')
            .header('content-disposition', `attachment; filename="${id}-differences.ndjson"`)
            .send(Readable.from(differenceLines(comparisons, id, after)));
        }
        const items = await comparisons.differences(id, { afterSeq: after, limit });
        return { items, nextAfter: items.length < limit ? null : items.at(-1)!.seq };
      },
    );

    controlRoutes(plain, parts, api);
  };
}

function controlRoutes(plain: FastifyInstance, parts: ComparisonParts, api: ApiParts): void {
  const app = plain.withTypeProvider<ApiTypeProvider>();
  for (const [verb, summary] of Object.entries(verbs) as [ComparisonVerb, string][]) {
    app.post(
      `/v1/comparisons/:id/${verb}`,
      {
        config: { action: 'compare', on: aboutComparison(parts.comparisons), emergency: true },
        schema: {
          operationId: `${verb}Comparison`,
          tags: ['comparisons'],
          summary,
          params: Params,
          body: ReasonBody,
          response: { 202: Comparison, ...errorResponses(400, 404, 409, 415) },
        },
      },
      async (request, reply) => {
        const comparison = await existing(parts.comparisons, request.params.id);
        checkFits(comparison, verb);
        const control = {
          verb,
          reason: request.body.reason,
          by: requesterOf(request).name,
          at: api.now(),
        };
        await parts.comparisons.control(comparison.id, control);
        trace(request, { before: { state: comparison.state }, after: { control } });
        await wake(parts.doorbell, api.log, 'comparison', comparison.id);
        return reply
          .code(202)
          .send(comparisonView(await existing(parts.comparisons, comparison.id), request));
      },
    );
  }
}

/** A comparison in the words of this reader. The cursor is the engine's own affair. */
function comparisonView({ cursor: _cursor, ...shown }: StoredComparison, request: FastifyRequest) {
  const forWhom = reader(request);
  const report = shown.report && reportFor(shown.report, forWhom);
  const progress = shown.progress && progressFor(shown.progress, forWhom);
  return {
    ...shown,
    progress,
    report,
    problem: shown.problem && problemFor(shown.problem, forWhom),
    stateReason: saidFor(comparisonReasons, shown.stateReason, forWhom),
  };
}

const aboutComparison = (comparisons: Pick<ComparisonStore, 'get'>): Stored => ({
  kind: 'comparison',
  async concerned(id) {
    const comparison = await comparisons.get(id);
    return comparison && concernedByComparison(comparison);
  },
  missing: (id) => refuse('no_such_comparison', { id }),
});

async function existing(comparisons: ComparisonStore, id: string): Promise<StoredComparison> {
  const comparison = await comparisons.get(id);
  if (comparison !== null) return comparison;
  throw refuse('no_such_comparison', { id });
}

function checkFits(comparison: StoredComparison, verb: ComparisonVerb): void {
  const { id, state, join, pendingControl } = comparison;
  if (comparisonHasEnded(state)) throw refuse('comparison_ended', { id, state });
  if (join !== null) throw refuse('comparison_of_expansion', { id, expansionId: join.expansionId });
  const willPause = state === 'paused' || pendingControl?.verb === 'pause';
  const facts = { of: 'comparison', id, state } as const;
  if (verb === 'resume' && !willPause) throw refuse('not_paused', { ...facts, stopping: false });
  if (verb === 'pause' && willPause) throw refuse('already_paused', facts);
}

async function* differenceLines(
  comparisons: ComparisonStore,
  id: string,
  after: number,
): AsyncGenerator<string> {
  let afterSeq = after;
  for (;;) {
    const items = await comparisons.differences(id, { afterSeq, limit: differencesPerRead });
    if (items.length > 0) yield items.map((item) => `${JSON.stringify(item)}\n`).join('');
    if (items.length < differencesPerRead) return;
    afterSeq = items.at(-1)!.seq;
  }
}
