import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type AccessRole, type AccessToken, asksForSignIn } from '../platform/config.ts';

/** Who sends a request. */
export interface Caller {
  /** Name of the token; `local` where no token is configured. */
  readonly name: string;
  readonly role: AccessRole;
  /** Whether a browser sent the proof by itself: then the page that caused it must be our own. */
  readonly byCookie: boolean;
  /** Of an agent: the servers that it may speak for. */
  readonly nodes?: readonly string[];
}

const sessionCookie = 'pika_expander_session';
const sessionSeconds = 12 * 3600;

export interface Access {
  /** false = no token is configured but of agents: whoever reaches the loopback address is the operator. */
  readonly required: boolean;
  /** The caller that the headers prove, or null. */
  callerOf(headers: {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
  }): Caller | null;
  /** The token that somebody typed in, or null if there is none such. */
  tokenFor(text: string): AccessToken | null;
  /** Value of the Set-Cookie header that signs in. */
  signIn(token: AccessToken, secure: boolean): string;
  /** Value of the Set-Cookie header that signs out. */
  signOut(secure: boolean): string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Checks tokens and sessions. Tokens are compared in constant time. A session is a signed statement (name of the
 * token, end), not a row: any API process accepts it, and it ends with its token.
 */
export function createAccess(tokens: readonly AccessToken[], now: () => number): Access {
  const required = asksForSignIn(tokens);
  const known = tokens.map((token) => ({ token, digest: digest(token.token) }));

  /** Looks at every token, so that the time taken says nothing about which one came near. */
  function tokenFor(text: string): AccessToken | null {
    const given = digest(text);
    let found: AccessToken | null = null;
    for (const candidate of known) {
      if (timingSafeEqual(candidate.digest, given)) found = candidate.token;
    }
    return found;
  }

  function byBearer(authorization: string): Caller | null {
    const match = /^Bearer +(\S+)$/i.exec(authorization);
    const token = match?.[1] === undefined ? null : tokenFor(match[1]);
    if (token === null) return null;
    const { name, role, nodes } = token;
    return { name, role, byCookie: false, ...(nodes ? { nodes } : {}) };
  }

  function bySession(value: string): Caller | null {
    const [payload = '', signature = ''] = value.split('.');
    const session = parseSession(payload);
    const token = session && tokens.find((candidate) => candidate.name === session.name);
    if (!token || token.role === 'agent' || session.until <= now()) return null;
    const expected = Buffer.from(sign(token, payload));
    const given = Buffer.from(signature);
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    return genuine ? { name: token.name, role: token.role, byCookie: true } : null;
  }

  return {
    required,
    tokenFor,
    callerOf({ authorization, cookie }) {
      const bearer = authorization === undefined ? null : byBearer(authorization);
      if (!required) return bearer ?? { name: 'local', role: 'operator', byCookie: false };
      if (authorization !== undefined) return bearer;
      const session = cookieValue(cookie ?? '', sessionCookie);
      return session === null ? null : bySession(session);
    },
    signIn(token, secure) {
      const until = now() + sessionSeconds * 1000;
      const payload = Buffer.from(JSON.stringify({ name: token.name, until })).toString('base64url');
      return cookieText(`${payload}.${sign(token, payload)}`, sessionSeconds, secure);
    },
    signOut: (secure) => cookieText('', 0, secure),
  };
}

function sign(token: AccessToken, payload: string): string {
  const key = digest(`pika-expander session\0${token.token}`);
  return createHmac('sha256', key).update(payload).digest('base64url');
}

function parseSession(payload: string): { readonly name: string; readonly until: number } | null {
  try {
    const parsed = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const { name, until } = parsed;
    return typeof name === 'string' && typeof until === 'number' ? { name, until } : null;
  } catch {
    return null;
  }
}

function cookieText(value: string, maxAgeSeconds: number, secure: boolean): string {
  const base = `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
  return secure ? `${base}; Secure` : base;
}

function cookieValue(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
