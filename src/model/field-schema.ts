/** What a table of fields allows, as a JSON schema: REST, the queue and the OpenAPI document use the same. */
import Type, { type TObject, type TSchema } from 'typebox';
import type { Field, Fields, Unit } from './fields.ts';
import { nobody, type Text } from './text.ts';

const strict = { additionalProperties: false } as const;

const unitNames: Readonly<Record<Unit, string>> = {
  time: 'Milliseconds.',
  short_time: 'Milliseconds.',
  bytes: 'Bytes.',
  rate: 'Bytes per second.',
};

const english = (text: Text): string => text.en({}, nobody);

/** The schema of a request that gives some of the fields. */
export const schemaOf = (fields: Fields, description?: string): TObject =>
  Type.Object(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        field.required ? fieldSchema(field) : Type.Optional(fieldSchema(field)),
      ]),
    ),
    description === undefined ? strict : { ...strict, description },
  );

function fieldSchema(field: Field): TSchema {
  const description = descriptionOf(field);
  const own = valueSchema(field);
  const words = 'words' in field && field.words ? Object.keys(field.words) : [];
  const others = [
    ...words.map((word) => Type.Literal(word)),
    ...('none' in field && field.none ? [Type.Null()] : []),
  ];
  return others.length === 0
    ? { ...own, description }
    : (Type.Union([own, ...others], { description }) as TSchema);
}

function valueSchema(field: Field): TSchema {
  switch (field.kind) {
    case 'number': {
      const { min, max, above } = field;
      const range = {
        ...(min === undefined ? {} : { minimum: min }),
        ...(max === undefined ? {} : { maximum: max }),
        ...(above === undefined ? {} : { exclusiveMinimum: above }),
      };
      return field.fraction ? Type.Number(range) : Type.Integer(range);
    }
    case 'choice':
      return Type.Enum(Object.keys(field.choices));
    case 'choices':
      return Type.Array(Type.Enum(Object.keys(field.choices)), {
        maxItems: Object.keys(field.choices).length,
      });
    case 'yes_no':
      return Type.Boolean();
    case 'text': {
      const { minLength, maxLength, pattern, example } = field;
      return Type.String({
        ...(pattern === undefined ? { minLength, maxLength } : { pattern }),
        examples: [example],
      });
    }
    case 'group':
      return schemaOf(field.fields);
    case 'list':
      return Type.Array(schemaOf(field.fields), { maxItems: field.most });
  }
}

function descriptionOf(field: Field): string {
  const parts = [english(field.help)];
  if (field.kind === 'number' && field.unit) parts.push(unitNames[field.unit]);
  const meanings = [
    ...('choices' in field && field.kind === 'choice' ? Object.entries(field.choices) : []),
    ...('words' in field && field.words ? Object.entries(field.words) : []),
    ...('none' in field && field.none ? [['null', field.none] as const] : []),
  ].map(([word, text]) => `\`${word}\`: ${english(text)}`);
  if (meanings.length > 0) parts.push(`${meanings.join('; ')}.`);
  const value = 'default' in field ? field.default : undefined;
  if (value !== undefined && !Array.isArray(value)) parts.push(`Default: ${String(value)}.`);
  return parts.join(' ');
}
