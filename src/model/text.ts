/**
 * How the service speaks. What is stored and sent is a code and its facts; the words are made from them, in the language
 * and for the tool of whoever reads. Every table of texts holds all languages beside the code that they belong to.
 */

/** The languages of the service; texts are stored in the first language. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** The language that a tag names (`zh-Hans`, `zh_CN.UTF-8`, `EN`); undefined = the service does not speak it. */
export const languageOfTag = (tag: string): Language | undefined => {
  const [first] = tag.toLowerCase().split(/[-_.@]/);
  return languages.find((language) => language === first);
};

/** The tool through which somebody acts: its own words (flags, fields, labels) stand in next steps. */
export const tools = ['rest', 'cli', 'dashboard'] as const;
export type Tool = (typeof tools)[number];

/** Header of a request by which a tool names itself. */
export const toolHeader = 'pika-expander-tool';

export interface Reader {
  readonly language: Language;
  readonly tool: Tool;
}

/** For whom texts are made when nobody has asked: events, documents, logs. */
export const nobody: Reader = { language: 'en', tool: 'rest' };

export type Facts = Readonly<Record<string, unknown>>;
export type NoFacts = Readonly<Record<string, never>>;

/** A text, or a list of texts, in every language. `F`: the facts that it is made from. */
export type Text<F = NoFacts, T = string> = {
  readonly [L in Language]: (facts: F, reader: Reader) => T;
};

/** A text that says the same whatever the facts are. */
export const plain = <F = NoFacts>(en: string, zh: string): Text<F> => ({ en: () => en, zh: () => zh });

/** Fixes the facts of a text; the languages are checked against them. */
export const text = <F>(languages: Text<F>): Text<F> => languages;

// biome-ignore lint/suspicious/noExplicitAny: a table holds texts of many different facts
export type TextTable = Readonly<Record<string, Text<any>>>;

/** The facts that the text of this code is made from. */
export type FactsOf<Table, Code extends keyof Table> = Table[Code] extends Text<infer F> ? F : never;

/** Something that the service says. `text` is how it reads in English, for those who read what is stored. */
export interface Said<Code extends string = string> {
  readonly code: Code;
  readonly facts: Facts;
  readonly text: string;
}

/** The arguments after a code: its facts, or nothing where it has none. */
export type FactsArgument<Table, Code extends keyof Table> =
  FactsOf<Table, Code> extends NoFacts ? [] : [facts: FactsOf<Table, Code>];

/** Makes what a table says of a code and its facts. */
export function saidBy<Table extends TextTable, Code extends keyof Table & string>(
  table: Table,
  code: Code,
  facts: Facts,
): Said<Code> {
  return { code, facts, text: table[code]!.en(facts, nobody) };
}

/**
 * How something that was said reads for this reader. What another release has stored may lack facts that the text of
 * today needs; it reads in English then, as it was stored.
 */
export function readSaid(table: TextTable, said: Said, reader: Reader): string {
  return read(table[said.code], said.facts, reader, said.text);
}

/** The same thing said, in the words of this reader. */
export const saidFor = <S extends Said | null>(table: TextTable, said: S, reader: Reader): S =>
  said === null ? said : { ...said, text: readSaid(table, said, reader) };

/** The text for this reader, or `stored` where the facts do not suffice for it. */
export function read<F, T>(row: Text<F, T> | undefined, facts: Facts, reader: Reader, stored: T): T {
  if (row === undefined) return stored;
  try {
    return row[reader.language](complete(facts) as F, reader);
  } catch (error) {
    if (error instanceof MissingFact) return stored;
    throw error;
  }
}

class MissingFact extends Error {}

/** The same facts. Reading a missing fact throws, so no text ever says "undefined". */
function complete<T extends object>(facts: T): T {
  return new Proxy(facts, {
    get(target, key) {
      if (typeof key !== 'symbol' && key !== 'toJSON' && !(key in target)) throw new MissingFact(key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'object' && value !== null ? complete(value) : value;
    },
  });
}

/** Of these facts those that the text is made from. */
export function factsIn(row: Text<Facts>, facts: Facts): Facts {
  const read: Record<string, unknown> = {};
  const watched = new Proxy(facts, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof key === 'string') read[key] = value;
      return value;
    },
  });
  row.en(watched, nobody);
  return read;
}

/** Whether two values hold the same facts, in whatever order their keys stand: a database may change it. */
export function sameFacts(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return (
    left.length === Object.keys(right).length &&
    left.every(([key, value]) => key in right && sameFacts(value, right[key]))
  );
}

/** `a`, `a and b`, `a, b and c`; or with `or`. */
export function listed(
  items: readonly string[],
  { language }: Reader = nobody,
  word: 'and' | 'or' = 'and',
): string {
  if (items.length <= 1) return items[0] ?? '';
  const head = items.slice(0, -1);
  const last = items.at(-1)!;
  return {
    en: `${head.join(', ')} ${word} ${last}`,
    zh: spaced(head.join('、'), word === 'and' ? '和' : '或', last),
  }[language];
}

/** Chinese parts of a sentence in a row, with a blank where Chinese and Latin characters meet. */
export const spaced = (...parts: readonly string[]): string =>
  parts.reduce((text, part) => text + (meet(text.at(-1), part[0]) ? ' ' : '') + part);

const meet = (a = '', b = ''): boolean =>
  (isHan.test(a) && isLatin.test(b)) || (isLatin.test(a) && isHan.test(b));
const isHan = /\p{Script=Han}/u;
const isLatin = /[\p{Script=Latin}\d]/u;

/** `1 node`, `2 nodes`. */
export const counted = (count: number, singular: string, plural = `${singular}s`): string =>
  `${count} ${count === 1 ? singular : plural}`;

/** A character that a terminal or a log obeys: also the end of a line, and a tab. */
export const anyControl = /[\u0000-\u001f\u007f-\u009f]/;

/** A foreign text on one line: without what a terminal obeys, and without what turns the direction of writing. */
export const withoutControls = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
