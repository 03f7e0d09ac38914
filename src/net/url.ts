import { isIP } from 'node:net';
import { refuseField } from '../model/refusal.ts';
import { isForbiddenIp } from '../platform/forbidden-ip.ts';

const maxLength = 2000;

/** A receiver's address as it may be used. Throws Refusal that names the field. */
export function parseWebhookUrl(text: string, field = 'url'): URL {
  if (text.length > maxLength) throw refuseField('url_too_long', field, { most: maxLength });
  if (!URL.canParse(text)) throw refuseField('url_not_absolute', field, {});
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuseField('url_not_http', field, {});
  if (url.username !== '' || url.password !== '') throw refuseField('url_with_login', field, {});
  if (url.hash !== '') throw refuseField('url_with_fragment', field, {});
  const ip = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(ip) !== 0 && isForbiddenIp(ip)) throw refuseField('url_forbidden_address', field, { ip });
  return url;
}

/** The address as it is shown: a query can hold a token. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
