import { type Command, Option } from 'commander';
import { type CommandLineWords, commandLine } from '../model/command-line/index.ts';
import { type Field, type Fields, flagOf, type Leaf, type List, type Values } from '../model/fields.ts';
import { nearest } from '../model/nearest.ts';
import { readableBytes } from '../model/quantities.ts';
import { type Language, nobody, type Text } from '../model/text.ts';
import { UsageError } from './errors.ts';
import { parseBytes, parseDuration, shortDuration } from './quantities.ts';

/** The values of commander's options: a text, several, or "it was there". */
export type FlagValues = Readonly<Record<string, unknown>>;

/** The fields that have a flag of their own, in order: the members of a group that has none, in place of the group. */
function flagged(
  fields: Fields,
  section: string | null = null,
): readonly { readonly name: string; readonly field: Field; readonly section: string | null }[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const place = field.section ?? section;
    return field.kind === 'group' && field.flag === undefined
      ? flagged(field.fields, place)
      : [{ name, field, section: place }];
  });
}

/** Gives a command a flag for each field of a table, under the headings of its sections. */
export function addFieldOptions(
  command: Command,
  fields: Fields,
  language: Language,
  sections: Readonly<Record<string, Text>> = {},
): Command {
  const say = (text: Text): string => text[language]({}, { ...nobody, language, tool: 'cli' });
  for (const { name, field, section } of flagged(fields)) {
    const argument = argumentOf(field);
    const flag = `--${flagOf(name, field)}${argument === '' ? '' : ` <${argument}>`}`;
    const option = new Option(flag, describe(field, say, commandLine[language].flags));
    if (field.kind === 'group' || field.kind === 'list')
      option.argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]);
    if (section !== null && sections[section] !== undefined) option.helpGroup(`${say(sections[section])}:`);
    command.addOption(option);
  }
  return command;
}

function argumentOf(field: Field): string {
  if (field.kind === 'yes_no') return '';
  if (field.kind === 'choice') return Object.keys(field.choices).join('|');
  if (field.kind === 'choices') return 'a,b';
  if (field.kind === 'text') return 'text';
  if (field.kind === 'group') return 'name=value,…';
  if (field.kind === 'list') return 'text';
  const word = field.words === undefined ? '' : `|${Object.keys(field.words).join('|')}`;
  return `${unitArguments[field.unit ?? 'none']}${word}`;
}

const unitArguments = {
  time: 'duration',
  short_time: 'duration',
  bytes: 'bytes',
  rate: 'bytes/s',
  none: 'n',
};

/** In the style of the other options: no capital at the beginning, no full stop at the end. */
function describe(field: Field, say: (text: Text) => string, words: CommandLineWords['flags']): string {
  const parts = [phrase(say(field.help))];
  if (field.kind === 'group') {
    const [first, second, ...others] = memberExamples(field.fields);
    const more = others.map((pair) => pair.slice(0, pair.indexOf('='))).join(', ');
    parts.push(words.groupExample(`${first},${second}`, more));
  }
  if (field.kind === 'list') parts.push(words.listExample(field.line.example));
  const meanings = [
    ...(field.kind === 'choice' ? Object.entries(field.choices) : []),
    ...(field.kind === 'number' && field.words ? Object.entries(field.words) : []),
    ...('none' in field && field.none ? [['none', field.none] as const] : []),
  ].map(([word, text]) => `${word}: ${phrase(say(text))}`);
  if (meanings.length > 0) parts.push(meanings.join(words.comma));
  const text = parts.join(words.semicolon);
  const value = 'default' in field ? field.default : undefined;
  return value === undefined || value === false ? text : words.withDefault(text, written(field, value));
}

const phrase = (sentences: string): string =>
  sentences
    .replaceAll('`', '')
    .replace(/[.。]$/, '')
    .replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())
    .replace(/\. ([A-Z])/g, (_, letter: string) => `; ${letter.toLowerCase()}`)
    .replaceAll('。', '；');

const memberNames = (fields: Fields): string[] =>
  memberExamples(fields).map((pair) => pair.slice(0, pair.indexOf('=')));

function memberExamples(fields: Fields): string[] {
  const examples = { time: '30s', short_time: '20ms', bytes: '100MB', rate: '50MB', none: '5000' };
  return Object.entries(fields).flatMap(([name, field]) => {
    if (field.kind === 'group') return memberExamples(field.fields);
    const example =
      field.kind === 'number' ? examples[field.unit ?? 'none'] : 'example' in field ? field.example : '…';
    return [`${flagOf(name, field)}=${example}`];
  });
}

function written(field: Field, value: unknown): string {
  if (value === null) return 'none';
  if (field.kind !== 'number' || field.unit === undefined || typeof value !== 'number')
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const isTime = field.unit === 'time' || field.unit === 'short_time';
  return isTime ? shortDuration(value) : readableBytes(value);
}

/**
 * The fields of a table that the flags give. Throws UsageError that names the flag, its value and the values that are
 * allowed.
 */
export function inputFromFlags(fields: Fields, options: FlagValues): Values {
  const given = Object.entries(fields).flatMap(([name, field]): [string, unknown][] => {
    if (field.kind === 'group' && field.flag === undefined) {
      const inner = inputFromFlags(field.fields, options);
      return Object.keys(inner).length === 0 ? [] : [[name, inner]];
    }
    const flag = flagOf(name, field);
    const value = options[attributeOf(flag)];
    return value === undefined ? [] : [[name, read(`--${flag}`, field, value)]];
  });
  return Object.fromEntries(given);
}

/** The name under which commander keeps an option. */
const attributeOf = (flag: string): string =>
  flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function read(flag: string, field: Field, value: unknown): unknown {
  if (field.kind === 'yes_no') return value;
  if (field.kind === 'list') return (value as readonly string[]).map((text) => readLine(flag, field, text));
  if (field.kind !== 'group') return readLeaf(flag, field, value as string);
  const texts = value as readonly string[];
  if (field.none !== undefined && texts.includes('none')) return null;
  return readMembers(flag, field.fields, texts);
}

/** `latency=20ms,lag=100MB`; a comma inside a value is kept unless a name and "=" follow. */
function readMembers(flag: string, fields: Fields, texts: readonly string[]): Values {
  const pairs = new Map<string, string>();
  for (const pair of texts.flatMap((text) => text.split(/,(?=[a-z-]+=)/))) {
    const at = pair.indexOf('=');
    pairs.set(at < 0 ? pair : pair.slice(0, at), at < 0 ? '' : pair.slice(at + 1));
  }
  const take = (table: Fields): Values =>
    Object.fromEntries(
      Object.entries(table).flatMap(([name, field]): [string, unknown][] => {
        if (field.kind === 'group') {
          const inner = take(field.fields);
          return Object.keys(inner).length === 0 ? [] : [[name, inner]];
        }
        const member = flagOf(name, field);
        const text = pairs.get(member);
        if (text === undefined || !pairs.delete(member)) return [];
        return [[name, readLeaf(`${flag} ${member}`, field as Leaf, text)]];
      }),
    );
  const values = take(fields);
  const [unknown] = pairs.keys();
  if (unknown !== undefined)
    throw new UsageError((words) =>
      words.flags.unknownMember(
        flag,
        unknown,
        nearest(unknown, memberNames(fields))[0] ?? null,
        memberExamples(fields).join(','),
      ),
    );
  return values;
}

function readLine(flag: string, list: List, text: string): Values {
  const match = list.line.pattern.exec(text.trim());
  if (match === null) throw new UsageError((words) => words.flags.form(flag, text, list.line.example));
  return Object.fromEntries(
    Object.entries(list.fields).flatMap(([name, field]): [string, unknown][] => {
      const part = match.groups?.[name];
      return part === undefined ? [] : [[name, readLeaf(flag, field as Leaf, part)]];
    }),
  );
}

function readLeaf(flag: string, field: Leaf, text: string): unknown {
  if (field.kind === 'text' || field.kind === 'choice') return text;
  if (field.kind === 'choices') return text.split(',');
  if (field.kind === 'yes_no') return text !== 'no';
  if (field.words !== undefined && text in field.words) return text;
  if (field.none !== undefined && text === 'none') return null;
  const others = [...Object.keys(field.words ?? {}), ...(field.none === undefined ? [] : ['none'])];
  const wrong = (allowed: 'duration' | 'bytes' | 'number' | 'whole') =>
    new UsageError(({ flags }) => flags.give(flag, text, [flags[allowed], ...others]));
  switch (field.unit) {
    case 'time':
    case 'short_time':
      return parseDuration(text) ?? fail(wrong('duration'));
    case 'bytes':
    case 'rate':
      return parseBytes(text) ?? fail(wrong('bytes'));
    case undefined:
      if (/^\d{1,15}$/.test(text) || (field.fraction && /^\d{1,15}\.\d{1,9}$/.test(text)))
        return Number(text);
      throw wrong(field.fraction ? 'number' : 'whole');
  }
}

function fail(error: Error): never {
  throw error;
}

/** The flag that gives the field of this place in a request (`policy.windows[0].from`); null = it has none. */
export function flagOfPlace(place: string, tables: readonly Fields[]): string | null {
  const names = place.replace(/^policy\./, '').split(/[.[]/);
  for (const table of tables) {
    const flag = flagBelow(table, names);
    if (flag !== null) return flag;
  }
  return null;
}

function flagBelow(fields: Fields, [name = '', ...more]: readonly string[]): string | null {
  const field = fields[name];
  if (field === undefined) return null;
  return field.kind === 'group' && field.flag === undefined
    ? flagBelow(field.fields, more)
    : `--${flagOf(name, field)}`;
}
