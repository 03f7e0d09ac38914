import type { Admission } from '../../../src/admission/admission.ts';
import { createCampaignAdmission } from '../../../src/admission/campaign.ts';
import type { RoutePlugin } from '../../../src/api/parts.ts';
import { campaignRoutes } from '../../../src/api/routes/campaigns.ts';
import type { Credential } from '../../../src/engines/engine.ts';
import type { ExpansionState, JoinPhase } from '../../../src/model/expansion.ts';
import { credentialSource, defaultLimits } from '../../../src/platform/config.ts';
import type { CampaignStore } from '../../../src/store/campaigns.ts';
import { type CampaignWorkerParts, createCampaignHandler } from '../../../src/work/campaign/handler.ts';
import {
  fakeDoorbell,
  type RungDoorbell,
  type TestApi,
  type TestApiOptions,
  testApi,
} from '../../api/support.ts';
import { aMaster } from '../../core/plan/preflight-support.ts';
import { createMemoryCampaigns } from '../../support/memory-campaigns.ts';
import type { MemoryStore } from '../../support/memory-store.ts';
import { said } from '../../support/said.ts';

export const masterOf = (index: number): string => `10.1.${index}.1:9221`;
export const nodeOf = (index: number): string => `10.1.${index}.2:9221`;

/** A request for so many masters with one node each. */
export const campaignRequest = (members: number, more: object = {}) => ({
  members: Array.from({ length: members }, (_, index) => ({
    master: masterOf(index),
    nodes: [nodeOf(index)],
  })),
  ...more,
});

export interface CampaignWorld {
  readonly api: TestApi;
  readonly campaigns: CampaignStore;
  /** The one way in for expansions. */
  readonly admission: Admission;
  /** Rings for campaigns; `api.doorbell` rings for expansions. */
  readonly rings: RungDoorbell;
  /** Lets a worker act on a campaign for so many turns; each second of its waiting passes at once. */
  work(id: string, turns: number, more?: Partial<CampaignWorkerParts>): Promise<void>;
  /** Lets a worker act until the signal stops it. */
  workUntil(id: string, signal: AbortSignal, more?: Partial<CampaignWorkerParts>): Promise<void>;
  /** What an expansion's worker would do. */
  move(expansionId: string, state: ExpansionState, phase?: JoinPhase, reason?: string): Promise<void>;
  /** Ids of the expansions of a campaign's members, null where there is none. */
  expansionsOf(id: string): Promise<readonly (string | null)[]>;
}

/** The API with campaigns, over stores in memory and ten masters that only pretend. */
export async function campaignWorld(options: TestApiOptions = {}): Promise<CampaignWorld> {
  const rings = fakeDoorbell();
  let campaigns: CampaignStore | null = null;
  let admission: Admission | null = null;
  let parts: Omit<CampaignWorkerParts, 'owner' | 'sleep'> | null = null;
  const routes: RoutePlugin = (app, api) => {
    const store = api.store as MemoryStore;
    campaigns = createMemoryCampaigns(store, api.now);
    admission = api.admission;
    const campaignAdmission = createCampaignAdmission({
      admission: api.admission,
      campaigns,
      doorbell: rings,
      credentials: credentialSource(options.credentials ?? new Map<string, Credential>()),
      limits: { ...defaultLimits, ...options.limits },
      now: api.now,
      newId: api.newId,
    });
    parts = {
      campaigns,
      store,
      admission: api.admission,
      doorbell: api.doorbell,
      log: api.log,
      now: api.now,
    };
    return campaignRoutes({ campaigns, admission: campaignAdmission, doorbell: rings })(app, api);
  };
  const api = await testApi({
    ...options,
    api: { ...options.api, routes: [routes, ...(options.api?.routes ?? [])] },
  });
  for (let index = 0; index < 10; index++) api.engine.set(masterOf(index), aMaster({}, masterOf(index)).look);
  let workers = 0;
  const handler = (sleep: CampaignWorkerParts['sleep'], more: Partial<CampaignWorkerParts>) =>
    createCampaignHandler({ ...parts!, owner: `worker-${++workers}`, sleep, ...more });

  return {
    api,
    campaigns: campaigns!,
    admission: admission!,
    rings,
    async work(id, turns, more = {}) {
      const stop = new AbortController();
      let left = turns;
      const sleep = async (ms: number) => {
        api.clock.now += ms;
        left -= 1;
        if (left <= 0) stop.abort();
      };
      await handler(sleep, more)(id, stop.signal);
    },
    async workUntil(id, signal, more = {}) {
      const sleep = async (ms: number) => {
        api.clock.now += ms;
        await new Promise((resolve) => setImmediate(resolve));
      };
      await handler(sleep, more)(id, signal);
    },
    async move(expansionId, state, phase, reason) {
      const lease = (await api.store.claim(expansionId, 'test', 60_000))!;
      const before = (await api.store.get(expansionId))!;
      const joins = phase ? before.joins.map((join) => ({ ...join, phase })) : before.joins;
      const endedAt = ['succeeded', 'failed', 'cancelled'].includes(state) ? api.clock.now : null;
      const after = {
        ...before,
        state,
        stateReason: reason === undefined ? null : said(reason),
        joins,
        startedAt: before.startedAt ?? api.clock.now,
        endedAt,
      };
      await api.store.save(lease, before, after, { events: [], lookAgainInMs: null });
      await api.store.release(lease);
    },
    async expansionsOf(id) {
      return (await campaigns!.get(id))!.members.map(({ expansion }) => expansion?.id ?? null);
    },
  };
}
