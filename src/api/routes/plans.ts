import Type from 'typebox';
import { PlanRequest } from '../../admission/request.ts';
import { Refusal } from '../../core/refusal.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { errorResponses } from '../schemas/common.ts';
import { Plan } from '../schemas/expansion.ts';
import type { ApiRoutes } from '../type-provider.ts';

const PlanParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 80,
    pattern: '^[A-Za-z0-9_-]+$',
    description: 'Id of the plan.',
  }),
});

/** /v1/plans */
export const planRoutes: ApiRoutes = async (app, { admission, store }) => {
  app.post(
    '/v1/plans',
    {
      schema: {
        operationId: 'makePlan',
        tags: ['expansions'],
        summary: 'Say what an expansion would do',
        description:
          'Looks at the master and at every node, and answers with all findings, the batches and the forecast. Nothing is changed on any of them.',
        body: PlanRequest,
        response: { 200: Plan, ...errorResponses(400, 413, 415) },
      },
    },
    (request) => admission.plan(request.body, requesterOf(request)),
  );

  app.get(
    '/v1/plans/:id',
    {
      schema: {
        operationId: 'getPlan',
        tags: ['expansions'],
        summary: 'Read a plan again',
        params: PlanParams,
        response: { 200: Plan, ...errorResponses(404) },
      },
    },
    async (request) => {
      const plan = await store.getPlan(request.params.id);
      if (plan !== null) return plan.doc;
      throw new Refusal('not_found', 'no_such_plan', `There is no plan ${request.params.id}.`, {
        nextSteps: ['Make a new plan: POST /v1/plans.'],
      });
    },
  );
};
