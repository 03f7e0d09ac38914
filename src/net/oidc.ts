import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import { refuse } from '../model/refusal.ts';
import { withoutControls } from '../model/text.ts';
import type { OidcConfig } from '../platform/oidc.ts';
import { withTimeLimit } from '../platform/time-limit.ts';
import { askOutside, ForbiddenAddress, type OutgoingRequest, type WayOut } from './outgoing.ts';

/** Who somebody is, in the words of the identity provider. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The sign-in with an identity provider: the code flow of OpenID Connect, with PKCE. */
export interface PersonSignIn {
  /**
   * Where the browser goes to sign in. `secret` is a random text that this browser alone holds: all that binds the answer to
   * this browser is made from it. Throws Refusal where the provider does not answer.
   */
  begin(secret: string): Promise<URL>;
  /** Who came back with this query. Throws Refusal for everybody who did not begin with this secret. */
  finish(query: string, secret: string): Promise<Person>;
}

export const callbackPath = '/v1/session/oidc/callback';
const timeLimitMs = 5000;
const mostAnswerBytes = 512 * 1024;
/** For so long the provider's description of itself counts. */
const describedForMs = 3_600_000;
const longestName = 200;
const mostGroups = 10_000;

/** What is derived from the secret of a browser; none tells another, nor the secret. */
const derived = (secret: string, what: 'state' | 'nonce' | 'verifier'): string =>
  createHash('sha256').update(`${what} ${secret}`).digest('base64url');

/** All requests to the provider go the guarded way out. */
export function createPersonSignIn(
  config: OidcConfig,
  parts: {
    readonly wayOut: WayOut;
    readonly now: () => number;
    readonly onTrouble: (error: unknown) => void;
  },
): PersonSignIn {
  const redirectUri = config.publicUrl + callbackPath;
  let known: { readonly until: number; readonly provider: Promise<client.Configuration> } | null = null;

  function provider(): Promise<client.Configuration> {
    if (known !== null && known.until > parts.now()) return known.provider;
    const asked = { until: parts.now() + describedForMs, provider: discover(config, parts.wayOut) };
    known = asked;
    asked.provider.catch(() => {
      if (known === asked) known = null;
    });
    return asked.provider;
  }

  const away = (error: unknown) => {
    parts.onTrouble(error);
    return refuse('identity_provider_away', {});
  };

  return {
    async begin(secret) {
      const described = await provider().catch((error: unknown) => {
        throw away(error);
      });
      return client.buildAuthorizationUrl(described, {
        redirect_uri: redirectUri,
        scope: config.scopes,
        state: derived(secret, 'state'),
        nonce: derived(secret, 'nonce'),
        code_challenge: await client.calculatePKCECodeChallenge(derived(secret, 'verifier')),
        code_challenge_method: 'S256',
      });
    },

    async finish(query, secret) {
      const described = await provider().catch((error: unknown) => {
        throw away(error);
      });
      const claims = await (async () => {
        const tokens = await client.authorizationCodeGrant(described, new URL(redirectUri + query), {
          expectedState: derived(secret, 'state'),
          expectedNonce: derived(secret, 'nonce'),
          pkceCodeVerifier: derived(secret, 'verifier'),
          idTokenExpected: true,
        });
        return claimsOf(config, described, tokens);
      })().catch((error: unknown) => {
        if (isAway(error)) throw away(error);
        parts.onTrouble(error);
        throw error instanceof client.AuthorizationResponseError
          ? refuse('identity_provider_refused', { error: wordOf(error.error) })
          : refuse('sign_in_does_not_fit', {});
      });
      return personOf(claims, config);
    },
  };
}

async function discover(config: OidcConfig, wayOut: WayOut): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret } = config;
  const server = new URL(issuer);
  const described = await client.discovery(
    server,
    clientId,
    {},
    clientSecret === null ? client.None() : bySecret(clientSecret),
    {
      [client.customFetch]: guardedFetch(wayOut),
      timeout: timeLimitMs / 1000,
      // The settings take http:// for this machine only.
      execute: [
        client.enableNonRepudiationChecks,
        ...(server.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    },
  );
  return described;
}

/** The secret goes the way that the provider takes. */
function bySecret(secret: string): client.ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (taken.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

/** What the token says; what it leaves out is asked for. */
async function claimsOf(
  { nameClaim, groupsClaim }: OidcConfig,
  provider: client.Configuration,
  tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>,
): Promise<Readonly<Record<string, unknown>>> {
  const claims = tokens.claims()!;
  const isWhole = claims[nameClaim] !== undefined && claims[groupsClaim] !== undefined;
  if (isWhole || provider.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...(await client.fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
}

function personOf(claims: Readonly<Record<string, unknown>>, config: OidcConfig): Person {
  const { nameClaim, groupsClaim } = config;
  const given = claims[nameClaim];
  const name = typeof given === 'string' ? given.normalize('NFKC').trim() : '';
  const isTheirs = nameClaim !== 'email' || claims.email_verified === true;
  if (name === '' || name.length > longestName || withoutControls(name) !== name || !isTheirs)
    throw refuse('person_without_name', { claim: nameClaim });
  const groups = [claims[groupsClaim]].flat().filter((group) => typeof group === 'string');
  return { name, groups: groups.slice(0, mostGroups) };
}

/** The way out, in the shape of `fetch`. */
function guardedFetch(wayOut: WayOut): client.CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const text = body instanceof URLSearchParams ? body.toString() : ((body ?? '') as string);
    const request: OutgoingRequest = {
      method: method as OutgoingRequest['method'],
      url,
      headers: {
        ...headers,
        'user-agent': 'pika-expander',
        ...(text === '' ? {} : { 'content-length': Buffer.byteLength(text) }),
      },
      body: text,
      mostAnswerBytes,
    };
    const answer = await withTimeLimit(timeLimitMs, signal ?? null, (limited) =>
      askOutside(wayOut, request, limited),
    );
    const type = answer.type === null ? {} : { 'content-type': answer.type };
    return new Response(answer.text, { status: answer.status, headers: type });
  };
}

/** Whether the provider, rather than who came back, is the trouble. */
function isAway(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, name } = at as NodeJS.ErrnoException;
    if (at instanceof ForbiddenAddress || ['TimeoutError', 'AbortError', 'Refusal'].includes(name))
      return true;
    if (/^E[A-Z]+$|^OAUTH_RESPONSE_IS_NOT_CONFORM$/.test(String(code ?? ''))) return true;
  }
  return false;
}

/** A word of the provider as it may be shown. */
const wordOf = (error: string): string => (/^[a-z_]{1,60}$/.test(error) ? error : 'error');
