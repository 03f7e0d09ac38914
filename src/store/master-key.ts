import { type Address, formatAddress } from '../model/observation.ts';

/**
 * One spelling for one address, so that `LOCALHOST:9221`, `127.0.0.1:9221` and `[::1]:9221` lock the same thing.
 * Names are not resolved: two names of one host count as two here; the run id shows that they are one.
 */
export function masterKey(address: Address): string {
  return formatAddress({ host: canonicalHost(address.host), port: address.port });
}

/** The same for a `host:port` text; a text that is no address is only trimmed and lower-cased. */
export function addressKey(text: string): string {
  const parts = /^\s*(?:\[([^\]]+)\]|([^:]+)):(\d+)\s*$/.exec(text);
  if (!parts) return text.trim().toLowerCase();
  return masterKey({ host: (parts[1] ?? parts[2])!, port: Number(parts[3]) });
}

function canonicalHost(host: string): string {
  const plain = host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  const canonical = plain.includes(':') ? canonicalIpv6(plain) : plain;
  return canonical === 'localhost' || canonical === '::1' ? '127.0.0.1' : canonical;
}

function canonicalIpv6(host: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(host);
  if (mapped) return mapped[1]!;
  try {
    return new URL(`http://[${host}]`).hostname.slice(1, -1);
  } catch {
    return host;
  }
}
