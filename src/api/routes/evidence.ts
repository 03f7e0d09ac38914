import Type from 'typebox';
import { evidenceBundle } from '../../evidence/bundle.ts';
import type { SigningKey } from '../../evidence/signing-key.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import { EvidenceBundle } from '../../model/views/expansion.ts';
import { withTexts } from '../../platform/secrets.ts';
import { every } from '../../store/every.ts';
import type { Store } from '../../store/store.ts';
import type { RoutePlugin } from '../parts.ts';
import { errorResponses, IdParams } from '../schemas.ts';
import { existing, storedExpansion } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { evidenceReport } from '../views.ts';

export interface EvidenceParts {
  readonly key: SigningKey;
  /** Of this service. */
  readonly version: string;
  /** Takes passwords out of a text: servers may repeat them. */
  readonly hideSecrets: (text: string) => string;
}

/** The signed evidence of an expansion, and the key to check it by (docs/evidence.md). */
export function evidenceRoutes({ key, version, hideSecrets }: EvidenceParts): RoutePlugin {
  return (plain, { store, now }) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    app.get(
      '/v1/expansions/:id/evidence/bundle',
      {
        config: { on: storedExpansion(store) },
        schema: {
          operationId: 'getEvidenceBundle',
          tags: ['expansions'],
          summary: 'The evidence with its looks, events and policy, signed by the service',
          description:
            'One line of canonical JSON (docs/evidence.md). Keep the bytes as they are: `pika-expander evidence --verify FILE` finds the change of any. Texts are in English.',
          params: IdParams,
          response: { 200: EvidenceBundle, ...errorResponses(404) },
        },
      },
      async (request, reply) => {
        const expansion = await existing(store, request.params.id);
        const { id: expansionId } = expansion;
        const bundle = await evidenceBundle({
          expansion,
          report: evidenceReport(expansion),
          events: await eventsOf(store, expansionId),
          looksAt: (node) => looksAt(store, expansionId, node),
          version,
          now: now(),
          key,
          clean: (value) => withTexts(value, hideSecrets),
        });
        reply.type('application/json; charset=utf-8');
        reply.header('content-disposition', `attachment; filename="${expansionId}.evidence.json"`);
        // As text: another writer of JSON would write other bytes.
        return reply.send(bundle as never);
      },
    );

    app.get(
      '/v1/evidence-key',
      {
        schema: {
          operationId: 'getEvidenceKey',
          tags: ['expansions'],
          summary: 'The public key by which the service signs evidence',
          response: {
            200: Type.Object({
              keyId: Type.String({ description: '`sha256:` and the SHA-256 of the public key (SPKI, DER).' }),
              algorithm: Type.Literal('ed25519'),
              publicKey: Type.String({ description: 'PEM.' }),
            }),
            ...errorResponses(),
          },
        },
      },
      async () => ({ keyId: key.keyId, algorithm: 'ed25519' as const, publicKey: key.publicKeyPem }),
    );
  };
}

const eventsOf = (store: Store, expansionId: string): Promise<readonly StoredEvent[]> =>
  every((afterSeq, limit) => store.events({ expansionId, afterSeq, limit }));

const looksAt = (store: Store, expansionId: string, node: string) =>
  every((afterSeq, limit) => store.observations({ expansionId, node, afterSeq, limit }));
