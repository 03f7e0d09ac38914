import type { Language } from './text.ts';

/** Quantities as people read them in findings, events and reasons. */
const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1.5 GB`, `541 MB`: decimal units, as for throttles and network cards. */
export function readableBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

const timeUnits: Readonly<Record<Language, Readonly<Record<'s' | 'min' | 'h', string>>>> = {
  en: { s: 's', min: 'min', h: 'h' },
  zh: { s: '秒', min: '分', h: '小时' },
};

/** `42 s`, `7 min`, `2 h 5 min`; or with the units of another language. */
export function readableSeconds(seconds: number, language: Language = 'en'): string {
  const { s, min, h } = timeUnits[language];
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} ${s}`;
  if (seconds < 120) return `${Math.round(seconds)} ${s}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} ${min}`;
  const rest = minutes % 60;
  const hours = `${Math.floor(minutes / 60)} ${h}`;
  return rest === 0 ? hours : `${hours} ${rest} ${min}`;
}

/** `2026-11-22 22:45:35`, local time: it sorts, and reads the same in every language. */
export const readableMoment = (at: number): string => new Date(at).toLocaleString('sv-SE');
