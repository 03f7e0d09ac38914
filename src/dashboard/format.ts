import { readableBytes, readableMoment } from '../model/quantities.ts';

/** Numbers as people read them. Every function takes null for "not known" and leaves the word to the caller. */

export const formatBytes = readableBytes;

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** 0 to 1 -> "42 %"; never "100 %" before it is all. */
export function formatShare(share: number): string {
  if (share >= 1) return '100 %';
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  const digits = percent < 1 ? 2 : percent < 10 ? 1 : 0;
  return `${Math.min(percent, 99.9).toFixed(percent > 99 ? 1 : digits)} %`;
}

export interface DurationUnits {
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly gap: string;
}

/** The two largest units: 3725 s -> "1 h 2 min"; below 10 s one decimal. */
export function formatDuration(milliseconds: number, units: DurationUnits): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${units.gap}${units.second}`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), units.day],
    [Math.floor((whole % 86_400) / 3600), units.hour],
    [Math.floor((whole % 3600) / 60), units.minute],
    [whole % 60, units.second],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount}${units.gap}${unit}`)
    .join(' ');
}

/** Local wall clock with seconds: "21:04:33". */
export const formatClock = (at: number): string => new Date(at).toLocaleTimeString('sv-SE');

export const formatDateTime = readableMoment;

/** "21:04" today, "11-21 21:04" this year, else with the year. */
export function formatMoment(at: number, now: number): string {
  const full = formatDateTime(at);
  const today = formatDateTime(now);
  if (full.slice(0, 10) === today.slice(0, 10)) return full.slice(11, 19);
  return full.slice(0, 4) === today.slice(0, 4) ? full.slice(5, 16) : full.slice(0, 16);
}

export const formatCount = (count: number): string => count.toLocaleString('en-US');

/**
 * A node's name in two: what may be cut off where room is short, and the end, which tells nodes apart. Addresses of one
 * network differ in their ends; of a host name the port is enough, since it differs in its beginning.
 */
export function nodeNameParts(name: string): readonly [head: string, tail: string] {
  const tail = /^[\d.:]+$|^\[/.test(name) ? name.slice(-10) : (/:\d+$/.exec(name)?.[0] ?? '');
  return [name.slice(0, name.length - tail.length), tail];
}

/** The time zone in which all times of the dashboard are shown, as `Asia/Shanghai (UTC+8)`. */
export function timeZoneName(at: number = Date.now()): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const away = `${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (minutes === 0) return 'UTC';
  return zone === undefined || zone === '' ? `UTC${away}` : `${zone} (UTC${away})`;
}
