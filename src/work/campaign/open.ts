import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
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
import { openDoorbell, startDoorbellWorker } from '../../queue/bullmq-doorbell.ts';
import type { QueueBackend } from '../../queue/connection.ts';
import { alongside, type Doorbell, type DoorbellWorker } from '../../queue/doorbell.ts';
import type { CampaignStore } from '../../store/campaigns.ts';
import type { Store } from '../../store/store.ts';
import { startReconciler } from '../reconciler.ts';
import { createCampaignHandler } from './handler.ts';

export interface CampaignParts {
  readonly config: Config;
  readonly log: Log;
  readonly store: Store;
  readonly campaigns: CampaignStore;
  readonly queue: QueueBackend;
  /** Rings for expansions. */
  readonly doorbell: Doorbell;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly newId: NewId;
  readonly reconcileEveryMs: number;
  readonly crashPoint: AtCrashPoint;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The part of the service that leads campaigns through. */
export interface Campaigns {
  readonly routes: RoutePlugin;
  /** Begins to work on campaigns; when it is closed, other processes go on. */
  startWork(): DoorbellWorker;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Campaigns only wait for their expansions, so one process can hold many. */
const atOnce = 64;

/** Puts together what campaigns need: their entrance, their wake-ups and their figures. */
export function openCampaigns(parts: CampaignParts): Campaigns {
  const { config, log, store, campaigns, queue, metrics, admission, newId } = parts;
  const trouble = (what: string) => (error: unknown) =>
    log.warn({ err: error }, `trouble with ${what}; it is tried again`);
  const doorbell = openDoorbell(queue, {
    name: 'campaign-wake-ups',
    onTrouble: trouble('the queue of campaigns'),
  });
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

  function startWork(): DoorbellWorker {
    const handler = createCampaignHandler({
      campaigns,
      store,
      admission,
      doorbell: parts.doorbell,
      log,
      owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
      now: Date.now,
      sleep: parts.sleep,
      onEvents: (events) => metrics.eventsStored(events),
      crashPoint: parts.crashPoint,
    });
    const wakeUps = startDoorbellWorker(queue, doorbell, handler, {
      name: 'campaign-wake-ups',
      concurrency: atOnce,
      onTrouble: trouble('a campaign'),
    });
    const reconciler = startReconciler({
      store: campaigns,
      doorbell,
      intervalMs: parts.reconcileEveryMs,
      onTrouble: trouble('the search for campaigns that are due'),
    });
    return alongside(wakeUps, reconciler);
  }

  return {
    routes: campaignRoutes({ campaigns, admission: campaignAdmission, doorbell }),
    startWork,
    ping: () => doorbell.ping(),
    close: () => doorbell.close(),
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
      // That the database is away shows in a figure of its own; this one keeps what it was.
      const counts = await campaigns.counts().catch(() => null);
      if (counts === null) return;
      for (const state of campaignStates)
        if (!campaignHasEnded(state)) this.set({ state }, counts[state] ?? 0);
    },
  });
}
