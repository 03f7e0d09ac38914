import { isSamePerson } from '../../model/access.ts';
import {
  type ControlVerb,
  type ExpansionState,
  isActive,
  isEnded,
  type JoinPhase,
} from '../../model/expansion.ts';
import { type Refusal, refuse } from '../../model/refusal.ts';
import type { ExpansionSummary, JoinSummary } from '../../model/views/expansion.ts';

/** States in which each verb that concerns the whole expansion has something to do. */
const fitting: Readonly<Record<'pause' | 'resume' | 'cancel' | 'approve', readonly ExpansionState[]>> = {
  pause: ['pending', 'running', 'awaiting_approval'],
  resume: ['paused', 'halted'],
  cancel: ['pending', 'running', 'paused', 'awaiting_approval', 'halted'],
  approve: ['awaiting_approval'],
};

/** Nothing was done to a node in these phases, or what was done has ended badly: the node can be left out. */
const skippablePhases: readonly JoinPhase[] = ['waiting', 'preflight', 'failed', 'quarantined'];
const retryablePhases: readonly JoinPhase[] = ['failed', 'quarantined'];

/** Joins that keep a halted expansion from going on: each needs a retry or a skip. */
export function blockingJoins<J extends JoinSummary>(expansion: {
  readonly joins: readonly J[];
}): readonly J[] {
  return expansion.joins.filter((join) => retryablePhases.includes(join.phase));
}

type WholeVerb = keyof typeof fitting;

/**
 * Why a control does not fit the expansion as it is now, or null when it does. `node` is the node's name as the
 * request gave it; null for the verbs that concern the whole expansion. `by`: who asks; null = it is not known yet.
 */
export function controlProblem(
  expansion: ExpansionSummary,
  verb: ControlVerb,
  node: string | null,
  by: string | null = null,
): Refusal | null {
  const { id, state, pendingControl, policy, requestedBy } = expansion;
  if (isEnded(state)) return refuse('expansion_ended', { id, state });
  if (pendingControl?.verb === 'cancel' && verb !== 'skip') {
    const { by, reason } = pendingControl;
    return refuse('already_cancelling', { id, by, reason });
  }
  if (verb === 'retry' || verb === 'skip') return nodeProblem(expansion, verb, node);
  const problem = wholeProblem(expansion, verb);
  if (problem !== null || verb !== 'approve' || !policy.fourEyes || by === null) return problem;
  return isSamePerson(by, requestedBy) ? refuse('needs_other_person', { of: 'expansion', id, by }) : null;
}

function wholeProblem(expansion: ExpansionSummary, verb: WholeVerb): Refusal | null {
  const { id, state, pendingControl: pending } = expansion;
  if (verb === 'pause' && pending?.verb === 'pause') {
    const { by, reason } = pending;
    return refuse('already_pausing', { id, by, reason });
  }
  if (verb === 'resume' && pending?.verb === 'pause') return null;
  if (!fitting[verb].includes(state)) return notFitting({ id, state }, verb);
  if (verb === 'resume' && state === 'halted') return stillBlocked(expansion);
  return null;
}

function notFitting(facts: Pick<ExpansionSummary, 'id' | 'state'>, verb: WholeVerb): Refusal {
  const of = 'expansion';
  switch (verb) {
    case 'pause':
      return facts.state === 'halted'
        ? refuse('not_pausable', facts)
        : refuse('already_paused', { of, ...facts });
    case 'resume':
      return refuse('not_resumable', facts);
    case 'approve':
      return refuse('not_awaiting_approval', { of, ...facts, paused: facts.state === 'paused' });
    case 'cancel':
      return refuse('not_cancellable', facts);
  }
}

function stillBlocked(expansion: ExpansionSummary): Refusal | null {
  const nodes = blockingJoins(expansion).map(({ target, phase }) => ({ node: target.name, phase }));
  return nodes.length === 0 ? null : refuse('nodes_unresolved', { id: expansion.id, nodes });
}

function nodeProblem(
  { id, joins }: ExpansionSummary,
  verb: 'retry' | 'skip',
  node: string | null,
): Refusal | null {
  const join = joins.find(({ target }) => target.name === node);
  if (join === undefined) return refuse('node_not_in_expansion', { id, node });
  const { phase, target, leaving } = join;
  const facts = { id, node: target.name, phase };
  if (verb === 'retry' && leaving !== null) return refuse('not_retryable', { ...facts, because: 'leaving' });
  if ((verb === 'retry' ? retryablePhases : skippablePhases).includes(phase)) return null;
  const because = isActive(phase) ? 'active' : 'final';
  if (verb === 'skip') return refuse('not_skippable', { ...facts, because });
  return refuse('not_retryable', { ...facts, because: phase === 'waiting' ? 'waiting' : because });
}
