import type { Logger } from 'pino';
import type { Admission } from '../../admission/admission.ts';
import { type AdmissionOutcome, decideCampaign } from '../../core/campaign/decision.ts';
import type { Admitted } from '../../model/admitted.ts';
import {
  type Campaign,
  type CampaignMember,
  campaignHasEnded,
  type MemberExpansion,
  memberExpansionOf,
  memberKey,
} from '../../model/campaign.ts';
import type { EventInput } from '../../model/events.ts';
import type { Expansion } from '../../model/expansion.ts';
import type { AtCrashPoint } from '../../platform/crash-points.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { CampaignStore, StoredCampaign } from '../../store/campaigns.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import { type ShellOptions, underLease, whileKept } from '../shell.ts';
import { admittedBefore, admitWithin, cancelWithin, unlessAborted } from '../within.ts';

export interface CampaignWorkerParts {
  readonly campaigns: CampaignStore;
  readonly store: Pick<Store, 'get' | 'acceptedUnder' | 'addControl' | 'freezeState'>;
  readonly admission: Pick<Admission, 'expand'>;
  /** Rings for expansions. */
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly log: Logger;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** How long a dead worker's campaigns stay untouched. */
  readonly leaseMs?: number;
  /** Called with the stored events, for the figures. */
  readonly onEvents?: (events: readonly EventInput[]) => void;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

const defaultLeaseMs = 15_000;

/**
 * The work on a campaign's wake-up. It holds the lease, looks at the members' expansions, decides, stores, and has the
 * next members admitted like any other request, until nothing is left to do or the signal stops it. Any number of
 * workers may be called with one id: the lease lets a single worker through. After a kill at any point the next worker
 * goes on. A member is admitted under a key of its own, and only while the campaign is held, so it never begins twice.
 */
export function createCampaignHandler(parts: CampaignWorkerParts): WakeUpHandler {
  const { campaigns: store, log, now, sleep, owner, leaseMs = defaultLeaseMs } = parts;
  const shell: ShellOptions = {
    store,
    what: 'campaign',
    log,
    now,
    sleep,
    leaseMs,
    ...(owner ? { owner } : {}),
  };
  // An admission can take long. Without the lease none happens.
  return underLease(shell, (held, signal) => whileKept(held, leaseMs, () => work(parts, held.lease, signal)));
}

async function work(parts: CampaignWorkerParts, lease: Lease, signal: AbortSignal): Promise<number | null> {
  let admissions: ReadonlyMap<number, AdmissionOutcome> = new Map();
  while (!signal.aborted) {
    const campaign = await parts.campaigns.get(lease.id);
    if (campaign === null || campaignHasEnded(campaign.state)) return null;
    const turn = await takeTurn(parts, lease, campaign, admissions, signal);
    admissions = turn.admissions;
    if (turn.againInMs === null) return null;
    await parts.sleep(turn.againInMs, signal);
  }
  return 0;
}

interface TurnResult {
  readonly admissions: ReadonlyMap<number, AdmissionOutcome>;
  readonly againInMs: number | null;
}

async function takeTurn(
  parts: CampaignWorkerParts,
  lease: Lease,
  before: StoredCampaign,
  known: ReadonlyMap<number, AdmissionOutcome>,
  signal: AbortSignal,
): Promise<TurnResult> {
  const { campaigns } = parts;
  const [admissions, expansions, freeze] = await Promise.all([
    admissionsOf(parts, before, known),
    expansionsOf(parts, before),
    parts.store.freezeState(),
  ]);
  const decision = decideCampaign({
    campaign: before,
    now: parts.now(),
    controls: before.pendingControls,
    admissions,
    expansions,
    frozen: freeze.frozen ? { reason: freeze.reason } : null,
  });
  const { campaign, events, appliedControls, begin, cancel, lookAgainInMs } = decision;
  parts.crashPoint?.('before_campaign_save');
  await campaigns.save(lease, before, campaign, { events, appliedControls, lookAgainInMs });
  parts.crashPoint?.('after_campaign_save');
  parts.onEvents?.(events);
  for (const { type, text, level } of events)
    parts.log[level === 'info' ? 'info' : 'warn']({ campaignId: campaign.id, type }, text);

  await Promise.all(cancel.map((index) => cancelMember(parts, campaign, index)));
  const admitted = Promise.all(
    begin.map(
      async (index): Promise<[number, AdmissionOutcome]> => [
        index,
        await admit(parts, lease, campaign, campaign.members[index]!),
      ],
    ),
  );
  return { admissions: new Map(await unlessAborted(admitted, signal, [])), againInMs: lookAgainInMs };
}

const requesterOf = ({ requestedBy, via }: Campaign) => ({ name: requestedBy, via });

/** The outcome of every decided admission: as this worker knows, else as the store of expansions tells. */
async function admissionsOf(
  { store, now }: CampaignWorkerParts,
  campaign: Campaign,
  known: ReadonlyMap<number, AdmissionOutcome>,
): Promise<ReadonlyMap<number, AdmissionOutcome>> {
  const starting = campaign.members.filter(({ state }) => state === 'starting');
  const outcomes = starting.map(async ({ index, request }): Promise<[number, AdmissionOutcome]> => {
    const outcome = known.get(index);
    if (outcome !== undefined) return [index, outcome];
    // Only a worker that holds the campaign can admit its members, and that is this one now.
    return [index, outcomeOf(await admittedBefore(store, asked(campaign, index, request), now()))];
  });
  return new Map(await Promise.all(outcomes));
}

async function expansionsOf(
  { store }: CampaignWorkerParts,
  campaign: Campaign,
): Promise<ReadonlyMap<number, MemberExpansion | null>> {
  const running = campaign.members.filter(({ state }) => state === 'running');
  const seen = running.map(async ({ index, expansion }): Promise<[number, MemberExpansion | null]> => {
    const now = expansion === null ? null : await store.get(expansion.id);
    return [index, now && memberExpansionOf(now)];
  });
  return new Map(await Promise.all(seen));
}

const asked = (campaign: Campaign, index: number, request: unknown) => ({
  who: requesterOf(campaign),
  key: memberKey(campaign.id, index),
  request,
});

const outcomeOf = (admitted: Admitted<Expansion>): AdmissionOutcome =>
  admitted.kind === 'accepted'
    ? { kind: 'accepted', expansion: memberExpansionOf(admitted.expansion) }
    : admitted;

/** Has a member admitted. Throws what keeps this worker from going on: the lease is lost, or the database is away. */
async function admit(
  parts: CampaignWorkerParts,
  lease: Lease,
  campaign: Campaign,
  { index, request }: CampaignMember,
): Promise<AdmissionOutcome> {
  const admitted = await admitWithin(parts, asked(campaign, index, request), { of: 'campaign', lease });
  if (admitted.kind === 'accepted') parts.crashPoint?.('after_member_admitted');
  return outcomeOf(admitted);
}

async function cancelMember(parts: CampaignWorkerParts, campaign: Campaign, index: number): Promise<void> {
  const expansionId = campaign.members[index]?.expansion?.id;
  const act = campaign.stop?.cancelMembers;
  if (!expansionId || !act) return;
  const reason = `${act.reason} (${campaign.id})`;
  await cancelWithin(parts, expansionId, { ...act, id: `${campaign.id}-cancel-${index}`, reason });
}
