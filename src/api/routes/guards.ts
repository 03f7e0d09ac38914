import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { concernedByGuard } from '../../admission/concerned.ts';
import { GuardRequest, newGuard } from '../../admission/guard.ts';
import { checkMayAct } from '../../admission/may-act.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import { makeEvent } from '../../model/events.ts';
import { guardReasonFor, guardStep } from '../../model/guard-texts.ts';
import { refuse } from '../../model/refusal.ts';
import type { Reader } from '../../model/text.ts';
import { Guard, StoredGuardDoc } from '../../model/views/guard.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { AuditStore } from '../../store/audits.ts';
import type { GuardAsk, GuardStore, StoredGuard } from '../../store/guards.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, IdParams, Limit, ReasonBody, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { historyRoute } from './events.ts';

export interface GuardRouteParts {
  readonly guards: GuardStore;
  readonly audits: Pick<AuditStore, 'knownMasters'>;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly credentials: CredentialSource;
}

/** Each is looked after by one worker all the time; a guard takes a thousand masters. */
export const mostGuards = 256;

const Params = Type.Object({ id: { ...IdParams.properties.id, description: 'Id of the guard.' } });
const ForgetBody = Type.Object(
  {
    ...ReasonBody.properties,
    slave: Type.String({ minLength: 1, maxLength: 300, description: 'Its name in the guard.' }),
  },
  { ...strict },
);

/** /v1/guards: the standing watch of masters and their slaves; nothing is written to any of them. */
export function guardRoutes(parts: GuardRouteParts): RoutePlugin {
  return (plain, api) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const { guards, audits, credentials } = parts;

    app.post(
      '/v1/guards',
      {
        bodyLimit: api.limits.maxBodyBytes,
        config: { action: 'guard', on: 'named' },
        schema: {
          operationId: 'startGuard',
          tags: ['guards'],
          summary: 'Watch some masters and their slaves until it is ended',
          description:
            'Looks at each master and its slaves again and again: link, listing, binlog positions, roles, full syncs and dumps that nobody here asked for, new slaves. What it finds is an event when it begins and when it is over. It can have the masters audited at set times. It only reads.',
          body: GuardRequest,
          response: { 202: Guard, ...errorResponses(400, 409, 413, 415) },
        },
      },
      async (request, reply) => {
        if ((await guards.unended()) >= mostGuards) throw refuse('too_many_guards', { most: mostGuards });
        const made = { id: api.newId('grd'), requestedBy: requesterOf(request).name, createdAt: api.now() };
        const guard = await newGuard(request.body, made, credentials, (limit) => audits.knownMasters(limit));
        checkMayAct(request.caller ?? undefined, 'guard', concernedByGuard(guard));
        const { id, requestedBy, createdAt: at } = guard.doc;
        const facts = { requestedBy, masters: guard.masters.length };
        trace(request, { after: facts });
        await guards.create(guard, [makeEvent('guard.started', { at }, facts)]);
        await wake(parts.doorbell, api.log, 'guard', id);
        return reply
          .code(202)
          .header('location', `/v1/guards/${id}`)
          .send(guardView(guard, reader(request)));
      },
    );

    app.get(
      '/v1/guards',
      {
        config: { on: aboutGuard(guards) },
        schema: {
          operationId: 'listGuards',
          tags: ['guards'],
          summary: 'List guards, newest first',
          querystring: Type.Object(
            {
              cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
              limit: Limit(200, 50),
            },
            { ...strict },
          ),
          response: { 200: PageOf(StoredGuardDoc), ...errorResponses(400) },
        },
      },
      async ({ query }) => {
        checkCursor(query.cursor);
        return guards.list({ ...query, limit: query.limit ?? 50 });
      },
    );

    app.get(
      '/v1/guards/:id',
      {
        config: { on: aboutGuard(guards) },
        schema: {
          operationId: 'getGuard',
          tags: ['guards'],
          summary: 'Read one guard with its masters and what is wrong now',
          params: Params,
          response: { 200: Guard, ...errorResponses(404) },
        },
      },
      async (request) => guardView(await existing(guards, request.params.id), reader(request)),
    );

    historyRoute(plain, api, {
      path: '/v1/guards/:id/events',
      operationId: 'listGuardEvents',
      tag: 'guards',
      summary: 'What a guard found, and what was over',
      params: Params,
      on: aboutGuard(guards),
      about: async (id) => ({ guardId: (await existing(guards, id)).doc.id }),
    });
    askRoutes(plain, parts, api);
  };
}

function askRoutes(plain: FastifyInstance, parts: GuardRouteParts, api: ApiParts): void {
  const app = plain.withTypeProvider<ApiTypeProvider>();
  const { guards } = parts;

  async function ask(id: string, what: GuardAsk, forWhom: Reader): Promise<Guard> {
    await guards.ask(id, what);
    await wake(parts.doorbell, api.log, 'guard', id);
    return guardView(await existing(guards, id), forWhom);
  }

  app.post(
    '/v1/guards/:id/end',
    {
      config: { action: 'guard', on: aboutGuard(guards), emergency: true },
      schema: {
        operationId: 'endGuard',
        tags: ['guards'],
        summary: 'End a guard; what it found stays readable',
        params: Params,
        body: ReasonBody,
        response: { 202: Guard, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { state } = (await unended(guards, id)).doc;
      const asked = { ...request.body, by: requesterOf(request).name, at: api.now(), forget: null };
      trace(request, { before: { state }, after: { asked } });
      return reply.code(202).send(await ask(id, asked, reader(request)));
    },
  );

  app.post(
    '/v1/guards/:id/forget',
    {
      config: { action: 'guard', on: aboutGuard(guards) },
      schema: {
        operationId: 'forgetSlave',
        tags: ['guards'],
        summary: 'Guard a slave no longer that was taken out on purpose',
        description: 'A slave that its master still lists is found again, as a new one.',
        params: Params,
        body: ForgetBody,
        response: { 202: Guard, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { slave, reason } = request.body;
      const { masters } = await unended(guards, id);
      if (!masters.some(({ slaves }) => slaves.some(({ target }) => target.name === slave)))
        throw refuse('not_guarded', { id, slave });
      const asked = { reason, by: requesterOf(request).name, at: api.now(), forget: slave };
      trace(request, { before: { slave }, after: { asked } });
      return reply.code(202).send(await ask(id, asked, reader(request)));
    },
  );
}

/** A guard in the words of this reader. */
function guardView({ doc, masters }: StoredGuard, forWhom: Reader): Guard {
  return {
    ...doc,
    masters: masters.map((master) => ({
      ...master,
      findings: master.findings.map((finding) => ({
        ...finding,
        reason: guardReasonFor(finding.reason, forWhom),
        nextStep: guardStep(finding.reason, forWhom),
      })),
    })),
  };
}

const aboutGuard = (guards: Pick<GuardStore, 'get'>): Stored => ({
  kind: 'guard',
  async concerned(id) {
    const guard = await guards.get(id);
    return guard && concernedByGuard(guard);
  },
  missing: (id) => refuse('no_such_guard', { id }),
});

async function existing(guards: GuardStore, id: string): Promise<StoredGuard> {
  const guard = await guards.get(id);
  if (guard !== null) return guard;
  throw refuse('no_such_guard', { id });
}

async function unended(guards: GuardStore, id: string): Promise<StoredGuard> {
  const guard = await existing(guards, id);
  if (guard.doc.state === 'ended') throw refuse('guard_ended', { id });
  return guard;
}
