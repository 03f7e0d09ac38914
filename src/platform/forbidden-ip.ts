import { BlockList, isIP, isIPv6 } from 'node:net';

const forbidden = new BlockList();
// Link-local holds the metadata services of clouds, which hand out credentials to whoever asks from inside.
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
// Metadata services elsewhere: AWS over IPv6, Alibaba Cloud, Azure, Oracle Cloud.
forbidden.addAddress('fd00:ec2::254', 'ipv6');
forbidden.addAddress('100.100.100.200', 'ipv4');
forbidden.addAddress('168.63.129.16', 'ipv4');
forbidden.addAddress('192.0.0.192', 'ipv4');
// Link-local behind NAT64 and behind 6to4.
forbidden.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6');
forbidden.addSubnet('2002:a9fe::', 32, 'ipv6');
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addSubnet('224.0.0.0', 3, 'ipv4');
forbidden.addAddress('::', 'ipv6');
forbidden.addSubnet('ff00::', 8, 'ipv6');

/** Whether nothing is ever sent to this IP address: link-local, unspecified, multicast, a metadata service, or no IP address. */
export function isForbiddenIp(text: string): boolean {
  const ip = plainIp(text);
  const family = isIP(ip);
  return family === 0 || forbidden.check(ip, family === 4 ? 'ipv4' : 'ipv6');
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
  return [high, low]
    .map((half) => Number.parseInt(half, 16))
    .flatMap((half) => [half >> 8, half & 0xff])
    .join('.');
}
