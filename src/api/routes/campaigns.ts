import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { CampaignAdmission } from '../../admission/campaign.ts';
import { CampaignRequest } from '../../admission/campaign-request.ts';
import { concernedByRequests } from '../../admission/concerned.ts';
import type { MemberRequest } from '../../admission/request.ts';
import { printable } from '../../admission/validate.ts';
import { campaignControlProblem } from '../../core/campaign/controls.ts';
import {
  type CampaignState,
  type CampaignVerb,
  campaignHasEnded,
  campaignStates,
} from '../../model/campaign.ts';
import { campaignReportText } from '../../model/campaign-report.ts';
import type { Expansion } from '../../model/expansion.ts';
import { refuse, refuseField } from '../../model/refusal.ts';
import { CampaignPlan, CampaignReport, CampaignSummary, CampaignView } from '../../model/views/campaign.ts';
import { EventPage } from '../../model/views/event.ts';
import { PageOf } from '../../model/views/schema.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { CampaignStore, StoredCampaign } from '../../store/campaigns.ts';
import { campaignReport } from '../campaign-report.ts';
import { campaignSummary, campaignView, needsOtherPerson } from '../campaign-views.ts';
import type { Progressing } from '../event-streams.ts';
import { campaignPlanFor } from '../for-reader.ts';
import type { ApiParts, RoutePlugin } from '../parts.ts';
import { requesterOf } from '../plugins/app/access-control.ts';
import { trace } from '../plugins/app/trail.ts';
import { reader } from '../reader.ts';
import {
  CancelBody,
  errorResponses,
  IdempotencyHeaders,
  IdParams,
  Limit,
  ReasonBody,
  strict,
} from '../schemas.ts';
import type { Stored } from '../scopes.ts';
import { checkCursor, wake } from '../shared.ts';
import type { ApiTypeProvider } from '../type-provider.ts';
import { EventQuery, lastEventId, pageOf, StreamHeaders, streamText, wantsStream } from './events.ts';

export interface CampaignRouteParts {
  readonly campaigns: CampaignStore;
  readonly admission: CampaignAdmission;
  readonly doorbell: Pick<Doorbell, 'ring'>;
}

const Params = Type.Object({ id: { ...IdParams.properties.id, description: 'Id of the campaign.' } });

const ListQuery = Type.Object(
  {
    state: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: `States, separated by commas: ${campaignStates.join(', ')}.`,
      }),
    ),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Part of the label, a master or a node.' }),
    ),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: '`nextCursor` of the page before.' }),
    ),
    limit: Limit(200, 50),
  },
  { ...strict },
);

/** Stored expansions that are read side by side for a report. */
const readAtOnce = 8;

/** /v1/campaigns: many masters under one request, a canary group first. */
export function campaignRoutes(parts: CampaignRouteParts): RoutePlugin {
  return (plain, api) => {
    startRoute(plain, parts, api);
    readRoutes(plain, parts, api);
    historyRoutes(plain, parts, api);
    controlRoutes(plain, parts, api);
  };
}

const typed = (app: FastifyInstance) => app.withTypeProvider<ApiTypeProvider>();

function startRoute(
  plain: FastifyInstance,
  { admission }: CampaignRouteParts,
  { limits, now, fourEyes }: ApiParts,
): void {
  typed(plain).post(
    '/v1/campaigns',
    {
      bodyLimit: limits.maxBodyBytes,
      config: { action: 'expand', on: 'named' },
      schema: {
        operationId: 'startCampaign',
        tags: ['campaigns'],
        summary: 'Add nodes to many masters: canaries first, then the rest',
        description:
          'Accepted (202) only if preflight finds no error for any member. Members become expansions one after the other, at most maxRunning at a time; the rest begins only when every canary has succeeded, and nothing further begins after so many failures. With `dryRun=true` nothing is stored: the answer (200) is what each member would do, with all findings.',
        body: CampaignRequest,
        headers: IdempotencyHeaders,
        querystring: Type.Object(
          { dryRun: Type.Optional(Type.Boolean({ description: 'Only say what it would do.' })) },
          { ...strict },
        ),
        response: { 200: CampaignPlan, 202: CampaignView, ...errorResponses(400, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      if (request.query.dryRun === true)
        return campaignPlanFor(await admission.plan(request.body, requesterOf(request)), reader(request));
      const key = request.headers['idempotency-key'] ?? null;
      const { campaign, replayed } = await admission.start(request.body, requesterOf(request), key);
      if (replayed) reply.header('idempotency-replayed', 'true');
      return reply
        .code(202)
        .header('location', `/v1/campaigns/${campaign.id}`)
        .send(campaignView(campaign, now(), reader(request), fourEyes));
    },
  );
}

function readRoutes(
  plain: FastifyInstance,
  { campaigns }: CampaignRouteParts,
  { now, store, fourEyes }: ApiParts,
): void {
  const app = typed(plain);
  app.get(
    '/v1/campaigns',
    {
      config: { on: aboutCampaign(campaigns) },
      schema: {
        operationId: 'listCampaigns',
        tags: ['campaigns'],
        summary: 'List campaigns, newest first',
        querystring: ListQuery,
        response: { 200: PageOf(CampaignSummary), ...errorResponses(400) },
      },
    },
    async (request) => {
      const { state, limit, ...filter } = request.query;
      checkCursor(filter.cursor);
      const page = await campaigns.list({
        ...filter,
        ...(state === undefined ? {} : { states: parseStates(state) }),
        limit: limit ?? 50,
      });
      const at = now();
      return {
        items: page.items.map((campaign) => campaignSummary(campaign, at, reader(request), fourEyes)),
        nextCursor: page.nextCursor,
      };
    },
  );

  app.get(
    '/v1/campaigns/:id',
    {
      config: { on: aboutCampaign(campaigns) },
      schema: {
        operationId: 'getCampaign',
        tags: ['campaigns'],
        summary: 'Read one campaign with its members',
        params: Params,
        response: { 200: CampaignView, ...errorResponses(404) },
      },
    },
    async (request) =>
      campaignView(await existing(campaigns, request.params.id), now(), reader(request), fourEyes),
  );

  app.get(
    '/v1/campaigns/:id/report',
    {
      config: { on: aboutCampaign(campaigns) },
      schema: {
        operationId: 'getCampaignReport',
        tags: ['campaigns'],
        summary: 'What became of every member and every node',
        description: 'JSON; with `Accept: text/markdown` (or `format=markdown`) the same for people.',
        params: Params,
        querystring: Type.Object(
          { format: Type.Optional(Type.Enum(['json', 'markdown'], { description: 'Wins over Accept.' })) },
          { ...strict },
        ),
        response: { 200: CampaignReport, ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      const campaign = await existing(campaigns, request.params.id);
      const ids = campaign.members.flatMap(({ expansion }) => expansion?.id ?? []);
      const report = campaignReport(campaign, await readAll(store, ids), now(), reader(request), fourEyes);
      const accept = request.headers.accept ?? '';
      const format = request.query.format ?? (accept.includes('text/markdown') ? 'markdown' : 'json');
      if (format === 'json') return report;
      return reply
        .type('text/markdown; charset=utf-8')
        .header('content-disposition', `inline; filename="${campaign.id}.md"`)
        .send(campaignReportText(report, reader(request)) as never);
    },
  );
}

function historyRoutes(plain: FastifyInstance, { campaigns }: CampaignRouteParts, api: ApiParts): void {
  typed(plain).get(
    '/v1/campaigns/:id/events',
    {
      config: { on: aboutCampaign(campaigns) },
      schema: {
        operationId: 'listCampaignEvents',
        tags: ['campaigns'],
        summary: 'What happened in a campaign',
        description: `${streamText} A message \`progress\` without an id carries the campaign as GET /v1/campaigns/:id does, at most once a second. What happens to the nodes is told by the events of the expansions.`,
        params: Params,
        querystring: EventQuery,
        headers: StreamHeaders,
        response: { 200: EventPage, ...errorResponses(400, 404) },
      },
    },
    async (request, reply) => {
      const { id } = await existing(campaigns, request.params.id);
      const about = { campaignId: id };
      if (!wantsStream(request)) return pageOf(api, request, about);
      const progress: Progressing<StoredCampaign> = {
        load: () => campaigns.get(id),
        show: (campaign) => ({
          data: campaignView(campaign, api.now(), reader(request), api.fourEyes),
          moves: campaign.state === 'running',
          settled: campaignHasEnded(campaign.state),
        }),
      };
      const afterSeq = lastEventId(request) ?? request.query.after ?? 0;
      await api.streams.serve(request, reply, { about, afterSeq, progress });
      return reply;
    },
  );
}

const verbs: readonly (readonly [CampaignVerb, string])[] = [
  ['pause', 'Begin no further member; members at work go on'],
  ['resume', 'Go on with a paused campaign'],
  ['approve', 'Let the rest begin after the canaries'],
  ['cancel', 'End the campaign: no further member begins'],
];

function controlRoutes(plain: FastifyInstance, parts: CampaignRouteParts, api: ApiParts): void {
  for (const [verb, summary] of verbs) {
    typed(plain).post(
      `/v1/campaigns/:id/${verb}`,
      {
        config: {
          action: verb === 'approve' ? 'approve' : 'steer',
          on: aboutCampaign(parts.campaigns),
          emergency: true,
        },
        schema: {
          operationId: `${verb}Campaign`,
          tags: ['campaigns'],
          summary,
          params: Params,
          body: verb === 'cancel' ? CancelBody : ReasonBody,
          response: { 202: CampaignView, ...errorResponses(400, 404, 409, 415) },
        },
      },
      async (request, reply) => {
        const { reason, cancelMembers = false } = request.body as { reason: string; cancelMembers?: boolean };
        const campaign = await existing(parts.campaigns, request.params.id);
        const at = api.now();
        const by = requesterOf(request).name;
        const fourEyes = needsOtherPerson(campaign, api.fourEyes);
        const problem = campaignControlProblem(campaign, { verb, cancelMembers }, { by, fourEyes });
        if (problem !== null) throw problem;
        const control = { id: api.newId('ctl'), verb, reason, by, at, cancelMembers };
        await parts.campaigns.control(campaign.id, control);
        trace(request, { before: { state: campaign.state }, after: { control } });
        await wake(parts.doorbell, api.log, 'campaign', campaign.id);
        return reply
          .code(202)
          .send(
            campaignView(
              await existing(parts.campaigns, campaign.id),
              api.now(),
              reader(request),
              api.fourEyes,
            ),
          );
      },
    );
  }
}

const aboutCampaign = (campaigns: Pick<CampaignStore, 'get'>): Stored => ({
  kind: 'campaign',
  async concerned(id) {
    const campaign = await campaigns.get(id);
    return campaign && concernedByRequests(campaign.members.map(({ request }) => request as MemberRequest));
  },
  missing: (id) => refuse('no_such_campaign', { id }),
});

async function existing(campaigns: CampaignStore, id: string): Promise<StoredCampaign> {
  const campaign = await campaigns.get(id);
  if (campaign !== null) return campaign;
  throw refuse('no_such_campaign', { id });
}

async function readAll(
  store: ApiParts['store'],
  ids: readonly string[],
): Promise<ReadonlyMap<string, Expansion>> {
  const found = new Map<string, Expansion>();
  const left = ids.values();
  const read = async () => {
    for (const id of left) {
      const expansion = await store.get(id);
      if (expansion) found.set(id, expansion);
    }
  };
  await Promise.all(Array.from({ length: readAtOnce }, read));
  return found;
}

function parseStates(text: string): readonly CampaignState[] {
  const states = text.split(',').map((state) => state.trim());
  for (const state of states) {
    if (campaignStates.includes(state as CampaignState)) continue;
    throw refuseField('not_a_state', 'state', { value: printable(state), states: campaignStates }, 'query');
  }
  return states as readonly CampaignState[];
}
