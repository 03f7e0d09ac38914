import type { Address, ListedSlave } from './observation.ts';

/** Whether every machine takes this host for itself. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase();
  return plain === 'localhost' || plain === '::1' || plain === '0.0.0.0' || /^127(\.\d{1,3}){3}$/.test(plain);
}

export function isIpv6(host: string): boolean {
  return host.includes(':');
}

export function isIpv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** Whether two hosts are certainly the same: equal text, or two spellings of loopback. */
function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase() || (isLoopback(a) && isLoopback(b) && !isSecondLoopback(a, b));
}

/** 127.0.0.2 is another address than 127.0.0.1, though both are loopback. */
function isSecondLoopback(a: string, b: string): boolean {
  return a.startsWith('127.') && b.startsWith('127.') && a !== b;
}

export function samePlace(a: Address, b: Address): boolean {
  return a.port === b.port && sameHost(a.host, b.host);
}

/** All that is known of how a master may list a node. */
export interface KnownAs {
  /** What the request says. */
  readonly seenAs: Address;
  /** `NodeFacts.ips` of its latest look. */
  readonly ips?: readonly string[] | undefined;
  /** The entry under which the master listed it before. */
  readonly listed?: Pick<ListedSlave, 'ip' | 'port'> | null | undefined;
}

/**
 * The master's entry for a node, or null. The master prints the slave's own IP and its configured port (pika-facts
 * 2.3). Nodes of one master may share a port, so the IP decides: the IP of the request, of the connection to the node,
 * or of the entry found before. The port alone decides where no IP is known.
 */
export function findListedSlave(slaves: readonly ListedSlave[], node: KnownAs): ListedSlave | null {
  const { host, port } = node.seenAs;
  const samePort = slaves.filter((slave) => slave.port === port);
  const found =
    samePort.find(({ ip }) => sameHost(ip, host)) ??
    samePort.find(({ ip }) => node.ips?.includes(ip)) ??
    slaves.find((slave) => slave.ip === node.listed?.ip && slave.port === node.listed.port);
  if (found || node.ips || isIpv4(host) || host.toLowerCase() === 'localhost') return found ?? null;
  return samePort.length === 1 ? samePort[0]! : null;
}
