import { BlockList, isIP, isIPv6 } from 'node:net';

type Network = readonly [address: string, bits: number];

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of networks) list.addSubnet(address, bits, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
}

const forbidden = listOf([
  // Link-local holds the metadata services of clouds, which hand out credentials to whoever asks from inside.
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  // Metadata services elsewhere: AWS over IPv6, Alibaba Cloud, Azure, Oracle Cloud.
  ['fd00:ec2::', 32],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.0', 24],
  ['0.0.0.0', 8],
  ['224.0.0.0', 3],
  ['::', 128],
  ['ff00::', 8],
]);

/** Private, of documents and tests, or a way to an IPv4 address behind it. Of IPv6 all that is not 2000::/3 as well. */
const inside = listOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);
const worldWide = listOf([['2000::', 3]]);

const isIn = (list: BlockList, ip: string): boolean => list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4');

/**
 * Whether nothing is ever sent to this IP address: link-local, unspecified, multicast, reserved, a metadata service, IPv6
 * that leads to such an IPv4 address, or no IP address.
 */
export function isForbiddenIp(text: string): boolean {
  const ip = plainIp(text);
  if (isIP(ip) === 0) return true;
  return [ip, ...ipv4Behind(ip)].some((each) => isIn(forbidden, each));
}

/** Whether this is an address of the open internet. */
export function isPublicIp(text: string): boolean {
  const ip = plainIp(text);
  if (isForbiddenIp(ip) || isIn(inside, ip)) return false;
  return !isIPv6(ip) || isIn(worldWide, ip);
}

/**
 * Without a zone; an IPv4 address in the form of IPv6 (`::ffff:a.b.c.d`, `::ffff:0:a.b.c.d`) becomes a plain IPv4
 * address.
 */
export function plainIp(text: string): string {
  const [ip = ''] = text.split('%');
  if (!isIPv6(ip)) return ip;
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [, high, low] = /^::(?:ffff:(?:0:)?)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  return ipv4Of([Number.parseInt(high, 16), Number.parseInt(low, 16)]);
}

/** The IPv4 addresses to which gateways take this IPv6 address: NAT64, 6to4, Teredo, ISATAP. */
function ipv4Behind(ip: string): readonly string[] {
  if (!isIPv6(ip)) return [];
  const halves = halvesOf(ip);
  const [first, second, third, fourth, , sixth] = halves;
  const last = halves.slice(6);
  if (first === 0x64 && second === 0xff9b) return [ipv4Of(last)];
  if (first === 0x2002) return [ipv4Of([second!, third!])];
  if (first === 0x2001 && second === 0)
    return [ipv4Of([third!, fourth!]), ipv4Of(last.map((half) => half ^ 0xffff))];
  return sixth === 0x5efe ? [ipv4Of(last)] : [];
}

/** The eight halves of words of an IPv6 address in its canonical form. */
function halvesOf(ip: string): readonly number[] {
  const [head = [], tail = []] = ip
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((half) => Number.parseInt(half, 16))));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

const ipv4Of = (halves: readonly number[]): string =>
  halves.flatMap((half) => [half >> 8, half & 0xff]).join('.');
