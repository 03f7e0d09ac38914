/** The steps at which others are asked, and how they read. */
import { listed, type Reader } from './text.ts';

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

/** What a reason says of the question. */
export interface AskedStep {
  readonly step: HookStep;
  readonly nodes: readonly string[];
  /** From 1; null = it is about no batch. */
  readonly batch: number | null;
}

/** What is held, inside a sentence. */
export function stepText({ step, nodes, batch }: AskedStep, reader: Reader): string {
  const names = listed(nodes, reader);
  const texts: Record<HookStep, Record<Reader['language'], string>> = {
    before_batch: { en: `batch ${batch}`, zh: `第 ${batch} 批` },
    before_node: { en: `the attaching of ${names}`, zh: `${names} 的挂载` },
    after_verified: { en: `what follows the proof of ${names}`, zh: `${names} 通过校验后的后续步骤` },
    before_detach: { en: `the detaching of ${names}`, zh: `${names} 的摘除` },
    after_detach: { en: `what follows the detaching of ${names}`, zh: `${names} 摘除后的后续步骤` },
  };
  return texts[step][reader.language];
}
