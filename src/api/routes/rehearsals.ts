import Type from 'typebox';
import { PlanRequest } from '../../admission/request.ts';
import type { Plan as PlanOf } from '../../core/plan/plan.ts';
import { type Policy, resolvePolicy } from '../../model/policy.ts';
import { refuse } from '../../model/refusal.ts';
import type { Reader } from '../../model/text.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { planFor } from '../for-reader.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { reader } from '../reader.ts';
import { errorResponses, Nullable } from '../schemas/common.ts';
import { Phase, Plan } from '../schemas/expansion.ts';
import type { ApiRoutes } from '../type-provider.ts';
import { PlanParams, storedPlan } from './plans.ts';

const run = {
  state: Type.String({ description: 'State at the end; `unfinished`: it took far too long.' }),
  stateReason: Nullable(Type.String()),
  seconds: Type.Number(),
  dumps: Type.Integer({ description: 'Dumps that the master made.' }),
  nodes: Type.Array(
    Type.Object({
      node: Type.String(),
      batch: Nullable(Type.Integer()),
      phase: Phase,
      attempts: Type.Integer(),
      phases: Type.Array(Type.Object({ phase: Phase, atSeconds: Type.Number() })),
      anomalies: Type.Array(Type.String()),
      lostKeys: Type.Integer(),
    }),
  ),
};

const Rehearsal = Type.Object({
  plan: Plan,
  planId: Type.String(),
  version: Type.String(),
  assumptions: Type.Array(Type.String()),
  predicted: Type.Object(run),
  faults: Type.Array(
    Type.Object({
      fault: Type.Enum(['node_dies', 'nightly_bgsave', 'master_restarts']),
      text: Type.String(),
      ...run,
    }),
  ),
  burst: Type.Object(
    {
      gapSeconds: Type.Number(),
      seconds: Type.Number(),
      dumps: Type.Integer(),
      nodes: Type.Array(
        Type.Object({
          node: Type.String(),
          says: Type.Enum(['up', 'syncing', 'dead']),
          upAtSeconds: Nullable(Type.Number()),
          lostKeys: Type.Integer(),
          lostShare: Type.Number(),
        }),
      ),
    },
    { description: 'The same nodes, all attached in quick succession without this service.' },
  ),
  tookMs: Type.Integer(),
});

/** /v1/rehearsals */
export const rehearsalRoutes: ApiRoutes = async (app, { admission, store }) => {
  let playing = false;

  async function playOne(plan: PlanOf, policy: Policy, forWhom: Reader) {
    if (playing) throw refuse('rehearsal_running', {});
    playing = true;
    try {
      return { plan: planFor(plan, forWhom), ...(await rehearse(plan, policy)) };
    } finally {
      playing = false;
    }
  }

  app.post(
    '/v1/rehearsals',
    {
      schema: {
        operationId: 'rehearse',
        tags: ['expansions'],
        summary: 'Play a plan on simulated nodes',
        description:
          'Makes the plan from the real servers (only reading), then plays it in virtual time: as it should go, with a node that dies, a nightly BGSAVE and a restart of the master, and as a burst without this service. Takes seconds; one at a time.',
        body: PlanRequest,
        response: { 200: Rehearsal, ...errorResponses(400, 413, 415, 422) },
      },
    },
    async (request) => {
      const plan = await admission.plan(request.body, requesterOf(request));
      return playOne(plan, plan.policy, reader(request));
    },
  );

  app.post(
    '/v1/plans/:id/rehearsal',
    {
      schema: {
        operationId: 'rehearsePlan',
        tags: ['expansions'],
        summary: 'Play a plan that was made before',
        description:
          'As rehearse, from the facts of the stored plan: no server is asked, and the same plan always comes out the same.',
        params: PlanParams,
        response: { 200: Rehearsal, ...errorResponses(404, 422) },
      },
    },
    async (request) => {
      const { doc } = await storedPlan(store, request.params.id);
      const plan = doc as Omit<PlanOf, 'policy'> & Partial<Pick<PlanOf, 'policy'>>;
      // A plan of an earlier release does not hold its policy.
      const policy = plan.policy ?? resolvePolicy();
      return playOne({ ...plan, policy }, policy, reader(request));
    },
  );
};
