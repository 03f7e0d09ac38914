import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  type ConfigOverrides,
  defaultLimits,
  isLoopback,
  loadConfig,
} from '../../src/platform/config.ts';
import { crashPoints } from '../../src/platform/crash-points.ts';

type Files = Readonly<Record<string, string>>;

function load(env: Record<string, string> = {}, files: Files = {}, overrides: ConfigOverrides = {}) {
  return loadConfig(env, overrides, (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return text;
  });
}

function problemsOf(
  env: Record<string, string>,
  files: Files = {},
  overrides: ConfigOverrides = {},
): readonly string[] {
  try {
    load(env, files, overrides);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const file = (content: unknown) => ({
  PIKA_EXPANDER_CONFIG: '/c.json',
  files: { '/c.json': JSON.stringify(content) },
});
const fromFile = (content: unknown, env: Record<string, string> = {}, more: Files = {}) => {
  const { PIKA_EXPANDER_CONFIG, files } = file(content);
  return [
    { PIKA_EXPANDER_CONFIG, ...env },
    { ...files, ...more },
  ] as const;
};
const token = 'a-token-long-enough';

describe('defaults', () => {
  test('need nothing: everything together, on loopback, with its own database', () => {
    expect(load()).toMatchObject({
      role: 'all',
      listen: { host: '127.0.0.1', port: 8080 },
      databaseUrl: null,
      dataDir: './data',
      redisUrl: null,
      logLevel: 'info',
      tokens: [],
      secrets: [],
    });
    expect(load().credentials.get(null)).toBeNull();
  });

  test('no crash point ends it but the point that a test names, at the time that it names', () => {
    expect(load().crashAt).toBeNull();
    for (const point of crashPoints) {
      expect(load({ PIKA_EXPANDER_CRASH_AT: point }).crashAt).toEqual({ point, time: 1 });
      expect(load({ PIKA_EXPANDER_CRASH_AT: `${point}:12` }).crashAt).toEqual({ point, time: 12 });
    }
  });

  test('an empty variable counts as not set', () => {
    expect(load({ DATABASE_URL: '', PIKA_EXPANDER_PORT: ' ' })).toMatchObject({
      databaseUrl: null,
      listen: { port: 8080 },
    });
  });
});

test('the command line wins over the environment, which wins over the file', () => {
  const [env, files] = fromFile({
    listen: { port: 1001 },
    dataDir: '/file',
    role: 'api',
    logLevel: 'warn',
    databaseUrl: 'postgres://h/d',
  });
  expect(load(env, files)).toMatchObject({ listen: { port: 1001 }, dataDir: '/file', role: 'api' });
  const mixed = { ...env, PIKA_EXPANDER_PORT: '1002', DATA_DIR: '/env' };
  expect(load(mixed, files)).toMatchObject({ listen: { port: 1002 }, dataDir: '/env', logLevel: 'warn' });
  expect(load(mixed, files, { port: 1003, role: 'worker' })).toMatchObject({
    listen: { port: 1003 },
    dataDir: '/env',
    role: 'worker',
  });
});

describe('a bad setting is named, with what to do about it', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['a port that is no number', { PIKA_EXPANDER_PORT: 'http' }, /^PIKA_EXPANDER_PORT .*0 to 65535/],
    ['a port out of range', { PIKA_EXPANDER_PORT: '70000' }, /^PIKA_EXPANDER_PORT/],
    ['an unknown role', { PIKA_EXPANDER_ROLE: 'both' }, /^PIKA_EXPANDER_ROLE .*all, api, worker/],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL .*info/],
    ['a database of another kind', { DATABASE_URL: 'mysql://u:hidden-pw@h/d' }, /^DATABASE_URL .*postgres:/],
    ['an address that is none', { REDIS_URL: 'localhost:6379' }, /^REDIS_URL .*redis:/],
    ['a bare % in a password', { DATABASE_URL: 'postgres://u:hidden-pw%@h/d' }, /^DATABASE_URL .*%25/],
    ['bytes that are no text in a name', { REDIS_URL: 'redis://u%ff:hidden-pw@h' }, /^REDIS_URL .*%25/],
    [
      'a guessable token',
      { PIKA_EXPANDER_OPERATOR_TOKEN: 'secret' },
      /^PIKA_EXPANDER_OPERATOR_TOKEN .*openssl/,
    ],
    ['a file that is not there', { PIKA_PASSWORD_FILE: '/run/pw' }, /^PIKA_PASSWORD_FILE.*\/run\/pw.*ENOENT/],
    ['a user without a password', { PIKA_USERNAME: 'admin' }, /^PIKA_USERNAME .*PIKA_PASSWORD/],
    ['a list of nodes without a password', { PIKA_NODES: '10.0.0.1' }, /^PIKA_NODES .*PIKA_PASSWORD/],
    [
      'names of commands without a password',
      { PIKA_COMMANDS: 'slaveof=x' },
      /^PIKA_COMMANDS .*PIKA_PASSWORD/,
    ],
    [
      'a name for a command that has its own everywhere',
      { PIKA_PASSWORD: 'geheim', PIKA_COMMANDS: 'scan=x' },
      /^PIKA_COMMANDS: .*bgsave, clearreplicationid, config, lastsave, slaveof/,
    ],
    ['a command without a name', { PIKA_PASSWORD: 'geheim', PIKA_COMMANDS: 'slaveof' }, /^PIKA_COMMANDS: /],
    [
      'a crash point that is none',
      { PIKA_EXPANDER_CRASH_AT: 'before_slavof' },
      /^PIKA_EXPANDER_CRASH_AT .*before_slaveof, /,
    ],
    [
      'a time at a crash point that never comes',
      { PIKA_EXPANDER_CRASH_AT: 'before_slaveof:0' },
      /^PIKA_EXPANDER_CRASH_AT/,
    ],
    [
      'proxies that are not counted',
      { PIKA_EXPANDER_TRUST_PROXY: 'true' },
      /^PIKA_EXPANDER_TRUST_PROXY .*0 to 10/,
    ],
    [
      'a proxy before a service that asks nobody to sign in',
      { PIKA_EXPANDER_TRUST_PROXY: '1' },
      /^PIKA_EXPANDER_TRUST_PROXY .*OPERATOR_TOKEN/,
    ],
    [
      'a missing configuration file',
      { PIKA_EXPANDER_CONFIG: '/none.json' },
      /PIKA_EXPANDER_CONFIG.*\/none\.json/,
    ],
  ])('%s', (_name, env, expected) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems[0]).not.toContain('hidden-pw');
  });

  test.each<[string, unknown, RegExp]>([
    ['an unknown setting', { listne: {} }, /listne/],
    ['an unknown setting inside', { listen: { prot: 1 } }, /listen.*prot/],
    [
      'a wrong type',
      { listen: { port: '8080' } },
      /listen\.port is "8080"; set it to a whole number from 0 to 65535/,
    ],
    [
      'a limit out of range',
      { limits: { maxNodes: 0 } },
      /limits\.maxNodes is 0; set it to a whole number from 1/,
    ],
    ['a word that is none', { logLevel: 'loud' }, /logLevel is "loud"; set it to one of fatal, error/],
    ['a password in the file itself', { credentials: { default: { password: 'x' } } }, /password/],
    [
      'a token without a place',
      { tokens: [{ name: 'a', role: 'viewer' }] },
      /tokens "a".*tokenEnv or tokenFile/,
    ],
    [
      'a token with two places',
      { tokens: [{ name: 'a', role: 'viewer', tokenEnv: 'A', tokenFile: '/a' }] },
      /exactly one/,
    ],
    [
      'an unset variable',
      { tokens: [{ name: 'a', role: 'viewer', tokenEnv: 'A' }] },
      /variable A, which is not set/,
    ],
  ])('in the file: %s', (_name, content, expected) => {
    const [env, files] = fromFile(content);
    expect(problemsOf(env, files).join('\n')).toMatch(expected);
  });

  test('a file that is no JSON', () => {
    expect(problemsOf({ PIKA_EXPANDER_CONFIG: '/c' }, { '/c': '{listen' })[0]).toMatch(
      /\/c is not valid JSON/,
    );
  });

  test('all problems are told at once', () => {
    expect(problemsOf({ PIKA_EXPANDER_PORT: 'x', LOG_LEVEL: 'y', REDIS_URL: 'z' })).toHaveLength(3);
  });
});

test('a role of its own needs a database that others can reach', () => {
  expect(problemsOf({ PIKA_EXPANDER_ROLE: 'worker' })[0]).toMatch(/role worker.*DATABASE_URL/s);
  expect(load({ PIKA_EXPANDER_ROLE: 'worker', DATABASE_URL: 'postgresql://h/d' }).role).toBe('worker');
});

describe('who may reach it', () => {
  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('%s needs no token', (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(load({ PIKA_EXPANDER_HOST: host }).listen.host).toBe(host);
  });

  test.each(['0.0.0.0', '::', '10.0.0.5', 'expander.internal', '127.0.0.1.evil.example'])(
    '%s needs one',
    (host) => {
      expect(problemsOf({ PIKA_EXPANDER_HOST: host })[0]).toMatch(
        /PIKA_EXPANDER_OPERATOR_TOKEN.*127\.0\.0\.1/s,
      );
      expect(load({ PIKA_EXPANDER_HOST: host, PIKA_EXPANDER_OPERATOR_TOKEN: token }).listen.host).toBe(host);
    },
  );

  test('tokens come from the environment, from files, and from the configuration file', () => {
    const [env, files] = fromFile(
      {
        tokens: [
          { name: 'wall', role: 'viewer', tokenFile: '/t' },
          { name: 'ci', role: 'operator', tokenEnv: 'CI_T' },
        ],
      },
      { PIKA_EXPANDER_OPERATOR_TOKEN_FILE: '/o', CI_T: 'ci-token-long-enough' },
      { '/t': 'wall-token-long-enough\n', '/o': token },
    );
    expect(load(env, files).tokens).toEqual([
      { name: 'operator', role: 'operator', token },
      { name: 'wall', role: 'viewer', token: 'wall-token-long-enough' },
      { name: 'ci', role: 'operator', token: 'ci-token-long-enough' },
    ]);
  });

  test('an agent needs the list of the servers that it may speak for, and nobody else has such a list', () => {
    const agentToken = { PIKA_EXPANDER_AGENT_TOKEN: token };
    expect(load({ ...agentToken, PIKA_EXPANDER_AGENT_NODES: '10.0.0.7, *.pika.example' }).tokens).toEqual([
      { name: 'agent', role: 'agent', token, nodes: ['10.0.0.7', '*.pika.example'] },
    ]);
    expect(problemsOf(agentToken)).toEqual([expect.stringMatching(/PIKA_EXPANDER_AGENT_NODES/)]);
    expect(problemsOf({ ...agentToken, PIKA_EXPANDER_AGENT_NODES: '10.0.0.0/33' })[0]).toContain(
      '"10.0.0.0/33"',
    );
    const tokens = [{ name: 'host-7', role: 'agent', tokenFile: '/t' }];
    const [env, files] = fromFile({ tokens }, {}, { '/t': token });
    expect(problemsOf(env, files)).toEqual([expect.stringMatching(/tokens "host-7".*set "nodes"/)]);
    const [env2, files2] = fromFile(
      { tokens: [{ ...tokens[0], role: 'viewer', nodes: ['10.0.0.7'] }] },
      {},
      { '/t': token },
    );
    expect(problemsOf(env2, files2)).toEqual([
      expect.stringMatching(/"nodes" is for tokens of the role agent/),
    ]);
  });

  test('the token of an agent opens the service to nobody', () => {
    const agentToken = { PIKA_EXPANDER_AGENT_TOKEN: token, PIKA_EXPANDER_AGENT_NODES: '10.0.0.7' };
    expect(problemsOf({ ...agentToken, PIKA_EXPANDER_HOST: '0.0.0.0' })[0]).toContain(
      'no token is configured',
    );
  });

  test('two tokens with one value or one name would hide who did what', () => {
    const both = { PIKA_EXPANDER_OPERATOR_TOKEN: token, PIKA_EXPANDER_VIEWER_TOKEN: token };
    expect(problemsOf(both)[0]).toMatch(/name or the value/);
  });
});

test('the configuration file may hold every setting that a variable may hold', () => {
  const content = {
    listen: { host: '127.0.0.2', port: 1 },
    slots: { total: 3, perNodeHost: 2, perMasterHost: 1 },
    nodeNetworks: ['10.0.0.0/8'],
    keepEndedDays: 30,
    trustProxy: 2,
    limits: { maxNodes: 5 },
  };
  const [withFile, files] = fromFile(content);
  const env = { ...withFile, PIKA_EXPANDER_OPERATOR_TOKEN: 'a-token-long-enough' };
  expect(load(env, files)).toMatchObject({
    listen: content.listen,
    slots: content.slots,
    keepEndedDays: 30,
    trustProxy: 2,
    limits: { ...defaultLimits, maxNodes: 5 },
  });
  const variables = { PIKA_EXPANDER_SLOTS_TOTAL: '9', PIKA_EXPANDER_KEEP_ENDED_DAYS: '1' };
  expect(load({ ...env, ...variables }, files)).toMatchObject({
    slots: { ...content.slots, total: 9 },
    keepEndedDays: 1,
  });
});

describe('passwords of nodes', () => {
  test('have with them the names of renamed commands, which are secrets as they are', () => {
    const [env, files] = fromFile(
      { credentials: { dc2: { passwordEnv: 'PW', commands: { slaveof: 'follow-7f3a' } } } },
      { PW: 'first', PIKA_PASSWORD: 'second', PIKA_COMMANDS: 'SLAVEOF=chain-5d11, config=c' },
    );
    const { credentials, secrets } = load(env, files);
    expect(credentials.get('dc2')?.commands).toEqual({ slaveof: 'follow-7f3a' });
    expect(credentials.get(null)?.commands).toEqual({ slaveof: 'chain-5d11', config: 'c' });
    expect(secrets).toEqual(expect.arrayContaining(['follow-7f3a', 'chain-5d11']));
  });

  test('come by name, from variables and files, and never stand in the configuration file', () => {
    const [env, files] = fromFile(
      { credentials: { default: { passwordEnv: 'PW' }, dc2: { username: 'admin', passwordFile: '/pw' } } },
      { PW: 'first', PIKA_CREDENTIAL_DC3_PASSWORD: 'third', PIKA_CREDENTIAL_DC3_USERNAME: 'u3' },
      { '/pw': 'second\n' },
    );
    const { credentials, secrets } = load(env, files);
    expect(credentials.get(null)).toMatchObject({ username: null, password: 'first' });
    expect(credentials.get('dc2')).toMatchObject({ username: 'admin', password: 'second' });
    expect(credentials.get('dc3')).toMatchObject({ username: 'u3', password: 'third' });
    expect([...credentials.names].sort()).toEqual(['dc2', 'dc3', 'default']);
    expect(secrets).toEqual(expect.arrayContaining(['first', 'second', 'third']));
    const [own, plain] = fromFile({ credentials: { default: { password: 'fourth' } } });
    expect(() => load(own, plain)).toThrow(/unknown setting.*password/);
  });

  test('a file may end in any number of line breaks', () => {
    const { credentials } = load({ PIKA_PASSWORD_FILE: '/pw' }, { '/pw': ' pass word\r\n\n\n' });
    expect(credentials.get(null)).toMatchObject({ password: ' pass word' });
  });

  test('PIKA_PASSWORD is the default one', () => {
    const { credentials } = load({ PIKA_PASSWORD: 'pw', PIKA_USERNAME: 'u' });
    expect(credentials.get(null)).toMatchObject({ username: 'u', password: 'pw' });
  });

  test('an unknown name is refused with the known ones', () => {
    expect(() => load({ PIKA_PASSWORD: 'pw' }).credentials.get('nobody')).toThrow(/"nobody".*default/);
  });

  test('passwords of the database and of Redis are known as secrets, also where they are escaped', () => {
    const { secrets } = load({
      DATABASE_URL: 'postgres://u:p%40ss-word@h/d',
      REDIS_URL: 'redis://:redis-pw@h',
    });
    expect(secrets).toEqual(expect.arrayContaining(['p%40ss-word', 'p@ss-word', 'redis-pw']));
  });
});

test('a knowledge file adds to what is built in; a wrong one is named with the place and what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'knowledge-'));
  const good = join(folder, 'own.yaml');
  writeFileSync(good, 'builds: { aaaaaaaa: 4.0.2 }\n');
  expect(loadConfig({ PIKA_EXPANDER_KNOWLEDGE: good }).knowledge.builds).toMatchObject({ aaaaaaaa: '4.0.2' });
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, 'builds: { aaaaaaaa: newest }\n');
  expect(() => loadConfig({ PIKA_EXPANDER_KNOWLEDGE: bad })).toThrow(
    /PIKA_EXPANDER_KNOWLEDGE names .*bad\.yaml: .*aaaaaaaa.*pika\.schema\.json/,
  );
});

describe('the sign-in with an identity provider', () => {
  const env = {
    PIKA_EXPANDER_ADMIN_TOKEN: token,
    PIKA_EXPANDER_OIDC_ISSUER: 'https://id.example/realms/firm',
    PIKA_EXPANDER_OIDC_CLIENT_ID: 'pika-expander',
    PIKA_EXPANDER_OIDC_GROUPS: 'dba=operator, cn=on call,dc=x=approver',
    PIKA_EXPANDER_PUBLIC_URL: 'https://pika.example/',
  };
  const groups = { PIKA_EXPANDER_OIDC_GROUPS: 'dba=operator,on call = approver' };

  test('is off by default, and takes everything from the environment or the file', () => {
    expect(load().oidc).toBeNull();
    expect(load({ ...env, ...groups }).oidc).toEqual({
      issuer: 'https://id.example/realms/firm',
      clientId: 'pika-expander',
      clientSecret: null,
      scopes: 'openid profile email',
      nameClaim: 'preferred_username',
      groupsClaim: 'groups',
      groups: [
        { group: 'dba', role: 'operator' },
        { group: 'on call', role: 'approver' },
      ],
      label: 'id.example',
      publicUrl: 'https://pika.example',
    });
    const rows = [{ group: 'cn=dba,dc=firm', role: 'operator', scope: { masters: ['10.7.0.0/16'] } }];
    const oidc = { issuer: 'https://id.example', clientId: 'x', clientSecretFile: '/secret', groups: rows };
    const config = load(
      ...fromFile(
        { publicUrl: 'https://pika.example', oidc },
        { PIKA_EXPANDER_ADMIN_TOKEN: token },
        { '/secret': 'the-secret-of-oidc\n' },
      ),
    );
    expect(config.oidc).toMatchObject({ clientSecret: 'the-secret-of-oidc', groups: rows });
    expect(config.secrets).toContain('the-secret-of-oidc');
  });

  test.each([
    ['a row that is none', {}, 'PIKA_EXPANDER_OIDC_GROUPS is'],
    [
      'a role that reads nothing',
      { PIKA_EXPANDER_OIDC_GROUPS: 'dba=agent' },
      'viewer, operator, approver, admin',
    ],
    ['no group', { PIKA_EXPANDER_OIDC_GROUPS: '' }, 'needs PIKA_EXPANDER_OIDC_GROUPS'],
    ['no client', { PIKA_EXPANDER_OIDC_CLIENT_ID: '' }, 'needs PIKA_EXPANDER_OIDC_CLIENT_ID'],
    ['no address of its own', { PIKA_EXPANDER_PUBLIC_URL: '' }, 'needs PIKA_EXPANDER_PUBLIC_URL'],
    ['a path', { PIKA_EXPANDER_PUBLIC_URL: 'https://x.example/y' }, 'leave its path out'],
    ['an open network', { PIKA_EXPANDER_OIDC_ISSUER: 'http://id.example' }, 'http:// only for this machine'],
    ['a login', { PIKA_EXPANDER_OIDC_ISSUER: 'https://a:b@id.example' }, 'without a login'],
    ['no openid', { PIKA_EXPANDER_OIDC_SCOPES: 'profile' }, 'openid must be among them'],
    ['no token', { PIKA_EXPANDER_ADMIN_TOKEN: '' }, 'Set PIKA_EXPANDER_ADMIN_TOKEN'],
    ['no issuer', { PIKA_EXPANDER_OIDC_ISSUER: '' }, 'without PIKA_EXPANDER_OIDC_ISSUER'],
  ])('with %s keeps the service from starting, and says what to do', (what, changes, said) => {
    const base = what === 'a row that is none' ? env : { ...env, ...groups };
    expect(problemsOf({ ...base, ...changes }).join('\n')).toContain(said);
  });
});
