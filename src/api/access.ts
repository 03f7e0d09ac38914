import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
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
  /** Of a browser: its session, which ends at `until`, or before when it signs out. */
  readonly session?: { readonly id: string; readonly until: number };
}

const sessionCookie = 'pika_expander_session';
/** Of this name a browser takes a cookie only over TLS, from this host alone and for all its paths. */
const secureSessionCookie = `__Host-${sessionCookie}`;
const nameOfCookie = (secure: boolean): string => (secure ? secureSessionCookie : sessionCookie);
const sessionSeconds = 12 * 3600;

export interface Access {
  /** false = no token is configured but of agents: whoever reaches the loopback address is the operator. */
  readonly required: boolean;
  /** The caller that the headers prove, or null. */
  callerOf(
    headers: { readonly authorization?: string | undefined; readonly cookie?: string | undefined },
    secure: boolean,
  ): Caller | null;
  /** The token that somebody typed in, or null if there is none such. */
  tokenFor(text: string): AccessToken | null;
  /** Value of the Set-Cookie header that signs in. */
  signIn(token: AccessToken, secure: boolean): string;
  /** Ends the caller's session, if there is any. Value of the Set-Cookie header that takes the cookie away. */
  signOut(caller: Caller | null, secure: boolean): string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Checks tokens and sessions. Tokens are compared in constant time. A session is a signed statement (name of the
 * token, end), not a row: any API process accepts it, and it ends with its token. Signing out ends it in this process.
 */
export function createAccess(tokens: readonly AccessToken[], now: () => number): Access {
  const required = asksForSignIn(tokens);
  const known = tokens.map((token) => ({ token, digest: digest(token.token) }));
  /** Sessions that signed out, by their id: when each would have ended. */
  const signedOut = new Map<string, number>();

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
    if (!token || token.role === 'agent' || session.until <= now() || signedOut.has(session.id)) return null;
    const expected = Buffer.from(sign(token, payload));
    const given = Buffer.from(signature);
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    return genuine ? { name: token.name, role: token.role, byCookie: true, session } : null;
  }

  return {
    required,
    tokenFor,
    callerOf({ authorization, cookie }, secure) {
      const bearer = authorization === undefined ? null : byBearer(authorization);
      if (!required) return bearer ?? { name: 'local', role: 'operator', byCookie: false };
      if (authorization !== undefined) return bearer;
      const session = cookieValue(cookie ?? '', nameOfCookie(secure));
      return session === null ? null : bySession(session);
    },
    signIn(token, secure) {
      const until = now() + sessionSeconds * 1000;
      const id = randomBytes(12).toString('base64url');
      const payload = Buffer.from(JSON.stringify({ id, name: token.name, until })).toString('base64url');
      return cookieText(`${payload}.${sign(token, payload)}`, sessionSeconds, secure);
    },
    signOut(caller, secure) {
      for (const [id, until] of signedOut) if (until <= now()) signedOut.delete(id);
      if (caller?.session) signedOut.set(caller.session.id, caller.session.until);
      return cookieText('', 0, secure);
    },
  };
}

function sign(token: AccessToken, payload: string): string {
  const key = digest(`pika-expander session\0${token.token}`);
  return createHmac('sha256', key).update(payload).digest('base64url');
}

function parseSession(
  payload: string,
): { readonly id: string; readonly name: string; readonly until: number } | null {
  try {
    const parsed = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const { id, name, until } = parsed;
    const isSession = typeof id === 'string' && typeof name === 'string' && typeof until === 'number';
    return isSession ? { id, name, until } : null;
  } catch {
    return null;
  }
}

function cookieText(value: string, maxAgeSeconds: number, secure: boolean): string {
  const base = `${nameOfCookie(secure)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
  return secure ? `${base}; Secure` : base;
}

function cookieValue(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
