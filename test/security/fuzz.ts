import { createRandom } from '../../src/simulator/random.ts';

/** What the OpenAPI document says of a value. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly schema: Shape;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Shape }>> };
}

/** What no schema asks for. No text is a name that a resolver would be asked for. */
const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  2 ** 31,
  '',
  ' ',
  'a'.repeat(3000),
  'a\0b',
  '\u001b]0;owned\u0007',
  '\u009b31m',
  '\ud800',
  '\u202e',
  '中文',
  '__proto__',
  'constructor',
  "'; drop table plans; --",
  '../../etc/passwd',
  '%00',
  '[::1]:1',
  '127.0.0.1:99999',
  '127.0.0.1:1',
  '169.254.169.254:80',
  'http://127.0.0.1:1/',
  'http://169.254.169.254/',
  [],
  {},
  [[[[[[]]]]]],
  { __proto__: null, constructor: { prototype: {} } },
];

/** Plays whole expansions, which takes seconds. */
const isRehearsal = ({ path }: Operation): boolean => /rehears/.test(path);

/** The path of the thing that is there: `/v1/plans/{id}` with the id of the plan. */
export function withIds(path: string, ids: Readonly<Record<string, string>>): string {
  const [kind = ''] = /(?<=^\/v1\/)\w+(?=s\/)/.exec(path) ?? [];
  return path.replace('{id}', ids[kind] ?? 'x').replace('{node}', encodeURIComponent(ids.node ?? 'x'));
}

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Makes the function that makes up requests from an OpenAPI document: near what its schemas say, with ids of things that
 * are there, and now and then with what no schema says. The same seed makes the same requests.
 */
export function requestsFor(
  operations: readonly Operation[],
  ids: Readonly<Record<string, string>>,
  addresses: Readonly<Record<string, string>>,
  seed: number,
): () => FuzzRequest {
  const random = createRandom(seed).next;
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const servers = [...Object.values(addresses), '127.0.0.1:1'];

  function textFor(name: string): string {
    if (/url/i.test(name)) return pick(['https://93.184.216.34/x', 'http://10.0.0.1/', 'nonsense']);
    if (/timeZone/.test(name)) return pick(['Asia/Shanghai', 'UTC', 'Mars/Base']);
    if (/^(from|to)$/.test(name)) return pick(['00:00', '23:59', '24:00']);
    return chance(0.7) ? pick(servers) : pick(['why not', 'x', '3.5.5', 'default']);
  }

  function valueFor(shape: Shape, name: string, depth: number): unknown {
    if (chance(0.04)) return pick(hostile);
    if (shape.const !== undefined) return shape.const;
    if (shape.enum) return pick(shape.enum);
    if (shape.anyOf) return valueFor(pick(shape.anyOf), name, depth);
    switch (shape.type) {
      case 'integer':
      case 'number': {
        const { minimum = 0, maximum = minimum + 100 } = shape;
        return pick([minimum, maximum, minimum + Math.floor(random() * Math.min(maximum - minimum, 1000))]);
      }
      case 'boolean':
        return chance(0.5);
      case 'string':
        return textFor(name);
      case 'array': {
        const count = Math.floor(random() * 3);
        return Array.from({ length: count + 1 }, () => valueFor(shape.items ?? {}, name, depth + 1));
      }
      case 'object': {
        const required = shape.required ?? [];
        const fields = Object.entries(shape.properties ?? {}).filter(
          ([field]) => chance(required.includes(field) ? 0.98 : 0.3) && depth < 8,
        );
        const object = fields.map(([field, inner]) => [field, valueFor(inner, field, depth + 1)] as const);
        return Object.fromEntries(chance(0.03) ? [...object, ['unknown', pick(hostile)]] : object);
      }
      default:
        return pick(hostile);
    }
  }

  const inAddress = (value: unknown): string =>
    encodeURIComponent(
      (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/[\ud800-\udfff]/gu, '?'),
    );

  function idFor(path: string, name: string): string {
    if (chance(0.1)) return inAddress(pick(hostile)) || 'x';
    return name === 'node'
      ? inAddress(pick([ids.node, ids.master, '127.0.0.1:1']))
      : withIds(`${path.split('{')[0]}{id}`, ids)
          .split('/')
          .at(-1)!;
  }

  return () => {
    let operation = pick(operations);
    while (isRehearsal(operation) && !chance(0.02)) operation = pick(operations);
    const { method, path, parameters = [], requestBody } = operation;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => idFor(path, name));
    const query = parameters
      .filter((each) => each.in === 'query' && chance(0.4))
      .map(({ name, schema }) => `${name}=${inAddress(valueFor(schema, name, 0))}`);
    const headers = parameters
      .filter((each) => each.in === 'header' && chance(0.3))
      .map(
        ({ name, schema }) =>
          [name, asText(valueFor(schema, name, 0)).replaceAll(/[^\x20-\x7e]/g, '?')] as const,
      );
    const schema = requestBody?.content['application/json']?.schema;
    const body = schema === undefined ? undefined : JSON.stringify(valueFor(schema, '', 0));
    return {
      method,
      path: query.length === 0 ? filled : `${filled}?${query.join('&')}`,
      headers: { ...Object.fromEntries(headers), ...(chance(0.3) ? { 'accept-language': 'zh' } : {}) },
      ...(body === undefined ? {} : { body: chance(0.02) ? body.slice(0, -1) : body }),
    };
  };
}

/** Some of the objects have nothing that makes them a text. */
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
