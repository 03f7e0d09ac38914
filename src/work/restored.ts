import { campaignControlProblem } from '../core/campaign/controls.ts';
import { campaignHasEnded } from '../model/campaign.ts';
import { makeEvent } from '../model/events.ts';
import { expansionStates, isEnded } from '../model/expansion.ts';
import { because } from '../model/reasons.ts';
import type { Log } from '../platform/log.ts';
import type { CampaignStore } from '../store/campaigns.ts';
import type { RestoreNote, Restores } from '../store/restore.ts';
import { AlreadyFrozenError, type Store } from '../store/store.ts';

export interface RestoredParts {
  readonly restores: Restores;
  readonly store: Pick<Store, 'freeze' | 'list' | 'claim' | 'save' | 'release' | 'get'>;
  readonly campaigns: Pick<CampaignStore, 'list' | 'control'>;
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
}

const by = 'restore';
const atOnce = 100;
/** What was restored, and how much of it was paused. */
interface ExaminedRestore extends RestoreNote {
  readonly expansions: number;
  readonly campaigns: number;
}

/** Whoever dies in the midst of it leaves it to the next start. */
const leaseMs = 15_000;

/**
 * After a restore, before anything works on what the database says: freezes everything, and pauses what was open, for a person.
 * It is done again where it was cut off; what people have resumed since stays so.
 */
export async function examineRestore(parts: RestoredParts): Promise<ExaminedRestore | null> {
  const note = await parts.restores.unexamined();
  if (note === null) return null;
  await freeze(parts);
  const expansions = await pauseExpansions(parts, note);
  const campaigns = await pauseCampaigns(parts);
  await parts.restores.examined(note.id);
  parts.log.warn(
    { expansions, campaigns },
    `the database was restored: everything is frozen, and ${expansions} expansions and ${campaigns} campaigns are paused; look at their nodes, resume or cancel each, then lift the freeze (docs/backup.md)`,
  );
  return { ...note, expansions, campaigns };
}

async function freeze({ store }: RestoredParts): Promise<void> {
  const reason =
    'the database was restored from a backup: look at what is paused, resume or cancel each, then lift this freeze';
  await store.freeze({ reason, by }).catch((error: unknown) => {
    if (!(error instanceof AlreadyFrozenError)) throw error;
  });
}

async function pauseExpansions(parts: RestoredParts, note: RestoreNote): Promise<number> {
  const { store, now } = parts;
  const states = expansionStates.filter((state) => !isEnded(state));
  const reason = because('restored', { restoredAt: note.at, madeAt: note.madeAt });
  let paused = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      states,
      limit: atOnce,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id } of page.items) {
      const lease = await store.claim(id, by, leaseMs);
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

async function pauseCampaigns({ campaigns, now }: RestoredParts): Promise<number> {
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
      const reason = 'the database was restored from a backup';
      const at = now();
      await campaigns.control(campaign.id, {
        ...asked,
        id: `ctl_${by}_${campaign.id}_${at}`,
        reason,
        by,
        at,
      });
      paused += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return paused;
}
