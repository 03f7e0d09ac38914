/** The points at which others are asked before an operation goes on. */
import type { Reason } from './reasons.ts';
import type { NodeTarget } from './targets.ts';

/**
 * When others are asked:
 * `before_batch` and `before_node` before the first command to the nodes of a batch, or to one node;
 * `after_verified` when a node is proven complete, so that it can be published; what comes after it waits for the answer;
 * `before_detach` before a slave is taken from its master, so that it can be withdrawn from readers;
 * `after_detach` when it no longer follows its master.
 */
export const hookSteps = [
  'before_batch',
  'before_node',
  'after_verified',
  'before_detach',
  'after_detach',
] as const;
export type HookStep = (typeof hookSteps)[number];

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

/** Asks everybody who may hold a step. null = nothing against it; else why it has to wait. It is asked again later. Never rejects. */
export type AskStep = (question: HookQuestion) => Promise<Reason | null>;
