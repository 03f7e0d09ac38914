import { Gauge } from 'prom-client';
import type { Admission } from '../../admission/admission.ts';
import { createCampaignAdmission } from '../../admission/campaign.ts';
import type { NewId } from '../../admission/ids.ts';
import type { RoutePlugin } from '../../api/parts.ts';
import { campaignRoutes } from '../../api/routes/campaigns.ts';
import { campaignHasEnded, campaignStates } from '../../model/campaign.ts';
import type { Config } from '../../platform/config.ts';
import type { AtCrashPoint } from '../../platform/crash-points.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { CampaignStore } from '../../store/campaigns.ts';
import type { Store } from '../../store/store.ts';
import { createCampaignHandler } from './handler.ts';

export interface CampaignParts {
  readonly config: Config;
  readonly log: Log;
  readonly store: Store;
  readonly campaigns: CampaignStore;
  readonly doorbells: Readonly<Record<'expansion' | 'campaign', Doorbell>>;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly newId: NewId;
  readonly crashPoint: AtCrashPoint;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The part of the service that leads campaigns through. */
export interface Campaigns {
  readonly routes: RoutePlugin;
  readonly handler: WakeUpHandler;
}

/** Puts together what campaigns need: their entrance, their work and their figures. */
export function openCampaigns(parts: CampaignParts): Campaigns {
  const { config, log, store, campaigns, metrics, admission, newId } = parts;
  const doorbell = parts.doorbells.campaign;
  countCampaigns(metrics, campaigns);

  const campaignAdmission = createCampaignAdmission({
    admission,
    campaigns,
    doorbell,
    credentials: config.credentials,
    limits: config.limits,
    now: Date.now,
    newId,
    onEvents: (events) => metrics.eventsStored(events),
    onDoorbellFailure: (campaignId, error) =>
      log.warn(
        { err: error, campaignId },
        'a worker could not be woken; the campaign is found a little later',
      ),
  });

  return {
    routes: campaignRoutes({ campaigns, admission: campaignAdmission, doorbell }),
    handler: createCampaignHandler({
      campaigns,
      store,
      admission,
      doorbell: parts.doorbells.expansion,
      log,
      now: Date.now,
      sleep: parts.sleep,
      onEvents: (events) => metrics.eventsStored(events),
      crashPoint: parts.crashPoint,
    }),
  };
}

/** A gauge that reads the store whenever the figures are asked for. */
function countCampaigns(metrics: Metrics, campaigns: CampaignStore): void {
  new Gauge({
    name: 'pika_expander_campaigns',
    help: 'Campaigns that have not ended, by state.',
    labelNames: ['state'],
    registers: [metrics.registry],
    async collect() {
      // A figure of its own shows that the database is away; this figure keeps its value.
      const counts = await campaigns.counts().catch(() => null);
      if (counts === null) return;
      for (const state of campaignStates)
        if (!campaignHasEnded(state)) this.set({ state }, counts[state] ?? 0);
    },
  });
}
