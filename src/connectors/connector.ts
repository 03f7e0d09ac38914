import type { HookQuestion } from '../model/hooks.ts';
import type { Address } from '../model/observation.ts';
import { formatAddress } from '../model/observation.ts';
import type { NodeTarget } from '../model/targets.ts';
import type { Said } from '../model/text.ts';
import type { WayOut } from '../net/outgoing.ts';
import type { Values } from '../platform/template.ts';

/**
 * Asks or tells one system of one node of a question. Resolves with what speaks against going on, nothing where the work
 * of this step is done. It finds out by itself what is done already, and may reject: that holds the step too.
 */
export type Connector = (
  question: HookQuestion,
  node: NodeTarget,
  signal: AbortSignal,
) => Promise<readonly Said[]>;

export interface ConnectorParts {
  readonly wayOut: WayOut;
  /** IP addresses of a name; none = it cannot be resolved. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Takes secrets out of what a server said. */
  readonly hide: (text: string) => string;
}

/** The names by which a server goes, for templates. Its address is the one under which its master sees it: others reach it there. */
function valuesOf(who: 'master' | 'node', { name, seenAs }: NodeTarget): Values {
  return {
    [`${who}.name`]: name,
    [`${who}.host`]: seenAs.host,
    [`${who}.port`]: seenAs.port,
    [`${who}.address`]: formatAddress(seenAs),
  };
}

export const serverValues = (master: NodeTarget, node: NodeTarget): Values => ({
  ...valuesOf('master', master),
  ...valuesOf('node', node),
});

/** Makes the test whether an address is that of a server, also where one has its name and the other its IP address. */
export async function placeOf(
  { address, seenAs }: NodeTarget,
  resolve: ConnectorParts['resolve'],
): Promise<(other: Address) => boolean> {
  const places = await Promise.all(
    [seenAs, address].map(async ({ host, port }) => ({ port, hosts: [host, ...(await resolve(host))] })),
  );
  return ({ host, port }) =>
    places.some((place) => place.port === port && place.hosts.some((each) => same(each, host)));
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
