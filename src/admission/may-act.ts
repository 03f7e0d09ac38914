/** The one place that decides whether somebody may do something, and to which servers. It is pure: no name is resolved. */
import { type Action, actionsOf, isBound, type Rights, rolesWith, type Scope } from '../model/access.ts';
import { type Address, formatAddress } from '../model/observation.ts';
import { type Refusal, refuse } from '../model/refusal.ts';
import { mayBeOn, namesServer } from '../platform/server-rules.ts';

/** A server as a request or a stored document holds it. */
export interface Place {
  readonly address: Address;
  /** How the other servers see it. */
  readonly seenAs?: Address;
}

/** Whether a server may be on a list, by how requests name it or by how other servers see it. */
export const isOn = (rules: readonly string[], { address, seenAs = address }: Place): boolean =>
  mayBeOn(rules, address) || mayBeOn(rules, seenAs);

/** The servers that an act is about. */
export interface Concerned {
  readonly masters?: readonly Place[];
  readonly nodes?: readonly Place[];
  /** Servers that are masters or nodes. */
  readonly servers?: readonly Place[];
}

/** Whether its role and its scope have the action. */
export const hasAction = (rights: Rights, action: Action): boolean => actionsOf(rights).includes(action);

/** Why this action is not for them, whatever it concerns; null = it is. */
export function objectionToAction(rights: Rights, action: Action): Refusal | null {
  if (hasAction(rights, action)) return null;
  const { name, role } = rights;
  return refuse('not_permitted', { name, role, action, roles: rolesWith(action) });
}

/**
 * Why they may not do this to these servers; null = they may. `concerned` null = the act names no server, so it is about all
 * of them. Each address of a server must be inside the scope: what nodes are told to follow counts as well.
 */
export function objectionTo(rights: Rights, action: Action, concerned: Concerned | null): Refusal | null {
  const objection = objectionToAction(rights, action);
  if (objection !== null || !isBound(rights)) return objection;
  const { name } = rights;
  if (concerned === null) return refuse('outside_scope', { name, action, address: null, as: 'server' });
  const lists = listsOf(rights.scope);
  for (const [as, places] of [
    ['master', concerned.masters],
    ['node', concerned.nodes],
    ['server', concerned.servers],
  ] as const) {
    const outside = addressesOf(places).find((address) => !namesServer(lists[as], address));
    if (outside !== undefined)
      return refuse('outside_scope', { name, action, address: formatAddress(outside), as });
  }
  return null;
}

/** Throws the objection, if there is any. */
export function checkMayAct(rights: Rights | undefined, action: Action, concerned: Concerned | null): void {
  const objection = rights === undefined ? null : objectionTo(rights, action, concerned);
  if (objection !== null) throw objection;
}

/** Whether they may read what concerns these servers: its masters decide. */
export function maySee(rights: Rights, { masters = [], servers = [] }: Concerned): boolean {
  if (!isBound(rights)) return true;
  const lists = listsOf(rights.scope);
  return (
    addressesOf(masters).every((address) => namesServer(lists.master, address)) &&
    addressesOf(servers).every((address) => namesServer(lists.server, address))
  );
}

/** If only one list is given, it counts for masters and nodes. */
function listsOf({
  masters,
  nodes,
}: Scope): Readonly<Record<'master' | 'node' | 'server', readonly string[]>> {
  const master = masters ?? nodes ?? [];
  const node = nodes ?? master;
  return { master, node, server: [...master, ...node] };
}

const addressesOf = (places: readonly Place[] = []): readonly Address[] =>
  places.flatMap(({ address, seenAs }) => (seenAs === undefined ? [address] : [address, seenAs]));
