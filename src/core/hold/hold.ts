/** When a dump of a held master is safe. Pure. */
import { type Expansion, isEnded, type Join } from '../../model/expansion.ts';
import type { Look, LookSection } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import type { RunningSync } from '../../model/views/hold.ts';
import { masterWork } from '../plan/preflight.ts';
import { currentAttempt, isUnderWay, lastTracker } from '../steps/join-state.ts';
import { isConnected } from '../sync/tracker.ts';

/** What is asked of a held master at each look. */
export const heldMasterSections: readonly LookSection[] = ['server', 'replication', 'stats'];

/**
 * The full syncs that an expansion has under way, by its document as it is stored. A node counts from the moment at
 * which its attempt is stored, which is before its SLAVEOF is sent, until it is connected for good or has left. A node
 * that only catches up, or is being compared, needs no dump.
 */
export function runningSyncs(expansion: Expansion): readonly RunningSync[] {
  if (isEnded(expansion.state)) return [];
  return expansion.joins.filter(needsDump).map((join) => ({
    expansionId: expansion.id,
    node: join.target.name,
    phase: join.phase,
    since: currentAttempt(join)!.startedAt,
    expectedEndsAt: join.progress.expectedEndsAt ?? null,
  }));
}

function needsDump(join: Join): boolean {
  if (!isUnderWay(join)) return false;
  const hasCopied = join.phase === 'catching_up' || join.phase === 'verifying';
  return !hasCopied || join.leaving !== null || !isConnected(lastTracker(join)?.replication ?? null);
}

/**
 * Why a dump is not safe now; null = it is. Once it was safe, a dump that runs is the holder's own, and a master that
 * does not answer for a while takes nothing back.
 */
export function unsafeBecause(
  look: Look,
  syncs: readonly RunningSync[],
  before: { readonly server: string; readonly wasSafe: boolean },
): Reason | null {
  if (syncs.length > 0) return fullSyncsGoOn(syncs);
  if (look.kind !== 'answered') {
    const met = look.kind === 'busy' ? null : look.message;
    return before.wasSafe ? null : because('server_silent', { server: before.server, kind: look.kind, met });
  }
  if (!look.facts.replication || !look.facts.stats)
    return before.wasSafe ? null : because('master_says_too_little', { master: before.server });
  const work = masterWork(look.facts).filter(
    ({ what }) => what === 'slave' || (what === 'dump' && !before.wasSafe),
  );
  return work.length > 0 ? because('master_at_work', { work }) : null;
}

export const fullSyncsGoOn = (syncs: readonly RunningSync[]): Reason =>
  because('full_syncs_go_on', {
    syncs: syncs.map(({ node, expansionId }) => ({ node, expansion: expansionId })),
  });
