import { afterEach, expect, test } from 'vitest';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { until } from '../support/until.ts';

let api: TestApi;
afterEach(() => api.app.close());

const overTls = { 'x-forwarded-proto': 'https' };
const signIn = (headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'POST', url: '/v1/session', payload: { token: viewer.token }, headers });
const cookieOf = ({ headers }: { readonly headers: Record<string, unknown> }): string =>
  String(headers['set-cookie']).split(';')[0] ?? '';
const statusWith = async (cookie: string, headers: Record<string, string> = {}) =>
  (await api.app.inject({ url: '/v1/expansions', headers: { cookie, ...headers } })).statusCode;

test('over TLS the cookie of a session is bound to this host, and no other cookie counts', async () => {
  api = await testApi({ tokens: [viewer], api: { trustProxy: 1 } });
  const signedIn = await signIn(overTls);
  expect(String(signedIn.headers['set-cookie'])).toMatch(
    /^__Host-pika_expander_session=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
  );
  const cookie = cookieOf(signedIn);
  expect(await statusWith(cookie, overTls)).toBe(200);
  expect(await statusWith(cookie.replace('__Host-', ''), overTls)).toBe(401);
  expect(cookieOf(await signIn())).toMatch(/^pika_expander_session=/);
});

test('a session that signed out is over, and no other session with it', async () => {
  api = await testApi({ tokens: [viewer] });
  const [one, two] = [cookieOf(await signIn()), cookieOf(await signIn())];
  await api.app.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie: one } });
  expect([await statusWith(one), await statusWith(two)]).toEqual([401, 200]);
});

/** Opens a stream and says how it goes on. */
async function follow(headers: Record<string, string>) {
  const address = api.app.server.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${address.port}/v1/events`, {
    headers: { accept: 'text/event-stream', ...headers },
  });
  const stream = { status: response.status, ended: false };
  void response.text().then(() => {
    stream.ended = true;
  });
  return stream;
}

test('the streams of a session end when it signs out, and others go on', async () => {
  api = await testApi({ tokens: [viewer] });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const [one, two] = [cookieOf(await signIn()), cookieOf(await signIn())];
  const streams = await Promise.all([
    follow({ cookie: one }),
    follow({ cookie: one }),
    follow({ cookie: two }),
    follow(bearer(viewer)),
  ]);
  await api.app.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie: one } });
  await until(async () => streams[0].ended && streams[1].ended);
  expect(streams.map(({ status, ended }) => [status, ended])).toEqual([
    [200, true],
    [200, true],
    [200, false],
    [200, false],
  ]);
});

test('a stream ends at the latest with its session', async () => {
  api = await testApi({ tokens: [viewer] });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const cookie = cookieOf(await signIn());
  // The last moments of the session.
  api.clock.now += 12 * 3_600_000 - 50;
  const [bySession, byToken] = [await follow({ cookie }), await follow(bearer(viewer))];
  expect([bySession.status, byToken.status]).toEqual([200, 200]);
  api.clock.now += 50;
  await until(async () => bySession.ended);
  expect(byToken.ended).toBe(false);
});

test('the address of a client is counted from the right, past as many proxies as are configured', async () => {
  const guess = (forwarded: string, remoteAddress = '10.0.0.9') =>
    api.app.inject({
      url: '/v1/expansions',
      remoteAddress,
      headers: { authorization: 'Bearer a-guess', 'x-forwarded-for': forwarded },
    });
  const countedTogether = async (headers: readonly string[]): Promise<boolean> => {
    const codes: number[] = [];
    for (const forwarded of headers) codes.push((await guess(forwarded)).statusCode);
    return codes.at(-1) === 429;
  };
  for (const [trustProxy, tail] of [
    [0, ''],
    [1, ', 198.51.100.1'],
    [2, ', 198.51.100.1, 10.0.0.8'],
  ] as const) {
    api = await testApi({ tokens: [operator], limits: { requestsPerMinute: 5 }, api: { trustProxy } });
    // What stands further left is the client's own word, and changes nothing.
    const forged = [1, 2, 3, 4, 5, 6].map((n) => `127.0.0.${n}${tail}`);
    expect([trustProxy, await countedTogether(forged)]).toEqual([trustProxy, true]);
    await api.app.close();
  }
});
