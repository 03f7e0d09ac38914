import Type from 'typebox';
import { anomalyCodes, anomalyInGeneral } from '../../model/anomalies.ts';
import { findingTable } from '../../model/findings.ts';
import { Topology } from '../../model/views/plan.ts';
import { AnomalyDescription, FindingDescription, KnowledgeView } from '../../model/views/service.ts';
import { knowledgeFor } from '../for-reader.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { reader } from '../reader.ts';
import { errorResponses, strict } from '../schemas.ts';
import type { ApiRoutes } from '../type-provider.ts';

/** What the service knows: of a master right now, and of anomalies and findings in general. */
export const knowledgeRoutes: ApiRoutes = async (app, { admission }) => {
  app.post(
    '/v1/topology',
    {
      config: { action: 'plan', on: 'named' },
      schema: {
        operationId: 'readTopology',
        tags: ['knowledge'],
        summary: 'A master and its slaves, as the master tells it',
        description:
          'Logs in to the master, so it is not for somebody who may only watch; it changes nothing.',
        body: Type.Object(
          {
            master: Type.String({ minLength: 3, maxLength: 320, description: '`host:port`' }),
            credential: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
          },
          { ...strict },
        ),
        response: { 200: Topology, ...errorResponses(400, 415, 422) },
      },
    },
    (request) =>
      admission.topology(request.body.master, request.body.credential, requesterOf(request).rights),
  );

  app.get(
    '/v1/knowledge',
    {
      schema: {
        operationId: 'readKnowledge',
        tags: ['knowledge'],
        summary: 'What is known of each release: what it can do, which pairs replicate, and its faults',
        description:
          'From knowledge/pika.yaml, and from the file that PIKA_EXPANDER_KNOWLEDGE names. A range of versions: from the first on, below the second.',
        response: { 200: KnowledgeView, ...errorResponses() },
      },
    },
    async (request) => knowledgeFor(admission.knowledge, reader(request)),
  );

  app.get(
    '/v1/anomalies',
    {
      schema: {
        operationId: 'listAnomalies',
        tags: ['knowledge'],
        summary: 'Every anomaly: cause, versions, remedy',
        response: { 200: Type.Object({ items: Type.Array(AnomalyDescription) }), ...errorResponses() },
      },
    },
    async (request) => ({ items: anomalyCodes.map((code) => anomalyInGeneral(code, reader(request))) }),
  );

  app.get(
    '/v1/findings',
    {
      schema: {
        operationId: 'listFindings',
        tags: ['knowledge'],
        summary: 'Every finding of preflight: severity and meaning',
        response: { 200: Type.Object({ items: Type.Array(FindingDescription) }), ...errorResponses() },
      },
    },
    async (request) => {
      const forWhom = reader(request);
      return {
        items: Object.entries(findingTable).map(([code, { severity, meaning }]) => ({
          code,
          severity,
          explanation: meaning[forWhom.language]({}, forWhom),
        })),
      };
    },
  );
};
