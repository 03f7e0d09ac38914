import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { checker } from '../admission/validate.ts';
import type { RequestPart } from '../model/refusals.ts';

type Fields = Record<string, unknown>;

const parts: Readonly<Record<string, RequestPart>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/**
 * Validates by the route's schema; what does not fit it is a Refusal. A body is taken as it is: a number in quotes is not
 * a number. Queries, paths and headers are texts by nature, so there a number or a yes-no is read out of the text, but
 * only if it is exactly one.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  const part = parts[httpPart] ?? 'body';
  const check = checker(schema, part);
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, Fields>> };
  return (sent: unknown) => {
    const value = part === 'body' ? sent : readTexts(sent as Fields, properties);
    const error = check(value);
    return error === null ? { value } : { error };
  };
};

function readTexts(fields: Fields, properties: Readonly<Record<string, Fields>>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, readText(value, properties[name]?.type)]),
  );
}

function readText(value: unknown, type: unknown): unknown {
  if (typeof value !== 'string') return value;
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}(?:\.\d{1,16})?$/.test(value))
    return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
