import { newExpansion as newExpansionOf } from '../../src/core/steps/new-expansion.ts';
import type { Expansion, JoinTarget, NodeTarget } from '../../src/model/expansion.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';

export interface ExpansionOptions {
  readonly id?: string;
  /** `host:port`. */
  readonly master?: string;
  readonly nodes?: readonly string[];
  readonly label?: string | null;
  readonly acceptedAt?: number;
  readonly startAt?: number;
  readonly policy?: PolicyInput;
}

let made = 0;

/** An expansion as it is when it has just been accepted, with a node of its own unless told otherwise. */
export function newExpansion(options: ExpansionOptions = {}): Expansion {
  const id = options.id ?? `exp-${++made}`;
  const expansion = newExpansionOf({
    id,
    master: nodeTarget(options.master ?? '127.0.0.1:9220'),
    nodes: (options.nodes ?? [`${id}.test:9221`]).map(joinTarget),
    policy: resolvePolicy(options.policy),
    label: options.label ?? null,
    requestedBy: 'test',
    via: 'rest',
    now: options.acceptedAt ?? 1_800_000_000_000,
    ...(options.startAt === undefined ? {} : { startAt: options.startAt }),
  });
  return JSON.parse(JSON.stringify(expansion)) as Expansion;
}

export function nodeTarget(name: string): NodeTarget {
  const at = name.lastIndexOf(':');
  const address = { host: name.slice(0, at), port: Number(name.slice(at + 1)) };
  return { name, address, seenAs: address, credential: null };
}

function joinTarget(name: string): JoinTarget {
  return { ...nodeTarget(name), overwriteData: false, repoint: false };
}
