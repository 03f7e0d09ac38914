import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/platform/token-text.ts';
import { type IdentityStore, sessionId, TokenNameTakenError } from '../../src/store/identities.ts';
import { type OpenedStore, openStore } from '../../src/store/open.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let target: TestDatabase;
let opened: OpenedStore;
beforeAll(async () => {
  postgres = await startPostgres();
  target = await postgres.createDatabase();
  opened = await openStore({ databaseUrl: target.url });
  await opened.store.migrate();
});
afterAll(async () => {
  await opened?.close();
  await target?.drop();
  await postgres?.stop();
});

const at = 1000;
const digest = (text: string) => digestOf(text);
const tokenNamed = (id: string, more: object = {}) => ({
  id,
  name: `name of ${id}`,
  role: 'operator' as const,
  scope: {},
  createdAt: at,
  createdBy: 'ann',
  rotatedAt: null,
  rotatedBy: null,
  expiresAt: null,
  revokedAt: null,
  revokedBy: null,
  revokeReason: null,
  ...more,
});
const session = (id: string, more: object = {}) => ({
  digest: digest(id),
  tokenDigest: digest('token'),
  person: null,
  name: 'ann',
  address: '10.0.0.9',
  createdAt: at,
  until: at + 100,
  ...more,
});

describe.each(['postgres', 'memory'])('identities in %s', (where) => {
  let identities: IdentityStore;
  let prefix = 0;
  let id = '';
  beforeEach(() => {
    identities = where === 'memory' ? createMemoryIdentities() : opened.identities;
    prefix += 1;
    id = `tok_${where}_${prefix}`;
  });

  test('tokens of a name are found while they count, with the digests of the texts that do', async () => {
    const name = `Named ${id}`;
    await identities.createToken(tokenNamed(id, { name, expiresAt: at + 100 }), digest(`first ${id}`));
    await identities.rotateToken(id, { by: 'ann', at, digest: digest(`second ${id}`), oldUntil: at + 10 });
    const found = async (when: number) =>
      (await identities.tokensNamed(name.toLowerCase(), when)).map(({ token, digests }) => [
        token.id,
        digests.length,
      ]);
    expect(await found(at + 1)).toEqual([[id, 2]]);
    expect(await found(at + 11)).toEqual([[id, 1]]);
    expect(await found(at + 100)).toEqual([]);
    const [{ digests } = { digests: [] }] = await identities.tokensNamed(name, at + 11);
    expect(digests[0]!.equals(digest(`second ${id}`))).toBe(true);
    await identities.revokeToken(id, { by: 'ann', at: at + 12, reason: null });
    expect(await found(at + 13)).toEqual([]);
  });

  test('a token is found by the digest of its text, with all that was said of it', async () => {
    const scope = { masters: ['10.0.0.0/8'], nodes: ['*.pika.example:9221'], actions: ['expand' as const] };
    const token = tokenNamed(id, { scope, expiresAt: 2000 });
    await identities.createToken(token, digest(id));
    expect(await identities.tokenByDigest(digest(id), at)).toEqual({ ...token, oldUntil: null });
    expect(await identities.token(id)).toEqual({ ...token, oldUntil: null });
    expect((await identities.tokens({ limit: 200 })).items.map((each) => each.id)).toContain(id);
    expect(await identities.tokenByDigest(digest(`${id}x`), at)).toBeNull();
  });

  test('it ends when its time has come', async () => {
    await identities.createToken(tokenNamed(id, { expiresAt: 2000 }), digest(id));
    expect(await identities.tokenByDigest(digest(id), 1999)).not.toBeNull();
    expect(await identities.tokenByDigest(digest(id), 2000)).toBeNull();
    expect(
      await identities.rotateToken(id, { by: 'ann', at: 2000, digest: digest('y'), oldUntil: null }),
    ).toBe(false);
  });

  test('it ends when it is revoked, once, and tells who did it', async () => {
    await identities.createToken(tokenNamed(id), digest(id));
    const how = { by: 'bob', at: 1500, reason: 'left' };
    expect(await identities.revokeToken(id, how)).toBe(true);
    expect(await identities.revokeToken(id, { ...how, by: 'eve' })).toBe(false);
    expect(await identities.tokenByDigest(digest(id), 1501)).toBeNull();
    expect(await identities.token(id)).toMatchObject({
      revokedAt: 1500,
      revokedBy: 'bob',
      revokeReason: 'left',
    });
  });

  test('a name is taken, in any case of its letters, until its token is revoked', async () => {
    const named = (more: string) => tokenNamed(`${id}${more}`, { name: `Name-${id}` });
    await identities.createToken(named('a'), digest(`${id}a`));
    const twin = { ...named('b'), name: `nAME-${id}` };
    await expect(identities.createToken(twin, digest(`${id}b`))).rejects.toThrow(TokenNameTakenError);
    await identities.revokeToken(`${id}a`, { by: 'ann', at, reason: null });
    await identities.createToken(twin, digest(`${id}b`));
  });

  test('after a rotation the new text counts, and the old one as long as was said', async () => {
    await identities.createToken(tokenNamed(id), digest(`${id} 1`));
    const rotate = (n: number, oldUntil: number | null) =>
      identities.rotateToken(id, { by: 'bob', at: 1500, digest: digest(`${id} ${n}`), oldUntil });
    const counts = async (now: number) =>
      Promise.all(
        [1, 2, 3].map(async (n) => (await identities.tokenByDigest(digest(`${id} ${n}`), now)) !== null),
      );
    expect(await rotate(2, 1600)).toBe(true);
    expect(await counts(1599)).toEqual([true, true, false]);
    expect(await counts(1600)).toEqual([false, true, false]);
    // Streams that were opened with the old text end then.
    const endsOf = async (n: number) =>
      (await identities.tokenByDigest(digest(`${id} ${n}`), 1599))!.expiresAt;
    expect([await endsOf(1), await endsOf(2)]).toEqual([1600, null]);
    expect(await rotate(3, null)).toBe(true);
    expect(await counts(1599)).toEqual([false, false, true]);
    expect(await identities.token(id)).toMatchObject({ rotatedAt: 1500, rotatedBy: 'bob', oldUntil: null });
  });

  test('a session is found until it is ended or its time is over', async () => {
    const [one, two] = [session(`${id} one`), session(`${id} two`)];
    await identities.openSession(one);
    await identities.openSession(two);
    expect(await identities.session(one.digest, at)).toEqual(one);
    await identities.endSession(one.digest, at + 1);
    expect(await identities.session(one.digest, at + 1)).toBeNull();
    expect(await identities.session(two.digest, at + 99)).toEqual(two);
    expect(await identities.session(two.digest, at + 100)).toBeNull();
  });

  test('the session of a person keeps whence they came, is listed, and is ended by its id once', async () => {
    const person = { issuer: 'https://id.example', groups: ['dba', 'on call'] };
    const theirs = { ...session(`${id} person`), tokenDigest: null, person, name: 'ann' };
    await identities.openSession(theirs);
    expect(await identities.session(theirs.digest, at)).toEqual(theirs);
    const listed = async () =>
      (await identities.sessions({ at: at + 1, limit: 200 })).items.map((each) => sessionId(each.digest));
    const own = sessionId(theirs.digest);
    expect(await listed()).toContain(own);
    expect(await identities.endSessionOfId(own, at + 1)).toEqual(theirs);
    expect(await identities.endSessionOfId(own, at + 1)).toBeNull();
    expect(await identities.session(theirs.digest, at + 1)).toBeNull();
    expect(await listed()).not.toContain(own);
  });
});
