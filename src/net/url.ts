import { BlockList, isIP } from 'node:net';
import { refuseField } from '../model/refusal.ts';

const forbidden = new BlockList();
// Link-local holds the metadata services of clouds, which hand out credentials to whoever asks from inside.
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addSubnet('224.0.0.0', 3, 'ipv4');
forbidden.addAddress('::', 'ipv6');
forbidden.addSubnet('ff00::', 8, 'ipv6');
forbidden.addSubnet('::ffff:169.254.0.0', 112, 'ipv6');
forbidden.addSubnet('::ffff:0.0.0.0', 104, 'ipv6');

const maxLength = 2000;

/** Whether events may be sent to this IP address: not to link-local, unspecified or multicast ones. */
export function isAllowedIp(ip: string): boolean {
  const family = isIP(ip);
  return family !== 0 && !forbidden.check(ip, family === 4 ? 'ipv4' : 'ipv6');
}

/** A receiver's address as it may be used. Throws Refusal that names the field. */
export function parseWebhookUrl(text: string, field = 'url'): URL {
  if (text.length > maxLength) throw refuseField('url_too_long', field, { most: maxLength });
  if (!URL.canParse(text)) throw refuseField('url_not_absolute', field, {});
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuseField('url_not_http', field, {});
  if (url.username !== '' || url.password !== '') throw refuseField('url_with_login', field, {});
  if (url.hash !== '') throw refuseField('url_with_fragment', field, {});
  const ip = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(ip) !== 0 && !isAllowedIp(ip)) throw refuseField('url_forbidden_address', field, { ip });
  return url;
}

/** The address as it is shown: a query can hold a token. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
