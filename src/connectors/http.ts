import { connectorSays } from '../model/connector-texts.ts';
import type { HookQuestion } from '../model/hooks.ts';
import type { NodeTarget } from '../model/targets.ts';
import { askOutside } from '../net/outgoing.ts';
import type { HttpConnector } from '../platform/connectors.ts';
import { fill, inJson, type Values } from '../platform/template.ts';
import { type Connector, type ConnectorParts, serverValues } from './connector.ts';

/**
 * One request of the operator for each node at a step; 2xx = done. The receiver may get it more than once: the header
 * Idempotency-Key is the same each time.
 */
export function httpConnector({ steps }: HttpConnector, { wayOut }: ConnectorParts): Connector {
  return async (question, node, signal) => {
    const request = steps[question.step];
    if (request === undefined) return [];
    const values = valuesOf(question, node);
    const body = request.body === null ? '' : fill(request.body, values, inJson);
    const { status } = await askOutside(
      wayOut,
      {
        method: request.method,
        url: fill(request.url, values, encodeURIComponent),
        headers: {
          'user-agent': 'pika-expander',
          ...(body === '' ? {} : { 'content-type': 'application/json' }),
          'content-length': Buffer.byteLength(body),
          'idempotency-key': encodeURIComponent(`${question.id}/${node.name}`),
          ...lowerCase(request.headers),
        },
        body,
      },
      signal,
    );
    return status >= 200 && status < 300 ? [] : [connectorSays('answered', { status, quoted: '' })];
  };
}

const lowerCase = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const valuesOf = ({ id, step, operation, master, batch }: HookQuestion, node: NodeTarget): Values => ({
  id,
  step,
  'operation.kind': operation.kind,
  'operation.id': operation.id,
  'operation.label': operation.label,
  batch: batch === null ? null : batch + 1,
  ...serverValues(master, node),
});
