/** Hours in which batches may begin, on the clock of a place, summer time included. Pure: the moment comes in. */
import { type TimeWindow, type Weekday, weekdays } from '../../model/policy.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Whether `name` is a time zone that this process knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

export interface WindowState {
  readonly open: boolean;
  /** When the next one begins; null when one is open, or none ever begins. */
  readonly opensAt: number | null;
  /** When the open one ends; null when none is open. */
  readonly closesAt: number | null;
}

/** What the windows say of this moment; without any, everything is open. Milliseconds since the epoch. */
export function windowState(windows: readonly TimeWindow[], now: number): WindowState {
  if (windows.length === 0) return { open: true, opensAt: null, closesAt: null };
  const spans = windows.flatMap((window) => spansAround(window, now));
  const open = spans.filter((span) => span.from <= now && now < span.to);
  if (open.length > 0)
    return { open: true, opensAt: null, closesAt: Math.max(...open.map((span) => span.to)) };
  const coming = spans.filter((span) => span.from > now).map((span) => span.from);
  return { open: false, opensAt: coming.length === 0 ? null : Math.min(...coming), closesAt: null };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The window's spans that begin from yesterday on for eight days: one of each weekday is among them. */
function spansAround(window: TimeWindow, now: number): Span[] {
  const spans: Span[] = [];
  const today = placeTime(now, window.timeZone);
  for (let offset = -1; offset <= 8; offset += 1) {
    const day = new Date(Date.UTC(today.year, today.month - 1, today.day) + offset * dayMs);
    if (!isOn(window, day)) continue;
    const past = minutesOf(window.to) <= minutesOf(window.from) ? 1 : 0;
    const from = momentOf(day, minutesOf(window.from), window.timeZone);
    const to = momentOf(new Date(day.getTime() + past * dayMs), minutesOf(window.to), window.timeZone);
    if (to > from) spans.push({ from, to });
  }
  return spans;
}

function isOn(window: TimeWindow, day: Date): boolean {
  const weekday: Weekday = weekdays[(day.getUTCDay() + 6) % 7]!;
  return window.days.length === 0 || window.days.includes(weekday);
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/**
 * The moment at which the clocks of a place show this time. If daylight saving skips the time, the moment is as much
 * later. If the time comes twice, the first moment counts.
 */
function momentOf(day: Date, minutes: number, timeZone: string): number {
  const wall = day.getTime() + minutes * minuteMs;
  const before = offsetMs(wall - dayMs, timeZone);
  const after = offsetMs(wall + dayMs, timeZone);
  const first = wall - before;
  if (offsetMs(first, timeZone) === before) return first;
  const second = wall - after;
  return offsetMs(second, timeZone) === after ? second : first;
}

/** What the clocks of the place are ahead of UTC at this moment. */
function offsetMs(at: number, timeZone: string): number {
  const shown = placeTime(at, timeZone);
  const asUtc = Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute);
  return asUtc - Math.floor(at / minuteMs) * minuteMs;
}

interface PlaceTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

function placeTime(at: number, timeZone: string): PlaceTime {
  const parts = formatterOf(timeZone).formatToParts(at);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: value('year'),
    month: value('month'),
    day: value('day'),
    hour: value('hour'),
    minute: value('minute'),
  };
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for an unknown zone. Making one is slow, so it is kept. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
}
