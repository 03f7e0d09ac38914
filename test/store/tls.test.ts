import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { createAuthority, type TestAuthority } from '../support/certificates.ts';
import { startTlsPostgres, type TlsPostgres } from '../support/tls-postgres.ts';

let authority: TestAuthority;
let stranger: TestAuthority;
let postgres: TlsPostgres;
beforeAll(async () => {
  authority = createAuthority();
  stranger = createAuthority();
  postgres = await startTlsPostgres(authority);
});
afterAll(async () => {
  await postgres?.stop();
  authority.remove();
  stranger.remove();
});

function urlWith(settings: Readonly<Record<string, string>>): string {
  const { user, port } = postgres;
  return `postgresql://${user}@127.0.0.1:${port}/${user}?${new URLSearchParams(settings).toString()}`;
}
const proven = (by: TestAuthority, name = postgres.user): Record<string, string> => {
  const { certFile, keyFile } = by.issue(name);
  return { sslmode: 'verify-full', sslrootcert: authority.caFile, sslcert: certFile, sslkey: keyFile };
};
const storeAt = (connectionString: string) =>
  createPostgresStore(openDatabase({ connection: { connectionString } }));

test('the service speaks TLS to its database, checks its certificate, and shows its own', async () => {
  const store = storeAt(urlWith(proven(authority)));
  await store.migrate();
  expect((await store.freezeState()).frozen).toBe(false);
  const sessions = await postgres.query<{ ssl: boolean; client_dn: string }>(
    `select s.ssl, s.client_dn from pg_stat_ssl s join pg_stat_activity a using (pid)
     where a.client_addr is not null`,
  );
  expect(sessions.length).toBeGreaterThan(0);
  expect(new Set(sessions.map(({ ssl, client_dn }) => `${ssl} ${client_dn}`))).toEqual(
    new Set([`true /CN=${postgres.user}`]),
  );
  await store.close();
});

test.each([
  ['a database of another authority', () => ({ ...proven(authority), sslrootcert: stranger.caFile })],
  ['without a certificate of its own', () => ({ sslmode: 'verify-full', sslrootcert: authority.caFile })],
  ['with a certificate of another authority', () => proven(stranger)],
  ['with the certificate of somebody else', () => proven(authority, 'somebody')],
  ['in clear', () => ({ sslmode: 'disable' })],
])('%s: the start says what to correct, and nothing is sent', async (_how, settings) => {
  const store = storeAt(urlWith(settings()));
  const error = await store.migrate().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'database_refused',
    nextSteps: [expect.stringMatching(/sslmode|certificate|pg_hba/)],
  });
  await store.close();
});
