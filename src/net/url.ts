import { isIP } from 'node:net';
import type { Address } from '../model/observation.ts';
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
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return mayBeReached({ host: hostOf(url), port }, ip, allowed);
}

/** Whether a connection to this server may go to this IP address. */
function mayBeReached(asked: Address, ip: string, allowed: readonly string[]): boolean {
  if (isForbiddenIp(ip)) return false;
  return isPublicIp(ip) || allowed.some((rule) => names(rule, asked, plainIp(ip)));
}

/** How a mail server is spoken to: TLS from the beginning, TLS by STARTTLS, or in clear. */
const mailSchemes = {
  'smtps:': { security: 'tls', port: 465 },
  'smtp:': { security: 'starttls', port: 587 },
  'smtp+plain:': { security: 'plain', port: 25 },
} as const;

export interface MailServer extends Address {
  readonly security: (typeof mailSchemes)[keyof typeof mailSchemes]['security'];
  /** Whether a connection may go to this IP address. */
  readonly mayBeReached: (ip: string) => boolean;
}

/** The address of a mail server, as `parseOutgoingUrl` for HTTP. Throws Refusal that names the field. */
export function parseMailUrl(text: string, allowed: readonly string[], field = 'url'): MailServer {
  if (text.length > maxLength) throw refuseField('url_too_long', field, { most: maxLength });
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = mailSchemes[url?.protocol as keyof typeof mailSchemes];
  const host = url === null ? '' : hostOf(url).toLowerCase();
  if (url === null || scheme === undefined || host === '') throw refuseField('url_not_smtp', field, {});
  if (url.username !== '' || url.password !== '') throw refuseField('url_with_login', field, {});
  if (url.hash !== '' || url.search !== '' || !['', '/'].includes(url.pathname))
    throw refuseField('url_not_smtp', field, {});
  const address = { host, port: Number(url.port || scheme.port) };
  const reached = (ip: string): boolean => mayBeReached(address, ip, allowed);
  if (isIP(host) !== 0 && !reached(host))
    throw refuseField(isForbiddenIp(host) ? 'url_forbidden_address' : 'url_private_address', field, {
      ip: host,
    });
  return { ...address, security: scheme.security, mayBeReached: reached };
}

/** The address as it is shown: its path and its query can hold a secret. */
export function shownUrl(text: string): string {
  const { origin, protocol, host, pathname, search } = new URL(text);
  // Of schemes that browsers do not know there is no origin, and the address of a mail server holds no secret.
  if (origin === 'null') return `${protocol}//${host}`;
  return pathname === '/' && search === '' ? `${origin}/` : `${origin}/…`;
}
