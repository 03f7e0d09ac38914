import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

type Fields = Record<string, unknown>;

/**
 * Validates by the route's schema. A body is taken as it is: a number in quotes is not a number. Queries, paths and
 * headers are texts by nature, so there a number or a yes-no is read out of the text, but only if it is exactly one.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const validate = TypeBoxValidatorCompiler({ ...route, httpPart: 'body' });
  if (route.httpPart === 'body') return validate;
  const properties =
    (route.schema as { readonly properties?: Readonly<Record<string, Fields>> }).properties ?? {};
  return (fields: Fields) => validate(readTexts(fields, properties));
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
