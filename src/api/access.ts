import { randomBytes } from 'node:crypto';
import type { Rights } from '../model/access.ts';
import type { Person } from '../net/oidc.ts';
import { type AccessToken, asksForSignIn } from '../platform/config.ts';
import { type OidcConfig, rightsOfGroups } from '../platform/oidc.ts';
import { digestOf, isTokenText } from '../platform/token-text.ts';
import { type IdentityStore, type StoredSession, sessionId } from '../store/identities.ts';

/** Who sends a request. Its name is that of the token; `local` where no token is configured. */
export interface Caller extends Rights {
  /** Whether a browser sent the proof by itself: then the page that caused it must be our own. */
  readonly byCookie: boolean;
  /** What was proven, by which the service knows whether it still counts; null = nothing had to be. */
  readonly proof: Proof | null;
}

export interface Proof {
  /** SHA-256 of the text of the token; null = a person who signed in with an identity provider. */
  readonly token: Buffer | null;
  /** Of a stored token: its id; null = a configured one, or none. */
  readonly tokenId: string | null;
  /** Of a browser: SHA-256 of the id of its session. */
  readonly session: Buffer | null;
  /** When it ends by itself; infinity = it does not. */
  readonly until: number;
}

const sessionCookie = 'pika_expander_session';
/** Of this name a browser takes a cookie only over TLS, from this host alone and for all its paths. */
const secureSessionCookie = `__Host-${sessionCookie}`;
const nameOfCookie = (secure: boolean): string => (secure ? secureSessionCookie : sessionCookie);
const sessionSeconds = 12 * 3600;
/** For so long an answer of the database counts in this process. */
const keptMs = 1000;
const mostKept = 10_000;

/** Whose a token or a session is. */
interface Owner extends Rights {
  readonly tokenId: string | null;
  readonly until: number;
}

/** A person who has just signed in. */
interface SignedIn {
  readonly rights: Rights;
  readonly groups: readonly string[];
  readonly session: string;
  readonly cookie: string;
}

export interface Access {
  /** false = no token is configured but of agents and producers: whoever reaches the loopback address may do everything. */
  readonly required: boolean;
  /** Names that are given by the configuration, in lower case. */
  readonly configuredNames: ReadonlySet<string>;
  /** The caller that the headers prove, or null. */
  callerOf(
    headers: { readonly authorization?: string | undefined; readonly cookie?: string | undefined },
    secure: boolean,
  ): Promise<Caller | null>;
  /** Until when what was proven counts, as is known now; 0 = it does not any more. */
  countsUntil(proof: Proof): Promise<number>;
  /** The token that somebody typed in, or null if there is none such. */
  tokenFor(text: string): Promise<Caller | null>;
  /** Value of the Set-Cookie header that signs in. */
  signIn(caller: Caller, address: string, secure: boolean): Promise<string>;
  /** The same for a person whom the identity provider vouches for; null = none of their groups has a role here. */
  signInPerson(person: Person, address: string, secure: boolean): Promise<SignedIn | null>;
  /** Ends the caller's session, if there is any. Value of the Set-Cookie header that takes the cookie away. */
  signOut(caller: Caller | null, secure: boolean): Promise<string>;
  /** What the database said of tokens and sessions is asked for again. */
  forget(): void;
}

/** Who can sign in with an identity provider. */
type People = Pick<OidcConfig, 'issuer' | 'groups'>;

/**
 * Checks tokens and sessions: the configured tokens and those of the database, all by the SHA-256 of their text. A session
 * is a row, which any process of the API finds, and lives as long as its token. That of a person lives while a group of theirs
 * has a role.
 */
export function createAccess(
  configured: readonly AccessToken[],
  identities: IdentityStore,
  now: () => number,
  people: People | null = null,
): Access {
  const required = asksForSignIn(configured);
  const known = new Map(
    configured.map(({ name, role, scope, nodes, token }) => [
      digestOf(token).toString('hex'),
      { name, role, scope: scope ?? (nodes === undefined ? {} : { nodes }) },
    ]),
  );
  const kept = keeper(now);

  /** The token of this digest; digests are no secrets, so the time of a comparison tells nothing. */
  async function byDigest(digest: Buffer): Promise<Owner | null> {
    const own = known.get(digest.toString('hex'));
    if (own !== undefined) return { ...own, tokenId: null, until: Number.POSITIVE_INFINITY };
    const stored = await kept(digest, () => identities.tokenByDigest(digest, now()));
    if (stored === null || (stored.expiresAt !== null && stored.expiresAt <= now())) return null;
    const { id: tokenId, name, role, scope, expiresAt } = stored;
    return { name, role, scope, tokenId, until: expiresAt ?? Number.POSITIVE_INFINITY };
  }

  async function tokenFor(text: string): Promise<Caller | null> {
    const digest = digestOf(text);
    // What the service has not made is in no database.
    if (!known.has(digest.toString('hex')) && !isTokenText(text)) return null;
    const token = await byDigest(digest);
    if (token === null) return null;
    const { until, tokenId, ...rights } = token;
    return { ...rights, byCookie: false, proof: { token: digest, tokenId, session: null, until } };
  }

  async function byBearer(authorization: string): Promise<Caller | null> {
    const match = /^Bearer +(\S+)$/i.exec(authorization);
    return match?.[1] === undefined ? null : tokenFor(match[1]);
  }

  async function ownerOf(session: StoredSession): Promise<Owner | null> {
    const { tokenDigest, person, name } = session;
    if (tokenDigest !== null) return byDigest(tokenDigest);
    if (people === null || person?.issuer !== people.issuer) return null;
    const rights = rightsOfGroups(people.groups, person.groups);
    return rights === null ? null : { name, ...rights, tokenId: null, until: Number.POSITIVE_INFINITY };
  }

  /** Stores a session, and gives the id that its cookie holds. */
  async function open(
    owner: Pick<StoredSession, 'tokenDigest' | 'person' | 'name'>,
    address: string,
  ): Promise<{ readonly id: string; readonly digest: Buffer }> {
    const id = randomBytes(32).toString('base64url');
    const digest = digestOf(id);
    const createdAt = now();
    const until = createdAt + sessionSeconds * 1000;
    await identities.openSession({ ...owner, digest, address, createdAt, until });
    return { id, digest };
  }

  async function bySession(id: string): Promise<Caller | null> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(id)) return null;
    const digest = digestOf(id);
    const session = await kept(digest, () => identities.session(digest, now()));
    if (session === null || session.until <= now()) return null;
    const owner = await ownerOf(session);
    if (owner === null) return null;
    const { until, tokenId, ...rights } = owner;
    const { tokenDigest: token } = session;
    const proof = { token, tokenId, session: digest, until: Math.min(until, session.until) };
    return { ...rights, byCookie: true, proof };
  }

  return {
    required,
    configuredNames: new Set(['local', ...configured.map(({ name }) => name.toLowerCase())]),
    tokenFor,
    async callerOf({ authorization, cookie }, secure) {
      const bearer = authorization === undefined ? null : await byBearer(authorization);
      if (!required)
        return bearer ?? { name: 'local', role: 'admin', scope: {}, byCookie: false, proof: null };
      if (authorization !== undefined) return bearer;
      const id = cookieValue(cookie ?? '', nameOfCookie(secure));
      return id === null ? null : bySession(id);
    },
    async countsUntil({ token, session }) {
      if (session === null) return (token === null ? null : await byDigest(token))?.until ?? 0;
      const stored = await kept(session, () => identities.session(session, now()));
      if (stored === null) return 0;
      return Math.min(stored.until, (await ownerOf(stored))?.until ?? 0);
    },
    async signIn({ name, proof }, address, secure) {
      const { id } = await open({ tokenDigest: proof!.token, person: null, name }, address);
      return cookieText(id, sessionSeconds, secure);
    },
    async signInPerson({ name, groups }, address, secure) {
      const rights = people === null ? null : rightsOfGroups(people.groups, groups);
      if (people === null || rights === null) return null;
      // The others give nothing here, and are nobody's business.
      const own = people.groups.map(({ group }) => group).filter((group) => groups.includes(group));
      const person = { issuer: people.issuer, groups: [...new Set(own)] };
      const { id, digest } = await open({ tokenDigest: null, person, name }, address);
      return {
        rights: { name, ...rights },
        groups: person.groups,
        session: sessionId(digest),
        cookie: cookieText(id, sessionSeconds, secure),
      };
    },
    async signOut(caller, secure) {
      const session = caller?.proof?.session ?? null;
      if (session !== null) await identities.endSession(session, now());
      kept.clear();
      return cookieText('', 0, secure);
    },
    forget: () => kept.clear(),
  };
}

/** Answers of the database by their digest, each for a second; who asks meanwhile gets the same answer. */
function keeper(now: () => number) {
  const answers = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();
  const ask = <T>(digest: Buffer, question: () => Promise<T>): Promise<T> => {
    const key = digest.toString('hex');
    const last = answers.get(key);
    if (last !== undefined && Math.abs(now() - last.at) < keptMs) return last.answer as Promise<T>;
    if (answers.size >= mostKept) answers.clear();
    const asked = { at: now(), answer: question() };
    answers.set(key, asked);
    asked.answer.catch(() => {
      if (answers.get(key) === asked) answers.delete(key);
    });
    return asked.answer;
  };
  return Object.assign(ask, { clear: () => answers.clear() });
}

function cookieText(value: string, maxAgeSeconds: number, secure: boolean): string {
  const base = `${nameOfCookie(secure)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
  return secure ? `${base}; Secure` : base;
}

export function cookieValue(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
