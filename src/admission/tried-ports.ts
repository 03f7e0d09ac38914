/** Lets the agents beside the nodes of a plan try the ports of the master. Agents of expansions are told so by their orders. */
import { lastTry, masterPorts } from '../core/plan/preflight-hosts.ts';
import type { NodeTarget } from '../model/targets.ts';
import { type AgentStore, isContested, isStale, type StoredSight, sightOf } from '../store/agents.ts';
import { keysOf, readSights } from './sights.ts';

export type AskAgents = Pick<AgentStore, 'sights' | 'listings' | 'askPorts'>;

interface Parts {
  readonly agents: AskAgents;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** An agent that nobody hurries reports every 15 s, tries for 3 s, and tells at once. */
const waitMs = 20_000;
const lookEveryMs = 500;
/** A port that was open a while ago is not tried again. A closed port is: somebody may have opened it. */
const openForMs = 10 * 60_000;

/** Resolves when each agent that reports from the host of a node has tried the ports, or after a while. Never rejects. */
export async function portsTried(
  { agents, now, sleep }: Parts,
  master: NodeTarget,
  nodes: readonly NodeTarget[],
): Promise<void> {
  const ports = masterPorts({ target: master, capabilities: null }).map(({ to }) => to);
  const startedAt = now();
  const isTried = (sight: StoredSight): boolean =>
    ports.every((port) => {
      const last = lastTry(sightOf(sight), port);
      return last !== undefined && last.at >= startedAt - (last.outcome === 'open' ? openForMs : 0);
    });
  const untried = async (): Promise<readonly NodeTarget[]> => {
    const told = await readSights(agents, nodes);
    return nodes.filter((node) => {
      const sights = told.get(node.name)!.filter((one) => !isStale(one, now()) && !isContested(one, now()));
      return sights.length > 0 && !sights.some(isTried);
    });
  };
  try {
    let left = await untried();
    if (left.length > 0) await agents.askPorts([...new Set(left.flatMap(keysOf))], ports, startedAt + waitMs);
    while (left.length > 0 && now() - startedAt < waitMs) {
      await sleep(lookEveryMs);
      left = await untried();
    }
  } catch {
    // Without the agents the plan says what the service itself sees.
  }
}
