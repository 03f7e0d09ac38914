import { targetOf } from '../core/audit/audit.ts';
import type { Seen } from '../core/audit/judge.ts';
import type { Slave } from '../core/replacement/slaves.ts';
import { formatAddress, type Look } from '../model/observation.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAuditServer } from '../model/views/audit.ts';
import type { AuditStore, ProvenSlave } from '../store/audits.ts';
import { masterKey } from '../store/master-key.ts';

/**
 * When each of these slaves of a master was last proven whole, in their order: by an expansion, of those in `proven` (the latest first), or by an
 * audit. null = never. Throws StoreUnavailableError.
 */
export async function lastProofs(
  audits: Pick<AuditStore, 'lastWhole'>,
  master: NodeTarget,
  slaves: readonly NodeTarget[],
  proven: readonly ProvenSlave[],
): Promise<readonly StoredAuditServer['wholeAt'][]> {
  const byAudits = await audits.lastWhole(slaves, master);
  return slaves.map(({ address }, at) => {
    const place = masterKey(address);
    const byExpansion = proven.find(({ slave }) => masterKey(slave.address) === place)?.wholeAt ?? null;
    const proofs = [byExpansion, byAudits[at] ?? null].filter((proof) => proof !== null);
    return proofs.sort((a, b) => b.at - a.at)[0] ?? null;
  });
}

/** Slaves of one master that expansions proved; more are not asked for. */
export const mostProven = 1000;

const placesOf = ({ address, seenAs }: NodeTarget): readonly string[] => [
  masterKey(address),
  masterKey(seenAs),
];

/** Whether both name one server. */
export const isSameServer = (a: NodeTarget, b: NodeTarget): boolean =>
  placesOf(a).some((place) => placesOf(b).includes(place));

/**
 * The slaves that a master lists, but for those in `without`, each with a look and with what proves it. `known`: how the service
 * reaches slaves where the listed address does not lead to them. null = the master does not tell. Throws StoreUnavailableError.
 */
export async function slavesBeside(
  audits: Pick<AuditStore, 'lastWhole' | 'provenOf'>,
  look: (target: NodeTarget) => Promise<Look>,
  master: Seen,
  { without, known }: { readonly without: readonly NodeTarget[]; readonly known: readonly NodeTarget[] },
): Promise<readonly Slave[] | null> {
  const listed = master.look.kind === 'answered' ? master.look.facts.replication?.slaves : undefined;
  if (listed === undefined) return null;
  const proven = await audits.provenOf(master.target, mostProven);
  const reached = [...known, ...without, ...proven.map(({ slave }) => slave)];
  const targets = listed
    .map((slave) => targetOf(slave, master.target, reached))
    .filter((target) => !without.some((other) => isSameServer(other, target)));
  const apart = [...new Map(targets.map((target) => [formatAddress(target.address), target])).values()];
  const [looks, proofs] = await Promise.all([
    Promise.all(apart.map(look)),
    lastProofs(audits, master.target, apart, proven),
  ]);
  return apart.map((target, at) => ({
    seen: { target, look: looks[at]!, capabilities: null },
    proof: proofs[at] ?? null,
  }));
}
