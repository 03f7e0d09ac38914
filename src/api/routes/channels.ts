import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { checkMayAct, hasAction } from '../../admission/may-act.ts';
import { afterAcknowledgement } from '../../core/notice/incidents.ts';
import { channelKinds, topics } from '../../model/channel.ts';
import { type Incident, incidentTitle, problemText } from '../../model/incident.ts';
import { patterns } from '../../model/invalid-fields.ts';
import { testNotice } from '../../model/notice.ts';
import { refuse } from '../../model/refusal.ts';
import { languages, type Reader, readSaid } from '../../model/text.ts';
import { ChannelTest, ChannelView, IncidentView, NewChannel } from '../../model/views/channel.ts';
import { PageOf } from '../../model/views/schema.ts';
import { deliveryTexts } from '../../model/webhook-texts.ts';
import { changedChannel, newChannel, shownChannel } from '../../notices/channel.ts';
import type { SendNotice } from '../../notices/send.ts';
import type { ChannelStore, StoredChannel } from '../../store/channels.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import { errorResponses, Limit, strict } from '../schemas.ts';
import { checkCursor } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';

const Clock = (description: string) => Type.String({ pattern: patterns.time_of_day, description });
const Text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: patterns.not_blank, description });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const settings = {
  name: Text(100, 'What people call it.'),
  url: Type.String({
    minLength: 8,
    maxLength: 2000,
    description:
      'The address that the service gave you. Of `email` the mail server: smtps://host (TLS), smtp://host (STARTTLS) or smtp+plain://host.',
  }),
  secret: Type.Optional(
    orNull(
      Text(
        500,
        'Signs the messages of `dingtalk` and `feishu`; the password of `email`; of `generic` left out = the service makes one.',
      ),
    ),
  ),
  user: Type.Optional(orNull(Text(320, 'Of `email`: the login.'))),
  from: Type.Optional(Text(320, 'Of `email`: the address of the sender.')),
  to: Type.Optional(
    Type.Array(Type.String({ minLength: 3, maxLength: 320 }), {
      minItems: 1,
      maxItems: 20,
      description: 'Of `email`: the addresses of the receivers.',
    }),
  ),
  topics: Type.Optional(
    Type.Array(Type.Enum([...topics]), {
      maxItems: topics.length,
      description: 'What it is told of; left out or empty = everything.',
    }),
  ),
  masters: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      maxItems: 100,
      description:
        'It is told of incidents of these masters alone: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like; left out or empty = of all.',
    }),
  ),
  language: Type.Optional(Type.Enum([...languages], { description: 'Default: en.' })),
  repeatMinutes: Type.Optional(
    orNull(
      Type.Integer({
        minimum: 5,
        maximum: 1440,
        description: 'What nobody acknowledges is said again after this time. Default: 30. null = it is not.',
      }),
    ),
  ),
  quiet: Type.Optional(
    orNull(
      Type.Object(
        {
          from: Clock('When the quiet hours begin.'),
          to: Clock('When they end.'),
          timeZone: Type.String({
            minLength: 1,
            maxLength: 64,
            description: 'Name of a time zone, as Asia/Shanghai.',
          }),
          breakThrough: Type.Optional(
            Type.Array(Type.Enum([...topics]), {
              maxItems: topics.length,
              description: 'What is said all the same. Default: halted and unattended.',
            }),
          ),
        },
        { ...strict },
      ),
    ),
  ),
};

const ChannelBody = Type.Object(
  { kind: Type.Enum([...channelKinds]), ...settings },
  {
    ...strict,
    examples: [{ name: 'on call', kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/xyz' }],
  },
);
const ChannelChange = Type.Object(
  { ...settings, name: Type.Optional(settings.name), url: Type.Optional(settings.url) },
  { ...strict, minProperties: 1, description: 'What is left out stays as it is.' },
);

const IdOf = (what: string) =>
  Type.Object({
    id: Type.String({ minLength: 1, maxLength: 80, pattern: patterns.id, description: `Id of the ${what}.` }),
  });

const mostChannels = 100;

export interface ChannelRouteParts {
  readonly channels: ChannelStore;
  readonly send: SendNotice;
  /** Receivers with private addresses that may be asked. */
  readonly allowed: readonly string[];
}

/** /v1/channels: where people are told of what needs them; /v1/incidents: what needs them. */
export function channelRoutes(routeParts: ChannelRouteParts): RoutePlugin {
  return (app, parts) => {
    addChannelRoutes(typed(app), parts, routeParts);
    addIncidentRoutes(typed(app), parts, routeParts);
  };
}

const typed = (app: FastifyInstance) => app.withTypeProvider<ApiTypeProvider>();
type App = ReturnType<typeof typed>;

function addChannelRoutes(
  app: App,
  { log, now, newId }: ApiParts,
  { channels, send, allowed }: ChannelRouteParts,
): void {
  const seesAnswers = ({ caller }: { readonly caller: Parameters<typeof hasAction>[0] | null }): boolean =>
    caller !== null && hasAction(caller, 'webhooks');

  app.get(
    '/v1/channels',
    {
      config: { on: 'all' },
      schema: {
        operationId: 'listChannels',
        tags: ['channels'],
        summary: 'All channels, the oldest first',
        response: { 200: PageOf(ChannelView), ...errorResponses() },
      },
    },
    async (request) => {
      const last = await channels.lastNotices();
      const items = (await channels.list()).map((channel) =>
        shownChannel(channel, last.get(channel.id) ?? null, reader(request), seesAnswers(request)),
      );
      return { items, nextCursor: null };
    },
  );

  app.post(
    '/v1/channels',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'createChannel',
        tags: ['channels'],
        summary: 'Make a channel, on which people are told of what needs them',
        description: 'It is told of incidents that begin from now on, and of those that are open.',
        body: ChannelBody,
        response: { 201: NewChannel, ...errorResponses(400, 409, 415) },
      },
    },
    async (request, reply) => {
      const made = { id: newId('chn'), createdBy: requesterOf(request).name, createdAt: now() };
      const channel = newChannel(request.body, made, allowed);
      if ((await channels.list()).length >= mostChannels)
        throw refuse('too_many_channels', { most: mostChannels });
      await channels.create(channel);
      const shown = shownChannel(channel, null, reader(request), true);
      trace(request, { after: shown });
      log.info({ channel: channel.id, kind: channel.kind, by: made.createdBy }, 'a channel was made');
      reply.code(201).header('location', `/v1/channels/${channel.id}`);
      const isOwn = channel.kind === 'generic' && request.body.secret == null;
      return { ...shown, secret: isOwn ? channel.secret : null };
    },
  );

  app.get(
    '/v1/channels/:id',
    {
      config: { on: 'all' },
      schema: {
        operationId: 'getChannel',
        tags: ['channels'],
        summary: 'One channel',
        params: IdOf('channel'),
        response: { 200: ChannelView, ...errorResponses(400, 404) },
      },
    },
    async (request) => {
      const channel = await existing(channels, request.params.id);
      const last = (await channels.lastNotices()).get(channel.id) ?? null;
      return shownChannel(channel, last, reader(request), seesAnswers(request));
    },
  );

  app.patch(
    '/v1/channels/:id',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'changeChannel',
        tags: ['channels'],
        summary: 'Change a channel',
        params: IdOf('channel'),
        body: ChannelChange,
        response: { 200: ChannelView, ...errorResponses(400, 404, 415) },
      },
    },
    async (request) => {
      const before = await existing(channels, request.params.id);
      const after = changedChannel(before, request.body, allowed);
      await channels.change(after);
      const last = (await channels.lastNotices()).get(after.id) ?? null;
      const shown = shownChannel(after, last, reader(request), true);
      trace(request, { before: shownChannel(before, null, reader(request), true), after: shown });
      log.info({ channel: after.id, by: requesterOf(request).name }, 'a channel was changed');
      return shown;
    },
  );

  app.delete(
    '/v1/channels/:id',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'deleteChannel',
        tags: ['channels'],
        summary: 'Delete a channel with its messages',
        params: IdOf('channel'),
        response: { 204: Type.Null(), ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      trace(request, { before: shownChannel(await existing(channels, id), null, reader(request), true) });
      await channels.remove(id);
      log.info({ channel: id, by: requesterOf(request).name }, 'a channel was deleted');
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/channels/:id/test',
    {
      config: { action: 'webhooks', on: 'all' },
      schema: {
        operationId: 'testChannel',
        tags: ['channels'],
        summary: 'Send a test message now, and say what came of it',
        params: IdOf('channel'),
        response: { 200: ChannelTest, ...errorResponses(400, 404) },
      },
    },
    async (request) => {
      const channel = await existing(channels, request.params.id);
      const text = testNotice(channel.name, { language: channel.language, tool: 'cli' });
      const outgoing = { id: newId('ntc'), text, notice: null };
      const { delivered, error } = await send(channel, outgoing, new AbortController().signal);
      trace(request, { after: { delivered } });
      return { delivered, error: error === null ? null : readSaid(deliveryTexts, error, reader(request)) };
    },
  );
}

function addIncidentRoutes(app: App, { log, now }: ApiParts, { channels }: ChannelRouteParts): void {
  app.get(
    '/v1/incidents',
    {
      config: { on: 'owners' },
      schema: {
        operationId: 'listIncidents',
        tags: ['channels'],
        summary: 'What needs a person, the newest first',
        querystring: Type.Object(
          {
            open: Type.Optional(
              Type.Boolean({ description: 'true = only those that are not over; false = only the others.' }),
            ),
            cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
            limit: Limit(200, 50),
          },
          { ...strict },
        ),
        response: { 200: PageOf(IncidentView), ...errorResponses(400) },
      },
    },
    async (request) => {
      const { query } = request;
      checkCursor(query.cursor);
      const page = await channels.incidents({ ...query, limit: query.limit ?? 50 });
      return { ...page, items: page.items.map((incident) => shownIncident(incident, reader(request))) };
    },
  );

  app.post(
    '/v1/incidents/:id/acknowledge',
    {
      config: { action: 'steer', on: 'named' },
      async preValidation(request) {
        request.body ??= {};
      },
      schema: {
        operationId: 'acknowledgeIncident',
        tags: ['channels'],
        summary: 'Say that you see to it: it is not said again',
        description: 'What nothing else ends is over then.',
        params: IdOf('incident'),
        body: Type.Object(
          {
            reason: Type.Optional(
              Type.String({ minLength: 1, maxLength: 1000, pattern: patterns.not_blank }),
            ),
          },
          { ...strict },
        ),
        response: { 200: IncidentView, ...errorResponses(400, 404, 409, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { reason = null } = request.body;
      const { caller } = request;
      const before = await channels.incident(id);
      if (before === null) throw refuse('no_such_incident', { id });
      const shown = shownIncident(before, reader(request));
      if (caller !== null && !(await app.seenBy(caller)(shown))) throw refuse('no_such_incident', { id });
      // Of what is about the service as a whole.
      if (before.owner === 'service') checkMayAct(caller ?? undefined, 'steer', null);
      const by = requesterOf(request).name;
      const acknowledged = { by, at: now(), reason };
      const after = await channels.changeIncident(id, (incident) =>
        afterAcknowledgement(incident, acknowledged),
      );
      if (after === null) throw refuse('incident_over', { id });
      trace(request, { before: { acknowledged: before.acknowledged }, after: { acknowledged } });
      log.info({ incident: id, by }, 'an incident was acknowledged');
      return shownIncident(after, reader(request));
    },
  );
}

function shownIncident(incident: Incident, forWhom: Reader): IncidentView {
  const { key: _key, owner, ownerId, problems, ...shown } = incident;
  return {
    expansionId: null,
    ...shown,
    ...(owner === 'service' ? {} : { [owner]: ownerId }),
    title: incidentTitle(incident, forWhom),
    problems: problems.map(({ key: _key, said, ...problem }) => ({
      ...problem,
      node: said.node,
      text: problemText({ said }, forWhom),
    })),
  };
}

async function existing(channels: ChannelStore, id: string): Promise<StoredChannel> {
  const channel = await channels.get(id);
  if (channel !== null) return channel;
  throw refuse('no_such_channel', { id });
}
