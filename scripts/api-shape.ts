/**
 * The API as a list of operations with named schemas: what the client of the package is made from, and what a release is
 * compared with. The schemas of `src/model/views` keep their names; what no program relies on is left out.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ApiDescription,
  type DescribedOperation,
  describedApi,
  type JsonSchema,
} from './described-api.ts';

export interface Operation {
  readonly name: string;
  readonly summary: string;
  readonly method: string;
  readonly path: string;
  readonly params: readonly string[];
  readonly query: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly schema: JsonSchema;
  }[];
  /** Whether it takes an idempotency key. */
  readonly keyed: boolean;
  /** Whether its events also come as a stream. */
  readonly streams: boolean;
  readonly body: JsonSchema | null;
  /** null = it answers with nothing. */
  readonly answer: JsonSchema | null;
}

export interface ApiShape {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** Pages of a browser: nobody calls them from a program. */
export const forBrowsers = ['beginSignIn', 'finishSignIn'] as const;

/** What no good answer holds, and programs read all the same: messages of streams, which OpenAPI does not describe, and errors. */
const alsoRead = ['ProgressMessage', 'ErrorAnswer'] as const;

const root = join(import.meta.dirname, '..');

/** The API of this working copy. */
export async function apiShape(): Promise<ApiShape> {
  const { names, all } = await schemasWithNames();
  const described = await describedApi();
  const schemas: Record<string, JsonSchema> = {};
  const withTheirNames = (schema: JsonSchema): JsonSchema => withNames(schema, names, schemas);
  for (const name of alsoRead) withTheirNames(all.get(name)!);
  return {
    operations: operationsOf(described)
      .filter(({ operation }) => !forBrowsers.some((name) => name === operation.operationId))
      .map(({ path, method, operation }) => shapeOf(path, method, operation, withTheirNames)),
    schemas,
  };
}

const operationsOf = ({ paths }: ApiDescription) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

function shapeOf(
  path: string,
  method: string,
  operation: DescribedOperation,
  named: (schema: JsonSchema) => JsonSchema,
): Operation {
  const { operationId, summary = '', parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content }]): JsonSchema[] => {
      const schema = content?.['application/json']?.schema;
      return schema === undefined ? [] : [schema];
    });
  return {
    name: operationId,
    summary,
    method: method.toUpperCase(),
    path,
    params: parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
    query: parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, required = false, schema, description }) => ({
        name,
        required,
        schema: named(description === undefined ? schema : { ...schema, description }),
      })),
    keyed: parameters.some(({ name }) => name === 'idempotency-key'),
    streams: parameters.some(({ name }) => name === 'last-event-id'),
    body: body === undefined ? null : named(body),
    answer: answers.length === 0 ? null : named(answers.length === 1 ? answers[0]! : { anyOf: answers }),
  };
}

type Names = ReadonlyMap<string, string>;

/** Where schemas are exported under a name; the first name of a schema counts. */
const named = ['src/model/views', 'src/admission'];

/** The schemas that have a name in the code, and their names by what they say. */
async function schemasWithNames(): Promise<{
  readonly names: Names;
  readonly all: ReadonlyMap<string, JsonSchema>;
}> {
  const names = new Map<string, string>();
  const all = new Map<string, JsonSchema>();
  for (const folder of named)
    for (const file of readdirSync(join(root, folder)).sort()) {
      const exported = (await import(join(root, folder, file))) as Record<string, unknown>;
      for (const name of Object.keys(exported).sort()) {
        const schema = exported[name];
        if (!/^[A-Z]/.test(name) || !isObjectSchema(schema) || names.has(canonical(schema))) continue;
        names.set(canonical(schema), name);
        all.set(name, schema);
      }
    }
  return { names, all };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name is worth its while for objects, and for unions of objects. */
const isObjectSchema = (value: unknown): value is JsonSchema =>
  isObject(value) &&
  (isObject(value.properties) || (Array.isArray(value.anyOf) && value.anyOf.some(isObjectSchema)));

/** Words of a schema that say something to programs. */
const kept = [
  'type',
  'enum',
  'required',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minItems',
  'maxItems',
] as const;

/** A schema with `const` as an enum and records as `additionalProperties`, as OpenAPI's description has them. */
function mapped(schema: JsonSchema, inner: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const made: Record<string, unknown> = {};
  for (const word of kept) if (schema[word] !== undefined) made[word] = schema[word];
  if (schema.const !== undefined) made.enum = [schema.const];
  if (isObject(schema.properties))
    made.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, each]) => [name, inner(each as JsonSchema)]),
    );
  if (Array.isArray(schema.items)) made.items = schema.items.map((each) => inner(each as JsonSchema));
  else if (isObject(schema.items)) made.items = inner(schema.items);
  for (const word of ['anyOf', 'allOf'] as const)
    if (Array.isArray(schema[word])) made[word] = schema[word].map((each) => inner(each as JsonSchema));
  const others = isObject(schema.patternProperties)
    ? Object.values(schema.patternProperties)[0]
    : schema.additionalProperties;
  if (isObject(others)) made.additionalProperties = inner(others);
  else if (others === false) made.additionalProperties = false;
  return made;
}

/** The same for schemas that mean the same, whatever they are described with. */
function canonical(schema: JsonSchema): string {
  const plain = (each: JsonSchema): JsonSchema => mapped(each, plain);
  const { type, ...more } = plain(schema);
  const words = 'enum' in more ? more : { type, ...more };
  return JSON.stringify(sorted(words));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function withNames(schema: JsonSchema, names: Names, schemas: Record<string, JsonSchema>): JsonSchema {
  const name = isObjectSchema(schema) ? names.get(canonical(schema)) : undefined;
  const described = schema.description === undefined ? {} : { description: schema.description };
  const inner = (each: JsonSchema): JsonSchema => withNames(each, names, schemas);
  if (name === undefined) return { ...mapped(schema, inner), ...described };
  if (!(name in schemas)) {
    schemas[name] = {};
    schemas[name] = { ...mapped(schema, inner), ...described };
  }
  return { $ref: name, ...described };
}
