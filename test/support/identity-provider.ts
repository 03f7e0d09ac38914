import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export const clientId = 'pika-expander';
export const clientSecret = 'a-secret-of-the-tests-only-0123456789';

/** What the provider says of somebody; the key is what they type in as their name. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface RunningProvider {
  readonly issuer: string;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const closing = (server: Server) => async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

/** A real identity provider (`oidc-provider`) on loopback, which believes every password. */
export async function startProvider(redirectUri: string, people: People): Promise<RunningProvider> {
  let handler: ReturnType<Provider['callback']> | null = null;
  const server = createServer((request, response) => void handler?.(request, response));
  const issuer = await listening(server);
  const provider = new Provider(issuer, {
    clients: [
      { client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] },
      { client_id: 'public', token_endpoint_auth_method: 'none', redirect_uris: [redirectUri] },
    ],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    pkce: { required: () => true },
    cookies: { keys: ['a key of the tests'] },
    findAccount: async (_: unknown, id: string) =>
      people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
  });
  handler = provider.callback();
  return { issuer, close: closing(server) };
}

/** What a browser does at the provider: types a name in, agrees, and is led back. Returns where to. */
export async function signInAt(start: string, name: string, redirectUri: string): Promise<string> {
  const cookies = new Map<string, string>();
  let [url, form] = [start, null as URLSearchParams | null];
  for (let steps = 0; steps < 20; steps += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form === null ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const page = await response.text();
    const location = response.headers.get('location');
    form = null;
    if (location !== null) {
      url = new URL(location, url).href;
      if (url.startsWith(redirectUri)) return url;
      continue;
    }
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) throw new Error(`the provider shows ${response.status} ${page.slice(0, 500)}`);
    url = new URL(action, url).href;
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
    form = new URLSearchParams({ prompt, login: name, password: 'any' });
  }
  throw new Error('the provider leads nowhere');
}

/** A provider that puts into its tokens whatever a test wants. */
export interface FalseProvider extends RunningProvider {
  /** Changes what its next tokens say, or how they are signed. */
  says(claims: Readonly<Record<string, unknown>>, signature?: 'own' | 'foreign' | 'none'): void;
  /** How often it was asked for a token. */
  asked(): number;
}

export async function startFalseProvider(): Promise<FalseProvider> {
  const [own, foreign] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
  let said: Readonly<Record<string, unknown>> = {};
  let signed: 'own' | 'foreign' | 'none' = 'own';
  let asked = 0;
  const token = (issuer: string): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: clientId, sub: 'eve', iat: now, exp: now + 300, ...said };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: signed === 'none' ? 'none' : 'RS256', kid: 'own' })}.${part(claims)}`;
    if (signed === 'none') return `${text}.`;
    const { privateKey } = signed === 'own' ? own! : foreign!;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
  };
  let issuer = '';
  const answers: Readonly<Record<string, () => unknown>> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/keys': () => ({
      keys: [{ ...own!.publicKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }],
    }),
    '/token': () => {
      asked += 1;
      return { access_token: 'x', token_type: 'Bearer', id_token: token(issuer) };
    },
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer?.() ?? {}));
  });
  issuer = await listening(server);
  return {
    issuer,
    close: closing(server),
    asked: () => asked,
    says(claims, signature = 'own') {
      said = claims;
      signed = signature;
    },
  };
}
