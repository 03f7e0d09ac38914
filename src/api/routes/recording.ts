import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Expansion } from '../../model/expansion.ts';
import type { Observation } from '../../model/views/observation.ts';
import { type AddressHider, expansionRecording, hidingAddresses } from '../../replay/export.ts';
import type { Store } from '../../store/store.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { errorResponses, IdParams, strict } from '../schemas.ts';
import { existing, storedExpansion } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

/** Looks that are in memory at the same time. */
const atOnce = 500;

/** What an expansion saw, as a recording. `hideSecrets` takes passwords out of a line: servers and logs may repeat them. */
export function recordingRoutes(hideSecrets: (text: string) => string): RoutePlugin {
  return (app, parts) => addRoute(app, parts, hideSecrets);
}

function addRoute(app: FastifyInstance, { store }: ApiParts, hideSecrets: (text: string) => string): void {
  app.withTypeProvider<ApiTypeProvider>().get(
    '/v1/expansions/:id/recording',
    {
      config: { on: storedExpansion(store) },
      schema: {
        operationId: 'recordingOfExpansion',
        tags: ['expansions'],
        summary: 'What an expansion saw, as a recording for `replay`',
        description: 'JSON lines (docs/recordings.md), without passwords, keys and values.',
        params: IdParams,
        querystring: Type.Object(
          {
            addresses: Type.Optional(
              Type.Enum(['shown', 'hidden'], {
                description: '`hidden`: other addresses stand in the place of all. Default: `shown`.',
              }),
            ),
          },
          { ...strict },
        ),
        response: {
          200: Type.String({ description: 'JSON lines, of the type application/x-ndjson.' }),
          ...errorResponses(400, 404),
        },
      },
    },
    async (request, reply) => {
      const expansion = await existing(store, request.params.id);
      const lines = () => expansionRecording(expansion, observationsOf(store, expansion.id));
      const hide = request.query.addresses === 'hidden' ? await hidden(expansion, lines()) : asItIs;
      return reply
        .type('application/x-ndjson')
        .header('content-disposition', `attachment; filename="${expansion.id}.jsonl"`)
        .send(Readable.from(texts(lines(), (line) => hide(hideSecrets(line)))));
    },
  );
}

const asItIs = (line: string): string => line;

/** A line may name a host of which only a later line tells that it is a host: so all are read before the first is written. */
async function hidden(
  { master, joins }: Expansion,
  lines: AsyncIterable<string>,
): Promise<AddressHider['hide']> {
  const targets = [master, ...joins.map(({ target }) => target)];
  const hider = hidingAddresses(targets.flatMap(({ address, seenAs }) => [address, seenAs]));
  for await (const line of lines) hider.learn(line);
  return hider.hide;
}

async function* texts(lines: AsyncIterable<string>, scrub: (line: string) => string): AsyncGenerator<string> {
  for await (const line of lines) yield `${scrub(line)}\n`;
}

async function* observationsOf(store: Store, expansionId: string): AsyncGenerator<Observation> {
  for (let afterSeq = 0; ; ) {
    const page = await store.observations({ expansionId, afterSeq, limit: atOnce });
    yield* page;
    if (page.length < atOnce) return;
    afterSeq = page.at(-1)!.seq;
  }
}
