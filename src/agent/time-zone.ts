/** Turns times of a log, which name no zone, into UTC. */

const quarterHourMs = 15 * 60_000;
/** How much later than its line a file may say that it was written. */
const writeSlackMs = 5000;
/** From the date line to the date line. */
const mostShiftMs = 26 * 3_600_000;

export class LogClock {
  readonly #offsetAt: (utc: number) => number;
  /** What the file's own time showed to be wrong with the zone: a container may have another one. */
  #shift = 0;

  /** `zone`: the variable TZ of the process; null = the zone of this host. */
  constructor(zone: string | null) {
    this.#offsetAt = offsetsOf(zone);
  }

  /** `local`: milliseconds since 1970 as the log shows them. */
  toUtc(local: number): number {
    const first = local - this.#offsetAt(local);
    return local - this.#offsetAt(first) + this.#shift;
  }

  /** A line of this time was the last one when the file was written at `writtenAt`. */
  check(local: number, writtenAt: number): void {
    const behind = writtenAt - this.toUtc(local);
    const quarters = Math.round(behind / quarterHourMs) * quarterHourMs;
    const shift = this.#shift + quarters;
    if (Math.abs(behind - quarters) < writeSlackMs && Math.abs(shift) <= mostShiftMs) this.#shift = shift;
  }
}

function offsetsOf(zone: string | null): (utc: number) => number {
  if (zone === null) return hostOffset;
  const name = zone.replace(/^:/, '').replace(/^.*\/zoneinfo\//, '');
  if (name === '') return () => 0;
  const fixed = /^(?:[A-Za-z]{3,}|<[^>]+>)([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(name);
  if (fixed) {
    // POSIX counts to the west: CST-8 is eight hours ahead of UTC.
    const ms = (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000 * (fixed[1] === '-' ? 1 : -1);
    return () => ms;
  }
  try {
    return namedOffsets(name);
  } catch {
    return hostOffset;
  }
}

const hostOffset = (utc: number): number => -new Date(utc).getTimezoneOffset() * 60_000;

function namedOffsets(name: string): (utc: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  let known: { readonly quarter: number; readonly offset: number } | null = null;
  return (utc) => {
    const quarter = Math.floor(utc / quarterHourMs);
    if (known?.quarter === quarter) return known.offset;
    const parts = Object.fromEntries(
      format.formatToParts(quarter * quarterHourMs).map(({ type, value }) => [type, Number(value)]),
    );
    const local = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute);
    known = { quarter, offset: local - quarter * quarterHourMs };
    return known.offset;
  };
}
