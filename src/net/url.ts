import { isIP } from 'node:net';
import { refuseField } from '../model/refusal.ts';
import { isForbiddenIp, isPublicIp, plainIp } from '../platform/forbidden-ip.ts';
import { names } from '../platform/server-rules.ts';

const maxLength = 2000;

/**
 * An address to which the service may send requests. `allowed`: servers with private addresses that may be asked. A name is
 * not resolved here. Throws Refusal that names the field.
 */
export function parseOutgoingUrl(text: string, allowed: readonly string[], field = 'url'): URL {
  if (text.length > maxLength) throw refuseField('url_too_long', field, { most: maxLength });
  if (!URL.canParse(text)) throw refuseField('url_not_absolute', field, {});
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuseField('url_not_http', field, {});
  if (url.username !== '' || url.password !== '') throw refuseField('url_with_login', field, {});
  if (url.hash !== '') throw refuseField('url_with_fragment', field, {});
  const ip = hostOf(url);
  if (isIP(ip) === 0 || mayBeAsked(url, ip, allowed)) return url;
  throw refuseField(isForbiddenIp(ip) ? 'url_forbidden_address' : 'url_private_address', field, { ip });
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** Whether a request to this address may go to this IP address. */
export function mayBeAsked(url: URL, ip: string, allowed: readonly string[]): boolean {
  if (isForbiddenIp(ip)) return false;
  const asked = { host: hostOf(url), port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
  return isPublicIp(ip) || allowed.some((rule) => names(rule, asked, plainIp(ip)));
}

/** The address as it is shown: its path and its query can hold a secret. */
export function shownUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  return pathname === '/' && search === '' ? `${origin}/` : `${origin}/…`;
}
