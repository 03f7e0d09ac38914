/** The servers that a request names. */
import type { Address } from './observation.ts';

/** A server as a request names it. */
export interface NodeTarget {
  /** `host:port` as the request gave it: the node's name everywhere (API, events, logs). */
  readonly name: string;
  /** Where the service reaches it. */
  readonly address: Address;
  /** Where the other nodes reach or see it; equals `address` unless the request says otherwise (NAT, containers). */
  readonly seenAs: Address;
  /** Name of an entry in the credentials configuration; null = the configuration's default, or none. */
  readonly credential: string | null;
}

/** A node to be added, with what the request permits to be done to it. */
export interface JoinTarget extends NodeTarget {
  /** The node's own data may be replaced. */
  readonly overwriteData: boolean;
  /** The node may be taken away from the master it has now. */
  readonly repoint: boolean;
}

/** What the names of a credential's variables begin with: `PIKA`, or `PIKA_CREDENTIAL_<NAME>`; null = the default one. */
export const credentialVariables = (name: string | null): string =>
  name === null || name === 'default'
    ? 'PIKA'
    : `PIKA_CREDENTIAL_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
