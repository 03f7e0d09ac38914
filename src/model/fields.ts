/**
 * How tables of fields are written: one row per field says all that is known of it. Types, defaults, schemas, flags, forms
 * and documents are derived from the rows.
 */
import type { Text } from './text.ts';

/** What a number counts, and so how people write it. `time` and `short_time` are milliseconds; a form takes seconds for `time`. */
export type Unit = 'time' | 'short_time' | 'bytes' | 'rate';

interface Row {
  /** A noun, as a form shows it. */
  readonly label: Text;
  /** Sentences. */
  readonly help: Text;
  /** The section of the field in forms and documents; a member of a group is in the group's section. */
  readonly section?: string;
  /** The flag on the command line, or the name inside the flag of its group; else it is made from the field's name. */
  readonly flag?: string;
  /** Must be given wherever its group is given, as it has no default. */
  readonly required?: true;
}

interface Choices {
  readonly choices: Readonly<Record<string, Text>>;
}

export interface NumberField extends Row {
  readonly kind: 'number';
  readonly unit?: Unit;
  /** Whole numbers only, unless set. */
  readonly fraction?: true;
  readonly min?: number;
  readonly max?: number;
  /** Must be greater than this number. */
  readonly above?: number;
  /** Words that may stand in place of the number. */
  readonly words?: Readonly<Record<string, Text>>;
  /** A default that is a word, as an empty control of a form shows it. */
  readonly defaultWord?: Text;
  /** What null means; null is not allowed without it. */
  readonly none?: Text;
  readonly default?: number | string | null;
}

export interface TextField extends Row {
  readonly kind: 'text';
  readonly pattern?: string;
  readonly minLength: number;
  readonly maxLength: number;
  readonly example: string;
  readonly default?: string;
}

export type Leaf =
  | NumberField
  | TextField
  | (Row & Choices & { readonly kind: 'choice'; readonly default: string })
  | (Row & Choices & { readonly kind: 'choices'; readonly default: readonly string[] })
  | (Row & { readonly kind: 'yes_no'; readonly default: boolean });

export interface Group extends Row {
  readonly kind: 'group';
  readonly fields: Fields;
  /** What null means, which is then the default; null is not allowed without it. */
  readonly none?: Text;
}

export interface List extends Row {
  readonly kind: 'list';
  /** Of each of its entries. */
  readonly fields: Fields;
  readonly most: number;
  /** How people write an entry in one line: the names in the pattern are the fields. */
  readonly line: { readonly pattern: RegExp; readonly example: string };
}

export type Field = Leaf | Group | List;
export type Fields = Readonly<Record<string, Field>>;

type None<F> = F extends { readonly none: unknown } ? null : never;
type Word<F> = F extends { readonly words: infer W } ? keyof W & string : never;
type Chosen<F> = F extends { readonly choices: infer C } ? keyof C & string : never;

type ValueOf<F> = F extends { readonly kind: 'number' }
  ? number | Word<F> | None<F>
  : F extends { readonly kind: 'choice' }
    ? Chosen<F>
    : F extends { readonly kind: 'choices' }
      ? readonly Chosen<F>[]
      : F extends { readonly kind: 'yes_no' }
        ? boolean
        : F extends { readonly kind: 'text' }
          ? string
          : F extends { readonly kind: 'group'; readonly fields: infer G }
            ? ValuesOf<G> | None<F>
            : F extends { readonly kind: 'list'; readonly fields: infer G }
              ? readonly ValuesOf<G>[]
              : never;

/** The values of all fields of a table. */
export type ValuesOf<T> = { readonly [K in keyof T]: ValueOf<T[K]> };

type Required<T> = { [K in keyof T]: T[K] extends { readonly required: true } ? K : never }[keyof T];

type InputValueOf<F> = F extends { readonly kind: 'group'; readonly fields: infer G }
  ? InputOf<G> | None<F>
  : F extends { readonly kind: 'list'; readonly fields: infer G }
    ? readonly InputOf<G>[]
    : ValueOf<F>;

/** What a request may give of a table's fields. */
export type InputOf<T> = { readonly [K in Required<T>]: InputValueOf<T[K]> } & {
  readonly [K in Exclude<keyof T, Required<T>>]?: InputValueOf<T[K]>;
};

/** Values by the names of fields, of a table that only the caller knows. */
export type Values = Readonly<Record<string, unknown>>;

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The values with the defaults of the table where `input` gives none. */
export function resolved(fields: Fields, input: Values = {}): Values {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, resolvedField(field, input[name])]),
  );
}

function resolvedField(field: Field, given: unknown): unknown {
  if (field.kind === 'list')
    return ((given as readonly Values[] | undefined) ?? []).map((entry) => resolved(field.fields, entry));
  if (field.kind !== 'group') return given === undefined ? field.default : given;
  if (isValues(given)) return resolved(field.fields, given);
  return field.none === undefined ? resolved(field.fields) : null;
}

/** Two inputs as one: what `own` gives wins, field by field, also inside groups. */
export function merged(fields: Fields, shared: Values, own: Values): Values {
  const both = { ...shared, ...own };
  for (const [name, field] of Object.entries(fields)) {
    const [theirs, ours] = [shared[name], own[name]];
    if (field.kind === 'group' && isValues(theirs) && isValues(ours))
      both[name] = merged(field.fields, theirs, ours);
  }
  return both;
}

export interface Placed<F extends Field = Leaf | List> {
  /** Names from the outermost group inwards. */
  readonly path: readonly string[];
  readonly field: F;
  readonly section: string | null;
}

/** All fields that hold a value of their own: the members of groups in place of the groups. */
export function placed(
  fields: Fields,
  outer: readonly string[] = [],
  section: string | null = null,
): readonly Placed[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const [path, place] = [[...outer, name], field.section ?? section];
    return field.kind === 'group' ? placed(field.fields, path, place) : [{ path, field, section: place }];
  });
}

/** What `values` hold at a place; undefined = nothing. */
export function valueAt(values: Values, [name, ...inner]: readonly string[]): unknown {
  const value = values[name!];
  if (inner.length === 0) return value;
  return isValues(value) ? valueAt(value, inner) : undefined;
}

/** The same values with another one at a place; undefined takes it away, and a group of which nothing is left. */
export function withValueAt(values: Values, [name, ...inner]: readonly string[], value: unknown): Values {
  const { [name!]: old, ...others } = values;
  const next = inner.length === 0 ? value : withValueAt(isValues(old) ? old : {}, inner, value);
  const isLeft = next !== undefined && !(inner.length > 0 && Object.keys(next as object).length === 0);
  return isLeft ? { ...others, [name!]: next } : others;
}

/** `masterLatencyMs` becomes `master-latency`: the unit belongs to the value. */
const flagFromName = (name: string): string =>
  name.replace(/(?:Ms|BytesPerSecond|Bytes)$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The name of the flag of a field, without its dashes. */
export const flagOf = (name: string, field: Field): string => field.flag ?? flagFromName(name);
