/** The servers that each thing concerns, as it is asked for and as it is stored. */
import type { NodeTarget } from '../model/targets.ts';
import type { StoredAudit } from '../store/audits.ts';
import type { StoredGuard } from '../store/guards.ts';
import type { Concerned, Place } from './may-act.ts';
import type { MasterInput, MemberRequest, NodeInput } from './request.ts';
import { parseAddress } from './targets.ts';

export const concernedByExpansion = ({
  master,
  joins,
}: {
  readonly master: NodeTarget;
  readonly joins: readonly { readonly target: NodeTarget }[];
}): Concerned => ({ masters: [master], nodes: joins.map(({ target }) => target) });

/** Of requests for expansions, such as the members of a campaign. */
export const concernedByRequests = (requests: readonly MemberRequest[]): Concerned => ({
  masters: requests.map(({ master }) => placeOf(master)),
  nodes: requests.flatMap(({ nodes }) => nodes.map(placeOf)),
});

/** Slaves that an audit finds by itself belong to its masters. */
export const concernedByAudit = ({ doc, servers }: StoredAudit): Concerned => ({
  masters: servers.filter(({ master }) => master === null).map(({ target }) => target),
  nodes: doc.slaves,
});

export const concernedByGuard = ({ doc, masters }: StoredGuard): Concerned => ({
  masters: masters.map(({ target }) => target),
  nodes: doc.slaves,
});

export const concernedByComparison = ({
  left,
  right,
}: {
  readonly left: NodeTarget;
  readonly right: NodeTarget;
}): Concerned => ({ servers: [left, right] });

export const concernedByHold = ({ doc }: { readonly doc: { readonly master: NodeTarget } }): Concerned => ({
  masters: [doc.master],
});

/** `newNodes.request` is the request for the expansion of its new nodes. */
export function concernedByReplacement(doc: {
  readonly master: NodeTarget;
  readonly pairs: readonly { readonly old: NodeTarget }[];
  readonly slaves: readonly NodeTarget[];
  readonly newNodes: { readonly request: unknown } | null;
}): Concerned {
  const added = doc.newNodes === null ? [] : (doc.newNodes.request as MemberRequest).nodes.map(placeOf);
  return {
    masters: [doc.master],
    nodes: [...doc.pairs.map(({ old }) => old), ...doc.slaves, ...added],
  };
}

function placeOf(input: MasterInput | NodeInput): Place {
  if (typeof input === 'string') return { address: parseAddress(input, 'address') };
  const address = parseAddress(input.address, 'address');
  return input.seenAs === undefined ? { address } : { address, seenAs: parseAddress(input.seenAs, 'seenAs') };
}
