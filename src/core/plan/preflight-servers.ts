/** The servers that a preflight judges. */

import { isLoopback, type KnownAs } from '../../model/addresses.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { KnownFault } from '../../model/knowledge.ts';
import type { NotAllowed } from '../../model/not-allowed.ts';
import { type Address, formatAddress, type Look } from '../../model/observation.ts';
import type { JoinTarget, NodeTarget } from '../../model/targets.ts';

export interface PreflightMaster {
  readonly target: NodeTarget;
  readonly look: Look;
  /** null = could not be read. */
  readonly capabilities: Capabilities | null;
  /** What is known to be wrong with its release; absent = not asked. */
  readonly faults?: readonly KnownFault[];
}

export interface PreflightNode {
  readonly target: JoinTarget;
  readonly look: Look;
  readonly capabilities: Capabilities | null;
  /** The configuration protects its data and its replication; absent = it does not. */
  readonly isProtected?: boolean;
}

/** How a master may list the node, by the request and by a look at it. */
export const knownAs = (
  { seenAs }: NodeTarget,
  look: Look | undefined,
  before: Omit<KnownAs, 'seenAs'> | null = null,
): KnownAs => ({
  seenAs,
  ips: (look?.kind === 'answered' ? look.facts.ips : undefined) ?? before?.ips,
  listed: before?.listed,
});

/** What was met at a server that gave no look of this kind; null = it gave another. */
export function metOf(
  { target, look }: Pick<PreflightMaster, 'target' | 'look'>,
  kind: 'unreachable' | 'denied' | 'garbled',
) {
  if (look.kind !== kind || notAllowedAt({ look })) return null;
  const met = 'code' in look ? `${look.message} (${look.code})` : look.message;
  return { address: formatAddress(target.address), met, credential: target.credential };
}

/** What the configuration does not allow at this server; null = it was connected to, or tried. */
export const notAllowedAt = ({ look }: Pick<PreflightMaster, 'look'>): NotAllowed | null =>
  (look.kind === 'denied' && look.notAllowed) || null;

/** The key of a place that nobody has looked at. */
export const placeKey = (address: Address): string => `address:${formatAddress(address).toLowerCase()}`;

/** Widths of the times in which two looks at one process see it start, milliseconds. */
const startedWithinMs = 10_000;

/**
 * Keys of which two looks at one master share at least one, under whatever names it is given. A run_id alone is no key:
 * `pika.conf` holds it after CONFIG REWRITE and after a full sync, so that copies of the file make masters that share it.
 */
export function serverKeys({ address }: NodeTarget, look: Look & { readonly kind: 'answered' }): string[] {
  const { server, ips = [], replication } = look.facts;
  const places = [address.host, ...ips.filter((ip) => !isLoopback(ip))].map((host) =>
    placeKey({ host, port: address.port }),
  );
  if (!server?.runId || server.processId === null || server.uptimeSeconds === null) return places;
  const startedAt = look.at - server.uptimeSeconds * 1000;
  const process = `process:${server.runId}:${server.processId}:${replication?.replicationId ?? ''}`;
  // Two grids, half a width apart: a value near an edge of one grid lies in the middle of the other.
  const grids = [0, 0.5].map((shift) => Math.floor(startedAt / startedWithinMs + shift));
  return [...places, ...grids.map((cell, grid) => `${process}:${grid}:${cell}`)];
}
