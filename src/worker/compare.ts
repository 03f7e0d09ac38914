import type { CredentialSource } from '../engines/engine.ts';
import { compareNodes, specFromPolicy } from '../verify/compare.ts';
import type { Compare } from './session.ts';

/**
 * The comparison of a join's node with its master. Exact key counts scan both nodes, which nobody in full sync can bear
 * (facts 2.5): with other full syncs running they are left out this time.
 */
export function createCompare(credentials: CredentialSource): Compare {
  return ({ master, node, policy, fullSyncsRunning, signal }) =>
    compareNodes({
      left: { address: master.address, credential: credentials.get(master.credential) },
      right: { address: node.address, credential: credentials.get(node.credential) },
      spec: specFromPolicy({ ...policy, keyCounts: policy.keyCounts && !fullSyncsRunning }),
      signal,
    });
}
