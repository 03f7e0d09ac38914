import {
  type IdentityStore,
  isLiving,
  type StoredSession,
  type StoredToken,
  sessionId,
  TokenNameTakenError,
} from '../../src/store/identities.ts';

interface Kept {
  token: StoredToken;
  digest: Buffer;
  oldDigest: Buffer | null;
}

/** The IdentityStore in memory, for tests; test/store/identities.test.ts holds it to what PostgreSQL does. */
export function createMemoryIdentities(): IdentityStore {
  const tokens = new Map<string, Kept>();
  const sessions = new Map<string, StoredSession & { ended: boolean }>();
  const key = (digest: Buffer) => digest.toString('hex');

  return {
    async createToken(token, digest) {
      const twin = [...tokens.values()].find(
        (kept) => kept.token.revokedAt === null && kept.token.name.toLowerCase() === token.name.toLowerCase(),
      );
      if (twin !== undefined) throw new TokenNameTakenError();
      tokens.set(token.id, { token: { ...token, oldUntil: null }, digest, oldDigest: null });
    },
    async token(id) {
      return tokens.get(id)?.token ?? null;
    },
    async tokens({ limit }) {
      const items = [...tokens.values()].map(({ token }) => token).reverse();
      return { items: items.slice(0, limit), nextCursor: null };
    },
    async tokenByDigest(digest, at) {
      const found = [...tokens.values()].find(
        (kept) =>
          kept.digest.equals(digest) || (kept.oldDigest?.equals(digest) && (kept.token.oldUntil ?? 0) > at),
      );
      if (found === undefined || !isLiving(found.token, at)) return null;
      const { expiresAt, oldUntil } = found.token;
      if (found.digest.equals(digest)) return found.token;
      return { ...found.token, expiresAt: Math.min(expiresAt ?? Number.POSITIVE_INFINITY, oldUntil!) };
    },
    async tokensNamed(name, at) {
      return [...tokens.values()]
        .filter(({ token }) => token.name.toLowerCase() === name.toLowerCase() && isLiving(token, at))
        .map(({ token, digest, oldDigest }) => ({
          token,
          digests: oldDigest !== null && (token.oldUntil ?? 0) > at ? [digest, oldDigest] : [digest],
        }));
    },
    async revokeToken(id, { by, at, reason }) {
      const kept = tokens.get(id);
      if (kept === undefined || kept.token.revokedAt !== null) return false;
      kept.token = { ...kept.token, revokedAt: at, revokedBy: by, revokeReason: reason };
      return true;
    },
    async rotateToken(id, { by, at, digest, oldUntil }) {
      const kept = tokens.get(id);
      if (kept === undefined || !isLiving(kept.token, at)) return false;
      kept.oldDigest = oldUntil === null ? null : kept.digest;
      kept.digest = digest;
      kept.token = { ...kept.token, rotatedAt: at, rotatedBy: by, oldUntil };
      return true;
    },
    async openSession(session) {
      sessions.set(key(session.digest), { ...session, ended: false });
    },
    async session(digest, at) {
      const found = sessions.get(key(digest));
      if (found === undefined || found.ended || found.until <= at) return null;
      const { ended: _, ...session } = found;
      return session;
    },
    async endSession(digest) {
      const found = sessions.get(key(digest));
      if (found !== undefined) found.ended = true;
    },
    async sessions({ at, limit }) {
      const living = [...sessions.values()].filter(({ ended, until }) => !ended && until > at).reverse();
      return { items: living.slice(0, limit).map(({ ended: _, ...session }) => session), nextCursor: null };
    },
    async endSessionOfId(id, at) {
      const found = [...sessions.values()].find(({ digest }) => sessionId(digest) === id);
      if (found === undefined || found.ended || found.until <= at) return null;
      found.ended = true;
      const { ended: _, ...session } = found;
      return session;
    },
  };
}
