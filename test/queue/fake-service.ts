import { setTimeout as sleep } from 'node:timers/promises';
import { MemberRequest } from '../../src/admission/request.ts';
import { validator } from '../../src/admission/validate.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import type { Finding } from '../../src/model/finding.ts';
import { resolvePolicy } from '../../src/model/policy.ts';
import { refuse } from '../../src/model/refusal.ts';
import type { EntranceParts } from '../../src/queue/expansion-job.ts';

const check = validator(MemberRequest);

/** The service behind the entrance: the real check of payloads, and expansions that a test moves by hand. */
export class FakeService implements EntranceParts {
  readonly expansions = new Map<string, Expansion>();
  readonly keys = new Map<string, string>();
  /** Thrown by the next calls, one each. */
  readonly expandErrors: unknown[] = [];
  readonly getErrors: unknown[] = [];
  readonly troubles: unknown[] = [];
  expandCalls = 0;

  async expand(payload: unknown, _jobId: string, idempotencyKey: string) {
    this.expandCalls += 1;
    const error = this.expandErrors.shift();
    if (error) throw error;
    const request = check(payload);
    const known = this.keys.get(idempotencyKey);
    if (known) return { expansion: this.expansions.get(known) as Expansion };
    const id = `exp_${this.expansions.size + 1}`;
    const expansion = newExpansion({
      id,
      master: targetOf(request.master),
      nodes: request.nodes.map((node) => ({ ...targetOf(node), overwriteData: false, repoint: false })),
      policy: resolvePolicy(),
      label: request.label ?? null,
      requestedBy: 'queue',
      via: 'queue',
      now: 1,
    });
    this.expansions.set(id, expansion);
    this.keys.set(idempotencyKey, id);
    return { expansion };
  }

  async get(id: string): Promise<Expansion | null> {
    const error = this.getErrors.shift();
    if (error) throw error;
    return this.expansions.get(id) ?? null;
  }

  /** As in the service, but a hundred times as fast. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms / 100, undefined, { signal }).catch(() => {});
  }

  onTrouble(_jobId: string, error: unknown): void {
    this.troubles.push(error);
  }

  change(id: string, changes: Partial<Expansion>): void {
    this.expansions.set(id, { ...(this.expansions.get(id) as Expansion), ...changes });
  }
}

function targetOf(input: string | { readonly address: string }) {
  const name = typeof input === 'string' ? input : input.address;
  const [host, port] = name.split(':') as [string, string];
  const address = { host, port: Number(port) };
  return { name, address, seenAs: address, credential: null };
}

const findings: readonly Finding[] = [
  {
    code: 'holds_data',
    severity: 'error',
    node: 'b:2',
    text: 'Holds data.',
    nextStep: 'Say overwriteData.',
  },
];
export const refused = refuse('preflight_failed', { findings }, { findings });
