/**
 * Chooses start points inside a key space of which nothing but some keys is known, so that the keys found after them
 * lie spread evenly over all keys, also where they crowd behind long common beginnings (`user:000001`).
 *
 * The space is kept as stretches that begin and end with keys. How many keys a stretch holds is estimated from how close
 * the keys stand at its two ends; a stretch is picked with a probability by that estimate, a point inside it is looked
 * at, and the keys before and after the point cut it into two. A stretch over several groups of keys looks far too
 * crowded (keys stand close inside a group, and the space between groups counts as filled), so it is cut first, and the
 * estimates become right as the stretches become uniform. Points are built from the kinds of bytes that the keys at
 * both ends are made of (digits, hex digits, letters, ...), since keys hardly ever use all 256 values.
 */
export class KeySpace {
  readonly #random: () => number;
  readonly #stretches: Stretch[] = [];
  #weight = 0;

  /**
   * @param low the first keys of the space, ascending; @param high the last ones, descending; at least one of each.
   * @param random gives 0 to 1.
   */
  constructor(low: readonly Buffer[], high: readonly Buffer[], random: () => number) {
    this.#random = random;
    this.#add({ low, high, fromLow: true });
  }

  /** Whether every key of the space was found: no further point can find a new one. */
  get exhausted(): boolean {
    return this.#stretches.length === 0;
  }

  /** Points for the next looks, at most `count`, each in another stretch; what is there must be told by `found`. */
  next(count: number): readonly StartPoint[] {
    const points: StartPoint[] = [];
    while (points.length < count && this.#stretches.length > 0) {
      const stretch = this.#take();
      points.push({ stretch, at: pointIn(stretch, this.#random) });
    }
    return points;
  }

  /**
   * @param after keys at or after the point, ascending, the first of them now compared; @param before keys before the
   * point, descending. Both as many as were asked for, or fewer at the ends of the space.
   */
  found(point: StartPoint, after: readonly Buffer[], before: readonly Buffer[]): void {
    const { low, high, fromLow } = point.stretch;
    const first = low[0]!;
    const last = high[0]!;
    const left = before[0];
    if (left && (Buffer.compare(left, first) > 0 || (fromLow && left.equals(first))))
      this.#add({ low, high: before, fromLow });
    const found = after[0];
    if (found && Buffer.compare(found, last) < 0) this.#add({ low: after, high, fromLow: false });
  }

  #take(): Stretch {
    let at = this.#random() * this.#weight;
    let place = this.#stretches.findIndex((stretch) => {
      at -= stretch.keys;
      return at <= 0;
    });
    if (place < 0) place = this.#stretches.length - 1;
    const taken = this.#stretches[place]!;
    const last = this.#stretches.pop()!;
    if (place < this.#stretches.length) this.#stretches[place] = last;
    this.#weight -= taken.keys;
    return taken;
  }

  #add(ends: Ends): void {
    const scale = scaleOf(ends.low[0]!, ends.high[0]!);
    const keys = Math.min(1e9, Math.max(1, keysBetween(ends, scale)));
    this.#stretches.push({ ...ends, scale, keys });
    this.#weight += keys;
  }
}

interface Ends {
  /** The keys at the lower end, ascending. */
  readonly low: readonly Buffer[];
  /** The keys at the upper end, descending. */
  readonly high: readonly Buffer[];
  /** Whether the lowest key itself has still to be looked at. */
  readonly fromLow: boolean;
}

interface Stretch extends Ends {
  readonly scale: Scale;
  /** How many keys it is likely to hold. */
  readonly keys: number;
}

export interface StartPoint {
  readonly at: Buffer;
  readonly stretch: Stretch;
}

/** The least key greater than `key`. */
export const successor = (key: Buffer): Buffer => Buffer.concat([key, Buffer.alloc(1)]);

function keysBetween(ends: Ends, scale: Scale): number {
  const width = scale.position(ends.high[0]!) - scale.position(ends.low[0]!);
  const crowd = (crowding(ends.low, scale) + crowding(ends.high, scale)) / 2;
  return width * crowd;
}

/** Keys per unit of the scale among neighbours. */
function crowding(keys: readonly Buffer[], scale: Scale): number {
  const span = Math.abs(scale.position(keys.at(-1)!) - scale.position(keys[0]!));
  return keys.length < 2 ? 1 : (keys.length - 1) / Math.max(span, 1e-15);
}

/** Places keys that begin alike on a line from 0 to 1, by the bytes behind their common beginning. */
interface Scale {
  readonly prefix: Buffer;
  readonly bytes: readonly number[];
  position(key: Buffer): number;
}

const bytesFromTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const digits = bytesFromTo(0x30, 0x39);
const lower = bytesFromTo(0x61, 0x7a);
const upper = bytesFromTo(0x41, 0x5a);
const alphabets: readonly (readonly number[])[] = [
  digits,
  [...digits, ...bytesFromTo(0x61, 0x66)],
  [...digits, ...bytesFromTo(0x41, 0x46)],
  lower,
  [...digits, ...lower],
  [...digits, ...upper, ...lower],
  bytesFromTo(0x20, 0x7e),
  bytesFromTo(0, 255),
];

const placesOnScale = 12;

function scaleOf(low: Buffer, high: Buffer): Scale {
  let common = 0;
  while (common < low.length && common < high.length && low[common] === high[common]) common += 1;
  const seen = Buffer.concat([low, high].map((key) => key.subarray(common, common + placesOnScale)));
  const bytes = alphabets.find((alphabet) => seen.every((byte) => alphabet.includes(byte)))!;
  const position = (key: Buffer): number => {
    if (key.compare(low, 0, common, 0, Math.min(common, key.length)) !== 0)
      return Buffer.compare(key, low) < 0 ? 0 : 1;
    let place = 0;
    let share = 1;
    for (let i = common; i < common + placesOnScale && i < key.length; i++) {
      share /= bytes.length;
      place += share * rankOf(bytes, key[i]!);
    }
    return place;
  };
  return { prefix: low.subarray(0, common), bytes, position };
}

/** How many bytes of the alphabet lie below `byte`. */
function rankOf(bytes: readonly number[], byte: number): number {
  let rank = 0;
  while (rank < bytes.length && bytes[rank]! < byte) rank += 1;
  return rank;
}

/** A point above the lower end (or at it, while that key has still to be looked at) and not above the upper end. */
function pointIn(stretch: Stretch, random: () => number): Buffer {
  const { scale, fromLow } = stretch;
  const low = stretch.low[0]!;
  const high = stretch.high[0]!;
  const from = scale.position(low);
  const width = scale.position(high) - from;
  for (let tries = 0; tries < 8; tries++) {
    const point = Buffer.concat([scale.prefix, spell(from + random() * width, scale.bytes)]);
    if (Buffer.compare(point, low) > 0 && Buffer.compare(point, high) <= 0) return point;
  }
  if (random() < 0.5) return high;
  return fromLow ? low : successor(low);
}

function spell(position: number, bytes: readonly number[]): Buffer {
  const spelled = Buffer.alloc(placesOnScale);
  let rest = position;
  for (let i = 0; i < placesOnScale; i++) {
    rest *= bytes.length;
    const rank = Math.min(bytes.length - 1, Math.max(0, Math.floor(rest)));
    spelled[i] = bytes[rank]!;
    rest -= rank;
  }
  return spelled;
}
