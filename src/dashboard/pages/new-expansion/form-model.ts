import {
  type Fields,
  type Leaf,
  type List,
  placed,
  type Unit,
  type Values,
  valueAt,
} from '../../../model/fields.ts';
import { patterns } from '../../../model/invalid-fields.ts';
import { type Language, nobody, type Text } from '../../../model/text.ts';

/** One control of the form; `value` is what was chosen, and undefined where the default holds. */
export interface Control {
  readonly path: readonly string[];
  readonly label: string;
  readonly help: string;
  readonly input: Input;
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

export type Input =
  | {
      readonly kind: 'number';
      /** In the unit of the label. */
      readonly value: number | undefined;
      readonly placeholder: string;
      readonly min: number | undefined;
      readonly max: number | undefined;
      readonly decimals: boolean;
      /** What is stored for a number in the unit of the label. */
      readonly stored: (value: number) => number;
    }
  | {
      readonly kind: 'choice';
      readonly value: string;
      readonly fallback: string;
      readonly choices: readonly Choice[];
    }
  | { readonly kind: 'choices'; readonly value: readonly string[]; readonly choices: readonly Choice[] }
  | { readonly kind: 'yes_no'; readonly value: boolean; readonly fallback: boolean }
  | {
      readonly kind: 'text';
      readonly value: string;
      readonly placeholder: string;
      readonly maxLength: number;
      readonly isTime: boolean;
    }
  | {
      readonly kind: 'list';
      readonly values: readonly Values[];
      readonly entries: readonly (readonly Control[])[];
      readonly mayAdd: boolean;
      /** What a further entry begins with. */
      readonly entry: Values;
    };

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly controls: readonly Control[];
}

const units: Readonly<Record<Unit, { readonly name: string; readonly factor: number }>> = {
  time: { name: 's', factor: 1000 },
  short_time: { name: 'ms', factor: 1 },
  bytes: { name: 'MB', factor: 1_000_000 },
  rate: { name: 'MB/s', factor: 1_000_000 },
};

/** The form of a table of fields, filled with values: a section of controls for each section of the table. */
export function formOf(
  fields: Fields,
  sections: Readonly<Record<string, Text>>,
  values: Values,
  language: Language,
): readonly Section[] {
  const say = speaker(language);
  const all = placed(fields);
  return Object.entries(sections).map(([id, title]) => ({
    id,
    title: say(title),
    controls: all
      .filter(({ section }) => section === id)
      .map(({ path, field }) => controlOf(path, field, valueAt(values, path), say)),
  }));
}

type Say = (text: Text) => string;
const speaker =
  (language: Language): Say =>
  (text) =>
    text[language]({}, { ...nobody, language, tool: 'dashboard' }).replaceAll('`', '');

function controlOf(path: readonly string[], field: Leaf | List, value: unknown, say: Say): Control {
  const unit = field.kind === 'number' && field.unit ? ` (${units[field.unit].name})` : '';
  return {
    path,
    label: `${say(field.label)}${unit}`,
    help: say(field.help),
    input: inputOf(field, value, say),
  };
}

function inputOf(field: Leaf | List, value: unknown, say: Say): Input {
  switch (field.kind) {
    case 'number': {
      const { factor } = field.unit ? units[field.unit] : { factor: 1 };
      const scaled = (number: number | undefined) => (number === undefined ? undefined : number / factor);
      const fallback =
        typeof field.default === 'number'
          ? String(field.default / factor)
          : field.defaultWord !== undefined
            ? say(field.defaultWord)
            : (field.default ?? (field.none === undefined ? '' : say(field.none)));
      return {
        kind: 'number',
        value: typeof value === 'number' ? value / factor : undefined,
        placeholder: fallback,
        min: scaled(field.min ?? field.above),
        max: scaled(field.max),
        decimals: field.fraction === true || factor > 1,
        stored: (number) => (field.fraction ? number * factor : Math.round(number * factor)),
      };
    }
    case 'choice':
      return {
        kind: 'choice',
        value: (value as string) ?? field.default,
        fallback: field.default,
        choices: choicesOf(field.choices, say),
      };
    case 'choices':
      return {
        kind: 'choices',
        value: (value as readonly string[]) ?? field.default,
        choices: choicesOf(field.choices, say),
      };
    case 'yes_no':
      return { kind: 'yes_no', value: (value as boolean) ?? field.default, fallback: field.default };
    case 'text':
      return {
        kind: 'text',
        value: (value as string) ?? '',
        placeholder: field.default ?? field.example,
        maxLength: field.maxLength,
        isTime: field.pattern === patterns.time_of_day,
      };
    case 'list': {
      const entries = (value as readonly Values[]) ?? [];
      const members = placed(field.fields);
      return {
        kind: 'list',
        values: entries,
        entries: entries.map((entry) =>
          members.map((member) => controlOf(member.path, member.field, valueAt(entry, member.path), say)),
        ),
        mayAdd: entries.length < field.most,
        entry: beginningOf(field),
      };
    }
  }
}

/** A new entry: examples of what it must hold, on the clock of whoever fills in the form. */
function beginningOf({ fields }: List): Values {
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  const examples = Object.entries(fields).flatMap(([name, field]) =>
    field.kind === 'text' && field.required ? [[name, field.example]] : [],
  );
  return { ...Object.fromEntries(examples), ...('timeZone' in fields ? { timeZone } : {}) };
}

const choicesOf = (choices: Readonly<Record<string, Text>>, say: Say): readonly Choice[] =>
  Object.entries(choices).map(([value, text]) => ({ value, label: say(text) }));
