import type { FastifyInstance } from 'fastify';
import { campaignReport } from '../../src/api/campaign-report.ts';
import { campaignSummary, campaignView } from '../../src/api/campaign-views.ts';
import { reader } from '../../src/api/reader.ts';
import { campaignControlProblem } from '../../src/core/campaign/controls.ts';
import { decideCampaign } from '../../src/core/campaign/decision.ts';
import {
  type Campaign,
  type CampaignControl,
  type CampaignMember,
  type CampaignVerb,
  type MemberExpansion,
  memberExpansionOf,
  newCampaign,
} from '../../src/model/campaign.ts';
import { campaignReportText } from '../../src/model/campaign-report.ts';
import { eventFor } from '../../src/model/events.ts';
import type { Finding } from '../../src/model/finding.ts';
import { nobody, type Reader } from '../../src/model/text.ts';
import type { CampaignPlan, MemberPlan } from '../../src/model/views/campaign.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import { said } from '../support/said.ts';
import type { MockWorld } from './mock-world.ts';

interface Scene {
  readonly id: string;
  readonly label: string | null;
  readonly members: number;
  readonly approval?: boolean;
  /** What each member's expansion has come to, from the first on. */
  readonly went: readonly MemberExpansion['state'][];
  /** Whose expansion the page of an expansion shows, by member. */
  readonly shown?: readonly (MemberExpansion | null)[];
}

const problem = (at: number) => ({
  code: 'attempts_exhausted',
  text: '10.50.1.2:9221 was attached 3 times and never complete.',
  nextSteps: ['Look at its anomalies, then retry or skip it.'],
  at,
});

/** Campaigns in every kind of state, led by the real decision; nothing of them moves unless a control does it. */
class MockCampaigns {
  readonly #world: MockWorld;
  readonly campaigns = new Map<string, Campaign>();
  readonly events: StoredEvent[] = [];

  constructor(world: MockWorld) {
    this.#world = world;
    const real = world.expansions.slice(0, 2).map(memberExpansionOf);
    this.#play({
      id: 'cpn_running',
      label: 'rack 7',
      members: 6,
      went: ['succeeded', 'succeeded', 'running'],
      shown: real,
    });
    this.#play({ id: 'cpn_awaiting', label: 'north', members: 4, approval: true, went: ['succeeded'] });
    this.#play({ id: 'cpn_halted', label: null, members: 2, went: ['succeeded', 'halted'] });
    this.#play({
      id: 'cpn_failed',
      label: 'a label that is longer than most labels that people give to such a thing',
      members: 12,
      went: ['succeeded', 'failed', 'succeeded'],
    });
    this.#play({ id: 'cpn_done', label: 'south', members: 2, went: ['succeeded', 'succeeded'] });
  }

  #play({ id, label, members, went, approval = false, shown = [] }: Scene): void {
    const { now } = this.#world;
    let campaign = newCampaign({
      id,
      label,
      requestedBy: 'mira',
      via: 'rest',
      at: now - 90_000,
      settings: { maxRunning: 2, stopAfterFailures: 1, canaryApproval: approval },
      members: Array.from({ length: members }, (_, index) => ({
        group: index === 0 ? 'canary' : 'rest',
        master: `10.50.${index}.1:9221`,
        nodes: [`10.50.${index}.2:9221`, `10.50.${index}.3:9221`],
        label: null,
        request: { master: `10.50.${index}.1:9221`, nodes: [] },
        forecastSeconds: 75,
      })),
    });
    const expansionOf = (index: number): MemberExpansion => ({
      ...(shown[index] ?? { id: `exp_of_${id}_${index}` }),
      state: went[index] ?? 'running',
      stateReason: went[index] === 'halted' ? said('a node was given up') : null,
      waitingFor: null,
      startedAt: now - 60_000,
      endedAt: went[index] === 'succeeded' || went[index] === 'failed' ? now - 5_000 : null,
      nodesVerified: went[index] === 'succeeded' ? 2 : 0,
      forecastSeconds: 75,
      problem: went[index] === 'halted' || went[index] === 'failed' ? problem(now) : null,
      id: shown[index]?.id ?? `exp_of_${id}_${index}`,
    });
    for (let turn = 0; turn < 12; turn++) {
      const by = (state: CampaignMember['state']) =>
        campaign.members.filter((member) => member.state === state);
      campaign = this.#decide(campaign, {
        admissions: new Map(
          by('starting').map(({ index }) => [
            index,
            { kind: 'accepted', expansion: { ...expansionOf(index), state: 'running', endedAt: null } },
          ]),
        ),
        expansions: new Map(by('running').map(({ index }) => [index, expansionOf(index)])),
      });
    }
    this.campaigns.set(id, campaign);
  }

  #decide(campaign: Campaign, input: Partial<Parameters<typeof decideCampaign>[0]>): Campaign {
    const decision = decideCampaign({
      campaign,
      now: this.#world.now,
      controls: [],
      admissions: new Map(),
      expansions: new Map(),
      frozen: null,
      ...input,
    });
    for (const event of decision.events)
      this.events.push({
        ...event,
        seq: 1_000_000 + this.events.length,
        expansionId: null,
        campaignId: campaign.id,
      });
    return decision.campaign;
  }

  view(id: string, forWhom: Reader) {
    const campaign = this.campaigns.get(id);
    return campaign ? campaignView({ ...campaign, pendingControls: [] }, this.#world.now, forWhom) : null;
  }

  control(id: string, control: CampaignControl) {
    const campaign = this.campaigns.get(id)!;
    const found = campaignControlProblem(campaign, control);
    if (found === null) this.campaigns.set(id, this.#decide(campaign, { controls: [control] }));
    return found;
  }
}

const heldFinding = (node: string): Finding => ({
  code: 'holds_data',
  severity: 'error',
  node,
  text: 'The node holds keys, and the request does not permit to replace them.',
  nextStep: 'Empty the node, or permit it.',
});

/** The routes of campaigns out of a scripted world. */
export function registerCampaigns(app: FastifyInstance, world: MockWorld, onOverview: boolean): void {
  const mock = new MockCampaigns(world);
  const idOf = (request: { readonly params: unknown }) => (request.params as { id: string }).id;
  const missing = {
    error: {
      code: 'no_such_campaign',
      message: 'There is no such campaign.',
      next_steps: [],
      requestId: 'r',
    },
  };
  app.post('/v1/campaigns', async (request, reply) => {
    const body = request.body as { members: { master: { address: string }; nodes: { address: string }[] }[] };
    if (!(request.query as { dryRun?: string }).dryRun)
      return reply.code(202).send(mock.view('cpn_running', reader(request)));
    const members = body.members.map(({ master, nodes }, index): MemberPlan => {
      const names = nodes.map(({ address }) => address);
      const held = names.find((name) => name.includes('.66:'));
      return {
        index,
        group: index === 0 ? 'canary' : 'rest',
        master: master.address,
        nodes: names,
        label: null,
        acceptable: held === undefined,
        findings: held === undefined ? [] : [heldFinding(held)],
        batchSize: 1,
        batchSizeReason: said('one at a time'),
        batches: names.map((name) => [name]),
        waitsFor: null,
        forecast: null,
      };
    });
    const plan: CampaignPlan = {
      at: world.now,
      label: null,
      settings: { maxRunning: 1, stopAfterFailures: 1, canaryApproval: false },
      acceptable: members.every(({ acceptable }) => acceptable),
      forecastSeconds: 150,
      members,
    };
    return plan;
  });
  app.get('/v1/campaigns', async (request) => {
    const { state } = request.query as { state?: string };
    const items = [...mock.campaigns.values()]
      .filter((campaign) => state === undefined || (onOverview && state.split(',').includes(campaign.state)))
      .map((campaign) => campaignSummary({ ...campaign, pendingControls: [] }, world.now, reader(request)));
    return { items, nextCursor: null };
  });
  app.get(
    '/v1/campaigns/:id',
    async (request, reply) => mock.view(idOf(request), reader(request)) ?? reply.code(404).send(missing),
  );
  app.get('/v1/campaigns/:id/events', async (request) => ({
    items: mock.events
      .filter(({ campaignId }) => campaignId === idOf(request))
      .map((event) => eventFor(event, reader(request))),
    nextAfter: null,
  }));
  app.get('/v1/campaigns/:id/report', async (request, reply) => {
    const campaign = { ...mock.campaigns.get(idOf(request))!, pendingControls: [] };
    return reply
      .type('text/markdown')
      .send(campaignReportText(campaignReport(campaign, new Map(), world.now, nobody), nobody));
  });
  app.post('/v1/campaigns/:id/:verb', async (request, reply) => {
    const { id, verb } = request.params as { id: string; verb: CampaignVerb };
    const { reason, cancelMembers = false } = request.body as { reason: string; cancelMembers?: boolean };
    const control = { id: `ctl-${world.now}`, verb, reason, by: 'local', at: world.now, cancelMembers };
    const found = mock.control(id, control);
    if (found)
      return reply.code(409).send({
        error: { code: found.code, message: found.message, next_steps: found.nextSteps, requestId: 'r' },
      });
    return reply.code(202).send(mock.view(id, reader(request)));
  });
}
