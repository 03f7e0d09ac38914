import { campaignControlProblem } from '../core/campaign/controls.ts';
import { campaignHasEnded } from '../model/campaign.ts';
import { makeEvent } from '../model/events.ts';
import { expansionStates, isEnded } from '../model/expansion.ts';
import { because } from '../model/reasons.ts';
import { counted } from '../model/text.ts';
import type { Log } from '../platform/log.ts';
import type { CampaignStore } from '../store/campaigns.ts';
import type { RestoreNote, Restores } from '../store/restore.ts';
import { AlreadyFrozenError, type Store } from '../store/store.ts';

export interface RestoredParts {
  readonly restores: Restores;
  /** The operator promises that a failover loses no commit, and nothing that was seen speaks against it. */
  readonly complete: boolean;
  readonly store: Pick<Store, 'freeze' | 'list' | 'claim' | 'save' | 'release' | 'get'>;
  readonly campaigns: Pick<CampaignStore, 'list' | 'control'>;
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
}

const atOnce = 100;
const happened = { restore: 'was restored', failover: 'failed over to a standby' } as const;
/** What was restored, and how much of it was paused. */
interface ExaminedRestore extends RestoreNote {
  readonly expansions: number;
  readonly campaigns: number;
}

/** Whoever dies in the midst of it leaves it to the next start. */
const leaseMs = 15_000;

/**
 * After a restore or a failover that may have lost writes, before anything works on what the database says: freezes everything,
 * and pauses what was open, for a person. It is done again where it was cut off; what people have resumed since stays so.
 */
export async function examineRestore(parts: RestoredParts): Promise<ExaminedRestore | null> {
  if ((await parts.restores.follow(parts.complete)) && parts.complete)
    parts.log.warn({}, 'the database failed over to a standby that holds every commit; work goes on');
  const note = await parts.restores.unexamined();
  if (note === null) return null;
  await freeze(parts, note);
  const expansions = await pauseExpansions(parts, note);
  const campaigns = await pauseCampaigns(parts, note);
  await parts.restores.examined(note.id);
  parts.log.warn(
    { expansions, campaigns },
    `the database ${happened[note.cause]}${note.cause === 'failover' ? ', and its last writes may be lost' : ''}: everything is frozen; paused are ${counted(expansions, 'expansion')} and ${counted(campaigns, 'campaign')}; look at their nodes, resume or cancel each, then lift the freeze (docs/backup.md)`,
  );
  return { ...note, expansions, campaigns };
}

async function freeze({ store }: RestoredParts, { cause }: RestoreNote): Promise<void> {
  const reason = `the database ${happened[cause]}: look at what is paused, resume or cancel each, then lift this freeze`;
  await store.freeze({ reason, by: cause }).catch((error: unknown) => {
    if (!(error instanceof AlreadyFrozenError)) throw error;
  });
}

async function pauseExpansions(parts: RestoredParts, note: RestoreNote): Promise<number> {
  const { store, now } = parts;
  const states = expansionStates.filter((state) => !isEnded(state));
  const reason =
    note.cause === 'restore'
      ? because('restored', { restoredAt: note.at, madeAt: note.madeAt })
      : because('failed_over', { at: note.at });
  let paused = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      states,
      limit: atOnce,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id } of page.items) {
      const lease = await store.claim(id, note.cause, leaseMs);
      // Another process that starts sees to it, or it has ended.
      if (lease === null) continue;
      const before = (await store.get(id))!;
      const at = now();
      const after = {
        ...before,
        state: 'paused',
        stateSince: at,
        stateReason: reason,
        problem: null,
        pendingControl: null,
      } as const;
      const events = [makeEvent('expansion.paused', { at }, { reason })];
      await store.save(lease, before, after, { events, lookAgainInMs: 0 });
      await store.release(lease);
      paused += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return paused;
}

async function pauseCampaigns({ campaigns, now }: RestoredParts, { cause }: RestoreNote): Promise<number> {
  let paused = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<CampaignStore['list']>> = await campaigns.list({
      limit: atOnce,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const campaign of page.items) {
      const asked = { verb: 'pause', cancelMembers: false } as const;
      if (campaignHasEnded(campaign.state) || campaignControlProblem(campaign, asked) !== null) continue;
      const reason = `the database ${happened[cause]}`;
      const at = now();
      await campaigns.control(campaign.id, {
        ...asked,
        id: `ctl_${cause}_${campaign.id}_${at}`,
        reason,
        by: cause,
        at,
      });
      paused += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return paused;
}
