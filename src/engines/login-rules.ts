import { BlockList, isIP } from 'node:net';
import type { Address } from '../model/observation.ts';
import { credentialVariables } from '../model/targets.ts';
import type { Credential } from './engine.ts';

/** Where a credential without a list of its own may be sent, beside loopback: the private networks. */
export const privateNetworks: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];
export const loopback: readonly string[] = ['127.0.0.0/8', '::1', 'localhost'];

interface Rule {
  /** A name, a pattern of names with `*`, an IP address, or a network. */
  readonly host: string;
  readonly port: number | null;
}

/**
 * Reads one entry of a list: `10.0.0.5`, `10.0.0.0/8`, `[fd00::]/8`, `pika-1.example`, `*.pika.example`, each also
 * with `:port`. null = it is none of these.
 */
export function parseRule(text: string): Rule | null {
  const [, bracketed, size = '', portAfter] = /^\[([0-9a-f:.]+)\](\/\d+)?(?::(\d+))?$/i.exec(text) ?? [];
  if (bracketed !== undefined) return checked(`${bracketed}${size}`, portAfter);
  if (text.split(':').length > 2) return checked(text, undefined);
  const [host = '', port] = text.split(':');
  return checked(host, port);
}

function checked(text: string, portText: string | undefined): Rule | null {
  const host = text.toLowerCase();
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536)) return null;
  const [address = '', bits] = host.split('/');
  if (bits !== undefined) {
    const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
    return /^\d+$/.test(bits) && Number(bits) <= most ? { host, port } : null;
  }
  return isIP(host) > 0 || /^[a-z0-9*]([a-z0-9*._-]*[a-z0-9*])?$/.test(host) ? { host, port } : null;
}

/**
 * Whether a login may be sent over a connection. `asked` is what the request named, `connectedTo` the IP address at the
 * other end: rules of addresses are held against that one, so that no name can lead a password elsewhere.
 */
export function mayLogIn(credential: Credential, asked: Address, connectedTo: string | null): boolean {
  const rules = credential.nodes ?? loopback;
  const ip = connectedTo ?? (isIP(asked.host) > 0 ? asked.host : null);
  return rules.some((text) => {
    const rule = parseRule(text);
    if (rule === null || (rule.port !== null && rule.port !== asked.port)) return false;
    const [address = '', bits] = rule.host.split('/');
    if (isIP(address) > 0) return ip !== null && holds(address, bits, ip);
    // A name that the operator listed covers every address that it leads to; `localhost` leads nowhere else.
    return matches(rule.host, asked.host.toLowerCase());
  });
}

function holds(address: string, bits: string | undefined, ip: string): boolean {
  const list = new BlockList();
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
  const plain = ip.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
  return isIP(plain) > 0 && list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.]/g, '\\.'));
  return new RegExp(`^${parts.join('[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*')}$`).test(name);
}

/** Why nothing was sent, and what to set. The list's variable is named after the credential. */
export function loginRefusal({ name = 'default', ownList = false }: Credential, asked: Address): string {
  const server = `${asked.host}:${asked.port}`;
  const variable = `${credentialVariables(name)}_NODES`;
  const where = ownList
    ? `it is not in the list of that credential (${variable})`
    : `name it in ${variable}, or its network in PIKA_EXPANDER_NODE_NETWORKS`;
  return `the credential "${name}" may not be sent to ${server}: ${where}`;
}
