import type { ConnectorsParts } from '../../src/connectors/connectors.ts';
import { createConnectors } from '../../src/connectors/connectors.ts';
import type { HookStep } from '../../src/model/hook-steps.ts';
import type { HookQuestion } from '../../src/model/hooks.ts';
import type { NodeTarget } from '../../src/model/targets.ts';
import { type ConnectorConfig, connectorsOf } from '../../src/platform/connectors.ts';
import { targetAt } from '../support/memory-audits.ts';

/** A question about one node of a master, both as `host:port`. */
export function aQuestion(step: HookStep, master: string, node: string | NodeTarget): HookQuestion {
  const target = typeof node === 'string' ? targetAt(node) : node;
  return {
    id: `exp_1/${target.name}`,
    step,
    operation: { kind: 'expansion', id: 'exp_1', label: 'shop "7"' },
    master: targetAt(master),
    nodes: [target],
    batch: 0,
    batchCount: 2,
  };
}

/** The connectors of a file; what is wrong with it throws. Each secret is `secret of NAME`. */
export const connectorsIn = (yaml: string): readonly ConnectorConfig[] =>
  connectorsOf(yaml, 'connectors.yaml', {
    secret: (variable) => `secret of ${variable}`,
    problem: (text) => {
      throw new Error(text);
    },
  });

/** A clock that the test moves. */
export function someParts(changes: Partial<ConnectorsParts> = {}): ConnectorsParts & { clock: number } {
  const parts: ConnectorsParts & { clock: number } = {
    clock: 1_000_000,
    wayOut: { allowed: ['127.0.0.1'] },
    secrets: [],
    now: () => parts.clock,
    resolve: async () => [],
    ...changes,
  };
  return parts;
}

/** Asks the connectors of a configuration. */
export const connect = (...args: Parameters<typeof createConnectors>) => createConnectors(...args).ask;
