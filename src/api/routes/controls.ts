import type { FastifyRequest } from 'fastify';
import { controlProblem } from '../../core/steps/controls.ts';
import type { Control, ControlVerb } from '../../model/expansion.ts';
import { AcceptedControl } from '../../model/views/expansion.ts';
import type { ApiParts } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { errorResponses, IdParams, NodeParams, ReasonBody } from '../schemas.ts';
import { existing, existingJoin, storedExpansion, wake } from '../shared.ts';
import type { ApiRoutes } from '../type-provider.ts';

const wholeVerbs = {
  pause: 'Begin no further batch; nodes in full sync are finished first',
  resume: 'Go on with a paused or halted expansion',
  cancel: 'End the expansion; nodes that are not verified are detached',
  approve: 'Let the next batch begin',
} as const;

const nodeVerbs = {
  retry: 'Try a node again that failed or is quarantined',
  skip: 'Go on without a node',
} as const;

/** Steering: each act is stored first and applied by a worker at the next safe point. */
export const controlRoutes: ApiRoutes = async (app, parts) => {
  const about = storedExpansion(parts.store);
  for (const [verb, summary] of Object.entries(wholeVerbs)) {
    app.post(
      `/v1/expansions/:id/${verb}`,
      {
        config: { action: verb === 'approve' ? 'approve' : 'steer', on: about, emergency: true },
        schema: {
          operationId: `${verb}Expansion`,
          tags: ['control'],
          summary,
          params: IdParams,
          body: ReasonBody,
          response: { 202: AcceptedControl, ...errorResponses(400, 404, 409, 415) },
        },
      },
      async (request, reply) => {
        const asked = { verb: verb as ControlVerb, node: null, reason: request.body.reason };
        return reply.code(202).send(await steer(parts, request, asked));
      },
    );
  }

  for (const [verb, summary] of Object.entries(nodeVerbs)) {
    app.post(
      `/v1/expansions/:id/nodes/:node/${verb}`,
      {
        config: { action: 'steer', on: about, emergency: true },
        schema: {
          operationId: `${verb}Node`,
          tags: ['control'],
          summary,
          params: NodeParams,
          body: ReasonBody,
          response: { 202: AcceptedControl, ...errorResponses(400, 404, 409, 415) },
        },
      },
      async (request, reply) => {
        const { node } = request.params;
        const asked = { verb: verb as ControlVerb, node, reason: request.body.reason };
        return reply.code(202).send(await steer(parts, request, asked));
      },
    );
  }
};

async function steer(
  parts: ApiParts,
  request: FastifyRequest,
  asked: Pick<Control, 'verb' | 'node' | 'reason'>,
): Promise<Control & { readonly expansionId: string }> {
  const { id } = request.params as { readonly id: string };
  const expansion = await existing(parts.store, id);
  if (asked.node !== null) existingJoin(expansion, asked.node);
  const by = requesterOf(request).name;
  const problem = controlProblem(expansion, asked.verb, asked.node, by);
  if (problem !== null) throw problem;
  const control: Control = { ...asked, id: parts.newId('ctl'), by, at: parts.now() };
  await parts.store.addControl(id, control);
  trace(request, { before: { state: expansion.state }, after: { control } });
  await wake(parts.doorbell, parts.log, 'expansion', id);
  return { ...control, expansionId: id };
}
