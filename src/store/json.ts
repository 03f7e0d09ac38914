/**
 * The JSON text that PostgreSQL takes as jsonb. A node can answer anything, also bytes that become U+0000 or half a
 * surrogate pair, which jsonb refuses. U+FFFD replaces them, so that a hostile text never blocks a save.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return /\\u(?:0000|d[89a-f])/.test(text) ? JSON.stringify(storable(value)) : text;
}

/** The value with every text in it as a text column takes it. */
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storable(inner)]),
  );
}

/** As above for a text column. */
export function storableText(text: string): string {
  return text.replace(/\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');
}
