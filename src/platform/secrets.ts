/** Takes the place of a secret. */
export const redacted = '[redacted]';

/** Shorter ones are parts of ordinary words: of these only whole words are taken. */
const shortestPart = 4;

/** Replaces every known secret in a text, also where JSON or an address has escaped it. */
export function hideSecrets(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestPart) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret));
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const words = secrets.filter((secret) => secret.length > 0 && secret.length < shortestPart).map(asWord);
  if (longestFirst.length === 0 && words.length === 0) return asItIs;
  return (text) =>
    words.reduce(
      (hidden, word) => hidden.replace(word, redacted),
      longestFirst.reduce((hidden, form) => hidden.replaceAll(form, redacted), text),
    );
}

const asItIs = (text: string): string => text;

/** As a word of a text, or as the password of an address. Numbers of JSON are none: a line of the log stays JSON. */
const asWord = (secret: string): RegExp => {
  const escaped = secret.replace(/[^\w]/g, '\\$&');
  return new RegExp(`(?<=^|[\\s"'\`=(])${escaped}(?=$|[\\s"'\`,;.)\\\\])|(?<=:)${escaped}(?=@)`, 'g');
};

/**
 * What a server said, without the secrets that the service sent to it: the server may repeat them. A short secret is taken
 * out only where it is a whole word.
 */
export function hideInReplies(secrets: readonly string[]): (text: string) => string {
  const hide = hideSecrets(secrets);
  const short = secrets.filter((secret) => secret.length > 0 && secret.length < shortestPart);
  if (short.length === 0) return hide;
  return (text) =>
    hide(text.replace(/[^\s"'`,;:()[\]]+/g, (word) => (short.includes(word) ? redacted : word)));
}

/** The same value with every text in it changed, names of fields too. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  if (change === asItIs) return value;
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((each) => withTexts(each, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [change(key), withTexts(each, change)]),
  ) as T;
}
