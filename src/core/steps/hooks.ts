/** What others are asked before the expansion goes on, and what waits for their answers. Part of `decide`. */
import { type Expansion, isSettled, type Join } from '../../model/expansion.ts';
import type { HookStep } from '../../model/hook-steps.ts';
import { askedStep, type HookQuestion } from '../../model/hooks.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { isUnbegun } from './hold.ts';
import { isNextInLine } from './join-state.ts';
import { joinAt, patchJoin, say, type Turn, waitFor } from './turn.ts';

/** What those who may hold a step have said. */
export interface HookAnswers {
  /** The steps that somebody wants to be asked about. */
  readonly steps: ReadonlySet<HookStep>;
  /** By question: null = nothing against it, else why it has to wait. What is not in it was not asked yet. */
  readonly answers: ReadonlyMap<string, Reason | null>;
}

/** The questions whose answers the expansion waits for. */
export function questionsOf(expansion: Expansion, steps: ReadonlySet<HookStep>): readonly HookQuestion[] {
  if (expansion.state !== 'running' || expansion.batchCount === null) return [];
  const { joins } = expansion;
  const batch = steps.has('before_batch') && isUnbegun(expansion) ? [batchQuestion(expansion)] : [];
  const inLine = joins.filter((join) => isNextInLine(expansion, join));
  const nodes = steps.has('before_node') ? inLine.map((join) => nodeQuestion(expansion, join)) : [];
  const proven = joins.filter((join) => join.published === false && mayBePublished(expansion, join));
  return [...batch, ...nodes, ...proven.map((join) => provenQuestion(expansion, join))];
}

const batchQuestion = (expansion: Expansion): HookQuestion => ({
  ...question(expansion, 'before_batch', `${expansion.currentBatch}`),
  nodes: expansion.joins.filter(({ batch }) => batch === expansion.currentBatch).map(({ target }) => target),
  batch: expansion.currentBatch,
});

/** A person who retries a node has everybody asked again. */
const nodeQuestion = (expansion: Expansion, join: Join): HookQuestion => ({
  ...question(expansion, 'before_node', `${join.index}/${join.attempts.length}`),
  nodes: [join.target],
  batch: join.batch,
});

const provenQuestion = (expansion: Expansion, join: Join): HookQuestion => ({
  ...question(expansion, 'after_verified', `${join.index}/${join.attempts.length}`),
  nodes: [join.target],
  batch: join.batch,
});

const question = (
  { id, label, master, batchCount }: Expansion,
  step: HookStep,
  of: string,
): Omit<HookQuestion, 'nodes' | 'batch'> => ({
  id: `${id}/${step}/${of}`,
  step,
  operation: { kind: 'expansion', id, label },
  master,
  batchCount,
});

/** Where a failure detaches the whole batch again, no node of it is published before all are proven. */
const mayBePublished = ({ policy, joins }: Expansion, { batch }: Join): boolean =>
  policy.onFailure !== 'rollback' || joins.every((other) => other.batch !== batch || isSettled(other.phase));

/** Why the node may not begin by the word of others; null = it may. */
export function heldAt(
  expansion: Expansion,
  join: Join,
  hooks: HookAnswers | undefined,
): Reason | 'ask_first' | null {
  if (hooks === undefined) return null;
  const asked = [
    ...(hooks.steps.has('before_batch') && isUnbegun(expansion) ? [batchQuestion(expansion)] : []),
    ...(hooks.steps.has('before_node') ? [nodeQuestion(expansion, join)] : []),
  ];
  const answers = asked.map(({ id }) => hooks.answers.get(id));
  if (answers.includes(undefined)) return 'ask_first';
  return answers.find((answer) => answer !== null) ?? null;
}

/** While it is on its way. */
export const beingAsked = (asked: HookQuestion): Reason => because('hooks_being_asked', askedStep(asked));

/**
 * A node that has just been proven waits until those who publish it agree, where there are any. `before`: the expansion as it
 * was before this turn.
 */
export function publishProven(turn: Turn, before: Expansion, hooks: HookAnswers | undefined): void {
  for (const { index } of turn.expansion.joins) {
    const join = joinAt(turn, index);
    if (join.phase !== 'verified') continue;
    if (before.joins[index]!.phase !== 'verified') {
      if (hooks?.steps.has('after_verified')) patchJoin(turn, index, { published: false });
      continue;
    }
    if (join.published === false) publish(turn, join, hooks);
  }
}

function publish(turn: Turn, join: Join, hooks: HookAnswers | undefined): void {
  const isAsked = hooks?.steps.has('after_verified') ?? false;
  const answer = isAsked ? hooks!.answers.get(provenQuestion(turn.expansion, join).id) : null;
  if (answer === undefined) return;
  const waits = waitFor(turn, join, answer);
  if (answer !== null) return;
  patchJoin(turn, waits.index, { published: true });
  if (isAsked) say(turn, 'node.published', {}, join.target.name);
}
