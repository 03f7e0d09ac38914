import Type from 'typebox';
import { checkMayAct } from '../../admission/may-act.ts';
import { parseAddress } from '../../admission/targets.ts';
import { nodeReadyFor } from '../../model/node-ready-texts.ts';
import { NodeReady } from '../../model/views/node-ready.ts';
import type { createNodeReady } from '../../work/node-ready.ts';
import type { RoutePlugin } from '../parts.ts';
import { reader } from '../reader.ts';
import { errorResponses, NodeParams, strict } from '../schemas.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

/** /v1/nodes/:node/ready: for probes that decide whether readers get a node. */
export function nodeRoutes(ready: ReturnType<typeof createNodeReady>): RoutePlugin {
  return (plain) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    app.get(
      '/v1/nodes/:node/ready',
      {
        config: { on: 'named' },
        schema: {
          operationId: 'isNodeReady',
          tags: ['operations'],
          summary: 'Whether the last proof of a node holds',
          description:
            '200 = readers may get it: it is proven, no expansion, audit or guard has spoken against it since, and it is a slave of its master now, with its link up. Else 503 with the reason.',
          params: Type.Object({ node: NodeParams.properties.node }),
          querystring: Type.Object(
            {
              master: Type.Optional(
                Type.String({ minLength: 3, maxLength: 320, description: 'Whose slave it has to be.' }),
              ),
            },
            { ...strict },
          ),
          response: {
            200: NodeReady,
            ...errorResponses(400),
            503: Type.Union([NodeReady, errorResponses()[503]!], {
              description: 'It is not ready; or the service cannot tell.',
            }),
          },
        },
      },
      async (request, reply) => {
        const { master } = request.query;
        const node = parseAddress(request.params.node, 'node');
        checkMayAct(request.caller ?? undefined, 'read', { servers: [{ address: node }] });
        const answer = await ready(node, master === undefined ? null : parseAddress(master, 'master'));
        const reason = nodeReadyFor(answer.reason, reader(request));
        return reply.code(answer.ready ? 200 : 503).send({ ...answer, reason });
      },
    );
  };
}
