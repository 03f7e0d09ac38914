/** The request that takes up what an expansion has left. */
import { isEnded, type JoinTarget, leftUnverified, type NodeTarget } from '../model/expansion.ts';
import { formatAddress } from '../model/observation.ts';
import { mergePolicies, type PolicyInput } from '../model/policy.ts';
import { refuse, refuseField } from '../model/refusal.ts';
import type { Store } from '../store/store.ts';
import type { MemberRequest, NodeInput, PlanRequest } from './request.ts';
import { printable } from './validate.ts';

type Retry = Extract<PlanRequest, { readonly retryOf: string }>;

/**
 * Master, nodes and policy for the nodes of an ended expansion that are not verified, with what the request wants otherwise.
 * A node keeps the permissions that it had: nothing is permitted of itself, also where the expansion has left partial data.
 * Throws a Refusal where there is no such expansion, where it has not ended, or where nothing is left.
 */
export async function whatWasLeft(
  store: Pick<Store, 'get'>,
  { retryOf: id, nodes = [], policy = {} }: Retry,
): Promise<Pick<MemberRequest, 'master' | 'nodes' | 'policy'>> {
  const expansion = await store.get(id);
  if (expansion === null) throw refuse('no_such_expansion', { id }, { field: 'retryOf' });
  const { state, master } = expansion;
  if (!isEnded(state)) throw refuse('expansion_not_ended', { id, state }, { field: 'retryOf' });
  const left = leftUnverified(expansion).map(({ target }) => target);
  if (left.length === 0) throw refuse('nothing_left', { id }, { field: 'retryOf' });
  const otherwise = new Map(nodes.map((node, index) => [nameOf(node, index, left), node]));
  return {
    master: inputOf(master),
    nodes: left.map((target) => {
      const given = otherwise.get(target.name);
      const { overwriteData, repoint } = target;
      const before = { ...inputOf(target), overwriteData, repoint };
      return typeof given === 'object' ? { ...before, ...given } : before;
    }),
    policy: mergePolicies(expansion.policy as PolicyInput, policy as PolicyInput),
  };
}

function nameOf(node: NodeInput, index: number, left: readonly JoinTarget[]): string {
  const name = typeof node === 'string' ? node : node.address;
  if (left.some((target) => target.name === name)) return name;
  throw refuseField('not_left', `nodes[${index}]`, {
    value: printable(name),
    left: left.slice(0, 5).map((target) => target.name),
    more: left.length > 5,
  });
}

const inputOf = ({ name, seenAs, credential }: NodeTarget) => ({
  address: name,
  seenAs: formatAddress(seenAs),
  ...(credential === null ? {} : { credential }),
});
