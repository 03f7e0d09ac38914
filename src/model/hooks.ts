/** Others who are asked before an operation goes on. */
import type { AskedStep, HookStep } from './hook-steps.ts';
import { inOne, type Reason } from './reasons.ts';
import type { NodeTarget } from './targets.ts';

/** What is asked. */
export interface HookQuestion {
  /** The same each time the same question is asked, also by another process. */
  readonly id: string;
  readonly step: HookStep;
  readonly operation: {
    readonly kind: 'expansion' | 'replacement';
    readonly id: string;
    readonly label: string | null;
  };
  readonly master: NodeTarget;
  /** The nodes that the step is about: those of a batch, else one. */
  readonly nodes: readonly NodeTarget[];
  /** Of expansions, from 0; null = it is about no batch. */
  readonly batch: number | null;
  readonly batchCount: number | null;
}

/** Whoever may hold a step. */
export interface Hooks {
  /** The steps that somebody wants to be asked about. Rejects only while the database cannot be reached. */
  steps(): Promise<ReadonlySet<HookStep>>;
  /**
   * Asks all of them. null = nothing against it; else why it has to wait: it is asked again later. Rejects only while the
   * database cannot be reached.
   */
  readonly ask: AskStep;
}
export type AskStep = (question: HookQuestion) => Promise<Reason | null>;

/** Nobody holds anything. */
export const noHooks: Hooks = { steps: async () => new Set(), ask: async () => null };

export const askedStep = ({ step, nodes, batch }: HookQuestion): AskedStep => ({
  step,
  nodes: nodes.map(({ name }) => name),
  batch: batch === null ? null : batch + 1,
});

/** All of these as one: a step goes on when nobody of them holds it. */
export const together = (all: readonly Hooks[]): Hooks => ({
  async steps() {
    const each = await Promise.all(all.map((hooks) => hooks.steps()));
    return new Set(each.flatMap((steps) => [...steps]));
  },
  async ask(question) {
    const answers = await Promise.all(all.map((hooks) => hooks.ask(question)));
    return inOne(answers.filter((answer) => answer !== null));
  },
});
