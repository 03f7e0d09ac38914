/** What of a request, or of a stored thing, stands in the trail: without secrets, and never much. */
import { shownUrl } from '../net/url.ts';
import { redacted } from '../platform/secrets.ts';
import { hideTokenTexts } from '../platform/token-text.ts';

const mostText = 300;
/** A secret that begins within `mostText` ends within this. */
const lookedAt = 4000;
const mostItems = 50;
const deepest = 6;
/** Of all texts and names of one value together. */
const mostCharacters = 4000;

const secretNames = /token|secret|passw|authorization|cookie|private.?key/i;
const control = /[\0-\x1f\x7f-\x9f]/g;

/** What stands for what was left out. */
const cut = '…';

/** A text without secrets and control characters, cut. */
export function cleanText(text: string, hideSecrets: (text: string) => string, most = mostText): string {
  const hidden = hideTokenTexts(hideSecrets(text.slice(0, lookedAt)));
  const shown = /^https?:\/\//i.test(hidden) && URL.canParse(hidden) ? shownUrl(hidden) : hidden;
  const plain = shown.replace(/\/\/[^/@\s]*@/g, `//${redacted}@`).replace(control, '\uFFFD');
  return plain.length > most ? `${plain.slice(0, most)}${cut}` : plain;
}

/** The same value with its texts clean, fields of secrets emptied, and what is long, deep or much left out. */
export function clean(value: unknown, hideSecrets: (text: string) => string): unknown {
  let left = mostCharacters;

  function text(value: string): string {
    const said = cleanText(value, hideSecrets, Math.min(mostText, left));
    left -= said.length;
    return said;
  }

  function part(value: unknown, depth: number): unknown {
    left -= 1;
    if (value === null || value === undefined) return null;
    if (left <= 0) return cut;
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value !== 'object') return typeof value === 'boolean' ? value : cut;
    if (depth >= deepest) return cut;
    if (Array.isArray(value)) {
      const items = value.slice(0, mostItems).map((each) => part(each, depth + 1));
      return value.length > mostItems ? [...items, `${cut} ${value.length - mostItems}`] : items;
    }
    const fields = Object.entries(value);
    const shown = fields.slice(0, mostItems).map(([name, each]) => {
      const isSecret = secretNames.test(name) && typeof each === 'string';
      return [text(name), isSecret ? redacted : part(each, depth + 1)] as const;
    });
    return Object.fromEntries(
      fields.length > mostItems ? [...shown, [cut, fields.length - mostItems]] : shown,
    );
  }

  return part(value, 0);
}
