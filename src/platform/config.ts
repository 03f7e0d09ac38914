import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import Type, { type Static, type TSchema } from 'typebox';
import Value from 'typebox/value';
import type { Credential, CredentialSource } from '../engines/engine.ts';
import { builtIn, KnowledgeError, knowledgeWith } from '../engines/pika/knowledge.ts';
import { readSigningKey, type SigningKey } from '../evidence/signing-key.ts';
import { type Action, actionsOf, type Role, roleActions, roles, type Scope } from '../model/access.ts';
import { renamedCommands } from '../model/commands.ts';
import { type Values, valueAt } from '../model/fields.ts';
import type { Knowledge } from '../model/knowledge.ts';
import type { SlotLimits } from '../model/slots.ts';
import { type ConnectorConfig, connectorsOf } from './connectors.ts';
import { type CrashOrder, crashPoints, parseCrashOrder } from './crash-points.ts';
import { type OidcConfig, rolesOfGroups } from './oidc.ts';
import { isOpenToOthers } from './secret-file.ts';
import { isScopeRule, loopback, parseRule, privateNetworks } from './server-rules.ts';
import {
  allowedText,
  logLevels,
  ScopeInFile,
  type SettingName,
  type SettingValue,
  type SettingWithDefault,
  settingAt,
  settingSchemas,
  settings,
} from './settings.ts';
import { readTls, TlsError, type TlsFiles, type TlsPair } from './tls.ts';

export type LogLevel = SettingValue<'logLevel'>;

export interface AccessToken {
  /** The name of the requester in events and logs. */
  readonly name: string;
  readonly role: Role;
  readonly token: string;
  /** Of an agent: the servers that it may speak for. */
  readonly nodes?: readonly string[];
  /** Of others: what it is bound to. */
  readonly scope?: Scope;
}

/** Whether a token of this role is of a machine that reads nothing. */
export const isMachine = (role: Role): boolean => !(roleActions[role] as readonly Action[]).includes('read');

/** Whether somebody has to sign in: tokens of agents and producers alone leave the service open to this machine. */
export const asksForSignIn = (tokens: readonly AccessToken[]): boolean =>
  tokens.some(({ role }) => !isMachine(role));

/** Of a Redis that speaks TLS: texts in PEM. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Limits {
  /** Nodes one expansion may name. */
  readonly maxNodes: number;
  readonly maxBodyBytes: number;
  /** Requests one client (token, else address) may send in a minute; 0 = no limit. */
  readonly requestsPerMinute: number;
  /** Open event streams per process. */
  readonly maxEventStreams: number;
  /** A node that answers a look later than this reads as busy. */
  readonly lookTimeoutMs: number;
}

export interface Config {
  readonly role: SettingValue<'role'>;
  readonly listen: { readonly host: string; readonly port: number };
  /** The certificate of the API, as its files hold it now; null = plain HTTP. */
  readonly tls: { readonly files: TlsFiles; readonly pair: TlsPair } | null;
  /** null = an embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  /** What a failover of the database can lose: the last commits, or nothing. */
  readonly databaseReplication: SettingValue<'databaseReplication'>;
  readonly dataDir: string;
  /** null = the wake-ups go through PostgreSQL as well. */
  readonly redisUrl: string | null;
  /** What a `rediss://` server is shown and believed by. */
  readonly redisTls: RedisTls;
  readonly logLevel: LogLevel;
  /** None but of agents = no sign-in, loopback only. */
  readonly tokens: readonly AccessToken[];
  readonly credentials: CredentialSource;
  readonly limits: Limits;
  /** Servers with private addresses that webhooks and figures of health may ask. */
  readonly outgoing: readonly string[];
  /** Masters whose expansions another person must approve. */
  readonly fourEyes: readonly string[];
  /** Nodes on which `overwriteData` and `repoint` are refused. */
  readonly protectedNodes: readonly string[];
  /** Full syncs at the same time, over all expansions and workers. */
  readonly slots: SlotLimits;
  /** For how many days what has ended is kept; null = for ever. */
  readonly keepEndedDays: number | null;
  readonly keepLooksDays: number | null;
  readonly keepGuardEventsDays: number | null;
  /** What is known of releases of Pika. */
  readonly knowledge: Knowledge;
  /** Whom proven slaves are published to. */
  readonly connectors: readonly ConnectorConfig[];
  /** The key by which evidence is signed; null = the one in the database. */
  readonly signingKey: SigningKey | null;
  /** How people sign in with an identity provider; null = they do not. */
  readonly oidc: OidcConfig | null;
  /** How many reverse proxies stand before the service: so many entries of X-Forwarded-For are theirs. */
  readonly trustProxy: number;
  /** Every secret value of the configuration, for the log's redaction. Never to be printed. */
  readonly secrets: readonly string[];
  /** Where this process is to kill itself; null, but in tests. */
  readonly crashAt: CrashOrder | null;
}

export const defaultLimits: Limits = {
  maxNodes: settings.maxNodes.default,
  maxBodyBytes: settings.maxBodyBytes.default,
  requestsPerMinute: settings.requestsPerMinute.default,
  maxEventStreams: settings.maxEventStreams.default,
  lookTimeoutMs: settings.lookTimeoutMs.default,
};

/** The configuration cannot be used. The message holds one line per problem, each with what to do about it. */
export class ConfigError extends Error {
  readonly code = 'bad_configuration';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const strict = { additionalProperties: false } as const;
const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' });

/** Hosts, networks and name patterns. */
const NodeList = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** What commands are called on servers whose `rename-command` renames them. */
const CommandNames = Type.Object(
  Object.fromEntries(
    renamedCommands.map((name) => [name, Type.Optional(Type.String({ pattern: '^[^\\s,=]{1,200}$' }))]),
  ),
  strict,
);
type CommandNames = NonNullable<Credential['commands']>;

const NamedSettings = Type.Object(
  {
    tokens: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Name,
            role: Type.Enum([...roles]),
            tokenEnv: Type.Optional(Type.String({ minLength: 1 })),
            tokenFile: Type.Optional(Type.String({ minLength: 1 })),
            nodes: Type.Optional(NodeList),
            scope: Type.Optional(ScopeInFile),
          },
          strict,
        ),
      ),
    ),
    credentials: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            username: Type.Optional(Type.String({ minLength: 1 })),
            passwordEnv: Type.Optional(Type.String({ minLength: 1 })),
            passwordFile: Type.Optional(Type.String({ minLength: 1 })),
            nodes: Type.Optional(NodeList),
            commands: Type.Optional(CommandNames),
          },
          strict,
        ),
      ),
    ),
  },
  strict,
);
const FileSchema = Type.Object({ ...settingSchemas(), ...NamedSettings.properties }, strict);
type ConfigFile = Static<typeof NamedSettings> & Values;
type CredentialEntry = NonNullable<ConfigFile['credentials']>[string];

type Env = Readonly<Record<string, string | undefined>>;
type ReadText = (path: string) => string;

/** The settings of the command line, which win over the environment, which wins over the file. */
export interface ConfigOverrides {
  readonly role?: SettingValue<'role'>;
  readonly host?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly configFile?: string;
}

/**
 * Reads the configuration from the environment and, if `PIKA_EXPANDER_CONFIG` (or `configFile`) names one, from a
 * JSON file. Throws ConfigError with every problem that was found, not only the first.
 */
export function loadConfig(
  env: Env,
  overrides: ConfigOverrides = {},
  readText: ReadText = (path) => readFileSync(path, 'utf8'),
): Config {
  const problems: string[] = [];
  const source = new ConfigSource(env, readText, problems);
  const path = overrides.configFile ?? source.text('PIKA_EXPANDER_CONFIG');
  const file = path === null ? {} : source.file(path);

  const tokens = source.tokens(file.tokens ?? []);
  const get = <N extends SettingName>(name: N, override?: unknown) => source.setting(name, file, override);
  const networks = get('nodeNetworks');
  const credentials = source.credentials(file.credentials ?? {}, networks ?? privateNetworks);
  const connectors = source.connectors(get('connectorsFile'));
  const [databaseUrl, redisUrl] = [get('databaseUrl'), get('redisUrl')];
  const oidc = source.oidc({
    issuer: get('oidcIssuer'),
    clientId: get('oidcClientId'),
    clientSecret: source.secretVariable('PIKA_EXPANDER_OIDC_CLIENT_SECRET', get('oidcClientSecretFile')),
    scopes: get('oidcScopes'),
    nameClaim: get('oidcNameClaim'),
    groupsClaim: get('oidcGroupsClaim'),
    groups: get('oidcGroups'),
    label: get('oidcLabel'),
    publicUrl: get('publicUrl'),
  });
  const config: Config = {
    role: get('role', overrides.role),
    listen: { host: get('host', overrides.host), port: get('port', overrides.port) },
    tls: source.tls(get('tlsCertFile'), get('tlsKeyFile')),
    databaseUrl,
    databaseReplication: get('databaseReplication'),
    dataDir: get('dataDir', overrides.dataDir),
    redisUrl,
    redisTls: source.redisTls(redisUrl, get('redisCaFile'), get('redisCertFile'), get('redisKeyFile')),
    logLevel: source.logLevel(overrides.logLevel) ?? get('logLevel'),
    tokens,
    credentials: credentialSource(credentials, networks),
    limits: {
      maxNodes: get('maxNodes'),
      maxBodyBytes: get('maxBodyBytes'),
      requestsPerMinute: get('requestsPerMinute'),
      maxEventStreams: get('maxEventStreams'),
      lookTimeoutMs: get('lookTimeoutMs'),
    },
    outgoing: get('outgoing'),
    fourEyes: get('fourEyes'),
    protectedNodes: get('protectedNodes'),
    slots: {
      total: get('slotsTotal'),
      perNodeHost: get('slotsPerNodeHost'),
      perMasterHost: get('slotsPerMasterHost'),
    },
    keepEndedDays: get('keepEndedDays'),
    keepLooksDays: get('keepLooksDays'),
    keepGuardEventsDays: get('keepGuardEventsDays'),
    knowledge: knowledgeOf(get('knowledgeFile'), problems),
    connectors,
    signingKey: source.signingKey(get('signingKeyFile')),
    oidc,
    trustProxy: get('trustProxy'),
    secrets: [
      ...collectSecrets(tokens, credentials, [databaseUrl, redisUrl]),
      ...source.ofConnectors,
      ...(oidc?.clientSecret ? [oidc.clientSecret] : []),
    ],
    crashAt: source.crashOrder('PIKA_EXPANDER_CRASH_AT'),
  };
  problems.push(...listenProblems(config), ...roleProblems(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function knowledgeOf(path: string | null, problems: string[]): Knowledge {
  if (path === null) return builtIn;
  try {
    return knowledgeWith(path);
  } catch (error) {
    if (!(error instanceof KnowledgeError)) throw error;
    problems.push(
      `PIKA_EXPANDER_KNOWLEDGE names ${path}: ${error.message}. Correct the file (its shape: knowledge/pika.schema.json), or unset the variable.`,
    );
    return builtIn;
  }
}

/** Whether a listening address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function listenProblems(config: Config): readonly string[] {
  if (asksForSignIn(config.tokens)) return [];
  if (config.oidc !== null)
    return [
      'PIKA_EXPANDER_OIDC_ISSUER is set, but no token is configured, so nobody could get in while the provider is away, and without a sign-in everybody may do everything. ' +
        'Set PIKA_EXPANDER_ADMIN_TOKEN (or _FILE), or "tokens" in the configuration file.',
    ];
  if (config.fourEyes.length > 0)
    return [
      'PIKA_EXPANDER_FOUR_EYES is set, but no token is configured, so there is only one person, and nobody could approve. ' +
        'Set PIKA_EXPANDER_ADMIN_TOKEN (or _FILE), or "tokens" in the configuration file; or leave the setting out.',
    ];
  if (config.trustProxy > 0)
    return [
      'PIKA_EXPANDER_TRUST_PROXY is set, but no token is configured, so everybody whom the proxy lets through might do everything. ' +
        'Set PIKA_EXPANDER_OPERATOR_TOKEN (or _FILE), or "tokens" in the configuration file; or leave the setting out.',
    ];
  if (isLoopback(config.listen.host)) return [];
  return [
    `PIKA_EXPANDER_HOST is ${config.listen.host}, which other machines can reach, but no token is configured, so anybody could repoint nodes. ` +
      'Set PIKA_EXPANDER_OPERATOR_TOKEN (or _FILE), or "tokens" in the configuration file; or listen on 127.0.0.1.',
  ];
}

function roleProblems(config: Config): readonly string[] {
  if (config.role === 'all' || config.databaseUrl !== null) return [];
  return [
    `The role ${config.role} shares its database with other processes, but the embedded one serves a single process. ` +
      'Set DATABASE_URL to a PostgreSQL of your own, or use the role all.',
  ];
}

/** Looks values up by their names and writes down what is wrong with them. */
class ConfigSource {
  readonly #env: Env;
  readonly #readText: ReadText;
  readonly #problems: string[];
  /** Secrets of the connectors. */
  readonly ofConnectors: string[] = [];

  constructor(env: Env, readText: ReadText, problems: string[]) {
    this.#env = env;
    this.#readText = readText;
    this.#problems = problems;
  }

  /** null = not set; an empty variable counts as not set. */
  text(name: string): string | null {
    const value = this.#env[name];
    return value === undefined || value.trim() === '' ? null : value.trim();
  }

  /** The value of the command line, else of the environment, else of the file; else the default. */
  setting<N extends SettingName>(name: N, file: Values, override: unknown): SettingWithDefault<N> {
    const row: (typeof settings)[SettingName] = settings[name];
    if (override !== undefined) return override as SettingValue<N>;
    const text = row.env === null ? null : this.text(row.env);
    const given = text === null ? valueAt(file, row.file.split('.')) : this.#value(row, text);
    if (given === undefined || given === null) return row.default as SettingWithDefault<N>;
    const { value } = row;
    if (value.is === 'nodes')
      return this.#rules(row.env ?? row.file, given as readonly string[]) as SettingValue<N>;
    if (value.is === 'web' && !isWebAddress(given as string)) {
      this.#problems.push(`${row.env} is "${given as string}"; set it to ${allowedText(value)}.`);
      return row.default as SettingWithDefault<N>;
    }
    if (value.is === 'url' && !isAddress(given as string, value.protocols)) {
      // The value itself is not quoted: it may hold a password.
      this.#problems.push(
        `${row.env} is not ${allowedText(value)}; correct it, or leave it out to use the built-in default.`,
      );
      return row.default as SettingWithDefault<N>;
    }
    return given as SettingValue<N>;
  }

  /** The text of a variable as the row's kind of value; null = it is none, and a problem is written down. */
  #value({ env, value }: (typeof settings)[SettingName], text: string): unknown {
    if (value.is === 'nodes') return text.split(',').map((entry) => entry.trim());
    if (value.is === 'text' || value.is === 'url' || value.is === 'web') return text;
    if (value.is === 'groups') return this.#groups(env, text);
    if (value.is === 'word' && (value.of as readonly string[]).includes(text)) return text;
    if (value.is === 'whole' && /^\d+$/.test(text) && Number(text) >= value.from && Number(text) <= value.to)
      return Number(text);
    this.#problems.push(`${env} is "${text}"; set it to ${allowedText(value)}.`);
    return null;
  }

  /** `group=role`; the role stands behind the last `=`, for a group's name may hold one. */
  #groups(env: string | null, text: string): unknown {
    const rows = text.split(',').map((entry) => {
      const [, group = '', role = ''] = /^\s*(.*\S)\s*=\s*(\S*)\s*$/.exec(entry) ?? [];
      return { group, role };
    });
    if (rows.every(({ group, role }) => group !== '' && (rolesOfGroups as readonly string[]).includes(role)))
      return rows;
    this.#problems.push(`${env} is "${text}"; set it to ${allowedText(settings.oidcGroups.value)}.`);
    return null;
  }

  /** The sign-in with an identity provider; null = it is not configured. */
  oidc(
    given: {
      readonly [Name in keyof OidcConfig]: OidcConfig[Name] | null;
    },
  ): OidcConfig | null {
    const { issuer, clientId, groups, publicUrl, clientSecret } = given;
    if (issuer === null) {
      if (clientId !== null || groups !== null || clientSecret !== null)
        this.#problems.push(
          'Settings of OpenID Connect are given without PIKA_EXPANDER_OIDC_ISSUER; set it, or leave them out.',
        );
      return null;
    }
    const { oidcClientId, oidcGroups, publicUrl: publicUrlRow } = settings;
    for (const [value, { env, value: kind }] of [
      [clientId, oidcClientId],
      [groups, oidcGroups],
      [publicUrl, publicUrlRow],
    ] as const)
      if (value === null)
        this.#problems.push(`PIKA_EXPANDER_OIDC_ISSUER needs ${env}; set it to ${allowedText(kind)}.`);
    if (publicUrl !== null && new URL(publicUrl).pathname !== '/')
      this.#problems.push(
        `${publicUrlRow.env} is "${publicUrl}"; leave its path out: the service answers at the root of an address.`,
      );
    for (const { group, role, scope } of groups ?? [])
      if (scope !== undefined) this.#checkScope(role, `oidc.groups "${group}"`, scope);
    if (!given.scopes!.split(' ').includes('openid'))
      this.#problems.push(
        `${settings.oidcScopes.env} is "${given.scopes}"; openid must be among them, or the provider says nothing of who signs in.`,
      );
    return {
      ...given,
      label: given.label ?? new URL(issuer).host,
      publicUrl: publicUrl === null ? '' : new URL(publicUrl).origin,
    } as OidcConfig;
  }

  logLevel(given: string | undefined): LogLevel | null {
    if (given === undefined || logLevels.includes(given as LogLevel)) return (given as LogLevel) ?? null;
    this.#problems.push(`--log-level is "${given}"; set it to ${allowedText(settings.logLevel.value)}.`);
    return null;
  }

  tls(certFile: string | null, keyFile: string | null): Config['tls'] {
    if (certFile === null && keyFile === null) return null;
    const { tlsCertFile, tlsKeyFile } = settings;
    if (certFile === null || keyFile === null) {
      this.#problems.push(`Set both ${tlsCertFile.env} and ${tlsKeyFile.env}, or neither.`);
      return null;
    }
    try {
      const files = { certFile, keyFile };
      return { files, pair: readTls(files) };
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      this.#problems.push(`${tlsCertFile.env} and ${tlsKeyFile.env}: ${error.message}.`);
      return null;
    }
  }

  /** The texts of the files. */
  redisTls(url: string | null, ...paths: readonly (string | null)[]): RedisTls {
    const rows = [settings.redisCaFile, settings.redisCertFile, settings.redisKeyFile];
    if (paths.some((path) => path !== null) && url?.startsWith('rediss:') !== true)
      this.#problems.push(
        `${rows.map(({ env }) => env).join(', ')} are for a Redis that speaks TLS: set REDIS_URL to rediss://…, or leave them out.`,
      );
    const [ca, cert] = paths.slice(0, 2).map((path, at) => path && this.#read(path, rows[at]!.env));
    const key = paths[2] && this.#secretFile(paths[2], rows[2]!.env);
    if ((paths[1] === null) !== (paths[2] === null))
      this.#problems.push(`Set both ${rows[1]!.env} and ${rows[2]!.env}, or neither.`);
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  }

  signingKey(path: string | null): SigningKey | null {
    const { env } = settings.signingKeyFile;
    const pem = path === null ? null : this.#secretFile(path, env);
    if (pem === null) return null;
    try {
      return readSigningKey(pem);
    } catch (error) {
      this.#problems.push(
        `${env}: the file ${path} cannot be used: ${(error as Error).message}. Make one: openssl genpkey -algorithm ed25519 -out ${path}`,
      );
      return null;
    }
  }

  crashOrder(name: string): CrashOrder | null {
    const value = this.text(name);
    if (value === null) return null;
    const order = parseCrashOrder(value);
    if (order !== null) return order;
    this.#problems.push(
      `${name} is "${value}"; it kills the service at a crash point, so leave it out, or set it for a test to <point> or <point>:<time> with one of ${crashPoints.join(', ')}.`,
    );
    return null;
  }

  file(path: string): ConfigFile {
    const text = this.#read(path, 'PIKA_EXPANDER_CONFIG');
    if (text === null) return {};
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      this.#problems.push(`The configuration file ${path} is not valid JSON: ${(error as Error).message}.`);
      return {};
    }
    if (Value.Check(FileSchema, parsed)) return parsed as ConfigFile;
    for (const text of describeErrors(FileSchema, parsed)) {
      this.#problems.push(`In the configuration file ${path}: ${text}.`);
    }
    return {};
  }

  connectors(path: string | null): readonly ConnectorConfig[] {
    const text = path === null ? null : this.#read(path, 'PIKA_EXPANDER_CONNECTORS');
    if (path === null || text === null) return [];
    return connectorsOf(text, path, {
      secret: (variable, file, where) => {
        const value = this.#secret(variable, file, where, 'env or file');
        if (value !== null) this.ofConnectors.push(value);
        return value;
      },
      problem: (problem) => this.#problems.push(problem),
    });
  }

  /** Tokens of the file, and one of each role that the environment may give by itself. */
  tokens(entries: NonNullable<ConfigFile['tokens']>): readonly AccessToken[] {
    const tokens: AccessToken[] = [];
    const add = (
      { name, role }: Pick<AccessToken, 'name' | 'role'>,
      token: string | null,
      where: string,
      { nodes, scope }: { readonly nodes: readonly string[] | null; readonly scope?: Scope },
    ) => {
      if (token === null) return;
      this.#checkSpeaker(role, where, nodes);
      if (scope !== undefined) this.#checkScope(role, where, scope);
      if (token.length < 16) {
        this.#problems.push(
          `${where} is shorter than 16 characters and could be guessed; make one with: openssl rand -hex 24`,
        );
      }
      const twin = tokens.find(
        (other) => other.name.toLowerCase() === name.toLowerCase() || other.token === token,
      );
      if (twin !== undefined) {
        this.#problems.push(
          `${where}: the token "${name}" has the name or the value of the token "${twin.name}"; give each its own, so that the log tells who did what.`,
        );
      }
      const bounds = { ...(nodes === null ? {} : { nodes }), ...(scope === undefined ? {} : { scope }) };
      tokens.push({ name, role, token, ...bounds });
    };
    for (const role of roles) {
      const variable = `PIKA_EXPANDER_${role.toUpperCase()}_TOKEN`;
      const nodes = role === 'agent' ? this.nodeList('PIKA_EXPANDER_AGENT_NODES', undefined) : null;
      add({ name: role, role }, this.#secretVariable(variable), variable, { nodes });
    }
    for (const entry of entries) {
      const where = `tokens "${entry.name}"`;
      const token = this.#secret(entry.tokenEnv, entry.tokenFile, where, 'tokenEnv or tokenFile');
      add(entry, token, where, {
        nodes: entry.nodes === undefined ? null : this.#rules(where, entry.nodes),
        ...(entry.scope === undefined ? {} : { scope: entry.scope as Scope }),
      });
    }
    return tokens;
  }

  #checkScope(role: Role, where: string, scope: Scope): void {
    if (role === 'agent') {
      this.#problems.push(`${where}: "scope" is not for agents, which have "nodes"; leave it out.`);
      return;
    }
    for (const entry of [...(scope.masters ?? []), ...(scope.nodes ?? [])]) {
      if (isScopeRule(entry)) continue;
      this.#problems.push(
        `${where} holds "${entry}" in its scope; give host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8), each with :port if you like.`,
      );
    }
    const foreign = scope.actions?.find((action) => !actionsOf({ role, scope: {} }).includes(action));
    if (foreign !== undefined)
      this.#problems.push(
        `${where}: its scope holds the action ${foreign}, which the role ${role} does not have; leave it out, or give another role.`,
      );
  }

  /** Only an agent has a list of the servers that it may speak for, and it must have it: a stolen token speaks for no other. */
  #checkSpeaker(role: Role, where: string, nodes: readonly string[] | null): void {
    if (role === 'agent' && nodes === null) {
      const setting = where.startsWith('PIKA_') ? 'PIKA_EXPANDER_AGENT_NODES' : '"nodes"';
      this.#problems.push(
        `${where}: an agent may speak for the servers on its list alone, so set ${setting}: host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8), each with :port if you like.`,
      );
    }
    if (role !== 'agent' && nodes !== null)
      this.#problems.push(`${where}: "nodes" is for tokens of the role agent; leave it out.`);
  }

  /**
   * Passwords of nodes: the file's entries, `PIKA_USERNAME` and `PIKA_PASSWORD[_FILE]` for the default one, and
   * `PIKA_CREDENTIAL_<NAME>_PASSWORD[_FILE]` with `PIKA_CREDENTIAL_<NAME>_USERNAME` for others. Each may be sent to the
   * nodes that its own list names (`PIKA_NODES`, `PIKA_CREDENTIAL_<NAME>_NODES`), or else to loopback and `networks`.
   */
  credentials(
    entries: Readonly<Record<string, CredentialEntry>>,
    networks: readonly string[],
  ): ReadonlyMap<string, Credential> {
    const found = new Map<string, Credential>();
    for (const [name, entry] of Object.entries(entries)) {
      const where = `credentials "${name}"`;
      if (!Value.Check(Name, name)) {
        this.#problems.push(`${where}: use letters, digits, ".", "_" and "-" for the name, at most 63.`);
      }
      const password = this.#secret(
        entry.passwordEnv,
        entry.passwordFile,
        where,
        'passwordEnv or passwordFile',
      );
      found.set(name, {
        username: entry.username ?? null,
        password,
        ...(entry.nodes === undefined ? {} : { nodes: this.#rules(where, entry.nodes) }),
        ...(entry.commands === undefined ? {} : { commands: entry.commands as CommandNames }),
      });
    }
    this.#credentialFromEnv(found, 'default', 'PIKA');
    for (const name of this.#namesInEnv())
      this.#credentialFromEnv(found, name.toLowerCase(), `PIKA_CREDENTIAL_${name}`);
    const shared = [...loopback, ...networks];
    return new Map(
      [...found].map(([name, { nodes, ...credential }]) => [
        name,
        { ...credential, name, nodes: nodes ?? shared, ownList: nodes !== undefined },
      ]),
    );
  }

  /** A list with commas between its entries; null = not set. */
  nodeList(name: string, fromFile: readonly string[] | undefined): readonly string[] | null {
    const text = this.text(name);
    const entries = text === null ? fromFile : text.split(',').map((entry) => entry.trim());
    return entries === undefined ? null : this.#rules(name, entries);
  }

  #rules(where: string, entries: readonly string[]): readonly string[] {
    for (const entry of entries) {
      if (parseRule(entry) !== null) continue;
      this.#problems.push(
        `${where} holds "${entry}"; give host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8), each with :port if you like.`,
      );
    }
    return entries;
  }

  #credentialFromEnv(found: Map<string, Credential>, name: string, prefix: string): void {
    const username = this.text(`${prefix}_USERNAME`);
    const password = this.#secretVariable(`${prefix}_PASSWORD`);
    const known = found.get(name);
    const nodes = this.nodeList(`${prefix}_NODES`, undefined) ?? known?.nodes ?? null;
    const alone = (what: string): void => {
      this.#problems.push(
        `${prefix}_${what} is set without a password; set ${prefix}_PASSWORD or ${prefix}_PASSWORD_FILE.`,
      );
    };
    if (username !== null && password === null) alone('USERNAME');
    else if (nodes !== null && password === null && known === undefined) alone('NODES');
    const commands = this.#commandNames(`${prefix}_COMMANDS`) ?? known?.commands ?? null;
    if (commands !== null && password === null && known === undefined) alone('COMMANDS');
    const rest = { ...(nodes === null ? {} : { nodes }), ...(commands === null ? {} : { commands }) };
    if (password !== null) found.set(name, { username, password, ...rest });
    else if (known !== undefined) found.set(name, { ...known, ...rest });
  }

  /** `command=name` with commas between; null = not set. */
  #commandNames(variable: string): CommandNames | null {
    const text = this.text(variable);
    if (text === null) return null;
    const names = Object.fromEntries(
      text.split(',').map((entry) => {
        const [command = '', ...name] = entry.trim().split('=');
        return [command.toLowerCase(), name.join('=')];
      }),
    );
    if (Value.Check(CommandNames, names)) return names as CommandNames;
    this.#problems.push(
      `${variable}: give command=name, with commas between; the commands can be ${renamedCommands.join(', ')}.`,
    );
    return null;
  }

  #namesInEnv(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const variable of Object.keys(this.#env)) {
      const match = /^PIKA_CREDENTIAL_([A-Z0-9_]+?)_(?:USERNAME|PASSWORD|PASSWORD_FILE|NODES|COMMANDS)$/.exec(
        variable,
      );
      if (match?.[1] !== undefined) names.add(match[1]);
    }
    return names;
  }

  /** The value of NAME, or the content of the file that NAME_FILE names. */
  #secretVariable(name: string): string | null {
    return this.secretVariable(name, this.text(`${name}_FILE`));
  }

  secretVariable(name: string, path: string | null): string | null {
    const value = this.text(name);
    if (value !== null && path !== null) {
      this.#problems.push(`${name} and ${name}_FILE are both set; keep one of them.`);
    }
    if (value !== null) return value;
    return path === null ? null : this.#secretFile(path, `${name}_FILE`);
  }

  #secret(
    variable: string | undefined,
    path: string | undefined,
    where: string,
    choices: string,
  ): string | null {
    if ((variable === undefined) === (path === undefined)) {
      this.#problems.push(`${where}: give exactly one of ${choices}.`);
      return null;
    }
    if (path !== undefined) return this.#secretFile(path, where);
    const value = this.text(variable!);
    if (value === null) {
      this.#problems.push(
        `${where} refers to the environment variable ${variable}, which is not set; set it.`,
      );
    }
    return value;
  }

  #secretFile(path: string, where: string): string | null {
    const content = this.#read(path, where)?.replace(/[\r\n]+$/, '') ?? null;
    if (content !== null && isOpenToOthers(path)) {
      this.#problems.push(
        `${where}: every user of this machine may read or change the file ${path}; take that away: chmod o= ${path}`,
      );
    }
    if (content === '') {
      this.#problems.push(`${where}: the file ${path} is empty; put the secret into it.`);
      return null;
    }
    return content;
  }

  #read(path: string, where: string): string | null {
    try {
      return this.#readText(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      this.#problems.push(
        `${where}: the file ${path} cannot be read (${code}); check its path and its permissions.`,
      );
      return null;
    }
  }
}

function describeErrors(schema: TSchema, value: unknown): readonly string[] {
  return (
    Value.Errors(schema, value)
      // For an unknown setting there is also an error "schema is false".
      .filter(({ keyword }) => keyword !== 'boolean')
      .slice(0, 10)
      .map((error) => {
        const path = error.instancePath.split('/').slice(1);
        const place = path.join('.');
        if (error.keyword === 'additionalProperties') {
          const unknown = (error.params as { additionalProperties: readonly string[] }).additionalProperties;
          return `${place || 'the whole'} has the unknown setting ${unknown.join(', ')}; remove it or correct its name`;
        }
        const row = settingAt(place);
        if (row === null) return `${place || 'the whole'} ${error.message}`;
        const given = row.secret ? 'not as it should be' : JSON.stringify(valueAt(value as Values, path));
        return `${place} is ${given}; set it to ${allowedText(row.value)}`;
      })
  );
}

/** Whether it is an address with one of these protocols, whose user and password can be read. */
function isAddress(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocols.includes(protocol) && [username, password].every(isEncodedText);
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash, hostname } = new URL(text);
  const isSafe =
    protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
  return isSafe && [username, password, search, hash].every((part) => part === '');
}

function isEncodedText(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Passwords by name. They stay in here: only the engine asks for them, to log in. `networks`: where nodes are that have no
 * password; null = the configuration does not say, and the service, which has nothing to lose to them, looks anywhere.
 */
export function credentialSource(
  entries: ReadonlyMap<string, Credential>,
  networks: readonly string[] | null = null,
): CredentialSource {
  const withoutPassword: Credential | null =
    networks === null ? null : { username: null, password: null, nodes: [...loopback, ...networks] };
  return {
    names: [...entries.keys()],
    get(name) {
      if (name === null) return entries.get('default') ?? withoutPassword;
      const found = entries.get(name);
      if (found === undefined) {
        throw new Error(
          `no credential is named "${name}"; configured are: ${[...entries.keys()].join(', ') || 'none'}`,
        );
      }
      return found;
    },
  };
}

function collectSecrets(
  tokens: readonly AccessToken[],
  credentials: ReadonlyMap<string, Credential>,
  urls: readonly (string | null)[],
): readonly string[] {
  const found = new Set<string>();
  for (const token of tokens) found.add(token.token);
  for (const credential of credentials.values()) {
    if (credential.password !== null) found.add(credential.password);
    // A shorter one may be part of an ordinary word.
    for (const name of Object.values(credential.commands ?? {})) if (name.length >= 8) found.add(name);
  }
  for (const url of urls) {
    if (url === null) continue;
    const { password } = new URL(url);
    if (password === '') continue;
    // A short password is told from ordinary words by its place in the address.
    found.add(password);
    found.add(decodeURIComponent(password));
  }
  return [...found];
}
