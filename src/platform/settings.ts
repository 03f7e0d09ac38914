/** The settings of the service: one row each. The configuration, its checks and docs/settings.md are made from the rows. */
import Type, { type TSchema } from 'typebox';
import { maxNodesPerExpansion } from '../core/plan/preflight.ts';
import { actions } from '../model/access.ts';
import { type GroupRights, nameClaims, rolesOfGroups } from './oidc.ts';

/** What a process of the service does: answer requests, work on expansions, or both. */
const processRoles = ['all', 'api', 'worker'] as const;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

type Value =
  | { readonly is: 'whole'; readonly from: number; readonly to: number }
  | { readonly is: 'word'; readonly of: readonly string[] }
  | { readonly is: 'text' }
  | { readonly is: 'url'; readonly protocols: readonly string[] }
  /** Of the web, without a login: over TLS, or on this machine. */
  | { readonly is: 'web' }
  /** What groups of people may do; `group=role` with commas between them in a variable. */
  | { readonly is: 'groups' }
  /** Host names, name patterns and networks; with commas between them in a variable. */
  | { readonly is: 'nodes' };

interface Setting {
  /** Its environment variable; null = the file alone has it. */
  readonly env: string | null;
  /** Its place in the configuration file. */
  readonly file: string;
  readonly value: Value;
  readonly default: unknown;
  /** The default in words, where the value does not say it. */
  readonly otherwise?: string;
  readonly text: string;
  /** Its value stands in no message. */
  readonly secret?: true;
}

const slots = { is: 'whole', from: 1, to: 10_000 } as const;
const noLimit = 'no limit';

export const settings = {
  host: {
    env: 'PIKA_EXPANDER_HOST',
    file: 'listen.host',
    value: { is: 'text' },
    default: '127.0.0.1',
    text: 'Where API and dashboard listen. An address that other machines can reach needs tokens.',
  },
  port: {
    env: 'PIKA_EXPANDER_PORT',
    file: 'listen.port',
    value: { is: 'whole', from: 0, to: 65_535 },
    default: 8080,
    text: 'The port of API and dashboard; 0 = any free port.',
  },
  tlsCertFile: {
    env: 'PIKA_EXPANDER_TLS_CERT_FILE',
    file: 'listen.tlsCertFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'plain HTTP',
    text: 'File with the certificate of the API (PEM, with those between it and the root). The service then speaks HTTPS, TLS 1.2 or newer. A new certificate in its place is in use within 10 s.',
  },
  tlsKeyFile: {
    env: 'PIKA_EXPANDER_TLS_KEY_FILE',
    file: 'listen.tlsKeyFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'none',
    text: 'File with the key of this certificate (PEM, without a passphrase).',
  },
  role: {
    env: 'PIKA_EXPANDER_ROLE',
    file: 'role',
    value: { is: 'word', of: processRoles },
    default: 'all',
    text: 'What the process does: answer requests, work on expansions, or both. `api` and `worker` need `DATABASE_URL`.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    file: 'databaseUrl',
    value: { is: 'url', protocols: ['postgres:', 'postgresql:'] },
    default: null,
    otherwise: 'an embedded PostgreSQL in the data folder',
    text: 'The PostgreSQL that holds everything. More than one process needs it. With `?sslmode=verify-full&sslrootcert=FILE` the service speaks TLS; `sslcert` and `sslkey` name a certificate of its own.',
    secret: true,
  },
  databaseReplication: {
    env: 'PIKA_EXPANDER_DATABASE_REPLICATION',
    file: 'databaseReplication',
    value: { is: 'word', of: ['asynchronous', 'synchronous'] },
    default: 'asynchronous',
    text: 'What a failover of PostgreSQL can lose. After one the service freezes everything and pauses what is open. With `synchronous` it goes on: then promote no standby that lacks a commit ([backup.md](backup.md#failover)). Give all processes the same.',
  },
  dataDir: {
    env: 'DATA_DIR',
    file: 'dataDir',
    value: { is: 'text' },
    default: './data',
    text: 'The folder of the embedded PostgreSQL.',
  },
  redisUrl: {
    env: 'REDIS_URL',
    file: 'redisUrl',
    value: { is: 'url', protocols: ['redis:', 'rediss:'] },
    default: null,
    otherwise: 'PostgreSQL carries the queue',
    text: 'Redis 6.2 or newer with `maxmemory-policy noeviction`, for the queue.',
    secret: true,
  },
  redisCaFile: {
    env: 'REDIS_CA_FILE',
    file: 'redisCaFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'those of the system',
    text: 'File with the certificates (PEM) by which a `rediss://` server is believed.',
  },
  redisCertFile: {
    env: 'REDIS_CERT_FILE',
    file: 'redisCertFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'none',
    text: 'File with the certificate (PEM) that this service shows to a `rediss://` server.',
  },
  redisKeyFile: {
    env: 'REDIS_KEY_FILE',
    file: 'redisKeyFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'none',
    text: 'File with the key of this certificate.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    file: 'logLevel',
    value: { is: 'word', of: logLevels },
    default: 'info',
    text: 'The least important lines that the service writes to its log.',
  },
  trustProxy: {
    env: 'PIKA_EXPANDER_TRUST_PROXY',
    file: 'trustProxy',
    value: { is: 'whole', from: 0, to: 10 },
    default: 0,
    text: 'How many reverse proxies stand before the service. It takes the address of a client from `X-Forwarded-For`, counted from the right by this number: let nobody reach the service past them. Needs tokens.',
  },
  keepEndedDays: {
    env: 'PIKA_EXPANDER_KEEP_ENDED_DAYS',
    file: 'keepEndedDays',
    value: { is: 'whole', from: 1, to: 36_500 },
    default: null,
    otherwise: 'for ever',
    text: 'For how many days the service keeps what has ended; then it deletes it, with its evidence.',
  },
  keepLooksDays: {
    env: 'PIKA_EXPANDER_KEEP_LOOKS_DAYS',
    file: 'keepLooksDays',
    value: { is: 'whole', from: 1, to: 36_500 },
    default: null,
    otherwise: 'as long as the expansion',
    text: 'For how many days after its end an expansion keeps all its looks. Then the service deletes them, except those on which its evidence rests: they stay as long as the expansion.',
  },
  keepGuardEventsDays: {
    env: 'PIKA_EXPANDER_KEEP_GUARD_EVENTS_DAYS',
    file: 'keepGuardEventsDays',
    value: { is: 'whole', from: 1, to: 36_500 },
    default: null,
    otherwise: 'as long as the guard',
    text: 'For how many days the service keeps the events of guards, which can watch for years. Events that a webhook has not been told of yet stay.',
  },
  signingKeyFile: {
    env: 'PIKA_EXPANDER_SIGNING_KEY_FILE',
    file: 'signingKeyFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'a key in the database, made at the first start',
    text: 'File with the private key (Ed25519, PEM) by which the service signs evidence. Give all processes the same.',
  },
  knowledgeFile: {
    env: 'PIKA_EXPANDER_KNOWLEDGE',
    file: 'knowledgeFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'what is built in',
    text: 'A YAML file with more releases, pairs, builds and faults of Pika, in the shape of `knowledge/pika.yaml`. It adds to what is built in and changes nothing of it.',
  },
  connectorsFile: {
    env: 'PIKA_EXPANDER_CONNECTORS',
    file: 'connectorsFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'none',
    text: 'A YAML file with the connectors that publish proven slaves, and withdraw slaves that are taken out: Redis Sentinel, Codis, requests over HTTP, files ([connectors.md](connectors.md)).',
  },
  slotsTotal: {
    env: 'PIKA_EXPANDER_SLOTS_TOTAL',
    file: 'slots.total',
    value: slots,
    default: null,
    otherwise: noLimit,
    text: 'Full syncs at the same time, over all expansions and workers.',
  },
  slotsPerNodeHost: {
    env: 'PIKA_EXPANDER_SLOTS_PER_NODE_HOST',
    file: 'slots.perNodeHost',
    value: slots,
    default: null,
    otherwise: noLimit,
    text: 'Full syncs at the same time to nodes on one host.',
  },
  slotsPerMasterHost: {
    env: 'PIKA_EXPANDER_SLOTS_PER_MASTER_HOST',
    file: 'slots.perMasterHost',
    value: slots,
    default: null,
    otherwise: noLimit,
    text: 'Full syncs at the same time from masters on one host.',
  },
  nodeNetworks: {
    env: 'PIKA_EXPANDER_NODE_NETWORKS',
    file: 'nodeNetworks',
    value: { is: 'nodes' },
    default: null,
    otherwise: '`10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7`',
    text: 'Where nodes are, besides loopback: the service sends a password without a list of its own to no other place. If it is set, the service also connects to no other place without a password.',
  },
  outgoing: {
    env: 'PIKA_EXPANDER_OUTGOING',
    file: 'outgoing',
    value: { is: 'nodes' },
    default: [],
    otherwise: 'none',
    text: 'Servers inside your networks to which the service may send webhooks, to which connectors may speak over HTTP, and from which it may read figures of health, in the same form as `PIKA_NODES`. Servers of the open internet need no entry.',
  },
  fourEyes: {
    env: 'PIKA_EXPANDER_FOUR_EYES',
    file: 'fourEyes',
    value: { is: 'nodes' },
    default: [],
    otherwise: 'none',
    text: 'Masters whose expansions another person than the requester must approve, in the same form as `PIKA_NODES`. If it is set, another person must also lift a freeze. Needs tokens ([access.md](access.md#four-eyes)).',
  },
  protectedNodes: {
    env: 'PIKA_EXPANDER_PROTECTED',
    file: 'protected',
    value: { is: 'nodes' },
    default: [],
    otherwise: 'none',
    text: 'Nodes on which `overwriteData` and `repoint` are always refused, in the same form as `PIKA_NODES` ([access.md](access.md#protected-nodes)).',
  },
  publicUrl: {
    env: 'PIKA_EXPANDER_PUBLIC_URL',
    file: 'publicUrl',
    value: { is: 'web' },
    default: null,
    otherwise: 'none; OpenID Connect needs it',
    text: 'Where browsers reach this service: `https://pika-expander.example`, without a path. The identity provider must know `<it>/v1/session/oidc/callback` as an address to which it may lead back.',
  },
  oidcIssuer: {
    env: 'PIKA_EXPANDER_OIDC_ISSUER',
    file: 'oidc.issuer',
    value: { is: 'web' },
    default: null,
    otherwise: 'no such sign-in',
    text: 'The identity provider (OpenID Connect) with which people sign in to the dashboard, as its issuer names itself ([access.md](access.md#sign-in-with-an-identity-provider)). A provider with a private address must stand in `PIKA_EXPANDER_OUTGOING`. Needs tokens.',
  },
  oidcClientId: {
    env: 'PIKA_EXPANDER_OIDC_CLIENT_ID',
    file: 'oidc.clientId',
    value: { is: 'text' },
    default: null,
    otherwise: 'none; the sign-in needs it',
    text: 'The name by which the provider knows this service.',
  },
  oidcClientSecretFile: {
    env: 'PIKA_EXPANDER_OIDC_CLIENT_SECRET_FILE',
    file: 'oidc.clientSecretFile',
    value: { is: 'text' },
    default: null,
    otherwise: 'a public client, which proves itself by PKCE alone',
    text: 'File with the secret by which this service proves itself to the provider.',
  },
  oidcScopes: {
    env: 'PIKA_EXPANDER_OIDC_SCOPES',
    file: 'oidc.scopes',
    value: { is: 'text' },
    default: 'openid profile email',
    text: 'What the provider is asked for, with spaces between. Many providers name groups only if `groups` is among them.',
  },
  oidcNameClaim: {
    env: 'PIKA_EXPANDER_OIDC_NAME_CLAIM',
    file: 'oidc.nameClaim',
    value: { is: 'word', of: nameClaims },
    default: 'preferred_username',
    text: 'What a person is called here. Take a name that people cannot change by themselves.',
  },
  oidcGroupsClaim: {
    env: 'PIKA_EXPANDER_OIDC_GROUPS_CLAIM',
    file: 'oidc.groupsClaim',
    value: { is: 'text' },
    default: 'groups',
    text: "Where the provider names a person's groups.",
  },
  oidcGroups: {
    env: 'PIKA_EXPANDER_OIDC_GROUPS',
    file: 'oidc.groups',
    value: { is: 'groups' },
    default: null,
    otherwise: 'none; the sign-in needs one',
    text: 'What groups may do: `dba=operator,oncall=approver`. In the file `[{ "group", "role", "scope" }]`. Nobody else gets in.',
  },
  oidcLabel: {
    env: 'PIKA_EXPANDER_OIDC_LABEL',
    file: 'oidc.label',
    value: { is: 'text' },
    default: null,
    otherwise: 'the host of the issuer',
    text: 'What the button of the sign-in names: Sign in with …',
  },
  maxNodes: {
    env: null,
    file: 'limits.maxNodes',
    value: { is: 'whole', from: 1, to: maxNodesPerExpansion },
    default: maxNodesPerExpansion,
    text: 'Nodes that one expansion may name.',
  },
  maxBodyBytes: {
    env: null,
    file: 'limits.maxBodyBytes',
    value: { is: 'whole', from: 1024, to: 64 * 1024 * 1024 },
    default: 1_048_576,
    text: 'Bytes of the body of a request that names nodes. Other bodies hold 16 KB at most.',
  },
  requestsPerMinute: {
    env: null,
    file: 'limits.requestsPerMinute',
    value: { is: 'whole', from: 0, to: 1_000_000_000 },
    default: 1200,
    text: 'Requests that one client (token, else address) may send in a minute, controls counted apart; 0 = no limit.',
  },
  maxEventStreams: {
    env: null,
    file: 'limits.maxEventStreams',
    value: { is: 'whole', from: 1, to: 10_000 },
    default: 200,
    text: 'Open event streams per process.',
  },
  lookTimeoutMs: {
    env: null,
    file: 'limits.lookTimeoutMs',
    value: { is: 'whole', from: 100, to: 60_000 },
    default: 5000,
    text: 'A node that answers a look later than this reads as busy. Milliseconds.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;
type ValueIn<V> = V extends { readonly is: 'whole' }
  ? number
  : V extends { readonly is: 'word'; readonly of: infer W }
    ? W extends readonly (infer E)[]
      ? E
      : never
    : V extends { readonly is: 'nodes' }
      ? readonly string[]
      : V extends { readonly is: 'groups' }
        ? readonly GroupRights[]
        : string;
export type SettingValue<N extends SettingName> = ValueIn<(typeof settings)[N]['value']>;
export type SettingWithDefault<N extends SettingName> =
  | SettingValue<N>
  | ((typeof settings)[N]['default'] extends null ? null : never);

/** The allowed values of a setting, as the end of a sentence. */
export function allowedText(value: Value): string {
  switch (value.is) {
    case 'whole':
      return `a whole number from ${value.from} to ${value.to}`;
    case 'word':
      return `one of ${value.of.join(', ')}`;
    case 'url':
      return `an address of the form ${value.protocols[0]}//user:password@host:port/name, with each % of a password written as %25`;
    case 'nodes':
      return 'a list of host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8)';
    case 'web':
      return 'an address of the form https://host (http:// only for this machine), without a login, a query or a fragment';
    case 'groups':
      return `a list of group=role, with commas between; the roles can be ${rolesOfGroups.join(', ')}`;
    case 'text':
      return 'a text that is not empty';
  }
}

function schemaOf(value: Value): TSchema {
  switch (value.is) {
    case 'whole':
      return Type.Integer({ minimum: value.from, maximum: value.to });
    case 'word':
      return Type.Enum([...value.of]);
    case 'nodes':
      return Rules;
    case 'groups':
      return Type.Array(GroupRow, { minItems: 1 });
    default:
      return Type.String({ minLength: 1 });
  }
}

const Rules = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** What a token or a group is bound to, as the file holds it. */
export const ScopeInFile = Type.Object(
  {
    masters: Type.Optional(Rules),
    nodes: Type.Optional(Rules),
    actions: Type.Optional(Type.Array(Type.Enum([...actions]), { minItems: 1 })),
  },
  { additionalProperties: false },
);
const GroupRow = Type.Object(
  {
    group: Type.String({ minLength: 1 }),
    role: Type.Enum([...rolesOfGroups]),
    scope: Type.Optional(ScopeInFile),
  },
  { additionalProperties: false },
);

/** The settings as they stand in the configuration file, some of them in objects of their own. */
export function settingSchemas(): Readonly<Record<string, TSchema>> {
  const groups: Record<string, Record<string, TSchema>> = {};
  const own: Record<string, TSchema> = {};
  for (const { file, value } of Object.values<Setting>(settings)) {
    const [outer = '', inner] = file.split('.');
    if (inner === undefined) own[outer] = Type.Optional(schemaOf(value));
    else groups[outer] = { ...groups[outer], [inner]: Type.Optional(schemaOf(value)) };
  }
  for (const [name, members] of Object.entries(groups))
    own[name] = Type.Optional(Type.Object(members, { additionalProperties: false }));
  return own;
}

/** The row of a setting of the file; null = there is no such row. */
export const settingAt = (place: string): Setting | null =>
  Object.values<Setting>(settings).find(({ file }) => file === place) ?? null;

/** The rows that carry secrets or names of their own, for the document. */
export const namedSettings: readonly Omit<Setting, 'value' | 'default'>[] = [
  {
    env: 'PIKA_EXPANDER_CONFIG',
    file: '',
    otherwise: 'none',
    text: 'The JSON file with these settings.',
  },
  {
    env: 'PIKA_EXPANDER_ADMIN_TOKEN[_FILE]',
    file: 'tokens',
    otherwise: 'none',
    text: 'Who may do everything, also create tokens while the service runs ([access.md](access.md)); at least 16 characters. The file may hold more tokens, each with a name, a role and a `scope`.',
  },
  {
    env: 'PIKA_EXPANDER_OPERATOR_TOKEN[_FILE]',
    file: 'tokens',
    otherwise: 'none',
    text: 'Who may look and steer.',
  },
  {
    env: 'PIKA_EXPANDER_APPROVER_TOKEN[_FILE]',
    file: 'tokens',
    otherwise: 'none',
    text: 'Who may look and approve.',
  },
  {
    env: 'PIKA_EXPANDER_VIEWER_TOKEN[_FILE]',
    file: 'tokens',
    otherwise: 'none',
    text: 'Who may look.',
  },
  {
    env: 'PIKA_EXPANDER_AGENT_TOKEN[_FILE]',
    file: 'tokens',
    otherwise: 'none',
    text: 'Who may report as an agent, and nothing else. In the file each host has a token of its own.',
  },
  {
    env: 'PIKA_EXPANDER_AGENT_NODES',
    file: 'tokens',
    otherwise: 'none; such a token needs it',
    text: 'The servers for which this agent may speak, in the same form as `PIKA_NODES`. In the file it is `nodes` of the token.',
  },
  {
    env: 'PIKA_EXPANDER_OIDC_CLIENT_SECRET',
    file: '',
    otherwise: 'none',
    text: 'The secret by which this service proves itself to the identity provider, in place of its file.',
  },
  {
    env: 'PIKA_PASSWORD[_FILE]',
    file: 'credentials.default.passwordEnv',
    otherwise: 'no login',
    text: 'The password of the nodes. In the file `passwordEnv` names a variable, and `passwordFile` a file.',
  },
  {
    env: 'PIKA_USERNAME',
    file: 'credentials.default.username',
    otherwise: 'none',
    text: 'The user of this password.',
  },
  {
    env: 'PIKA_NODES',
    file: 'credentials.default.nodes',
    otherwise: 'loopback and `PIKA_EXPANDER_NODE_NETWORKS`',
    text: 'The nodes to which this password may be sent: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like.',
  },
  {
    env: 'PIKA_COMMANDS',
    file: 'credentials.default.commands',
    otherwise: 'their own',
    text: 'Names that `rename-command` gives to commands on these nodes: `slaveof=NAME,config=NAME`. It may hold `slaveof`, `config`, `clearreplicationid`, `bgsave` and `lastsave`; in the file it is an object.',
  },
  {
    env: 'PIKA_CREDENTIAL_<NAME>_PASSWORD[_FILE]',
    file: 'credentials.<name>.passwordEnv',
    otherwise: 'none',
    text: 'A further password, to which requests refer by its name (lower case); also `…_USERNAME`, `…_NODES` and `…_COMMANDS`.',
  },
];
