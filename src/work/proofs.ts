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
