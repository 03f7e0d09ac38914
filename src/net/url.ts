import { BlockList, isIP } from 'node:net';
import { Refusal } from '../model/refusal.ts';

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

/** A receiver's address as it may be used. Throws Refusal that names the field `url`. */
export function parseWebhookUrl(text: string): URL {
  if (text.length > maxLength) throw badUrl(`is longer than ${maxLength} characters`);
  if (!URL.canParse(text)) throw badUrl('is not an absolute URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badUrl('is neither http:// nor https://');
  if (url.username !== '' || url.password !== '')
    throw badUrl('holds a user name or password; the signature proves who sends');
  if (url.hash !== '') throw badUrl('holds a fragment (#…), which is never sent');
  const ip = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(ip) !== 0 && !isAllowedIp(ip))
    throw badUrl(`leads to ${ip}, a link-local, unspecified or multicast address`);
  return url;
}

/** The address as it is shown: a query can hold a token. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

function badUrl(text: string): Refusal {
  return new Refusal('invalid', 'validation_failed', `url ${text}.`, {
    field: 'url',
    nextSteps: ['Give the address of your receiver, for example https://hooks.example.net/pika.'],
  });
}
