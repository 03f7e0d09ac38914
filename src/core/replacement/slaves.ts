/** What a look says of the slaves of a master, of which some go. */
import { isIpv4, isLoopback } from '../../model/addresses.ts';
import { judgement } from '../../model/audit-texts.ts';
import type { Said } from '../../model/text.ts';
import type { StoredAuditServer } from '../../model/views/audit.ts';
import { judgeLook, type Seen } from '../audit/judge.ts';

/** A slave of the master with a look at it. */
export interface Slave {
  readonly seen: Seen;
  /** When an expansion or an audit last proved it whole; null = never. */
  readonly proof: StoredAuditServer['wholeAt'];
}

/** The slaves that a master has besides those that go. */
export interface Beside {
  readonly slaves: readonly Slave[];
  /** Names of those that go, give no answer, and may be any of these: a master lists its slaves by their IP addresses. */
  readonly unplaced: readonly string[];
}

export type OldJudged =
  | { readonly kind: 'follows' }
  /** It follows nobody. */
  | { readonly kind: 'is_master' }
  /** It follows another master. */
  | { readonly kind: 'elsewhere'; readonly reason: Said }
  /** It is somebody else's now, or its master gives no answer. */
  | { readonly kind: 'waits'; readonly reason: Said }
  | { readonly kind: 'silent'; readonly reason: Said; readonly met: string };

/** Whether a slave that is to go still follows this master. `expansion`: the one that works on it; null = none. */
export function judgeOld(
  slave: Seen,
  master: Seen,
  expansion: string | null,
): OldJudged & { readonly ownSlaves: number } {
  const ownSlaves = ownSlavesOf(slave);
  const looked = judgeLook({ master, slave, expansion, captured: null, patienceMs: 0, now: 0 });
  const follows = expansion === null ? otherMaster(slave, master) : null;
  if (follows !== null) {
    const named = { slave: slave.target.name, master: master.target.name };
    return { kind: 'elsewhere', reason: judgement('follows_other', named, { follows }).reason, ownSlaves };
  }
  if (looked.kind !== 'judged') return { kind: 'follows', ownSlaves };
  const { reason } = looked.judgement;
  switch (reason.code) {
    case 'is_master':
      return { kind: 'is_master', ownSlaves };
    case 'follows_other':
      return { kind: 'elsewhere', reason, ownSlaves };
    case 'in_expansion':
    case 'master_silent':
      return { kind: 'waits', reason, ownSlaves };
    case 'unreachable':
    case 'not_allowed':
    case 'denied':
    case 'garbled':
    case 'busy':
      return { kind: 'silent', reason, met: reason.text, ownSlaves };
    default:
      return { kind: 'follows', ownSlaves };
  }
}

/**
 * The master that a slave names, where it is another server for sure. A master lists a slave that has left it for up to 180 s,
 * so its list says nothing here; null = it may be this one.
 */
function otherMaster({ look }: Seen, { target: master, look: ofMaster }: Seen): string | null {
  if (look.kind !== 'answered' || ofMaster.kind !== 'answered') return null;
  const { masterHost, masterPort } = look.facts.replication ?? {};
  const known = [master.seenAs.host, master.address.host, ...(ofMaster.facts.ips ?? [])];
  if (masterHost == null || !isIpv4(masterHost) || isLoopback(masterHost)) return null;
  if (known.includes(masterHost) || !known.every(isIpv4)) return null;
  return `${masterHost}:${masterPort}`;
}

function ownSlavesOf({ look }: Seen): number {
  const { slaves = [], connectedSlaves } =
    (look.kind === 'answered' ? look.facts.replication : undefined) ?? {};
  return Math.max(slaves.length, connectedSlaves ?? 0);
}

/** Of these slaves the names of those that are proven whole, listed by the master, and connected to it. */
export const verifiedSlaves = (slaves: readonly Slave[], master: Seen): readonly string[] =>
  slaves.filter((slave) => counts(slave, master)).map(({ seen }) => seen.target.name);

function counts({ seen, proof }: Slave, master: Seen): boolean {
  if (proof === null || otherMaster(seen, master) !== null) return false;
  const looked = judgeLook({ master, slave: seen, expansion: null, captured: null, patienceMs: 0, now: 0 });
  // Writes that are on their way take nothing away from what was proven.
  return looked.kind !== 'judged' || looked.judgement.reason.code === 'behind';
}
