import {
  type ControlVerb,
  type Expansion,
  type ExpansionState,
  isActive,
  isEnded,
  type Join,
  type JoinPhase,
  type Problem,
} from '../../model/expansion.ts';

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

const problem = (code: string, text: string, nextSteps: readonly string[], at: number): Problem => ({
  code,
  text,
  nextSteps,
  at,
});

/** Joins that keep a halted expansion from going on: each needs a retry or a skip. */
export function blockingJoins(expansion: Expansion): readonly Join[] {
  return expansion.joins.filter((join) => retryablePhases.includes(join.phase));
}

/**
 * Why a control does not fit the expansion as it is now, or null when it does. `node` is the node's name as the
 * request gave it; null for the verbs that concern the whole expansion.
 */
export function controlProblem(
  expansion: Expansion,
  verb: ControlVerb,
  node: string | null,
  now: number,
): Problem | null {
  if (isEnded(expansion.state)) {
    return problem(
      'expansion_ended',
      `Expansion ${expansion.id} has ended (${expansion.state}); it cannot be changed any more.`,
      ['Start a new expansion for the nodes that are still to be added.'],
      now,
    );
  }
  const { pendingControl } = expansion;
  if (pendingControl?.verb === 'cancel' && verb !== 'skip') {
    return problem(
      'already_cancelling',
      `Expansion ${expansion.id} is being cancelled: ${pendingControl.by} asked for it (${pendingControl.reason}).`,
      [
        'Wait until its nodes are detached; it is cancelled then. Start a new expansion for what is still to be added.',
      ],
      now,
    );
  }
  switch (verb) {
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'approve':
      return wholeProblem(expansion, verb, now);
    case 'retry':
    case 'skip':
      return nodeProblem(expansion, verb, node, now);
  }
}

function wholeProblem(
  expansion: Expansion,
  verb: 'pause' | 'resume' | 'cancel' | 'approve',
  now: number,
): Problem | null {
  const pending = expansion.pendingControl;
  if (verb === 'pause' && pending?.verb === 'pause') {
    return problem(
      'already_pausing',
      `Expansion ${expansion.id} is pausing already: ${pending.by} asked for it (${pending.reason}).`,
      ['Wait until the nodes in full sync are done; the expansion pauses then.'],
      now,
    );
  }
  if (verb === 'resume' && pending?.verb === 'pause') return null;
  if (!fitting[verb].includes(expansion.state)) return notFitting(expansion, verb, now);
  if (verb === 'resume' && expansion.state === 'halted') return stillBlocked(expansion, now);
  return null;
}

function notFitting(
  expansion: Expansion,
  verb: 'pause' | 'resume' | 'cancel' | 'approve',
  now: number,
): Problem {
  const asked = `Expansion ${expansion.id} is ${plainState[expansion.state]}`;
  switch (verb) {
    case 'pause':
      return expansion.state === 'halted'
        ? problem(
            'not_pausable',
            `${asked}: nothing new begins until somebody acts, so there is nothing to pause.`,
            ['Retry or skip the node that stopped it, or cancel the expansion.'],
            now,
          )
        : problem('already_paused', `${asked} already.`, ['Resume it when it should go on.'], now);
    case 'resume':
      return problem(
        'not_resumable',
        `${asked}: there is nothing to resume.`,
        expansion.state === 'awaiting_approval'
          ? ['Approve the next batch; that is what it waits for.']
          : ['Nothing needs to be done.'],
        now,
      );
    case 'approve':
      return problem(
        'not_awaiting_approval',
        `${asked}: no batch waits for approval.`,
        expansion.state === 'paused'
          ? ['Resume it first.']
          : ['Approve it once its state is awaiting_approval.'],
        now,
      );
    case 'cancel':
      return problem('not_cancellable', `${asked}.`, ['Nothing needs to be done.'], now);
  }
}

const plainState: Readonly<Record<ExpansionState, string>> = {
  pending: 'pending (it has not begun)',
  running: 'running',
  paused: 'paused',
  awaiting_approval: 'awaiting approval',
  halted: 'halted',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

function stillBlocked(expansion: Expansion, now: number): Problem | null {
  const blocking = blockingJoins(expansion);
  if (blocking.length === 0) return null;
  const names = blocking.map((join) => `${join.target.name} (${join.phase})`).join(', ');
  return problem(
    'nodes_unresolved',
    `Expansion ${expansion.id} is halted because of ${names}; it would halt again at once.`,
    ['Retry or skip each of these nodes; or cancel the expansion.'],
    now,
  );
}

function nodeProblem(
  expansion: Expansion,
  verb: 'retry' | 'skip',
  node: string | null,
  now: number,
): Problem | null {
  const join = expansion.joins.find((candidate) => candidate.target.name === node);
  if (join === undefined) {
    return problem(
      'node_not_in_expansion',
      `Expansion ${expansion.id} has no node ${node ?? '(none was named)'}.`,
      ['Use the name of the node as the request gave it.'],
      now,
    );
  }
  if (verb === 'retry' && join.leaving !== null) {
    return problem(
      'not_retryable',
      `Node ${join.target.name} is ${join.phase} and being detached from the master; its next attempt can begin only after that.`,
      ['Retry it as soon as it is detached: seconds, or the time for a node that cannot be reached.'],
      now,
    );
  }
  const allowed = verb === 'retry' ? retryablePhases : skippablePhases;
  if (allowed.includes(join.phase)) return null;
  return problem(
    `not_${verb === 'retry' ? 'retryable' : 'skippable'}`,
    nodeText(join, verb),
    nodeSteps(join),
    now,
  );
}

function nodeText(join: Join, verb: 'retry' | 'skip'): string {
  const name = join.target.name;
  if (isActive(join.phase)) {
    return verb === 'skip'
      ? `Node ${name} is in phase ${join.phase}: leaving it out now would let the next node begin while this one's full sync still runs.`
      : `Node ${name} is in phase ${join.phase}: it is being worked at, so there is nothing to retry.`;
  }
  if (join.phase === 'waiting') return `Node ${name} is waiting for its turn: there is nothing to retry.`;
  return `Node ${name} is ${join.phase}; that is final.`;
}

function nodeSteps(join: Join): readonly string[] {
  if (isActive(join.phase)) {
    return [
      'Wait until it is verified, or until it is given up; a full sync that hangs is noticed and ended by the service.',
      'Or cancel the whole expansion.',
    ];
  }
  if (join.phase === 'waiting') return ['Wait for its turn, or skip it.'];
  return ['To add this node again, start a new expansion for it.'];
}
