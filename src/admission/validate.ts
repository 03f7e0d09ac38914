import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Refusal } from '../model/refusal.ts';

/** The part of a validation error that both TypeBox and Ajv report. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** The place that is wrong, as `nodes[3].address`, and what is wrong with it. */
export interface FieldProblem {
  readonly field: string;
  readonly text: string;
}

/** JSON pointer to the way people write it: `/nodes/3/address` becomes `nodes[3].address`. */
export function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`;
      return path === '' ? part : `${path}.${part}`;
    }, '');
}

const depth = (error: SchemaError) => error.instancePath.split('/').length;

/** Errors that say more than that no branch of a union fitted. */
const weight: Readonly<Record<string, number>> = { anyOf: 0, type: 1, const: 1 };
const weightOf = (error: SchemaError) => weight[error.keyword] ?? 2;

/**
 * The one error that tells most: the deepest place, and there the most telling reason. A union reports an error
 * for each of its branches; only the branch that came nearest is of interest.
 */
export function mostTelling(errors: readonly SchemaError[]): FieldProblem {
  const ranked = [...errors].sort((a, b) => depth(b) - depth(a) || weightOf(b) - weightOf(a));
  const first = ranked[0];
  if (first === undefined) return { field: '', text: 'is not valid' };
  const rivals = ranked.filter(
    (error) => error.instancePath === first.instancePath && weightOf(error) === weightOf(first),
  );
  return describe(first, rivals);
}

function describe(error: SchemaError, rivals: readonly SchemaError[]): FieldProblem {
  const field = fieldPath(error.instancePath);
  const inside = (name: string) => (field === '' ? name : `${field}.${name}`);
  switch (error.keyword) {
    case 'additionalProperties': {
      const names = error.params.additionalProperties ?? error.params.additionalProperty;
      const name = String(Array.isArray(names) ? names[0] : names);
      return { field: inside(printable(name)), text: 'is not known here' };
    }
    case 'required': {
      const names = error.params.requiredProperties ?? error.params.missingProperty;
      return { field: inside(String(Array.isArray(names) ? names[0] : names)), text: 'is missing' };
    }
    case 'type': {
      const wanted = [...new Set(rivals.map((rival) => String(rival.params.type ?? '')))].filter(Boolean);
      return {
        field,
        text: wanted.length > 0 ? `must be ${orList(wanted)}` : (error.message ?? 'is not valid'),
      };
    }
    case 'enum': {
      const allowed = error.params.allowedValues;
      return {
        field,
        text: Array.isArray(allowed) ? `must be ${orList(allowed.map(String))}` : 'is not allowed',
      };
    }
    default:
      return { field, text: error.message ?? 'is not valid' };
  }
}

function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A name out of a request, fit for a message: no control characters, not endless. */
export function printable(text: string, limit = 80): string {
  const plain = text.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return plain.length > limit ? `${plain.slice(0, limit)}…` : plain;
}

/** The refusal for a field that is not as it should be. */
export function invalidField(field: string, text: string, nextSteps?: readonly string[]): Refusal {
  return new Refusal('invalid', 'validation_failed', `${field === '' ? 'The request' : field} ${text}.`, {
    field: field === '' ? null : field,
    nextSteps: nextSteps ?? ['Correct the field and send the request again; /docs shows what is expected.'],
  });
}

/** Returns a function that passes a value of the schema's type through, or throws a Refusal that names the field. */
export function validator<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value as Static<T>;
    const { field, text } = mostTelling(compiled.Errors(value) as unknown as readonly SchemaError[]);
    throw invalidField(field, text);
  };
}
