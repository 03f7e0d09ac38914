import { isSamePerson } from '../../model/access.ts';
import { type Refusal, refuse } from '../../model/refusal.ts';
import { replacementHasEnded } from '../../model/states.ts';
import type { Pair, StoredReplacement } from '../../model/views/replacement.ts';

/** Whether another person has to approve that this slave goes. A slave with a new node goes after that, whose expansion is approved. */
export const awaitsApproval = (
  { fourEyes, approval }: Pick<StoredReplacement, 'fourEyes' | 'approval'>,
  pair: Pick<Pair, 'new' | 'phase'>,
): boolean => fourEyes && approval === null && pair.new === null && pair.phase === 'waiting';

/**
 * Why a control does not fit the replacement as it is now, with what was asked of it already; null when it does. `by`: who asks;
 * null = it is not known yet.
 */
export function replacementControlProblem(
  replacement: Pick<
    StoredReplacement,
    'id' | 'state' | 'requestedBy' | 'fourEyes' | 'approval' | 'cancel'
  > & { readonly pairs: readonly Pick<Pair, 'new' | 'phase'>[] },
  verb: 'approve' | 'cancel',
  by: string | null,
): Refusal | null {
  const { id, state, cancel, requestedBy, pairs } = replacement;
  if (replacementHasEnded(state)) return refuse('replacement_ended', { id, state });
  if (cancel !== null) return refuse('replacement_cancelled', { id });
  if (verb === 'cancel') return null;
  if (!pairs.some((pair) => awaitsApproval(replacement, pair)))
    return refuse('replacement_needs_no_approval', { id });
  return by !== null && isSamePerson(by, requestedBy)
    ? refuse('needs_other_person', { of: 'replacement', id, by })
    : null;
}
