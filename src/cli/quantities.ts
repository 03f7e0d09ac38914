const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type TimeUnit = keyof typeof unitMs;

/** `500ms`, `30s`, `1.5h` in milliseconds; null = it is no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * unitMs[match[2] as TimeUnit]);
}

/** The way back, in the largest unit that loses nothing: `30m`. */
export function shortDuration(milliseconds: number): string {
  const units = Object.entries(unitMs).reverse();
  const [unit, ms] = units.find(([, each]) => milliseconds > 0 && milliseconds % each === 0) ?? ['s', 1000];
  return `${milliseconds / ms}${unit}`;
}

const prefixes = ['', 'k', 'm', 'g', 't'];

/** `10MB` (decimal), `10MiB` (binary), `1.5GB/s` or a plain number, in bytes; null = it is neither. */
export function parseBytes(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?(?:([kmgt]?)(i?)b)?(?:\/s)?$/i.exec(text);
  if (match === null || (match[3] && !match[2])) return null;
  const power = prefixes.indexOf((match[2] ?? '').toLowerCase());
  return Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}
