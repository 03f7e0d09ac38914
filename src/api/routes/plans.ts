import Type from 'typebox';
import { PlanRequest } from '../../admission/request.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { refuse } from '../../model/refusal.ts';
import { Plan, PlanSummary } from '../../model/views/plan.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Store, StoredPlan } from '../../store/store.ts';
import { planFor } from '../for-reader.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { reader } from '../reader.ts';
import { errorResponses } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import type { ApiRoutes } from '../type-provider.ts';

export const PlanParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 80,
    pattern: patterns.id,
    description: 'Id of the plan.',
  }),
});

/** A plan that was made before. Throws Refusal where there is none. */
export async function storedPlan(store: Store, id: string): Promise<StoredPlan> {
  const plan = await store.getPlan(id);
  if (plan !== null) return plan;
  throw refuse('no_such_plan', { id });
}

export const aboutPlan = (store: Pick<Store, 'getPlan'>): Stored => ({
  kind: 'plan',
  async concerned(id) {
    const plan = (await store.getPlan(id))?.doc as Plan | undefined;
    return plan === undefined ? null : { masters: [plan.master], nodes: plan.nodes ?? [] };
  },
  missing: (id) => refuse('no_such_plan', { id }),
});

const listedPlans = 50;

const planSummary = ({ id, at, master, batches, acceptable, retryOf, nodes }: Plan): PlanSummary => ({
  id,
  at,
  master: master.name,
  nodes: nodes?.map(({ name }) => name) ?? batches.flat(),
  batches: batches.length,
  acceptable,
  ...(retryOf === undefined ? {} : { retryOf }),
});

/** /v1/plans */
export const planRoutes: ApiRoutes = async (app, { admission, limits, store }) => {
  app.post(
    '/v1/plans',
    {
      bodyLimit: limits.maxBodyBytes,
      config: { action: 'plan', on: 'named' },
      schema: {
        operationId: 'makePlan',
        tags: ['expansions'],
        summary: 'Say what an expansion would do',
        description:
          'Looks at the master and at every node, and answers with all findings, the batches and the forecast. Nothing is changed on any of them.',
        body: PlanRequest,
        response: { 200: Plan, ...errorResponses(400, 404, 409, 413, 415) },
      },
    },
    async (request) => planFor(await admission.plan(request.body, requesterOf(request)), reader(request)),
  );

  app.get(
    '/v1/plans',
    {
      config: { on: aboutPlan(store) },
      schema: {
        operationId: 'listPlans',
        tags: ['expansions'],
        summary: 'List the plans that the caller has had made, newest first',
        description: `The newest ${listedPlans}. Plans are kept for 30 days at most.`,
        response: { 200: PageOf(PlanSummary) },
      },
    },
    async (request) => {
      const plans = await store.plansOf(requesterOf(request).name, listedPlans);
      return { items: plans.map(({ doc }) => planSummary(doc as Plan)), nextCursor: null };
    },
  );

  app.get(
    '/v1/plans/:id',
    {
      config: { on: aboutPlan(store) },
      schema: {
        operationId: 'getPlan',
        tags: ['expansions'],
        summary: 'Read a plan again',
        params: PlanParams,
        response: { 200: Plan, ...errorResponses(404) },
      },
    },
    async (request) => planFor((await storedPlan(store, request.params.id)).doc as Plan, reader(request)),
  );
};
