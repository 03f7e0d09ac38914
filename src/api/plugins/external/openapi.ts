import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { actionOf } from '../app/access-control.ts';

/** Describes every route of ours in OpenAPI 3.1, from the schemas that also validate. Readable at /docs. */
export async function openApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    transform: ({ schema, url, route }) => {
      const action = actionOf({ url, method: String(route.method), config: route.config });
      return { url, schema: { ...schema, ...(action === null ? {} : { 'x-action': action }) } };
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'pika-expander',
        version,
        description:
          'Adds slaves to Pika masters one batch at a time; the next batch begins only when every full sync is proven complete.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'expansions', description: 'Add nodes to a master.' },
        { name: 'campaigns', description: 'Add nodes to many masters under one request.' },
        { name: 'control', description: 'Steer an expansion; every act has a reason.' },
        { name: 'events', description: 'What happened, as pages and live.' },
        { name: 'knowledge', description: 'What the service knows of masters and of anomalies.' },
        { name: 'comparisons', description: 'Compare the data of two nodes.' },
        { name: 'audits', description: 'Judge every slave of some masters.' },
        { name: 'webhooks', description: 'Be told of events.' },
        { name: 'channels', description: 'Be told of what needs a person.' },
        { name: 'agents', description: 'What agents on the hosts of servers see.' },
        { name: 'trail', description: 'Who asked the service for what.' },
        { name: 'tokens', description: 'Who may do what.' },
        { name: 'session', description: 'Sign in to the dashboard.' },
        { name: 'operations', description: 'For probes and monitoring.' },
      ],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token.' },
          session: { type: 'apiKey', in: 'cookie', name: 'pika_expander_session' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: false, docExpansion: 'list' },
  });
}
