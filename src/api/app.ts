import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  LogController,
} from 'fastify';
import { shareOfOpenFiles } from '../platform/open-files.ts';
import { seldomMs } from '../platform/rounds.ts';
import { oldestTls } from '../platform/tls.ts';
import { createAccess } from './access.ts';
import { answerBrokenHttp, sendError } from './errors.ts';
import { createEventStreams } from './event-streams.ts';
import type { ApiOptions, ApiParts } from './parts.ts';
import { accessControl } from './plugins/app/access-control.ts';
import { dashboard, isBuilt, missingDashboard, sendIndex } from './plugins/app/dashboard.ts';
import { trailOfRequests } from './plugins/app/trail.ts';
import { unknownRoutes } from './plugins/app/unknown-routes.ts';
import { loadLimits } from './plugins/external/load-limits.ts';
import { openApi } from './plugins/external/openapi.ts';
import { securityHeaders } from './plugins/external/security-headers.ts';
import { reader } from './reader.ts';
import { controlRoutes } from './routes/controls.ts';
import { eventRoutes } from './routes/events.ts';
import { expansionRoutes } from './routes/expansions.ts';
import { freezeRoutes } from './routes/freeze.ts';
import { knowledgeRoutes } from './routes/knowledge.ts';
import { operationRoutes } from './routes/operations.ts';
import { personRoutes } from './routes/person.ts';
import { planRoutes } from './routes/plans.ts';
import { rehearsalRoutes } from './routes/rehearsals.ts';
import { runbookRoutes } from './routes/runbook.ts';
import { sessionRoutes } from './routes/session.ts';
import { sessionListRoutes } from './routes/sessions.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { validatorCompiler } from './validation.ts';

/**
 * The HTTP API with the dashboard, ready to listen (`app.listen`) or to be called (`app.inject`). Closing it ends
 * the open event streams. It opens nothing by itself: store, doorbell and the rest belong to the caller.
 */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = bareApp(options);
  const parts = partsOf(app, options);
  const page = isBuilt(options.dashboardDir) ? sendIndex : null;
  await foundation(app, parts, page);
  await openApi(app, packageVersion());

  for (const routes of [
    planRoutes,
    rehearsalRoutes,
    expansionRoutes,
    controlRoutes,
    eventRoutes,
    knowledgeRoutes,
    freezeRoutes,
    sessionRoutes,
    personRoutes,
    sessionListRoutes,
    tokenRoutes,
    operationRoutes,
    runbookRoutes,
  ]) {
    await app.register(routes, parts);
  }
  for (const routes of options.routes ?? []) {
    await app.register(async (scope) => {
      await routes(scope, parts);
    });
  }
  app.get('/openapi.json', { schema: { hide: true }, config: { action: null } }, () => app.swagger());

  if (isBuilt(options.dashboardDir)) await dashboard(app, options.dashboardDir);
  else missingDashboard(app);
  return app;
}

/** For a process that only works: probes and figures, nothing else. */
export async function buildWorkerApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = bareApp(options);
  const parts = partsOf(app, options);
  await foundation(app, parts, null);
  await app.register(operationRoutes, parts);
  return app;
}

/** Beyond these a connection is closed at once: the looks at nodes need theirs. */
const mostClients = 2000;
const shareForClients = 0.3;
/** Of a body that names no nodes: a reason, an address, types of events. */
const usualBodyBytes = 16 * 1024;
/** A connection that sends no whole head of a request within this time is closed. */
const headersLimitMs = 9000;
/** So is a connection over which no request comes. */
const idleLimitMs = 9000;

function bareApp(options: ApiOptions): FastifyInstance {
  const { newId, tls } = options;
  const limits = { headersTimeout: headersLimitMs, connectionsCheckingInterval: 1000 };
  const app = Fastify<Server, IncomingMessage, ServerResponse>({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: usualBodyBytes,
    trustProxy: (_address, hop) => hop < options.trustProxy,
    genReqId: () => newId('req'),
    requestTimeout: 60_000,
    ...(tls === null
      ? { http: limits }
      : { https: { ...limits, ...tls, minVersion: oldestTls, handshakeTimeout: headersLimitMs } }),
    // A proxy keeps its connections longer than most clients live.
    keepAliveTimeout: options.trustProxy > 0 ? 72_000 : idleLimitMs,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 400 },
    frameworkErrors: sendError,
    clientErrorHandler: answerBrokenHttp,
  } as FastifyHttpOptions<Server>);
  app.server.maxConnections = shareOfOpenFiles(shareForClients, mostClients);
  // JSON only: what a form of another site can send is not read.
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  // Clients give the type of a body to every request, also where a DELETE has none.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    request.method === 'DELETE' && body === '' ? done(null) : parse(request, body, done),
  );
  app.setValidatorCompiler(validatorCompiler);
  // Answers are described by schemas, and tests hold them to it; a serializer that drops what a schema forgot
  // would hide facts from the operator.
  app.setSerializerCompiler(options.serializer ?? (() => (data) => JSON.stringify(data)));
  app.setErrorHandler(sendError);
  return app;
}

function partsOf(app: FastifyInstance, options: ApiOptions): ApiParts {
  const { store, log, now, metrics } = options;
  const access = createAccess(options.tokens, options.identities, now, options.people?.config ?? null);
  const streams = createEventStreams({
    store,
    log,
    now,
    countsUntil: access.countsUntil,
    ...(options.news ? { proofEveryMs: seldomMs } : {}),
    maxStreams: options.limits.maxEventStreams,
    onOpenChanged: (open) => metrics.eventStreams(open),
  });
  const ended = options.news?.watch('access', () => {
    access.forget();
    void streams
      .endOfEnded()
      .catch((error: unknown) => log.warn({ err: error }, 'streams could not be ended'));
  });
  app.addHook('preClose', async () => {
    await Promise.all([streams.close(), ended?.close()]);
  });
  return { ...options, streams, access };
}

async function foundation(
  app: FastifyInstance,
  parts: ApiParts,
  page: Parameters<typeof unknownRoutes>[1],
): Promise<void> {
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (String(reply.getHeader('content-type')).startsWith('application/json'))
      reply.headers({ 'content-language': reader(request).language, vary: 'accept-language' });
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched';
    parts.metrics.http(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    request.log.debug({ method: request.method, route, status: reply.statusCode }, 'answered a request');
  });
  await securityHeaders(app, parts.tls !== null);
  trailOfRequests(app, parts);
  accessControl(app, parts);
  await loadLimits(app, parts);
  unknownRoutes(app, page);
}

/** Of this service. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
