/**
 * What agents told last of the servers that are looked at. Nothing waits for it and nothing fails with it: without an agent
 * all goes on as it would, and the look has no sight.
 */
import type { NodeTarget } from '../model/expansion.ts';
import type { Look } from '../model/observation.ts';
import type { AgentListings, AgentSight } from '../model/views/agent.ts';
import {
  type AgentStore,
  isContested,
  isStale,
  type Listing,
  portOf,
  type StoredSight,
  sightOf,
} from '../store/agents.ts';
import { masterKey } from '../store/master-key.ts';

/** What of the store is read. */
export type ReadAgents = Pick<AgentStore, 'sights' | 'listings'>;

export const keysOf = ({ address, seenAs }: NodeTarget): readonly string[] => [
  masterKey(address),
  masterKey(seenAs),
];

/** What is told of each of these servers, by its name; an address may have more than one agent. */
export async function readSights(
  agents: ReadAgents,
  targets: readonly NodeTarget[],
): Promise<ReadonlyMap<string, readonly StoredSight[]>> {
  const found = await agents.sights([...new Set(targets.flatMap(keysOf))]);
  const told = found.map((sight) => ({ sight, keys: sight.server.addresses.map(masterKey) }));
  return new Map(
    targets.map((target) => {
      const wanted = keysOf(target);
      return [
        target.name,
        told.filter(({ keys }) => keys.some((key) => wanted.includes(key))).map(({ sight }) => sight),
      ];
    }),
  );
}

/** What of agents counts beside a look: the sight, or the agents that contest each other. */
export interface Chosen {
  readonly sight: StoredSight | null;
  /** As `name@host`; a name that comes twice stands for two agents. */
  readonly contested: readonly string[];
}

/**
 * The sight that counts beside this look (docs/decisions.md): reports that still come, of the process that INFO names. A
 * server that does not answer may have died or been started again, so the only agent that speaks for it is heard. Where
 * more than one is left, none of them counts. `known` = the process that answered last.
 */
export function chooseSight(
  told: readonly StoredSight[],
  look: Look,
  known: number | null,
  now: number,
): Chosen {
  const fresh = told.filter((sight) => !isStale(sight, now));
  const answers = look.kind === 'answered' ? look.facts : null;
  const processId = answers?.server?.processId ?? known;
  const same = fresh.filter(({ server }) => server.processId === processId);
  const left = processId !== null && (answers !== null || fresh.length > 1) ? same : fresh;
  const speakers = left.flatMap((sight) => {
    const name = `${sight.agent}@${sight.host}`;
    return isContested(sight, now) ? [name, name] : [name];
  });
  return speakers.length === 1 ? { sight: left[0]!, contested: [] } : { sight: null, contested: speakers };
}

export const withSightOf = (look: Look, { sight, contested }: Chosen): Look => ({
  ...look,
  ...(sight === null ? {} : { sight: sightOf(sight) }),
  ...(contested.length === 0 ? {} : { contestedAgents: contested }),
});

/** Part of a sight that is new since another was stored; nobody stores the same lines of a log twice. */
export function newOfSight(look: Look, stored: AgentSight | undefined): Look {
  const { sight, ...rest } = look;
  if (sight === undefined) return look;
  if (sight.at === stored?.at) return rest as Look;
  const byItsClock = ({ server, clockAheadMs }: AgentSight) => (server.log.at(-1)?.at ?? 0) + clockAheadMs;
  const isSame = stored?.agent === sight.agent && stored.server.processId === sight.server.processId;
  const after = isSame ? byItsClock(stored) : Number.NEGATIVE_INFINITY;
  const log = sight.server.log.filter(({ at }) => at + sight.clockAheadMs > after);
  return { ...look, sight: { ...sight, server: { ...sight.server, log } } };
}

/** By the id that the agent gave each. */
const listsIn = (listings: AgentListings | undefined): ReadonlyMap<string, Listing> =>
  new Map(
    [...(listings?.dumps ?? []), ...(listings?.copies ?? []), ...(listings?.opened ?? [])].flatMap(
      ({ listing, listingId }) => (listing === null || listingId === undefined ? [] : [[listingId, listing]]),
    ),
  );

/** Keeps the listings of the servers for which they are wanted: each is read once. */
export function createListings(agents: ReadAgents) {
  const known = new Map<string, AgentListings>();
  return {
    /** Brings what is known up to date; what cannot be read stays as it is. */
    async take(wanted: ReadonlyMap<string, StoredSight>): Promise<void> {
      for (const name of known.keys()) if (!wanted.has(name)) known.delete(name);
      for (const [name, { agent, host, server, receivedAt, hasListings }] of wanted) {
        if (!hasListings || known.get(name)?.at === receivedAt) continue;
        const listings = await agents.listings(
          { agent, host, port: portOf(server) },
          listsIn(known.get(name)),
        );
        if (listings !== null) known.set(name, listings);
      }
    },
    now: (): ReadonlyMap<string, AgentListings> => new Map(known),
  };
}
