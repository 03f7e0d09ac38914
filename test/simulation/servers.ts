/** How the servers of a scenario are set up, and what real servers were seen to do: test/recordings/README.md, 45 to 51. */

import type { Address } from '../../src/model/observation.ts';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import type { SimulatedVersion } from '../../src/simulator/versions.ts';
import type { SimNode } from '../../src/simulator/world.ts';

/** What servers do, beside what `scenario.ts` draws; each happens in at least one of twenty seeds. */
export const serverFaults = [
  'port_closed',
  'dumps_fail',
  'dump_takes_long',
  'flush_in_copy',
  'odd_commands',
  'replies_overtake',
  'bgsave_while_away',
] as const;
export type ServerFault = (typeof serverFaults)[number];

/**
 * How servers are reached: on ports of one machine; at addresses of their own, all on one port; or by names of which the
 * addresses change with each start, all on one port.
 */
export type Addressing = 'ports' | 'addresses' | 'names';

export interface Servers {
  readonly addressing: Addressing;
  readonly version: SimulatedVersion;
  /** Of nodes that have another version than the master. */
  readonly otherVersions: Readonly<Record<string, SimulatedVersion>>;
  /** Nodes whose configuration file is a copy of the master's, with its run_id. */
  readonly copiesOfConfig: readonly string[];
  /** Nodes whose db-sync-path lies on another mount. */
  readonly onAnotherMount: readonly string[];
  /** Commands that `rename-command` hides, by server. */
  readonly hidden: Readonly<Record<string, string>>;
  readonly mayAskForDump: boolean;
}

/** A pair of versions of which one applies the binlog of the other wrongly, or not at all. */
const otherVersionOf: Readonly<Partial<Record<SimulatedVersion, SimulatedVersion>>> = {
  '3.5.4': '3.5.5',
  '3.5.5': '3.5.4',
  '4.0.0': '4.0.1',
  '4.0.1': '4.0.0',
};

/** Drawn beside the scenario, so that what else a seed draws stays as it is. */
export const serverRandom = (seed: number): Random => createRandom(`servers ${seed}`);

export function drawServers(
  random: Random,
  version: SimulatedVersion,
  nodes: readonly { readonly id: string; readonly beginning: string }[],
): Servers {
  const ids = nodes.map(({ id }) => id);
  const some = (share: number): string[] => ids.filter(() => random.next() < share);
  const other = otherVersionOf[version];
  // A node that was prepared by SLAVEOF has the command.
  const empty = nodes.filter(({ beginning }) => beginning === 'empty').map(({ id }) => id);
  const hides = random.next() < 0.08 && empty.length > 0;
  const [server, command] = random.pick([
    ['node', 'slaveof'],
    ['node', 'config'],
    ['node', 'clearreplicationid'],
    ['m', 'config'],
    ['m', 'bgsave'],
  ] as const);
  const hiddenOn = server === 'node' ? random.pick(empty.length > 0 ? empty : ids) : server;
  return {
    addressing: drawAddressing(random, version),
    version,
    otherVersions:
      other !== undefined && random.next() < 0.1
        ? Object.fromEntries(some(0.6).map((id) => [id, other]))
        : {},
    copiesOfConfig: random.next() < 0.1 ? some(0.7) : [],
    onAnotherMount: random.next() < 0.1 ? some(0.5) : [],
    hidden: hides ? { [hiddenOn]: command } : {},
    mayAskForDump: random.next() < 0.5,
  };
}

/** A slave of 3.3.6 cannot follow a master by name (#951). */
function drawAddressing(random: Random, version: SimulatedVersion): Addressing {
  const drawn = random.next();
  if (drawn < 0.7) return 'ports';
  return drawn < 0.82 || version === '3.3.6' ? 'addresses' : 'names';
}

/** Where a server of the scenario is at first. */
export function placeOf(addressing: Addressing, id: string, order: number) {
  if (addressing === 'ports') return {};
  const place = { host: `10.0.0.${order + 1}`, port: 9221 };
  return addressing === 'names' ? { ...place, aliases: [`${id}.pika`] } : place;
}

/** The address under which everybody is told of a server. */
export const addressOf = ({ aliases, host, port }: SimNode): Address => ({ host: aliases[0] ?? host, port });

export interface DrawnServerFault {
  readonly at: number;
  readonly kind: ServerFault;
  readonly node: string;
  readonly lastsMs: number;
  readonly share: number;
}

/** What nobody but a person mends: half of it stays broken until all is mended. */
export const isLasting = ({ kind, share }: { readonly kind: string; readonly share: number }): boolean =>
  (kind === 'port_closed' || kind === 'dumps_fail') && (10 * share) % 1 < 1 / 2;

/** How much later all is mended where something lasts: long enough for a remedy that is tried again and again. */
export const lastsLongerMs = 90_000;

/** What lasts begins about when the first request does: nothing has worked by then. */
const lastingBeginsWithinMs = 400;

/** Three of five seeds have none, so that nothing else is hidden by them. */
export function drawServerFaults(
  random: Random,
  nodes: readonly string[],
  until: number,
): DrawnServerFault[] {
  const count = random.next() < 3 / 5 ? 0 : random.int(1, 3);
  return Array.from({ length: count }, () => ({
    at: random.int(0, until),
    kind: random.pick([...serverFaults, 'port_closed', 'dumps_fail'] as const),
    node: random.pick(nodes),
    lastsMs: Math.round(10 ** (3 + random.next() * 1.8)),
    share: random.next(),
  })).map((fault) => (isLasting(fault) ? { ...fault, at: fault.at % lastingBeginsWithinMs } : fault));
}
