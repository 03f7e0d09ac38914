import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Allowed, type PatternName, patterns } from '../model/invalid-fields.ts';
import { nearest } from '../model/nearest.ts';
import { type Refusal, refuseField } from '../model/refusal.ts';
import type { RequestPart } from '../model/refusals.ts';
import { anyControl } from '../model/text.ts';
import { copiedTexts } from '../model/views/schema.ts';

/** What validation reports of one place. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** JSON pointer to the way people write it: `/nodes/3/address` becomes `nodes[3].address`. */
export const fieldPath = (pointer: string): string =>
  partsOf(pointer).reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');

const partsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Errors that name a field of the place: they are one level deeper. An unknown name is likelier a slip than a missing one. */
const naming: Readonly<Record<string, number>> = { additionalProperties: 4, required: 3 };
/** Errors that say more than that no branch of a union fitted. */
const weight: Readonly<Record<string, number>> = { anyOf: 0, type: 1, const: 1, ...naming };
const weightOf = (error: SchemaError): number => weight[error.keyword] ?? 2;
const depth = (error: SchemaError): number =>
  error.instancePath.split('/').length + (error.keyword in naming ? 1 : 0);

/**
 * The refusal for the most telling error: the deepest place, and there the most telling reason. A union reports an
 * error for each of its branches; only the branch that came nearest matters.
 */
function refusalOf(schema: TSchema, errors: readonly SchemaError[], part: RequestPart, at: string): Refusal {
  const [error] = errors
    // For an unknown field there is also an error "schema is false".
    .filter(({ keyword }) => keyword !== 'boolean')
    .sort((a, b) => depth(b) - depth(a) || weightOf(b) - weightOf(a));
  const place = error?.instancePath ?? '';
  const field = joined(at, fieldPath(place));
  const inside = (name: string): string => (field === '' ? name : `${field}.${name}`);
  const here = schemasAt(schema, place);
  if (error?.keyword === 'additionalProperties') {
    const name = firstName(error.params.additionalProperties);
    const known = [...new Set(here.flatMap(({ properties = {} }) => Object.keys(properties)))];
    return refuseField(
      'unknown_field',
      inside(printable(name)),
      { nearest: nearest(name, known), known },
      part,
    );
  }
  if (error?.keyword === 'required')
    return refuseField('missing', inside(firstName(error.params.requiredProperties)), {}, part);
  const allowed = here.flatMap((each) => allowedBy(each) ?? []);
  return allowed.length === 0
    ? refuseField('not_valid', field || null, {}, part)
    : refuseField('must_be', field || null, { allowed: oneListOfWords(allowed) }, part);
}

const joined = (at: string, field: string): string => (at && field ? `${at}.${field}` : at || field);

const firstName = (names: unknown): string => String(Array.isArray(names) ? names[0] : names);

/** What is read of a schema to say what it allows. */
interface Shape {
  readonly type?: string;
  readonly const?: string | number | boolean | null;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
}

const branches = (shape: Shape): readonly Shape[] => shape.anyOf?.flatMap(branches) ?? [shape];

/** Every branch that the schema has at a place. */
function schemasAt(schema: TSchema, pointer: string): readonly Shape[] {
  return partsOf(pointer).reduce<readonly Shape[]>(
    (shapes, part) =>
      shapes.flatMap(({ properties, items }) => {
        const next = properties?.[part] ?? items;
        return next === undefined ? [] : branches(next);
      }),
    branches(schema as Shape),
  );
}

function allowedBy(shape: Shape): Allowed | null {
  if (shape.const !== undefined) return { is: 'words', words: [String(shape.const)] };
  if (shape.enum !== undefined) return { is: 'words', words: shape.enum.map(String) };
  switch (shape.type) {
    case 'integer':
    case 'number':
      return {
        is: shape.type,
        ...bounds(shape.minimum, shape.maximum),
        ...(shape.exclusiveMinimum === undefined ? {} : { above: shape.exclusiveMinimum }),
      };
    case 'string': {
      const pattern = (Object.keys(patterns) as PatternName[]).find(
        (name) => patterns[name] === shape.pattern,
      );
      // The words for most patterns are an example already.
      const [example] = pattern === undefined || pattern === 'not_blank' ? (shape.examples ?? []) : [];
      return {
        is: 'text',
        ...bounds(shape.minLength, shape.maxLength),
        ...(pattern === undefined ? {} : { pattern }),
        ...(typeof example === 'string' ? { example } : {}),
      };
    }
    case 'array':
      return { is: 'list', ...bounds(shape.minItems, shape.maxItems) };
    case 'boolean':
      return { is: 'yes_no' };
    case 'object':
    case 'null':
      return { is: shape.type };
    default:
      return null;
  }
}

const bounds = (from: number | undefined, to: number | undefined) => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined || to >= Number.MAX_SAFE_INTEGER ? {} : { to }),
});

function oneListOfWords(allowed: readonly Allowed[]): readonly Allowed[] {
  const words = allowed.flatMap((each) => (each.is === 'words' ? each.words : []));
  const others = allowed.filter((each) => each.is !== 'words');
  return words.length === 0 ? others : [...others, { is: 'words', words }];
}

/** A name out of a request, fit for a message: no control characters, not endless. */
export function printable(text: string, limit = 80): string {
  const plain = text.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return plain.length > limit ? `${plain.slice(0, limit)}…` : plain;
}

type Compiled = ReturnType<typeof Compile>;

/**
 * Returns a function that says why a value is not of the schema's type, or holds control characters; null = nothing is wrong
 * with it. `at`: where in the request the value stands.
 */
export function checker(schema: TSchema, part: RequestPart): (value: unknown, at?: string) => Refusal | null {
  // Compiled when it is needed: a process that starts has dozens of schemas, and most wait long for their first value.
  let ready: { readonly compiled: Compiled; readonly meant: ReturnType<typeof formMeant> } | null = null;
  const compile = () => {
    const compiled = Compile(schema);
    return { compiled, meant: formMeant(schema, compiled) };
  };
  const forbidden = forbiddenIn(schema, part);
  return (value, at = '') => {
    const place = holds(value, forbidden) ? placeOf(value, forbidden) : null;
    if (place !== null)
      return refuseField('control_character', joined(at, place.field) || null, { value: place.text }, part);
    ready ??= compile();
    const { compiled, meant } = ready;
    if (compiled.Check(value)) return null;
    const { form, errorsOf } = meant(value);
    const inBeginning = errorsOf(beginningOf(value));
    const errors = inBeginning.length > 0 ? inBeginning : errorsOf(value);
    return refusalOf(form, errors as unknown as readonly SchemaError[], part, at);
  };
}

/**
 * Of a request that has several forms the form that is meant: the last form of which the value has the first field, else
 * the first form. The errors of the other forms would mislead.
 */
function formMeant(schema: TSchema, whole: Compiled) {
  const forms = (schema as Shape).anyOf?.map((shape) => ({
    form: shape as TSchema,
    first: shape.required?.[0],
    compiled: Compile(shape as TSchema),
  })) ?? [{ form: schema, first: undefined, compiled: whole }];
  return (value: unknown) => {
    const fields = typeof value === 'object' && value !== null ? value : {};
    const { form, compiled } =
      forms.findLast(({ first }) => first !== undefined && first in fields) ?? forms[0]!;
    return { form, errorsOf: (part: unknown) => compiled.Errors(part) };
  };
}

/** More than any object has fields, and than any list that a person writes has entries. */
const manyParts = 1000;
const deepestPart = 20;

/** The first parts of everything in a value. To find an error among a million parts would keep the process from its work. */
function beginningOf(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > deepestPart) return value;
  if (Array.isArray(value)) return value.slice(0, manyParts).map((each) => beginningOf(each, depth + 1));
  const fields = Object.keys(value).slice(0, manyParts);
  return Object.fromEntries(
    fields.map((name) => [name, beginningOf((value as Record<string, unknown>)[name], depth + 1)]),
  );
}

/** Returns a function that passes a value of the schema's type through, or throws a Refusal that names the field. */
export function validator<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const check = checker(schema, 'body');
  return (value) => {
    const refusal = check(value);
    if (refusal !== null) throw refusal;
    return value as Static<T>;
  };
}

/** U+0000, which PostgreSQL takes in no text. */
const nul = /\0/;
/** What a terminal obeys; texts of people have lines and tabs. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
function forbiddenIn(schema: TSchema, part: RequestPart): RegExp {
  if (part !== 'body') return anyControl;
  return copiedTexts in schema ? nul : controls;
}

/** Whether any text holds what is forbidden; the body of a request can be nested very deep, or be very long. */
function holds(value: unknown, forbidden: RegExp): boolean {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') {
      if (forbidden.test(next)) return true;
    } else if (Array.isArray(next)) {
      for (const each of next)
        if (typeof each === 'string' || (typeof each === 'object' && each !== null)) open.push(each);
    } else if (typeof next === 'object' && next !== null)
      for (const [key, deeper] of Object.entries(next)) {
        if (forbidden.test(key)) return true;
        if (deeper !== undefined && deeper !== null) open.push(deeper);
      }
  }
  return false;
}

/** Where the first such text stands. The way to each text costs more than to look at it, and a report can list 100,000 files. */
function placeOf(
  value: unknown,
  forbidden: RegExp,
): { readonly field: string; readonly text: string } | null {
  const open: (readonly [pointer: string, value: unknown])[] = [['', value]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [pointer, inner] = next;
    if (typeof inner === 'string' && forbidden.test(inner))
      return { field: fieldPath(pointer), text: printable(inner) };
    if (typeof inner !== 'object' || inner === null) continue;
    for (const [key, deeper] of Object.entries(inner)) {
      if (forbidden.test(key)) return { field: fieldPath(pointer), text: printable(key) };
      open.push([`${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, deeper]);
    }
  }
  return null;
}
