/** Lists of servers in the configuration: what an entry says, and whether it names a server. */
import { BlockList, isIP } from 'node:net';
import type { Address } from '../model/observation.ts';
import { plainIp } from './forbidden-ip.ts';

/** Where a credential without a list of its own may be sent, beside loopback: the private networks. */
export const privateNetworks: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];
export const loopback: readonly string[] = ['127.0.0.0/8', '::1'];

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

/**
 * Whether an entry can stand in the scope of a token. `10.0.0.*` cannot: it is a pattern of names, so that a name of anybody's
 * domain fits it. `*` names every name.
 */
export const isScopeRule = (text: string): boolean =>
  parseRule(text) !== null && (!/^[\d.*]*\*[\d.*]*(?::\d+)?$/.test(text) || /^\*(?::\d+)?$/.test(text));

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

/** Whether a rule names the server that was asked for, whose IP address is `ip`; null = its name has none here. */
export function names(text: string, asked: Address, ip: string | null): boolean {
  const rule = parseRule(text);
  if (rule === null || (rule.port !== null && rule.port !== asked.port)) return false;
  const [address = '', bits] = rule.host.split('/');
  if (isIP(address) > 0) return ip !== null && holds(address, bits, ip);
  // A name that the operator listed covers every address that it leads to.
  return matches(rule.host, asked.host.toLowerCase().replace(/\.$/, ''));
}

/** Whether one of these rules names this server, by its IP address or by its name; no name is resolved. */
export const namesServer = (rules: readonly string[], { host, port }: Address): boolean =>
  rules.some((rule) => names(rule, { host, port }, isIP(host) > 0 ? plainIp(host) : null));

/**
 * Whether a server may be one of a list that protects. Nothing is resolved: where the list has no entry in the form in which the
 * server is named (a name or an IP address), the server counts as one of the list.
 */
export function mayBeOn(rules: readonly string[], address: Address): boolean {
  if (rules.length === 0 || namesServer(rules, address)) return rules.length > 0;
  const isAddress = (host: string): boolean => isIP(host.split('/')[0] ?? '') > 0;
  const asIp = isIP(address.host) > 0;
  return !rules.some((rule) => isAddress(parseRule(rule)?.host ?? '') === asIp);
}

function holds(address: string, bits: string | undefined, ip: string): boolean {
  // The list takes an IPv4 address for a part of ::/0.
  if (isIP(address) !== isIP(ip)) return plainIp(address) === ip && bits === undefined;
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
  return list.check(ip, family);
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.]/g, '\\.'));
  return new RegExp(`^${parts.join('[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*')}$`).test(name);
}
