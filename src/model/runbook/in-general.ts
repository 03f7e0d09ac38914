/** Texts of which nobody has the facts, as in a document: each fact reads as its name. */
import type { Reader, Text } from '../text.ts';

/**
 * A fact that reads as its name, `<node>`, wherever a text puts it; a list of facts reads as one of them. A text that
 * chooses its words by the fact cannot be made of it.
 */
function standIn(name: string): unknown {
  const shown = `<${name}>`;
  const asText: ReadonlySet<unknown> = new Set([
    Symbol.toPrimitive,
    'toString',
    'join',
    'toUpperCase',
    'toLowerCase',
    'replaceAll',
    'trim',
  ]);
  const self: unknown = new Proxy(() => shown, {
    get(_target, key) {
      if (asText.has(key)) return () => shown;
      if (key === 'length') return 1;
      if (key === 'map' || key === 'flatMap')
        return (each: (item: unknown) => unknown) => [each(self)].flat();
      if (key === 'filter' || key === 'slice') return () => [self];
      return typeof key === 'symbol' || /^\d+$/.test(key) ? self : standIn(key);
    },
  });
  return self;
}

/** The facts that a text may do without: in general, none is given. */
const absent: ReadonlySet<string> = new Set(['credential']);

const facts = new Proxy(
  {},
  { get: (_, key) => (absent.has(String(key)) ? null : standIn(String(key))), has: () => true },
);

/** The text with the names of its facts in their places; null = its words depend on the facts. */
export function inGeneral<T extends string | readonly string[]>(
  // biome-ignore lint/suspicious/noExplicitAny: whatever its facts are
  text: Text<any, T>,
  reader: Reader,
): T | null {
  try {
    const made = text[reader.language](facts, reader);
    return /undefined|NaN|\[object|<(?:text|en|zh)>/.test(String(made)) ? null : made;
  } catch {
    return null;
  }
}
