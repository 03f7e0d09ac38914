/** What a program that was written for one release would meet in another: each change that breaks it. */
import type { ApiShape, Operation } from './api-shape.ts';
import type { JsonSchema } from './described-api.ts';

interface Released {
  readonly operations: readonly Omit<Operation, 'summary'>[];
  readonly schemas: ApiShape['schemas'];
}

/** The changes from `before` to `now` that break a program, each as `listExpansions answer.items[].state: …`. */
export function breakingChanges(before: Released, now: Released): readonly string[] {
  const found: string[] = [];
  for (const old of before.operations) {
    const route = `${old.method} ${old.path}`;
    const same = now.operations.find(({ method, path }) => `${method} ${path}` === route);
    if (same === undefined) found.push(`${route}: removed`);
    else found.push(...changesOf(old, same, before, now).map((change) => `${route} ${change}`));
  }
  return [...new Set(found)];
}

type Compared = Omit<Operation, 'summary'>;

function changesOf(old: Compared, same: Compared, before: Released, now: Released): readonly string[] {
  const asked = new Comparison({ narrow: before.schemas, wide: now.schemas, sense: 'request' });
  const answered = new Comparison({ narrow: now.schemas, wide: before.schemas, sense: 'answer' });
  return [
    ...(old.name === same.name ? [] : [`operationId: ${old.name} is ${same.name}`]),
    ...(old.keyed && !same.keyed ? ['takes no idempotency key any more'] : []),
    ...(old.streams && !same.streams ? ['streams no events any more'] : []),
    ...queryChanges(old, same, asked),
    ...(same.body !== null && old.body === null ? ['body: asked for now'] : []),
    ...(same.body === null || old.body === null ? [] : asked.compare(old.body, same.body, 'body')),
    ...(old.answer !== null && same.answer === null ? ['answer: nothing any more'] : []),
    ...(old.answer === null || same.answer === null
      ? []
      : answered.compare(same.answer, old.answer, 'answer')),
  ];
}

function queryChanges(old: Compared, same: Compared, asked: Comparison): readonly string[] {
  const was = new Map(old.query.map((each) => [each.name, each]));
  const is = new Map(same.query.map((each) => [each.name, each]));
  return [
    ...old.query.flatMap(({ name, schema }) => {
      const now = is.get(name);
      return now === undefined
        ? [`query.${name}: removed`]
        : asked.compare(schema, now.schema, `query.${name}`);
    }),
    ...same.query
      .filter(({ name, required }) => required && was.get(name)?.required !== true)
      .map(({ name }) => `query.${name}: must be given now`),
  ];
}

interface Sides {
  /** Whatever these describe, */
  readonly narrow: ApiShape['schemas'];
  /** these must describe too. */
  readonly wide: ApiShape['schemas'];
  readonly sense: 'request' | 'answer';
}

const limits = [
  ['minimum', 'least'],
  ['exclusiveMinimum', 'least'],
  ['minLength', 'least'],
  ['minItems', 'least'],
  ['maximum', 'most'],
  ['maxLength', 'most'],
  ['maxItems', 'most'],
] as const;

class Comparison {
  readonly #sides: Sides;
  /** Pairs that are being compared: a schema may hold itself. */
  readonly #under = new Set<string>();

  constructor(sides: Sides) {
    this.#sides = sides;
  }

  /** What of `narrow` does not fit into `wide`. */
  compare(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    const pair = `${String(narrow.$ref)} ${String(wide.$ref)}`;
    const isNamed = narrow.$ref !== undefined && wide.$ref !== undefined;
    if (isNamed && this.#under.has(pair)) return [];
    if (isNamed) this.#under.add(pair);
    const found = this.#alternatives(this.#full(narrow, 'narrow'), this.#full(wide, 'wide'), place);
    this.#under.delete(pair);
    return found;
  }

  #full(schema: JsonSchema, side: 'narrow' | 'wide'): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === 'string' ? (this.#sides[side][$ref] ?? {}) : schema;
  }

  #alternatives(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    const from = alternativesOf(narrow);
    const to = alternativesOf(wide);
    if (from.length === 1 && to.length === 1) return this.#one(from[0]!, to[0]!, place);
    return from.flatMap((each) => {
      const tries = to.map((other) => this.compare(each, other, place));
      return tries.sort((a, b) => a.length - b.length)[0] ?? [];
    });
  }

  #one(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    if (narrow.$ref !== undefined || wide.$ref !== undefined) return this.compare(narrow, wide, place);
    const types = typesOf(wide);
    const others = typesOf(narrow).filter((type) => !fits(type, types));
    if (types.length > 0 && (others.length > 0 || typesOf(narrow).length === 0))
      return [`${place}: ${others.join(' or ') || 'anything'} instead of ${types.join(' or ')}`];
    return [
      ...this.#values(narrow, wide, place),
      ...this.#limits(narrow, wide, place),
      ...this.#items(narrow, wide, place),
      ...this.#properties(narrow, wide, place),
    ];
  }

  #values(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    if (!Array.isArray(wide.enum)) return [];
    const known = wide.enum as readonly unknown[];
    if (!Array.isArray(narrow.enum)) return [`${place}: no longer one of ${known.join(', ')}`];
    const unknown = (narrow.enum as readonly unknown[]).filter((value) => !known.includes(value));
    if (unknown.length === 0) return [];
    return [`${place}: ${unknown.join(', ')} ${this.#sides.sense === 'answer' ? 'is new' : 'is refused'}`];
  }

  /** How much a request may hold; what an answer holds is nobody's contract. */
  #limits(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    if (this.#sides.sense === 'answer') return [];
    const tighter = limits.filter(([word, kind]) => {
      const [was, is] = [narrow[word], wide[word]] as readonly (number | undefined)[];
      if (is === undefined) return false;
      return was === undefined || (kind === 'least' ? is > was : is < was);
    });
    const other = wide.pattern !== undefined && wide.pattern !== narrow.pattern ? ['pattern'] : [];
    return [...tighter.map(([word]) => word), ...other].map((word) => `${place}: tighter ${word}`);
  }

  #items(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    const [from, to] = [narrow.items, wide.items] as readonly (JsonSchema | undefined)[];
    return from === undefined || to === undefined || Array.isArray(from) || Array.isArray(to)
      ? []
      : this.compare(from, to, `${place}[]`);
  }

  #properties(narrow: JsonSchema, wide: JsonSchema, place: string): readonly string[] {
    const from = propertiesOf(narrow);
    const to = propertiesOf(wide);
    const given = new Set(narrow.required as readonly string[] | undefined);
    const { sense } = this.#sides;
    const both = Object.keys(from).filter((name) => name in to);
    const missing = ((wide.required ?? []) as readonly string[]).filter((name) => !given.has(name));
    const gone =
      sense === 'answer'
        ? Object.keys(to).filter((name) => !(name in from))
        : Object.keys(from).filter((name) => !(name in to) && wide.additionalProperties === false);
    return [
      ...both.flatMap((name) => this.compare(from[name]!, to[name]!, `${place}.${name}`)),
      ...gone.map((name) => `${place}.${name}: removed`),
      ...missing
        .filter((name) => !gone.includes(name))
        .map((name) => `${place}.${name}: ${sense === 'answer' ? 'may be absent now' : 'must be given now'}`),
    ];
  }
}

const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  Array.isArray(schema.anyOf) ? schema.anyOf : [schema];

function typesOf({ type, enum: values }: JsonSchema): readonly string[] {
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type as readonly string[];
  return Array.isArray(values)
    ? [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))]
    : [];
}

const fits = (type: string, types: readonly string[]): boolean =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

const propertiesOf = ({ properties }: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  (properties ?? {}) as Readonly<Record<string, JsonSchema>>;
