/** Texts with places for values: `{{node.host}}`, and a part for each of a list between `{{#slaves}}` and `{{/slaves}}`. */

export type Values = Readonly<Record<string, string | number | null>>;

/** How a value stands in the text around it. */
export type Written = (value: string) => string;

/** Within quotes of JSON. */
export const inJson: Written = (value) => JSON.stringify(value).slice(1, -1);

/** Fills the places. A value that is null leaves its place empty. `templateProblem` has found nothing wrong with the text. */
export const fill = (template: string, values: Values, written: Written = (value) => value): string =>
  template.replace(place, (_, name: string) => written(String(values[name] ?? '')));

/** The same with a part for each row. */
export const fillEach = (template: string, rows: readonly Values[]): string =>
  template.replace(part, (_, inner: string) => rows.map((row) => fill(inner, row)).join(''));

/** What is wrong with a template; null = nothing. `withPart`: its places stand in one part for each slave. */
export function templateProblem(
  template: string,
  names: readonly string[],
  withPart: boolean = false,
): string | null {
  const inPart = template.match(part)?.[0] ?? '';
  if (withPart && inPart === '') return 'it has no {{#slaves}}…{{/slaves}}';
  const checked = withPart ? inPart.replace(part, '$1') : template;
  const outside = withPart ? template.replace(part, '') : '';
  const left = checked.replace(place, (whole, name: string) => (names.includes(name) ? '' : whole));
  const wrong = /\{\{[^}]*\}\}|\{\{/.exec(left)?.[0] ?? /\{\{[^}]*\}\}|\{\{/.exec(outside)?.[0];
  if (wrong === undefined) return null;
  return `${wrong} cannot be filled ${withPart ? 'there; between {{#slaves}} and {{/slaves}} it' : 'there; it'} can be ${names.map((name) => `{{${name}}}`).join(', ')}`;
}

const place = /\{\{([a-z]+(?:\.[a-z]+)?)\}\}/gi;
const part = /\{\{#slaves\}\}\n?([\s\S]*?)\{\{\/slaves\}\}\n?/;
