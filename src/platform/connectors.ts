/** The file of the connectors: what each of them is told. */
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { parse } from 'yaml';
import { hookSteps } from '../model/hook-steps.ts';
import { parseRule } from './server-rules.ts';
import { templateProblem } from './template.ts';

const strict = { additionalProperties: false } as const;
const Text = Type.String({ minLength: 1, maxLength: 10_000 });

/** A secret is in a variable or in a file of its own, never in this file. */
const Secret = Type.Object(
  {
    env: Type.Optional(Type.String({ minLength: 1 })),
    file: Type.Optional(Type.String({ minLength: 1 })),
  },
  { ...strict, minProperties: 1, maxProperties: 1 },
);
type Secret = Static<typeof Secret>;

const ofEach = {
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
  masters: Type.Optional(Type.Array(Text, { minItems: 1 })),
};

const Sentinel = Type.Object(
  {
    kind: Type.Literal('sentinel'),
    ...ofEach,
    sentinels: Type.Array(Text, { minItems: 1, maxItems: 100 }),
    masterName: Text,
    username: Type.Optional(Text),
    password: Type.Optional(Secret),
    reset: Type.Optional(Type.Boolean()),
  },
  strict,
);

const Codis = Type.Object(
  {
    kind: Type.Literal('codis'),
    ...ofEach,
    dashboard: Text,
    product: Text,
    datacenter: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]{1,100}$' })),
  },
  strict,
);

const Request = Type.Object(
  {
    method: Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    url: Text,
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
        Type.Union([Type.String({ pattern: '^[\\t\\x20-\\x7e]*$' }), Secret]),
      ),
    ),
    body: Type.Optional(Text),
  },
  strict,
);
type Request = Static<typeof Request>;

const Http = Type.Object(
  {
    kind: Type.Literal('http'),
    ...ofEach,
    steps: Type.Object(Object.fromEntries(hookSteps.map((step) => [step, Type.Optional(Request)])), {
      ...strict,
      minProperties: 1,
    }),
  },
  strict,
);

const File = Type.Object({ kind: Type.Literal('file'), ...ofEach, path: Text, template: Text }, strict);

const schemas = { sentinel: Sentinel, codis: Codis, http: Http, file: File };
type Kind = keyof typeof schemas;

interface OfEach {
  readonly name: string;
  /** Which masters it is for, as lists of servers name them; null = all. */
  readonly masters: readonly string[] | null;
}
export interface SentinelConnector extends OfEach {
  readonly kind: 'sentinel';
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly masterName: string;
  readonly username: string | null;
  readonly password: string | null;
  /** Whether SENTINEL RESET is permitted. */
  readonly reset: boolean;
}
export interface CodisConnector extends OfEach {
  readonly kind: 'codis';
  /** Its origin. */
  readonly dashboard: string;
  readonly product: string;
  readonly datacenter: string | null;
}
export interface HttpRequest {
  readonly method: Request['method'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}
export interface HttpConnector extends OfEach {
  readonly kind: 'http';
  readonly steps: Readonly<Record<string, HttpRequest>>;
}
export interface FileConnector extends OfEach {
  readonly kind: 'file';
  readonly path: string;
  readonly template: string;
}
export type ConnectorConfig = SentinelConnector | CodisConnector | HttpConnector | FileConnector;

const ofServer = (who: string): readonly string[] =>
  ['name', 'host', 'port', 'address'].map((what) => `${who}.${what}`);
/** What a template of a request can name. */
const requestFields: readonly string[] = [
  'id',
  'step',
  'operation.kind',
  'operation.id',
  'operation.label',
  'batch',
  ...ofServer('master'),
  ...ofServer('node'),
];
const slaveFields = [...ofServer('master'), ...ofServer('node')];

export interface ConnectorsSource {
  /** The value of a secret; null = it is not there, and a problem is written down. */
  secret(variable: string | undefined, path: string | undefined, where: string): string | null;
  problem(text: string): void;
}

/** Reads the file's text. What is wrong is written down, each with its place. */
export function connectorsOf(
  text: string,
  path: string,
  source: ConnectorsSource,
): readonly ConnectorConfig[] {
  const file = `the file of the connectors ${path}`;
  const problem = (place: string, what: string): void => source.problem(`In ${file}, ${place}: ${what}.`);
  let data: unknown;
  try {
    data = parse(text) ?? [];
  } catch (error) {
    problem('as a whole', `it is no YAML: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '')}`);
    return [];
  }
  if (!Array.isArray(data)) {
    problem('as a whole', 'it is to be a list of connectors, each beginning with "- kind: …"');
    return [];
  }
  const found: ConnectorConfig[] = [];
  for (const [index, entry] of data.entries()) {
    const given = (entry ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
    const place = `connector ${typeof given.name === 'string' ? `"${given.name}"` : index + 1}`;
    const schema = schemas[given.kind as Kind];
    if (typeof given.kind !== 'string' || !Object.hasOwn(schemas, given.kind)) {
      problem(place, `kind is ${shown(given.kind)}; set it to one of ${Object.keys(schemas).join(', ')}`);
      continue;
    }
    if (!Value.Check(schema, entry)) {
      for (const what of faults(schema, entry)) problem(place, what);
      continue;
    }
    const made = madeOf(entry as Static<(typeof schemas)[Kind]>, place, {
      secret: (variable, inFile, where) => source.secret(variable, inFile, `${file}, ${where}`),
      problem: (what) => problem(place, what),
    });
    if (made === null) continue;
    if (found.some(({ name }) => name === made.name)) problem(place, 'another connector has this name');
    found.push(made);
  }
  return found;
}

/** What a value in a message may show: of an object nothing, it may hold a secret. */
const shown = (value: unknown): string =>
  value === undefined ? 'absent' : typeof value === 'object' ? 'not a word' : JSON.stringify(value);

function faults(schema: (typeof schemas)[Kind], entry: unknown): readonly string[] {
  return Value.Errors(schema, entry)
    .filter(({ keyword }) => !['boolean', 'anyOf', 'const'].includes(keyword))
    .slice(0, 5)
    .map(({ instancePath, keyword, message, params }) => {
      const at = instancePath.split('/').slice(1).join('.') || 'it';
      if (keyword !== 'additionalProperties') return `${at} ${message}`;
      const unknown = (params as { additionalProperties: readonly string[] }).additionalProperties;
      return `${at} has the unknown setting ${unknown.join(', ')}`;
    });
}

function madeOf(
  entry: Static<(typeof schemas)[Kind]>,
  place: string,
  source: ConnectorsSource,
): ConnectorConfig | null {
  const { name, masters = null } = entry;
  for (const rule of masters ?? [])
    if (parseRule(rule) === null)
      source.problem(
        `masters holds "${rule}"; give host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8), each with :port if you like`,
      );
  const of = { name, masters };
  const secret = (from: Secret, where: string): string | null =>
    source.secret(from.env, from.file, `${place}, ${where}`);
  switch (entry.kind) {
    case 'sentinel': {
      const sentinels = entry.sentinels.map((text) => addressOf(text, source));
      const password = entry.password === undefined ? null : secret(entry.password, 'password');
      const { kind, masterName, username = null, reset = false } = entry;
      if (sentinels.includes(null)) return null;
      return { kind, ...of, sentinels: sentinels as never, masterName, username, password, reset };
    }
    case 'codis': {
      const { kind, dashboard, product, datacenter = null } = entry;
      const url = originOf(dashboard, 'dashboard', source);
      if (url !== null && url.pathname + url.search !== '/')
        source.problem('dashboard is to be an address without a path, such as http://10.0.0.9:18080');
      return url && { kind, ...of, dashboard: url.origin, product, datacenter };
    }
    case 'http': {
      const steps = Object.entries(entry.steps as Readonly<Record<string, Request>>).map(
        ([step, request]) => [step, requestOf(request, `steps.${step}`, secret, source)] as const,
      );
      return { kind: 'http', ...of, steps: Object.fromEntries(steps) };
    }
    case 'file': {
      const { kind, path, template } = entry;
      checkTemplate(path, 'path', ofServer('master'), source);
      const wrong = templateProblem(template, slaveFields, true);
      if (wrong !== null) source.problem(`template: ${wrong}`);
      return { kind, ...of, path, template };
    }
  }
}

function requestOf(
  { method, url, headers = {}, body }: Request,
  where: string,
  secret: (from: Secret, where: string) => string | null,
  source: ConnectorsSource,
): HttpRequest {
  originOf(url, `${where}.url`, source);
  checkTemplate(url, `${where}.url`, requestFields, source);
  if (body !== undefined) checkTemplate(body, `${where}.body`, requestFields, source);
  const sent = Object.entries(headers).map(
    ([name, value]) =>
      [name, typeof value === 'string' ? value : (secret(value, `${where}.headers.${name}`) ?? '')] as const,
  );
  return { method, url, headers: Object.fromEntries(sent), body: body ?? null };
}

function checkTemplate(
  template: string,
  where: string,
  names: readonly string[],
  source: ConnectorsSource,
): void {
  const wrong = templateProblem(template, names);
  if (wrong !== null) source.problem(`${where}: ${wrong}`);
}

/** Whom a request goes to is the operator's to say: who names a node does not choose a server by it. */
function originOf(text: string, where: string, source: ConnectorsSource): URL | null {
  const [origin = ''] = /^https?:\/\/[^/?#]*/.exec(text) ?? [];
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && origin !== '' && !origin.includes('{{') && url.username === '' && url.password === '')
    return url;
  source.problem(
    `${where} is to be an address of the form http://host:port/path or https://…, without a login, and with {{…}} only behind the host`,
  );
  return null;
}

function addressOf(text: string, source: ConnectorsSource): { host: string; port: number } | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^:\s/]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  source.problem(`sentinels holds "${text}"; give host:port`);
  return null;
}
