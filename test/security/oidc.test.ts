import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callbackPath, createPersonSignIn } from '../../src/net/oidc.ts';
import type { OidcConfig } from '../../src/platform/oidc.ts';
import { admin, bearer, goodRequest, type TestApi, testApi } from '../api/support.ts';
import {
  clientId,
  clientSecret,
  type FalseProvider,
  type RunningProvider,
  signInAt,
  startFalseProvider,
  startProvider,
} from '../support/identity-provider.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';

const publicUrl = 'https://pika-expander.example';
const redirectUri = publicUrl + callbackPath;
const people = {
  ann: {
    preferred_username: 'ann',
    groups: ['dba', 'football'],
    email: 'ann@firm.example',
    email_verified: true,
  },
  bob: { preferred_username: 'bob', groups: ['oncall', 'dba'] },
  team: { preferred_username: 'team', groups: ['team-7'] },
  carl: { preferred_username: 'carl', groups: ['football'] },
  dora: { preferred_username: 'dora' },
  eve: { preferred_username: '   ', groups: ['dba'], email: 'ann@firm.example', email_verified: false },
};

let provider: RunningProvider;
let falseProvider: FalseProvider;
beforeAll(async () => {
  provider = await startProvider(redirectUri, people);
  falseProvider = await startFalseProvider();
});
afterAll(async () => {
  await provider?.close();
  await falseProvider?.close();
});

let api: TestApi;
afterEach(() => api.app.close());

const overTls = { 'x-forwarded-proto': 'https' };
const html = { ...overTls, accept: 'text/html' };

async function open(
  changes: Partial<OidcConfig> = {},
  outgoing: readonly string[] = ['127.0.0.1'],
  more = {},
) {
  const config: OidcConfig = {
    issuer: provider.issuer,
    clientId,
    clientSecret,
    scopes: 'openid profile email groups',
    nameClaim: 'preferred_username',
    groupsClaim: 'groups',
    groups: [
      { group: 'oncall', role: 'approver' },
      { group: 'dba', role: 'operator' },
      { group: 'team-7', role: 'operator', scope: { masters: ['10.7.0.0/16'] } },
    ],
    label: 'Firm',
    publicUrl,
    ...changes,
  };
  const signIn = createPersonSignIn(config, {
    wayOut: { allowed: outgoing },
    now: Date.now,
    onTrouble: () => {},
  });
  api = await testApi({
    tokens: [admin],
    api: { people: { config, signIn }, trustProxy: 1, ...more },
  });
}

const get = (url: string, headers: Record<string, string>) => api.app.inject({ url, headers });

/** Begins: where the browser is led, and the cookie that it holds since. */
async function begin(to = '/', headers: Record<string, string> = overTls) {
  const answer = await get(`/v1/session/oidc?to=${encodeURIComponent(to)}`, headers);
  const cookie = String(answer.headers['set-cookie'] ?? '');
  return { answer, location: String(answer.headers.location), cookie, pair: cookie.split(';')[0] ?? '' };
}

const finish = (back: string, cookie: string, headers: Record<string, string> = overTls) => {
  const { pathname, search } = new URL(back);
  return get(pathname + search, { ...headers, cookie });
};

async function signedIn(name: string, to = '/') {
  const { location, pair } = await begin(to);
  const answer = await finish(await signInAt(location, name, redirectUri), pair);
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  const session = cookies.find((cookie) => cookie.includes('expander_session='))?.split(';')[0] ?? '';
  return { answer, session, cookies };
}

const sessionOf = async (cookie: string) => (await get('/v1/session', { ...overTls, cookie })).json();
const codeOf = (answer: Awaited<ReturnType<typeof get>>) => [answer.statusCode, answer.json().error?.code];

describe('with a real identity provider', () => {
  test('a person signs in, is who the provider says, and may do what the most powerful group may', async () => {
    await open();
    expect((await sessionOf('')).provider).toBe('Firm');
    const { answer, session, cookies } = await signedIn('ann', '/expansions/exp_1');
    expect([answer.statusCode, answer.headers.location]).toEqual([302, '/expansions/exp_1']);
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-pika_expander_sign_in=; .*Max-Age=0/),
      expect.stringMatching(
        /^__Host-pika_expander_session=.*HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
      ),
    ]);
    expect(await sessionOf(session)).toMatchObject({ name: 'ann', role: 'operator' });
    // Of an approver and an operator, the operator.
    expect(await sessionOf((await signedIn('bob')).session)).toMatchObject({ name: 'bob', role: 'operator' });
  });

  test('a public client needs no secret, and a name can be the confirmed mail address', async () => {
    await open({ clientId: 'public', clientSecret: null, nameClaim: 'email' });
    expect(await sessionOf((await signedIn('ann')).session)).toMatchObject({ name: 'ann@firm.example' });
    expect(codeOf((await signedIn('eve')).answer)).toEqual([403, 'person_without_name']);
  });

  test('nobody without a mapped group or a name gets in, and the page says so', async () => {
    await open();
    for (const [name, code] of [
      ['carl', 'person_without_role'],
      ['dora', 'person_without_role'],
      ['eve', 'person_without_name'],
    ] as const) {
      const { answer, session } = await signedIn(name);
      expect([...codeOf(answer), session]).toEqual([403, code, '']);
    }
    const { location, pair } = await begin();
    const back = await signInAt(location, 'carl', redirectUri);
    const page = await finish(back, pair, { ...html, 'accept-language': 'zh-CN' });
    expect([page.statusCode, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(page.body).toContain('carl，您所在的组均无权使用本服务。');
    expect(page.body).toContain('href="/sign-in"');
  });

  test('the scope of a group binds its people', async () => {
    await open();
    const { session } = await signedIn('team');
    const plan = await api.app.inject({
      method: 'POST',
      url: '/v1/plans',
      headers: { ...overTls, cookie: session },
      payload: goodRequest,
    });
    expect(codeOf(plan)).toEqual([403, 'outside_scope']);
  });

  test('sign-ins and refused sign-ins stand in the trail, and no code does', async () => {
    await open();
    await signedIn('ann');
    const { answer } = await signedIn('carl');
    expect(answer.statusCode).toBe(403);
    await get(`${callbackPath}?code=secret-code&state=x`, overTls);
    const kept = api.entries.filter(({ act }) => act === `GET ${callbackPath}`);
    expect(
      kept.map(({ who, by, from, outcome, after }) => [who, by.kind, from.via, outcome.code, after]),
    ).toEqual([
      [
        { name: 'ann', role: 'operator' },
        'person',
        'dashboard',
        null,
        { name: 'ann', role: 'operator', groups: ['dba'] },
      ],
      [{ name: 'carl', role: null }, 'person', 'dashboard', 'person_without_role', null],
      [{ name: null, role: null }, 'person', 'dashboard', 'sign_in_does_not_fit', null],
    ]);
    expect(JSON.stringify(api.entries)).not.toContain('secret-code');
    expect(api.logLines.join('')).not.toContain('secret-code');
  });

  test('a session ends by sign-out, by an admin, and after 12 hours', async () => {
    await open();
    const sessions = [await signedIn('ann'), await signedIn('ann'), await signedIn('bob')].map(
      (one) => one.session,
    );
    const roles = async () => Promise.all(sessions.map(async (cookie) => (await sessionOf(cookie)).role));
    expect(await roles()).toEqual(['operator', 'operator', 'operator']);
    await api.app.inject({
      method: 'DELETE',
      url: '/v1/session',
      headers: { ...overTls, cookie: sessions[0]! },
    });
    expect(await roles()).toEqual([null, 'operator', 'operator']);
    const asAdmin = { ...overTls, ...bearer(admin) };
    const { items } = (await get('/v1/sessions', asAdmin)).json();
    const theirs = items.find(({ name }: { name: string }) => name === 'ann');
    expect(theirs).toMatchObject({ by: 'person', groups: ['dba'] });
    const end = () =>
      api.app.inject({ method: 'DELETE', url: `/v1/sessions/${theirs.id}`, headers: asAdmin });
    expect((await end()).statusCode).toBe(200);
    expect(codeOf(await end())).toEqual([404, 'no_such_session']);
    expect(await roles()).toEqual([null, null, 'operator']);
    api.clock.now += 12 * 3_600_000;
    expect(await roles()).toEqual([null, null, null]);
  });

  test('a session lives only while the settings know its provider and give its groups a role', async () => {
    const identities = createMemoryIdentities();
    await open({}, ['127.0.0.1'], { identities });
    const { session } = await signedIn('ann');
    for (const [changes, role] of [
      [{ groups: [{ group: 'dba', role: 'viewer' }] }, 'viewer'],
      [{ groups: [{ group: 'oncall', role: 'viewer' }] }, null],
      [{ issuer: falseProvider.issuer }, null],
    ] as const) {
      await api.app.close();
      await open(changes, ['127.0.0.1'], { identities });
      expect((await sessionOf(session)).role).toBe(role);
    }
  });

  test('a code counts once, and with the browser that began alone', async () => {
    await open();
    const [own, other] = [await begin(), await begin()];
    const back = await signInAt(own.location, 'ann', redirectUri);
    // Login CSRF: somebody leads another browser to the answer of their own sign-in.
    expect(codeOf(await finish(back, ''))).toEqual([401, 'sign_in_does_not_fit']);
    expect(codeOf(await finish(back, other.pair))).toEqual([401, 'sign_in_does_not_fit']);
    // A state that fits, with the code of somebody else.
    const foreign = new URL(back);
    foreign.searchParams.set('state', new URL(other.location).searchParams.get('state')!);
    expect((await finish(foreign.href, other.pair)).statusCode).toBe(401);
    const again = await begin();
    const fresh = await signInAt(again.location, 'ann', redirectUri);
    expect((await finish(fresh, again.pair)).statusCode).toBe(302);
    expect((await finish(fresh, again.pair)).statusCode).toBe(401);
  });

  test('what the provider is asked for names neither the secret of the browser nor the verifier', async () => {
    await open();
    const { location, pair, cookie } = await begin();
    expect(cookie).toMatch(
      /^__Host-pika_expander_sign_in=.*; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
    );
    const query = new URL(location).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
    });
    const secret = pair.split('=')[1]!.split('.')[0]!;
    expect(location).not.toContain(secret);
    expect(new Set(['state', 'nonce', 'code_challenge'].map((name) => query.get(name))).size).toBe(3);
  });

  test('only pages of the dashboard are come back to', async () => {
    await open();
    for (const to of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example',
      '/v1/session/oidc',
      'javascript:alert(1)',
      '/x?y=//evil.example',
    ]) {
      const { answer } = await signedIn('ann', to);
      expect([to, answer.headers.location ?? answer.statusCode]).toEqual([to, '/']);
    }
    expect(codeOf((await begin('/\t/evil.example')).answer)).toEqual([400, 'validation_failed']);
    // Neither does a cookie that somebody else wrote lead away.
    const { location, pair } = await begin();
    const back = await signInAt(location, 'ann', redirectUri);
    const written = `${pair.split('.')[0]}.${Buffer.from('//evil.example').toString('base64url')}`;
    expect((await finish(back, written)).headers.location).toBe('/');
  });

  test("another site's page cannot begin a sign-in, and can lead back only a whole page", async () => {
    await open();
    const elsewhere = { ...overTls, 'sec-fetch-site': 'cross-site' };
    const whole = { ...elsewhere, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect(codeOf((await begin('/', whole)).answer)).toEqual([403, 'foreign_origin']);
    const { location, pair } = await begin();
    const back = await signInAt(location, 'ann', redirectUri);
    for (const dest of ['iframe', 'image', 'empty'])
      expect(codeOf(await finish(back, pair, { ...whole, 'sec-fetch-dest': dest }))).toEqual([
        403,
        'foreign_origin',
      ]);
    expect((await finish(back, pair, whole)).statusCode).toBe(302);
  });

  test('a provider inside is asked only where the settings name it', async () => {
    await open({}, []);
    expect(codeOf((await begin()).answer)).toEqual([503, 'identity_provider_away']);
  });

  test('what the provider refuses is said, and no markup of the answer is', async () => {
    await open();
    const { location, pair } = await begin();
    const query = new URL(location).searchParams;
    const back = new URLSearchParams({
      error: 'access_denied',
      state: query.get('state')!,
      iss: provider.issuer,
    });
    const page = await finish(`${redirectUri}?${back.toString()}`, pair, html);
    expect([page.statusCode, page.body]).toEqual([401, expect.stringContaining('access_denied')]);
    back.set('error', '<script>alert(1)</script>');
    expect((await finish(`${redirectUri}?${back.toString()}`, pair, html)).body).not.toContain('script');
  });
});

describe('with a provider that lies', () => {
  async function come(claims: Readonly<Record<string, unknown>>, signature?: 'foreign' | 'none') {
    const { location, pair } = await begin();
    const query = new URL(location).searchParams;
    falseProvider.says(
      { nonce: query.get('nonce'), preferred_username: 'eve', groups: ['dba'], ...claims },
      signature,
    );
    return finish(`${redirectUri}?code=any&state=${query.get('state')}`, pair);
  }

  test('a token that is right is taken', async () => {
    await open({ issuer: falseProvider.issuer });
    expect((await come({})).statusCode).toBe(302);
  });

  test.each([
    ['a wrong nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['another audience', { aud: 'other' }],
    ['several audiences and another party', { aud: [clientId, 'other'], azp: 'other' }],
    ['another issuer', { iss: 'https://other.example' }],
    ['an end in the past', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['no end', { exp: undefined }],
    ['no subject', { sub: undefined }],
  ])('a token with %s is refused', async (_what, claims) => {
    await open({ issuer: falseProvider.issuer });
    expect(codeOf(await come(claims))).toEqual([401, 'sign_in_does_not_fit']);
  });

  test.each(['foreign', 'none'] as const)('a token with the signature “%s” is refused', async (signature) => {
    await open({ issuer: falseProvider.issuer });
    expect(codeOf(await come({}, signature))).toEqual([401, 'sign_in_does_not_fit']);
  });

  test('a wrong state is refused before the provider is asked for a token', async () => {
    await open({ issuer: falseProvider.issuer });
    const { pair } = await begin();
    const before = falseProvider.asked();
    expect(codeOf(await finish(`${redirectUri}?code=any&state=other`, pair))).toEqual([
      401,
      'sign_in_does_not_fit',
    ]);
    expect(codeOf(await finish(`${redirectUri}?code=any`, pair))).toEqual([401, 'sign_in_does_not_fit']);
    expect(falseProvider.asked()).toBe(before);
  });

  test('a name with control characters is none', async () => {
    await open({ issuer: falseProvider.issuer });
    expect(codeOf(await come({ preferred_username: 'root\u001b[2J' }))).toEqual([403, 'person_without_name']);
  });
});
