/**
 * Decides to which servers the service connects, to which servers it sends a credential, and which masters nodes may
 * follow. Everything that talks to a node connects by `connectToNode`.
 */
import { lookup } from 'node:dns';
import { connect, isIP, Socket, type TcpNetConnectOpts } from 'node:net';
import { type NotAllowed, notAllowedStep, notAllowedText } from '../model/not-allowed.ts';
import { type Address, formatAddress } from '../model/observation.ts';
import { nobody } from '../model/text.ts';
import { isForbiddenIp, plainIp } from '../platform/forbidden-ip.ts';
import { judgedLookup, type Network } from '../platform/network.ts';
import { loopback, names } from '../platform/server-rules.ts';
import type { Credential } from './engine.ts';

/** What is about to be done at a server. */
export interface Access {
  /** The server as the request named it. */
  readonly asked: Address;
  /** What would be sent; null = nothing is configured, neither a login nor where nodes are. */
  readonly credential: Credential | null;
  /** Whether nodes would connect there, to follow it. */
  readonly followed?: boolean;
}

/** Why that may not be done at this IP address; null = it may. `ip` null = the name leads nowhere here. */
export function objection(access: Access, rawIp: string | null): NotAllowed | null {
  const { asked, credential, followed = false } = access;
  const ip = rawIp === null ? null : plainIp(rawIp);
  const refusal = (why: NotAllowed['why']): NotAllowed => ({
    server: formatAddress(asked),
    ip,
    why,
    credential: credential?.password == null ? null : (credential.name ?? 'default'),
    ownList: credential?.ownList ?? false,
    followed,
  });
  if (ip !== null && isForbiddenIp(ip)) return refusal('never');
  if (credential === null) return null;
  if ((credential.nodes ?? loopback).some((rule) => names(rule, asked, ip))) return null;
  return refusal(ip === null ? 'unresolved' : 'not_listed');
}

/** The configuration does not allow it. Nothing was sent. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused';
  readonly notAllowed: NotAllowed;
  constructor(notAllowed: NotAllowed) {
    super(`${notAllowedText.en(notAllowed, nobody)} ${notAllowedStep.en(notAllowed, nobody)}`);
    this.notAllowed = notAllowed;
  }
}

export const realNetwork: Network = { resolve: lookup, connect };

/**
 * Opens a connection to `host:port`, the server of `access` or another port of it. The name is resolved once, and the
 * connection sees only addresses that are allowed: the socket fails with AccessRefused before anything is sent.
 */
export function connectToNode(
  { host, port }: Address,
  access: Access,
  network: Network = realNetwork,
  options: Partial<TcpNetConnectOpts> = {},
): Socket {
  const refusal = isIP(host) > 0 ? objection(access, host) : null;
  if (refusal !== null) return new Socket().destroy(new AccessRefused(refusal));
  const judged = judgedLookup(
    network,
    (ip) => objection(access, ip) === null,
    (name, ips) => refusedName(access, name, ips),
  );
  return network.connect({ ...options, host, port, noDelay: true, lookup: judged });
}

/** What a name that leads to no allowed address ends in. */
function refusedName(access: Access, name: string, [first]: readonly string[]): Error {
  const refusal = first === undefined ? null : objection(access, first);
  return refusal === null ? new Error(`${name} has no address`) : new AccessRefused(refusal);
}

/**
 * Why the service may not make nodes follow the master at this address; null = it may. Nodes send it the password that
 * they hold for their master. They resolve its name themselves, so every address of it must be allowed.
 */
export async function objectionToFollow(
  asked: Address,
  credential: Credential | null,
  network: Network = realNetwork,
): Promise<NotAllowed | null> {
  const access: Access = { asked, credential, followed: true };
  if (isIP(asked.host) > 0) return objection(access, asked.host);
  if (objection(access, null) === null) return null;
  const ips = await new Promise<readonly string[]>((resolve) =>
    network.resolve(asked.host, { all: true }, (error, addresses) =>
      resolve(error ? [] : addresses.map(({ address }) => address)),
    ),
  );
  if (ips.length === 0) return objection(access, null);
  return ips.map((ip) => objection(access, ip)).find((refusal) => refusal !== null) ?? null;
}
