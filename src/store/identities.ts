import type { Role, Scope } from '../model/access.ts';
import type { Page } from './page.ts';

/** A token that was made while the service runs. */
export interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly scope: Scope;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly rotatedAt: number | null;
  readonly rotatedBy: string | null;
  /** Until when the text before the last rotation counts; null = it does not. */
  readonly oldUntil: number | null;
  /** null = it does not end by itself. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  readonly revokeReason: string | null;
}

/** A browser that is signed in. Digests are SHA-256. */
export interface StoredSession {
  /** Of the id in its cookie. */
  readonly digest: Buffer;
  /** Of the text of the token by which it signed in; null = a person signed in with an identity provider. */
  readonly tokenDigest: Buffer | null;
  readonly person: StoredPerson | null;
  /** Of the token, or of the person. */
  readonly name: string;
  /** From where it signed in. */
  readonly address: string;
  readonly createdAt: number;
  readonly until: number;
}

/** Where a person came from, and the groups that give them something here. */
export interface StoredPerson {
  readonly issuer: string;
  readonly groups: readonly string[];
}

/** Tells sessions apart, and opens none. */
export const sessionId = (digest: Buffer): string => digest.toString('hex').slice(0, 16);

/** Who did something, and when (milliseconds since the epoch). */
interface By {
  readonly by: string;
  readonly at: number;
}

/** A token that has not been revoked has this name, whatever the case of its letters. */
export class TokenNameTakenError extends Error {
  override readonly name = 'TokenNameTakenError';
}

/** All methods throw StoreUnavailableError while the database cannot be reached. */
export interface IdentityStore {
  /** Throws TokenNameTakenError. */
  createToken(token: Omit<StoredToken, 'oldUntil'>, digest: Buffer): Promise<void>;
  token(id: string): Promise<StoredToken | null>;
  /** Newest first. */
  tokens(page: { readonly cursor?: string; readonly limit: number }): Promise<Page<StoredToken>>;
  /** The token whose text has this digest and counts at this time; null = there is none. */
  tokenByDigest(digest: Buffer, at: number): Promise<StoredToken | null>;
  /** The tokens of this name that count at this time, with the digests of the texts that do. */
  tokensNamed(
    name: string,
    at: number,
  ): Promise<readonly { readonly token: StoredToken; readonly digests: readonly Buffer[] }[]>;
  /** false = it was revoked before. */
  revokeToken(id: string, how: By & { readonly reason: string | null }): Promise<boolean>;
  /** Gives it another text; the text before counts until `oldUntil`, or no longer. false = it has ended. */
  rotateToken(
    id: string,
    how: By & { readonly digest: Buffer; readonly oldUntil: number | null },
  ): Promise<boolean>;
  /** Also forgets the sessions whose time is over. */
  openSession(session: StoredSession): Promise<void>;
  /** null = there is none, it was ended, or its time is over. */
  session(digest: Buffer, at: number): Promise<StoredSession | null>;
  endSession(digest: Buffer, at: number): Promise<void>;
  /** Those that have not ended, newest first. */
  sessions(page: {
    readonly at: number;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<Page<StoredSession>>;
  /** By `sessionId`. null = there is none that has not ended. */
  endSessionOfId(id: string, at: number): Promise<StoredSession | null>;
}

/** Whether a stored token counts at this time. */
export const isLiving = (token: Pick<StoredToken, 'expiresAt' | 'revokedAt'>, at: number): boolean =>
  token.revokedAt === null && (token.expiresAt === null || token.expiresAt > at);
