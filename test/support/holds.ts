import { because } from '../../src/model/reasons.ts';
import type { StoredHoldDoc } from '../../src/model/views/hold.ts';
import { targetAt } from './memory-audits.ts';

const masterAddress = '10.0.0.1:9221';

/** What is stored of a hold of a master that nobody has looked at. */
export function aHold(id: string, createdAt = 1): { doc: StoredHoldDoc; keys: string[]; forMs: number } {
  return {
    doc: {
      id,
      master: targetAt(masterAddress),
      reason: 'nightly backup',
      requestedBy: 'backup',
      createdAt,
      safeSince: null,
      waitingFor: because('master_being_looked_at'),
      endedAt: null,
      end: null,
    },
    keys: [`address:${masterAddress}`],
    forMs: 60_000,
  };
}
