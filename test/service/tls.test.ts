import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService } from '../../src/main.ts';
import { ConfigError, loadConfig } from '../../src/platform/config.ts';
import { keepTls, readTls } from '../../src/platform/tls.ts';
import { openQueueBackend } from '../../src/queue/connection.ts';
import { createAuthority, type TestAuthority } from '../support/certificates.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

let authority: TestAuthority;
let ca: string;
beforeAll(() => {
  authority = createAuthority();
  ca = readFileSync(authority.caFile, 'utf8');
});
afterAll(() => authority.remove());

const token = 'a-token-of-an-operator';

describe('an API with a certificate', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createMigratedDatabase();
  });
  afterAll(() => postgres.stop());

  /** Its status, its headers, and who certified it. */
  const get = (url: string, headers = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; subject: string; protocol: string }>(
      (resolve, reject) => {
        const asked = request(url, { ca, headers, agent: false }, (answer) => {
          const socket = answer.socket as import('node:tls').TLSSocket;
          const subject = String(socket.getPeerCertificate().subject.CN);
          const protocol = String(socket.getProtocol());
          answer
            .resume()
            .on('end', () =>
              resolve({ status: answer.statusCode!, headers: answer.headers, subject, protocol }),
            );
        });
        asked.on('error', reject).end();
      },
    );

  test('speaks TLS 1.2 or newer, tells browsers to stay with it, and signs in with a cookie of this host', async () => {
    const { certFile, keyFile } = authority.issue('api');
    const service = await startService(
      { port: 0, logLevel: 'silent', role: 'api' },
      {
        DATABASE_URL: database.url,
        PIKA_EXPANDER_OPERATOR_TOKEN: token,
        PIKA_EXPANDER_TLS_CERT_FILE: certFile,
        PIKA_EXPANDER_TLS_KEY_FILE: keyFile,
      },
    );
    try {
      expect(service.url).toMatch(/^https:/);
      const seen = await get(`${service.url}/v1/expansions`, { authorization: `Bearer ${token}` });
      expect(seen).toMatchObject({ status: 200, subject: 'api' });
      expect(seen.headers['strict-transport-security']).toMatch(/^max-age=31536000/);
      expect(seen.protocol).toMatch(/^TLSv1\.[23]$/);
      const { hostname, port } = new URL(service.url);
      const old = await new Promise<string>((resolve) => {
        const socket = connect({
          host: hostname,
          port: Number(port),
          ca,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'ALL:@SECLEVEL=0',
        });
        socket.once('secureConnect', () => resolve('connected'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      });
      expect(old).not.toBe('connected');
      const cookie = await new Promise<string>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const asked = request(`${service.url}/v1/session`, { method: 'POST', ca, headers }, (answer) => {
          answer.resume();
          resolve(String(answer.headers['set-cookie']));
        });
        asked.on('error', reject).end(JSON.stringify({ token }));
      });
      expect(cookie).toMatch(/^__Host-pika_expander_session=.*; Secure/);
    } finally {
      await service.close();
    }
  });
});

test('a new pair is in use without a restart; one that cannot be used changes nothing and is told of once', async () => {
  const first = authority.issue('first');
  const files = { certFile: `${authority.folder}/now.pem`, keyFile: `${authority.folder}/now.key` };
  const put = ({ certFile, keyFile }: typeof files) => {
    copyFileSync(certFile, files.certFile);
    copyFileSync(keyFile, files.keyFile);
    chmodSync(files.keyFile, 0o600);
  };
  put(first);
  const set: string[] = [];
  const said: string[] = [];
  const note = (_facts: object, text: string) => void said.push(text);
  const server = { setSecureContext: ({ cert }: { cert?: unknown }) => void set.push(String(cert)) };
  const log = { info: note, warn: note } as never;
  const kept = keepTls(server as never, files, readTls(files), { log, now: Date.now, everyMs: 5 });
  try {
    writeFileSync(files.certFile, 'no certificate');
    await until(() => said.length > 0, { what: 'the bad pair is told of' });
    const second = authority.issue('second', 3);
    put(second);
    await until(() => set.length > 0, { what: 'the new pair is in use' });
    expect(set).toEqual([readFileSync(second.certFile, 'utf8')]);
    await until(() => said.some((text) => text.includes('ends soon')), { what: 'its end is told of' });
    expect(said.filter((text) => text.includes('holds no certificate'))).toHaveLength(1);
  } finally {
    kept.close();
  }
});

test('what cannot be used is refused at the start, with what to do', () => {
  const a = authority.issue('a');
  const b = authority.issue('b');
  const problems = (cert: string, key: string): string => {
    try {
      loadConfig({ PIKA_EXPANDER_TLS_CERT_FILE: cert, PIKA_EXPANDER_TLS_KEY_FILE: key });
      return 'none';
    } catch (error) {
      return (error as ConfigError).problems.join('\n');
    }
  };
  expect(problems(a.certFile, a.keyFile)).toBe('none');
  expect(problems(a.certFile, b.keyFile)).toContain('is not that of the certificate');
  expect(problems(a.certFile, '')).toContain('or neither');
  expect(problems(`${a.certFile}.gone`, a.keyFile)).toContain('cannot be read');
  chmodSync(a.keyFile, 0o644);
  expect(problems(a.certFile, a.keyFile)).toContain('chmod 600');
});

test('the queue is kept in a Redis that speaks TLS, with a certificate of the service', async () => {
  const server = authority.issue('redis');
  const own = authority.issue('service');
  const tlsPort = await freePort();
  const redis = await startRedis({
    args: Object.entries({
      'tls-port': String(tlsPort),
      'tls-auth-clients': 'yes',
      'tls-cert-file': server.certFile,
      'tls-key-file': server.keyFile,
      'tls-ca-cert-file': authority.caFile,
      'maxmemory-policy': 'noeviction',
    }).flatMap(([name, value]) => [`--${name}`, value]),
  });
  try {
    const url = `rediss://127.0.0.1:${tlsPort}`;
    const at = (env: object) => {
      const { redisUrl, redisTls } = loadConfig({ REDIS_URL: url, ...env });
      return openQueueBackend({ redisUrl: redisUrl!, redisTls });
    };
    const [REDIS_CA_FILE, REDIS_CERT_FILE, REDIS_KEY_FILE] = [authority.caFile, own.certFile, own.keyFile];
    const backend = await at({ REDIS_CA_FILE, REDIS_CERT_FILE, REDIS_KEY_FILE });
    expect(await backend.forProducers.answers()).toBe(true);
    await expect(at({})).rejects.toThrow(/certificate/);
    await expect(at({ REDIS_CA_FILE })).rejects.toThrow();
    expect(() => at({ REDIS_CA_FILE, REDIS_CERT_FILE })).toThrow('or neither');
    expect(() => at({ REDIS_CA_FILE: `${REDIS_CA_FILE}.gone` })).toThrow('cannot be read');
    chmodSync(REDIS_KEY_FILE, 0o644);
    expect(() => at({ REDIS_CERT_FILE, REDIS_KEY_FILE })).toThrow('chmod o=');
    expect(() => loadConfig({ REDIS_URL: 'redis://127.0.0.1', REDIS_CA_FILE })).toThrow(ConfigError);
  } finally {
    await redis.stop();
  }
});
