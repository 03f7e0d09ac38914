/** Reading JSON that anybody may have written: a field of another shape counts as absent. */

type Json = unknown;
export type Row = Readonly<Record<string, unknown>>;

const empty: Row = {};

export const row = (value: Json): Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : empty;

export const rows = (value: Json): readonly Row[] => (Array.isArray(value) ? value.map(row) : []);

export const number = (value: Json): number | null => (typeof value === 'number' ? value : null);

export const text = (value: Json): string | null => (typeof value === 'string' ? value : null);

export const truth = (value: Json): boolean | null => (typeof value === 'boolean' ? value : null);

/** A field that the object has itself. */
export const has = (value: Row, name: string): boolean => Object.hasOwn(value, name);

/** Deeper than any evidence: a file of brackets alone ends no process. */
const deepest = 200;

export class TooDeepError extends Error {}

/**
 * The canonical form (docs/evidence.md): no spaces, the names of each object sorted by UTF-16 units, U+007F to U+009F escaped.
 * Throws TooDeepError.
 */
export function canonical(value: Json, depth = 0): string {
  if (depth > deepest) throw new TooDeepError();
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const inner = value as Row;
    const names = Object.keys(inner).sort();
    return `{${names.map((name) => `${canonicalText(name)}:${canonical(inner[name], depth + 1)}`).join(',')}}`;
  }
  return typeof value === 'string' ? canonicalText(value) : JSON.stringify(value);
}

function canonicalText(value: string): string {
  const written = JSON.stringify(value);
  let out = '';
  for (const character of written) {
    const code = character.charCodeAt(0);
    out += code >= 0x7f && code <= 0x9f ? `\\u${code.toString(16).padStart(4, '0')}` : character;
  }
  return out;
}
