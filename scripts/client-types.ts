/** Writes the operations of the client, and the types of what they send and answer, from the description of the API. */
import { type ApiShape, apiShape, type Operation } from './api-shape.ts';
import type { JsonSchema } from './described-api.ts';

export const clientTypesFile = 'src/client/operations.ts';

/** The text of that file. */
export async function clientTypes(): Promise<string> {
  return text(await apiShape());
}

function text({ operations, schemas }: ApiShape): string {
  const types = Object.entries(schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, schema]) => `${comment(schema.description, '')}export type ${name} = ${typeOf(schema, '')};`,
    );
  return [
    '/** The operations of the API and their types, made from its description: `npm run docs`. Nobody edits this file. */',
    ...types,
    `/** What each operation takes and answers. */\nexport interface Operations {\n${operations.map(operationType).join('\n')}\n}`,
    `/** How each operation is called over HTTP. */\nexport const routes = {\n${operations.map(routeText).join('\n')}\n} as const;`,
    '',
  ].join('\n\n');
}

function operationType({ name, summary, params, query, keyed, body, answer }: Operation): string {
  const inner = '    ';
  const optional = query.some(({ required }) => required) ? '' : '?';
  const parts = [
    ...params.map((param) => `${inner}  readonly ${param}: string;`),
    ...(query.length === 0
      ? []
      : [`${inner}  readonly query${optional}: ${queryType(query, `${inner}  `)};`]),
    ...(body === null ? [] : [`${inner}  readonly body: ${typeOf(body, `${inner}  `)};`]),
    ...(keyed
      ? [
          `${inner}  /** Makes the request happen once, however often it is sent; made where it is absent. */`,
          `${inner}  readonly idempotencyKey?: string;`,
        ]
      : []),
  ];
  const request = parts.length === 0 ? 'Record<never, never>' : `{\n${parts.join('\n')}\n${inner}}`;
  return [
    `  /** ${summary}. */`,
    `  ${name}: {`,
    `${inner}request: ${request};`,
    `${inner}answer: ${answer === null ? 'void' : typeOf(answer, inner)};`,
    '  };',
  ].join('\n');
}

const queryType = (query: Operation['query'], indent: string): string =>
  `{\n${query
    .map(
      ({ name, required, schema }) =>
        `${comment(schema.description, `${indent}  `)}${indent}  readonly ${name}${required ? '' : '?'}: ${typeOf(schema, `${indent}  `)};`,
    )
    .join('\n')}\n${indent}}`;

const routeText = ({ name, method, path, keyed, streams }: Operation): string =>
  `  ${name}: { method: '${method}', path: '${path}', keyed: ${keyed}, streams: ${streams} },`;

const comment = (description: unknown, indent: string): string =>
  typeof description === 'string'
    ? `${indent}/** ${description.replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n`
    : '';

/** A schema as TypeScript writes it. */
function typeOf(schema: JsonSchema, indent: string): string {
  const { $ref, type, items, properties, additionalProperties } = schema;
  if (typeof $ref === 'string') return $ref;
  if (Array.isArray(schema.enum))
    return unionOf(schema.enum.map((value) => JSON.stringify(value).replace(/^"(.*)"$/, "'$1'")));
  if (Array.isArray(schema.anyOf))
    return unionOf(schema.anyOf.map((each) => typeOf(each as JsonSchema, indent)));
  if (Array.isArray(schema.allOf))
    return schema.allOf.map((each) => typeOf(each as JsonSchema, indent)).join(' & ');
  if (Array.isArray(type)) return unionOf(type.map((each) => typeOf({ ...schema, type: each }, indent)));
  if (Array.isArray(items))
    return `readonly [${items.map((each) => typeOf(each as JsonSchema, indent)).join(', ')}]`;
  if (type === 'array') return `readonly ${inBrackets(typeOf((items ?? {}) as JsonSchema, indent))}[]`;
  if (typeof properties === 'object' && properties !== null) return objectType(schema, indent);
  if (type === 'object')
    return `Readonly<Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties as JsonSchema, indent) : 'unknown'}>>`;
  return primitive(type);
}

function primitive(type: unknown): string {
  if (type === 'integer') return 'number';
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'null' ? type : 'unknown';
}

const unionOf = (types: readonly string[]): string => [...new Set(types)].join(' | ');
const inBrackets = (type: string): string => (/^\w+$/.test(type) ? type : `(${type})`);
const isName = /^[A-Za-z_]\w*$/;

function objectType({ properties, required, additionalProperties }: JsonSchema, indent: string): string {
  const must = new Set(required as readonly string[] | undefined);
  const fields = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(
    ([name, schema]) =>
      `${comment(schema.description, `${indent}  `)}${indent}  readonly ${isName.test(name) ? name : `'${name}'`}${must.has(name) ? '' : '?'}: ${typeOf(schema, `${indent}  `)};`,
  );
  const others =
    typeof additionalProperties === 'object'
      ? ` & Readonly<Record<string, ${typeOf(additionalProperties as JsonSchema, indent)}>>`
      : '';
  return fields.length === 0
    ? `Record<never, never>${others}`
    : `{\n${fields.join('\n')}\n${indent}}${others}`;
}
