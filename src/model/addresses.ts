import type { Address, ListedSlave } from './observation.ts';
import type { NodeTarget } from './targets.ts';

/** Whether a host is one that every machine takes for itself. */
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

/**
 * The master's entry for a node, or null. The master prints the slave's own IP and its configured port
 * (v4.0.1 pika_repl_client.cc:158). A node that is known by name only is found by its port, if just one entry has that port.
 */
export function findListedSlave(
  slaves: readonly ListedSlave[],
  node: Pick<NodeTarget, 'seenAs'>,
): ListedSlave | null {
  const { host, port } = node.seenAs;
  const exact = slaves.find((slave) => slave.port === port && sameHost(slave.ip, host));
  if (exact || isIpv4(host) || host.toLowerCase() === 'localhost') return exact ?? null;
  const samePort = slaves.filter((slave) => slave.port === port);
  return samePort.length === 1 ? samePort[0]! : null;
}
