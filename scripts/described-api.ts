/** The description of the whole API, for the documents: the routes are registered, and nothing is opened. */
import { buildApi } from '../src/api/app.ts';
import type { ApiOptions } from '../src/api/parts.ts';
import { agentRoutes } from '../src/api/routes/agents.ts';
import { auditRoutes } from '../src/api/routes/audits.ts';
import { campaignRoutes } from '../src/api/routes/campaigns.ts';
import { channelRoutes } from '../src/api/routes/channels.ts';
import { comparisonRoutes } from '../src/api/routes/comparisons.ts';
import { evidenceRoutes } from '../src/api/routes/evidence.ts';
import { guardRoutes } from '../src/api/routes/guards.ts';
import { holdRoutes } from '../src/api/routes/holds.ts';
import { nodeRoutes } from '../src/api/routes/nodes.ts';
import { questionRoutes } from '../src/api/routes/questions.ts';
import { recordingRoutes } from '../src/api/routes/recording.ts';
import { replacementRoutes } from '../src/api/routes/replacements.ts';
import { trailRoutes } from '../src/api/routes/trail.ts';
import { webhookRoutes } from '../src/api/routes/webhooks.ts';
import type { Action } from '../src/model/access.ts';
import { defaultLimits } from '../src/platform/config.ts';
import { createLog } from '../src/platform/log.ts';
import { createMetrics } from '../src/platform/metrics.ts';

interface Route {
  readonly method: string;
  readonly path: string;
  /** null = everybody. */
  readonly action: Action | null;
}

/** The description as the service gives it: OpenAPI 3.1. */
export interface ApiDescription {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly 'x-action'?: Action;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header' | 'cookie';
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: Content; readonly required?: boolean };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;
export type JsonSchema = Readonly<Record<string, unknown>>;

let described: Promise<ApiDescription> | null = null;

/** The routes are registered once, and nothing is opened. */
export function describedApi(): Promise<ApiDescription> {
  described ??= describe();
  return described;
}

async function describe(): Promise<ApiDescription> {
  const app = await buildApi({
    ...unused,
    log: createLog({ level: 'silent', secrets: [] }),
    metrics: createMetrics(),
    limits: { ...defaultLimits, requestsPerMinute: 0 },
    tokens: [],
    trail: { add: async () => null, close: async () => {} },
    hideSecrets: String,
    trustProxy: 0,
    tls: null,
    readiness: [],
    dashboardDir: null,
    shedLoad: false,
    routes: [
      webhookRoutes(unused.store as never, []),
      channelRoutes({ channels: unused.store as never, send: unused.store as never, allowed: [] }),
      questionRoutes(unused as never),
      agentRoutes(unused.store as never),
      nodeRoutes(unused.store as never),
      recordingRoutes(String),
      evidenceRoutes(unused as never),
      campaignRoutes(unused as never),
      comparisonRoutes(unused as never),
      auditRoutes(unused as never),
      guardRoutes(unused as never),
      holdRoutes(unused as never),
      replacementRoutes(unused as never),
      trailRoutes(unused as never, unused as never),
    ],
  });
  await app.ready();
  const description = app.swagger() as unknown as ApiDescription;
  await app.close();
  return description;
}

/** Each route with the action that it asks for. */
export async function describedRoutes(): Promise<readonly Route[]> {
  const { paths } = await describedApi();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      action: about['x-action'] ?? null,
    })),
  );
}

/** Parts that no route asks for anything while it is registered. */
const unused = { store: {}, doorbell: {}, admission: {}, identities: {} } as unknown as Pick<
  ApiOptions,
  'store' | 'doorbell' | 'admission' | 'identities' | 'now' | 'newId'
>;
