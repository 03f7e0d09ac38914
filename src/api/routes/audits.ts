import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { AuditRequest, newAudit } from '../../admission/audit.ts';
import { concernedByAudit } from '../../admission/concerned.ts';
import { checkMayAct } from '../../admission/may-act.ts';
import { repairsOf } from '../../core/audit/audit.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import { auditReportText } from '../../model/audit-report.ts';
import { auditReasonFor, auditStep } from '../../model/audit-texts.ts';
import { findingFor } from '../../model/findings.ts';
import { refuse } from '../../model/refusal.ts';
import { auditHasEnded } from '../../model/states.ts';
import type { Reader } from '../../model/text.ts';
import { Audit, StoredAuditDoc } from '../../model/views/audit.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { AuditStore, StoredAudit } from '../../store/audits.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, IdParams, Limit, ReasonBody, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { historyRoute } from './events.ts';

export interface AuditRouteParts {
  readonly audits: AuditStore;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly credentials: CredentialSource;
}

const Params = Type.Object({ id: { ...IdParams.properties.id, description: 'Id of the audit.' } });

/** /v1/audits: judge every slave of some masters; nothing is written to any of them. */
export function auditRoutes(parts: AuditRouteParts): RoutePlugin {
  return (plain, api) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const { audits, credentials } = parts;

    app.post(
      '/v1/audits',
      {
        bodyLimit: api.limits.maxBodyBytes,
        config: { action: 'audit', on: 'named' },
        schema: {
          operationId: 'startAudit',
          tags: ['audits'],
          summary: 'Judge every slave of some masters',
          description:
            'Finds the slaves of each master (and theirs), checks role, link, listing, offsets, versions and settings, and compares the data of each slave with those of its master. It only reads.',
          body: AuditRequest,
          response: { 202: Audit, ...errorResponses(400, 413, 415) },
        },
      },
      async (request, reply) => {
        const made = { id: api.newId('aud'), requestedBy: requesterOf(request).name, createdAt: api.now() };
        const audit = await newAudit(request.body, made, credentials, (limit) => audits.knownMasters(limit));
        checkMayAct(request.caller ?? undefined, 'audit', concernedByAudit(audit));
        await audits.create(audit);
        await wake(parts.doorbell, api.log, 'audit', audit.doc.id);
        return reply
          .code(202)
          .header('location', `/v1/audits/${audit.doc.id}`)
          .send(auditView(audit, reader(request)));
      },
    );

    app.get(
      '/v1/audits',
      {
        config: { on: aboutAudit(audits) },
        schema: {
          operationId: 'listAudits',
          tags: ['audits'],
          summary: 'List audits, newest first',
          querystring: Type.Object(
            {
              cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
              limit: Limit(200, 50),
            },
            { ...strict },
          ),
          response: { 200: PageOf(StoredAuditDoc), ...errorResponses(400) },
        },
      },
      async ({ query }) => {
        checkCursor(query.cursor);
        return audits.list({ ...query, limit: query.limit ?? 50 });
      },
    );

    app.get(
      '/v1/audits/:id',
      {
        config: { on: aboutAudit(audits) },
        schema: {
          operationId: 'getAudit',
          tags: ['audits'],
          summary: 'Read one audit with its verdicts',
          description: 'JSON; with `Accept: text/markdown` (or `format=markdown`) the report for people.',
          params: Params,
          querystring: Type.Object(
            { format: Type.Optional(Type.Enum(['json', 'markdown'], { description: 'Wins over Accept.' })) },
            { ...strict },
          ),
          response: { 200: Audit, ...errorResponses(400, 404) },
        },
      },
      async (request, reply) => {
        const audit = auditView(await existing(audits, request.params.id), reader(request));
        const accept = request.headers.accept ?? '';
        const format = request.query.format ?? (accept.includes('text/markdown') ? 'markdown' : 'json');
        if (format === 'json') return audit;
        return reply
          .type('text/markdown; charset=utf-8')
          .header('content-disposition', `inline; filename="${audit.id}.md"`)
          .send(auditReportText(audit, reader(request)) as never);
      },
    );

    historyRoute(plain, api, {
      path: '/v1/audits/:id/events',
      operationId: 'listAuditEvents',
      tag: 'audits',
      summary: 'What happened in an audit',
      params: Params,
      on: aboutAudit(audits),
      about: async (id) => ({ auditId: (await existing(audits, id)).doc.id }),
    });
    cancelRoute(plain, parts, api);
  };
}

function cancelRoute(plain: FastifyInstance, parts: AuditRouteParts, api: ApiParts): void {
  plain.withTypeProvider<ApiTypeProvider>().post(
    '/v1/audits/:id/cancel',
    {
      config: { action: 'audit', on: aboutAudit(parts.audits), emergency: true },
      schema: {
        operationId: 'cancelAudit',
        tags: ['audits'],
        summary: 'End an audit; what was judged stays',
        params: Params,
        body: ReasonBody,
        response: { 202: Audit, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request, reply) => {
      const { id, state } = (await existing(parts.audits, request.params.id)).doc;
      if (auditHasEnded(state)) throw refuse('audit_ended', { id, state });
      const { reason } = request.body;
      const cancel = { reason, by: requesterOf(request).name, at: api.now() };
      await parts.audits.cancel(id, cancel);
      trace(request, { before: { state }, after: { cancel } });
      await wake(parts.doorbell, api.log, 'audit', id);
      return reply.code(202).send(auditView(await existing(parts.audits, id), reader(request)));
    },
  );
}

/** An audit in the words of this reader. */
function auditView({ doc, servers }: StoredAudit, forWhom: Reader): Audit {
  return {
    ...doc,
    servers: servers.map((server) => ({
      ...server,
      reason: auditReasonFor(server.reason, forWhom),
      findings: server.findings.map((finding) => findingFor(finding, forWhom)),
      nextStep: server.reason && auditStep(server.reason, doc.id, forWhom),
    })),
    repairs: repairsOf(doc, servers),
  };
}

const aboutAudit = (audits: Pick<AuditStore, 'get'>): Stored => ({
  kind: 'audit',
  async concerned(id) {
    const audit = await audits.get(id);
    return audit && concernedByAudit(audit);
  },
  missing: (id) => refuse('no_such_audit', { id }),
});

async function existing(audits: AuditStore, id: string): Promise<StoredAudit> {
  const audit = await audits.get(id);
  if (audit !== null) return audit;
  throw refuse('no_such_audit', { id });
}
