/** What an expansion wants of the agents on the hosts of its servers. */
import { type Expansion, isActive, isEnded, type Join } from '../../model/expansion.ts';
import type { AgentOrders } from '../../model/views/agent.ts';
import { masterPorts, nodePorts } from '../plan/preflight-hosts.ts';

export type AgentWish = Omit<AgentOrders['servers'][number], 'port' | 'held'> & {
  /** Whether the server takes part in what runs now: its agent reports often then. */
  readonly urgent: boolean;
};

/** By the name of the server. Servers that are done, or that nobody asks about, are absent. */
export function agentWishes(expansion: Expansion): ReadonlyMap<string, AgentWish> {
  const wishes = new Map<string, AgentWish>();
  if (isEnded(expansion.state)) return wishes;
  const joins = expansion.joins.filter(isOpen);
  if (joins.length === 0) return wishes;
  const copying = joins.some(copies);
  const urgent = expansion.state === 'running';
  const hashes = expansion.policy.verify.fileHashes === true;
  wishes.set(expansion.master.name, {
    urgent,
    listFiles: copying,
    hashFiles: copying && hashes,
    tryPorts: joins
      .filter((join) => beforeAttach(join) && join.batch === expansion.currentBatch)
      .flatMap(({ target }) => addresses(nodePorts(target, expansion.capabilities))),
  });
  const ports = addresses(masterPorts({ target: expansion.master, capabilities: expansion.capabilities }));
  for (const join of joins) {
    wishes.set(join.target.name, {
      urgent: urgent && (isActive(join.phase) || join.batch === expansion.currentBatch),
      listFiles: copies(join),
      hashFiles: copies(join) && hashes,
      tryPorts: beforeAttach(join) ? ports : [],
    });
  }
  return wishes;
}

const addresses = (ports: ReturnType<typeof masterPorts>) => ports.map(({ to }) => to);
const beforeAttach = ({ phase }: Join): boolean => phase === 'waiting' || phase === 'preflight';
const copies = ({ phase }: Join): boolean => isActive(phase) && phase !== 'attaching';
const isOpen = (join: Join): boolean => beforeAttach(join) || isActive(join.phase) || join.leaving !== null;
