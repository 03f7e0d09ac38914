import type { Scope } from '../model/access.ts';
import { Conditions } from './conditions.ts';
import type { Database, Row } from './database.ts';
import {
  type IdentityStore,
  type StoredSession,
  type StoredToken,
  sessionId,
  TokenNameTakenError,
} from './identities.ts';
import { storableText } from './json.ts';
import { newestFirst } from './newest-first.ts';

type Lists = { readonly [Name in keyof Scope]-?: Scope[Name] | null };
type TokenRow = Omit<StoredToken, 'scope'> & Lists & Row;
type SessionRow = Omit<StoredSession, 'person'> & {
  readonly issuer: string | null;
  readonly groups: readonly string[] | null;
} & Row;

const tokenColumns = `id, name, role, masters, nodes, actions, created_at as "createdAt", created_by as "createdBy",
  rotated_at as "rotatedAt", rotated_by as "rotatedBy", old_until as "oldUntil", expires_at as "expiresAt",
  revoked_at as "revokedAt", revoked_by as "revokedBy", revoke_reason as "revokeReason"`;

const sessionColumns = `digest, token_digest as "tokenDigest", name, issuer, groups, address,
  created_at as "createdAt", until`;

const uniqueViolation = '23505';
const livingNames = 'tokens_living_names';

/** The IdentityStore on PostgreSQL. */
export function createPostgresIdentities(database: Database): IdentityStore {
  return {
    async createToken(token, digest) {
      await database
        .query(
          `insert into tokens (id, name, digest, role, masters, nodes, actions, created_at, created_by, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [
            token.id,
            storableText(token.name),
            digest,
            token.role,
            token.scope.masters ?? null,
            token.scope.nodes ?? null,
            token.scope.actions ?? null,
            token.createdAt,
            storableText(token.createdBy),
            token.expiresAt,
          ],
        )
        .catch((error: unknown) => {
          const { code, constraint } = error as { code?: unknown; constraint?: unknown };
          throw code === uniqueViolation && constraint === livingNames ? new TokenNameTakenError() : error;
        });
    },

    async token(id) {
      const [row] = await database.query<TokenRow>(`select ${tokenColumns} from tokens where id = $1`, [id]);
      return row === undefined ? null : tokenOf(row);
    },

    tokens: (page) => newestFirst(database, `select ${tokenColumns} from tokens`, page, tokenOf),

    async tokenByDigest(digest, at) {
      const [row] = await database.query<TokenRow & { isOld: boolean }>(
        `select ${tokenColumns}, digest <> $1 as "isOld" from tokens
         where (digest = $1 or (old_digest = $1 and old_until > $2))
           and revoked_at is null and (expires_at is null or expires_at > $2)`,
        [digest, at],
      );
      if (row === undefined) return null;
      const { isOld, ...found } = row;
      const token = tokenOf(found);
      // What was rotated away counts for its time of grace only.
      return isOld
        ? { ...token, expiresAt: Math.min(token.expiresAt ?? Number.POSITIVE_INFINITY, token.oldUntil!) }
        : token;
    },

    async tokensNamed(name, at) {
      const rows = await database.query<TokenRow & { digest: Buffer; oldDigest: Buffer | null }>(
        `select ${tokenColumns}, digest, case when old_until > $2 then old_digest end as "oldDigest" from tokens
         where lower(name) = lower($1) and revoked_at is null and (expires_at is null or expires_at > $2)`,
        [storableText(name), at],
      );
      return rows.map(({ digest, oldDigest, ...row }) => ({
        token: tokenOf(row as TokenRow),
        digests: oldDigest === null ? [digest] : [digest, oldDigest],
      }));
    },

    async revokeToken(id, { by, at, reason }) {
      const rows = await database.query(
        `update tokens set revoked_at = $2, revoked_by = $3, revoke_reason = $4
         where id = $1 and revoked_at is null returning 1`,
        [id, at, storableText(by), reason === null ? null : storableText(reason)],
      );
      return rows.length > 0;
    },

    async rotateToken(id, { by, at, digest, oldUntil }) {
      const rows = await database.query(
        `update tokens set digest = $2, old_digest = case when $3::bigint is not null then digest end, old_until = $3,
           rotated_at = $4, rotated_by = $5
         where id = $1 and revoked_at is null and (expires_at is null or expires_at > $4) returning 1`,
        [id, digest, oldUntil, at, storableText(by)],
      );
      return rows.length > 0;
    },

    async openSession(session) {
      await database.query('delete from sessions where until <= $1', [session.createdAt]);
      await database.query(
        `insert into sessions (digest, token_digest, name, issuer, groups, address, created_at, until)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          session.digest,
          session.tokenDigest,
          storableText(session.name),
          session.person?.issuer ?? null,
          session.person?.groups ?? null,
          session.address,
          session.createdAt,
          session.until,
        ],
      );
    },

    async session(digest, at) {
      const [row] = await database.query<SessionRow>(
        `select ${sessionColumns} from sessions where digest = $1 and ended_at is null and until > $2`,
        [digest, at],
      );
      return row === undefined ? null : sessionOf(row);
    },

    async endSession(digest, at) {
      await database.query('update sessions set ended_at = $2 where digest = $1 and ended_at is null', [
        digest,
        at,
      ]);
    },

    sessions(page) {
      const living = new Conditions();
      living.add((at) => `ended_at is null and until > ${at}`, page.at);
      const itemOf = (row: SessionRow) => ({ ...sessionOf(row), id: sessionId(row.digest) });
      return newestFirst(database, `select ${sessionColumns} from sessions`, page, itemOf, living);
    },

    async endSessionOfId(id, at) {
      const [row] = await database.query<SessionRow>(
        `update sessions set ended_at = $2 where id = $1 and ended_at is null and until > $2
         returning ${sessionColumns}`,
        [id, at],
      );
      return row === undefined ? null : sessionOf(row);
    },
  };
}

function sessionOf({ issuer, groups, ...row }: SessionRow): StoredSession {
  return { ...row, person: issuer === null ? null : { issuer, groups: groups ?? [] } };
}

function tokenOf({ masters, nodes, actions, ...row }: TokenRow): StoredToken {
  const scope = {
    ...(masters === null ? {} : { masters }),
    ...(nodes === null ? {} : { nodes }),
    ...(actions === null ? {} : { actions }),
  };
  return { ...row, scope };
}
