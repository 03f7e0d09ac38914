import {
  chooseSight,
  createListings,
  type ReadAgents,
  readSights,
  withSightOf,
} from '../../admission/sights.ts';
import { agentWishes } from '../../core/steps/agent-orders.ts';
import type { Expansion } from '../../model/expansion.ts';
import type { Look } from '../../model/observation.ts';
import type { AgentListings } from '../../model/views/agent.ts';
import type { StoredSight } from '../../store/agents.ts';
import { type Clock, patienceMs } from './observer.ts';

export interface Looks {
  readonly masterLook: Look | null;
  /** By join index. */
  readonly nodeLooks: ReadonlyMap<number, Look>;
}

/** Agents report every two seconds at the most. */
const readEveryMs = 900;

interface Sights {
  /** Reads what agents told of the servers of the expansion; after a while the turn goes on with what was known. */
  read(expansion: Expansion): Promise<void>;
  /** The looks, each with the sight that counts beside it. */
  beside(expansion: Expansion, looks: Looks): Looks;
  listings(): ReadonlyMap<string, AgentListings>;
}

/** What agents tell of the servers of one expansion. */
export function createSights(agents: ReadAgents, clock: Clock): Sights {
  const files = createListings(agents);
  let told: ReadonlyMap<string, readonly StoredSight[]> = new Map();
  let chosen: ReadonlyMap<string, StoredSight> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function ask(expansion: Expansion): Promise<void> {
    told = await readSights(agents, [expansion.master, ...expansion.joins.map(({ target }) => target)]);
    const wishes = agentWishes(expansion);
    await files.take(new Map([...chosen].filter(([name]) => wishes.get(name)?.listFiles === true)));
  }

  return {
    async read(expansion) {
      if (reading === null && clock.now() - readAt >= readEveryMs) {
        readAt = clock.now();
        // Without what agents tell, a rule that needs it does not hold: that is all that can come of a failure.
        reading = ask(expansion)
          .catch(() => undefined)
          .finally(() => {
            reading = null;
          });
      }
      if (reading !== null) await Promise.race([reading, clock.sleep(patienceMs)]);
    },

    beside(expansion, { masterLook, nodeLooks }) {
      const now = clock.now();
      const found = new Map<string, StoredSight>();
      const seen = (name: string, look: Look, known: number | null): Look => {
        const one = chooseSight(told.get(name) ?? [], look, known, now);
        if (one.sight !== null) found.set(name, one.sight);
        return withSightOf(look, one);
      };
      const { master, masterTracker, joins } = expansion;
      const looks = {
        masterLook: masterLook && seen(master.name, masterLook, masterTracker.processId),
        nodeLooks: new Map(
          [...nodeLooks].map(([index, look]) => {
            const { target, attempts } = joins[index]!;
            return [index, seen(target.name, look, attempts.at(-1)?.tracker?.processId ?? null)];
          }),
        ),
      };
      chosen = found;
      return looks;
    },

    listings: files.now,
  };
}
