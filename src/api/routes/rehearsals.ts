import { PlanRequest } from '../../admission/request.ts';
import { type Policy, resolvePolicy } from '../../model/policy.ts';
import { refuse } from '../../model/refusal.ts';
import type { Reader } from '../../model/text.ts';
import type { Plan } from '../../model/views/plan.ts';
import { Rehearsal } from '../../model/views/rehearsal.ts';
import { planFor } from '../for-reader.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { reader } from '../reader.ts';
import { errorResponses } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';
import { aboutPlan, PlanParams, storedPlan } from './plans.ts';

/** Rehearsals that are kept in memory; that of 150 nodes has some hundred KB. */
const mostKept = 16;

/** /v1/rehearsals */
export const rehearsalRoutes: ApiRoutes = async (app, { admission, limits, store }) => {
  let playing = false;
  /** The same plan always gives the same rehearsal: those that were asked for last are not played again. */
  const played = new Map<string, Rehearsal>();

  async function playOne(plan: Plan, policy: Policy, forWhom: Reader): Promise<Rehearsal> {
    if (playing) throw refuse('rehearsal_running', {});
    playing = true;
    try {
      // The simulator is loaded when somebody rehearses: the service starts without it.
      const { rehearse } = await import('../../rehearsal/rehearse.ts');
      return { plan: planFor(plan, forWhom), ...(await rehearse(plan, policy, forWhom)) };
    } finally {
      playing = false;
    }
  }

  app.post(
    '/v1/rehearsals',
    {
      bodyLimit: limits.maxBodyBytes,
      config: { action: 'plan', on: 'named' },
      schema: {
        operationId: 'rehearse',
        tags: ['expansions'],
        summary: 'Play a plan on simulated nodes',
        description:
          'Makes the plan from the real servers (only reading), then plays it in virtual time: as it should go, with a node that dies, a nightly BGSAVE and a restart of the master, and as a burst without this service. Takes seconds; one at a time.',
        body: PlanRequest,
        response: { 200: Rehearsal, ...errorResponses(400, 404, 409, 413, 415, 422) },
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
      config: { action: 'plan', on: aboutPlan(store) },
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
      const plan = doc as Omit<Plan, 'policy'> & Partial<Pick<Plan, 'policy'>>;
      // A plan of an earlier release does not hold its policy.
      const policy = plan.policy ?? resolvePolicy();
      const forWhom = reader(request);
      const key = JSON.stringify([plan.id, forWhom]);
      const rehearsal = played.get(key) ?? (await playOne({ ...plan, policy }, policy, forWhom));
      played.delete(key);
      // What was cut off for its real time may come further another time.
      const runs = [rehearsal.predicted, ...rehearsal.faults];
      if (runs.every(({ state }) => state !== 'unfinished')) played.set(key, rehearsal);
      for (const oldest of [...played.keys()].slice(0, -mostKept)) played.delete(oldest);
      return rehearsal;
    },
  );
};
