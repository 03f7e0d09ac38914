import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { concernedByHold } from '../../admission/concerned.ts';
import { HoldRequest, newHold } from '../../admission/hold.ts';
import { checkMayAct } from '../../admission/may-act.ts';
import { validator } from '../../admission/validate.ts';
import { fullSyncsGoOn } from '../../core/hold/hold.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import { makeEvent } from '../../model/events.ts';
import { schemaOf } from '../../model/field-schema.ts';
import { holdFields } from '../../model/hold.ts';
import { reasonFor } from '../../model/reasons.ts';
import { refuse } from '../../model/refusal.ts';
import type { Reader } from '../../model/text.ts';
import { Hold } from '../../model/views/hold.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { HoldStore, StoredHold } from '../../store/holds.ts';
import type { Store } from '../../store/store.ts';
import { fullSyncsAt } from '../../work/hold/full-syncs.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, IdParams, Limit, ReasonBody, strict } from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { historyRoute } from './events.ts';

export interface HoldRouteParts {
  readonly holds: HoldStore;
  readonly store: Pick<Store, 'get'>;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly credentials: CredentialSource;
}

/** Each is looked after by one worker all the time. */
export const mostHolds = 256;
/** A client gives a request up after 30 s. */
const longestWaitSeconds = 25;
const pollMs = 500;

const Params = Type.Object({ id: { ...IdParams.properties.id, description: 'Id of the hold.' } });
const ExtendBody = Type.Object(
  { forMs: schemaOf(holdFields).properties.forMs! },
  { ...strict, description: 'Without forMs the default.' },
);
const checkExtension = validator(Type.Unsafe<{ readonly forMs?: number }>(ExtendBody));

/** /v1/holds: masters that are kept free of further full syncs for a while; nothing is written to any of them. */
export function holdRoutes(parts: HoldRouteParts): RoutePlugin {
  return (plain, api) => {
    const app = plain.withTypeProvider<ApiTypeProvider>();
    const { holds, credentials } = parts;

    app.post(
      '/v1/holds',
      {
        config: { action: 'hold', on: 'named' },
        schema: {
          operationId: 'askHold',
          tags: ['holds'],
          summary: 'Keep a master free of further full syncs for a while, so that a backup may make its dump',
          description:
            'From now on no expansion begins a further full sync at this master, nor asks it for a dump. Full syncs that ' +
            'go on come to their end. Once none is under way the hold says `safe: true`: make the dump now, and end the ' +
            'hold afterwards. Of several holds of one master only one is safe at a time; the others wait for its end.',
          body: HoldRequest,
          response: { 202: Hold, ...errorResponses(400, 409, 413, 415) },
        },
      },
      async (request, reply) => {
        if ((await holds.active()).length >= mostHolds) throw refuse('too_many_holds', { most: mostHolds });
        const by = requesterOf(request).name;
        const made = { id: api.newId('hld'), requestedBy: by, createdAt: api.now() };
        const hold = newHold(request.body, made, credentials);
        checkMayAct(request.caller ?? undefined, 'hold', concernedByHold(hold));
        const { id, createdAt: at, reason, master } = hold.doc;
        const told = { by, reason, master: master.name };
        await holds.create(hold, (until) => [makeEvent('hold.asked', { at }, { ...told, until })]);
        await wake(parts.doorbell, api.log, 'hold', id);
        const view = await viewOf(parts, await existing(holds, id), reader(request));
        return reply.code(202).header('location', `/v1/holds/${id}`).send(view);
      },
    );

    app.get(
      '/v1/holds',
      {
        config: { on: aboutHold(holds) },
        schema: {
          operationId: 'listHolds',
          tags: ['holds'],
          summary: 'List holds, newest first',
          querystring: Type.Object(
            {
              active: Type.Optional(
                Type.Boolean({ description: 'Only those that are neither ended nor expired.' }),
              ),
              cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
              limit: Limit(200, 50),
            },
            { ...strict },
          ),
          response: { 200: PageOf(Hold), ...errorResponses(400) },
        },
      },
      async (request) => {
        const { query } = request;
        checkCursor(query.cursor);
        const page = await holds.list({ ...query, limit: query.limit ?? 50 });
        const items = page.items.map((hold) => viewOf(parts, hold, reader(request)));
        return { ...page, items: await Promise.all(items) };
      },
    );

    app.get(
      '/v1/holds/:id',
      {
        config: { on: aboutHold(holds) },
        schema: {
          operationId: 'getHold',
          tags: ['holds'],
          summary: 'Whether a dump of the held master is safe, and what goes on there',
          params: Params,
          querystring: Type.Object(
            {
              wait: Type.Optional(
                Type.Integer({
                  minimum: 0,
                  maximum: longestWaitSeconds,
                  description:
                    'Seconds. The answer comes when a dump is safe or the hold is over, or after this time.',
                }),
              ),
            },
            { ...strict },
          ),
          response: { 200: Hold, ...errorResponses(400, 404) },
        },
      },
      async (request) => {
        for (let leftMs = (request.query.wait ?? 0) * 1000; ; leftMs -= pollMs) {
          const view = await viewOf(parts, await existing(holds, request.params.id), reader(request));
          const isAnswered = view.safe || isOver(view) || request.raw.socket.destroyed;
          if (isAnswered || leftMs <= 0) return view;
          await delay(pollMs);
        }
      },
    );

    historyRoute(plain, api, {
      path: '/v1/holds/:id/events',
      operationId: 'listHoldEvents',
      tag: 'holds',
      summary: 'What happened to a hold',
      params: Params,
      on: aboutHold(holds),
      about: async (id) => ({ holdId: (await existing(holds, id)).doc.id }),
    });
    changeRoutes(plain, parts, api);
  };
}

function changeRoutes(plain: FastifyInstance, parts: HoldRouteParts, api: ApiParts): void {
  const app = plain.withTypeProvider<ApiTypeProvider>();
  const { holds } = parts;

  /** The hold as it is now; throws a Refusal where it was over before. */
  async function changed(id: string, was: boolean, forWhom: Reader): Promise<Hold> {
    const hold = await existing(holds, id);
    if (!was) throw refuse('hold_over', { id, state: hold.state });
    return viewOf(parts, hold, forWhom);
  }

  app.post(
    '/v1/holds/:id/extend',
    {
      config: { action: 'hold', on: aboutHold(holds) },
      schema: {
        operationId: 'extendHold',
        tags: ['holds'],
        summary: 'Let a hold last longer: so long from now on',
        params: Params,
        body: ExtendBody,
        response: { 200: Hold, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { forMs = holdFields.forMs.default } = checkExtension(request.body);
      const by = requesterOf(request).name;
      const at = api.now();
      const { state, until } = await existing(holds, id);
      const was = await holds.extend(id, forMs, (until) => [
        makeEvent('hold.extended', { at }, { by, until }),
      ]);
      const hold = await changed(id, was, reader(request));
      trace(request, { before: { state, until }, after: { state: hold.state, until: hold.until } });
      return hold;
    },
  );

  app.post(
    '/v1/holds/:id/end',
    {
      config: { action: 'hold', on: aboutHold(holds), emergency: true },
      schema: {
        operationId: 'endHold',
        tags: ['holds'],
        summary: 'End a hold: full syncs may begin again',
        params: Params,
        body: ReasonBody,
        response: { 200: Hold, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { reason } = request.body;
      const end = { by: requesterOf(request).name, reason, at: api.now() };
      const { doc, state } = await existing(holds, id);
      const told = { by: end.by, reason, master: doc.master.name };
      trace(request, { before: { state }, after: { end } });
      const was = await holds.end(id, end, [makeEvent('hold.ended', { at: end.at }, told)]);
      return changed(id, was, reader(request));
    },
  );
}

const isOver = ({ state }: Pick<Hold, 'state'>): boolean => state === 'ended' || state === 'expired';

/** A hold in the words of this reader. What goes on at its master is read now: `safe` is never older than this answer. */
async function viewOf(
  { holds, store }: HoldRouteParts,
  { doc, state, until, keys }: StoredHold,
  forWhom: Reader,
): Promise<Hold> {
  const over = isOver({ state });
  const fullSyncs = over ? [] : await fullSyncsAt(holds, store, { keys });
  const safe = state === 'safe' && fullSyncs.length === 0;
  const why = fullSyncs.length > 0 ? fullSyncsGoOn(fullSyncs) : doc.waitingFor;
  return {
    ...doc,
    state: state === 'safe' && !safe ? 'waiting' : state,
    until,
    safe,
    safeSince: safe ? doc.safeSince : null,
    waitingFor: over ? null : reasonFor(why, forWhom),
    fullSyncs,
    endedAt: doc.endedAt ?? (state === 'expired' ? until : null),
  };
}

const aboutHold = (holds: Pick<HoldStore, 'get'>): Stored => ({
  kind: 'hold',
  async concerned(id) {
    const hold = await holds.get(id);
    return hold && concernedByHold(hold);
  },
  missing: (id) => refuse('no_such_hold', { id }),
});

async function existing(holds: HoldStore, id: string): Promise<StoredHold> {
  const hold = await holds.get(id);
  if (hold !== null) return hold;
  throw refuse('no_such_hold', { id });
}
