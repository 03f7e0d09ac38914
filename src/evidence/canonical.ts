/**
 * The one form in which evidence is hashed, signed and written: JSON without spaces, the names of each object sorted by their
 * UTF-16 units, numbers and texts as ECMAScript writes them (RFC 8785), and U+007F to U+009F escaped, which terminals obey.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, each]) => each !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, each]) => `${quoted(name)}:${canonicalJson(each)}`).join(',')}}`;
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
