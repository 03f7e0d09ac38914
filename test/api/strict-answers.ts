import type { FastifySerializerCompiler } from 'fastify';
import Schema, { type Validator } from 'typebox/schema';

/** The schema with every object closed: a property that it does not describe is an error. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, name === 'enum' ? value : closed(value)]),
  );
  return 'properties' in inner && inner.type === 'object' ? { additionalProperties: false, ...inner } : inner;
}

/** By schema: hundreds of tests ask for answers of the same few. */
const strict = new WeakMap<object, Validator>();

function strictOf(schema: object): Validator {
  const known = strict.get(schema) ?? Schema.Compile(closed(schema) as never);
  strict.set(schema, known);
  return known;
}

/** What is wrong with an answer by its schema, strictly; null = nothing. */
export function flawOf(schema: unknown, answer: unknown): string | null {
  const validator = strictOf(schema as object);
  return validator.Check(answer) ? null : JSON.stringify(validator.Errors(answer)[1].slice(0, 5));
}

/** Serializes answers as the service does, and fails for an answer that is not exactly as its schema says. */
export const strictAnswers: FastifySerializerCompiler<unknown> =
  ({ schema, method, url }) =>
  (answer: unknown) => {
    const text = JSON.stringify(answer);
    const flaw = flawOf(schema, JSON.parse(text));
    if (flaw !== null) throw new Error(`${method} ${url} is answered otherwise than described: ${flaw}`);
    return text;
  };
