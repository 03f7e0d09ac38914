/** The servers that a request names. */
import Type from 'typebox';
import { Nullable, type Of } from './schema.ts';

/** A TCP address. `host` is a name or an IPv4/IPv6 literal without brackets. */
export const Address = Type.Object({ host: Type.String(), port: Type.Integer() });
export type Address = Of<typeof Address>;

/** A server as a request names it. */
export const NodeTarget = Type.Object({
  name: Type.String({
    description: '`host:port` as the request gave it; the name of the server everywhere.',
  }),
  /** Where the service reaches it. */
  address: Address,
  /** Where the other nodes reach or see it; equals `address` unless the request says otherwise (NAT, containers). */
  seenAs: Address,
  credential: Nullable(
    Type.String(),
    "Name of an entry in the credentials configuration; null = the configuration's default, or none.",
  ),
});
export type NodeTarget = Of<typeof NodeTarget>;

/** A node to be added, with what the request permits to be done to it. */
export const JoinTarget = Type.Object({
  ...NodeTarget.properties,
  overwriteData: Type.Boolean({ description: "The node's own data may be replaced." }),
  repoint: Type.Boolean({ description: 'The node may be taken away from the master it has now.' }),
});
export type JoinTarget = Of<typeof JoinTarget>;
