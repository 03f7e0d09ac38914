/**
 * Chooses start points inside a key space of which only some keys are known. The keys found after the points lie spread
 * evenly over all keys, also where keys crowd behind long common beginnings (`user:000001`).
 *
 * The space is kept as stretches that begin and end with keys. The distance of the keys at both ends of a stretch tells
 * about how many keys it holds. A stretch is picked with a probability by that estimate, and a point inside it is
 * looked at. The keys before and after the point cut the stretch into two. A stretch over several groups of keys looks
 * far too crowded: keys lie close inside a group, and the space between groups counts as filled. So it is cut first,
 * and the estimates become right as the stretches become uniform. Points are built from the kinds of bytes of the keys
 * at both ends (digits, hex digits, letters, ...), since keys hardly ever use all 256 values.
 */
export class KeySpace {
  readonly #random: () => number;
  readonly #stretches = new WeightedSet<Stretch>();

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
    return this.#stretches.size === 0;
  }

  /**
   * Points for the next looks, at most `count`, each in another stretch; the caller reports the keys there by `found`.
   */
  next(count: number): readonly StartPoint[] {
    const points: StartPoint[] = [];
    while (points.length < count && this.#stretches.size > 0) {
      const stretch = this.#stretches.take(this.#random());
      points.push({ stretch, at: pointIn(stretch, this.#random) });
    }
    return points;
  }

  /**
   * @param after keys at or after the point, ascending, the first of them now compared.
   * @param before keys before the point, descending. Both as many as were asked for, or fewer at the ends of the space.
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

  #add(ends: Ends): void {
    const scale = scaleOf(ends.low, ends.high);
    const keys = Math.min(1e9, Math.max(1, keysBetween(ends, scale)));
    this.#stretches.add({ ...ends, scale, keys }, keys);
  }
}

/** Things with weights, one of which is taken out at random by weight in logarithmic time (a Fenwick tree of sums). */
class WeightedSet<T> {
  readonly #things: (T | null)[] = [];
  readonly #weights: number[] = [];
  readonly #free: number[] = [];
  #sums: number[] = [0];
  size = 0;

  add(thing: T, weight: number): void {
    const place = this.#free.pop() ?? this.#things.length;
    if (place === this.#things.length) this.#grow();
    this.#things[place] = thing;
    this.#change(place, weight);
    this.size += 1;
  }

  /** `chance` is 0 to 1. The set must not be empty. */
  take(chance: number): T {
    let place = this.#find(chance);
    if (this.#things[place] == null) place = this.#things.findIndex((thing) => thing !== null);
    const thing = this.#things[place]!;
    this.#things[place] = null;
    this.#change(place, 0);
    this.#free.push(place);
    this.size -= 1;
    return thing;
  }

  #grow(): void {
    this.#things.push(null);
    this.#weights.push(0);
    const node = this.#things.length;
    let sum = 0;
    for (let child = node - 1; child > node - (node & -node); child -= child & -child)
      sum += this.#sums[child]!;
    this.#sums[node] = sum;
  }

  #change(place: number, weight: number): void {
    const change = weight - this.#weights[place]!;
    this.#weights[place] = weight;
    for (let node = place + 1; node < this.#sums.length; node += node & -node) this.#sums[node]! += change;
  }

  #find(chance: number): number {
    const nodes = this.#things.length;
    let rest = chance * this.#total();
    let node = 0;
    for (let step = 1 << Math.floor(Math.log2(nodes)); step > 0; step >>= 1) {
      if (node + step > nodes || this.#sums[node + step]! > rest) continue;
      node += step;
      rest -= this.#sums[node]!;
    }
    return Math.min(node, nodes - 1);
  }

  #total(): number {
    let total = 0;
    for (let node = this.#things.length; node > 0; node -= node & -node) total += this.#sums[node]!;
    return total;
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
const successor = (key: Buffer): Buffer => Buffer.concat([key, Buffer.alloc(1)]);

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
  /** The bytes that may stand at each place behind the common beginning. */
  readonly places: readonly Alphabet[];
  position(key: Buffer): number;
}

type Alphabet = readonly number[];

const bytesFromTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const digits = bytesFromTo(0x30, 0x39);
const lower = bytesFromTo(0x61, 0x7a);
const upper = bytesFromTo(0x41, 0x5a);
const lettersAndDigits: Alphabet = [...digits, ...upper, ...lower];
const alphabets: readonly Alphabet[] = [
  digits,
  [...digits, ...bytesFromTo(0x61, 0x66)],
  [...digits, ...bytesFromTo(0x41, 0x46)],
  lower,
  upper,
  [...digits, ...lower],
  [...digits, ...upper],
  lettersAndDigits,
  bytesFromTo(0x20, 0x7e),
  bytesFromTo(0, 255),
];
/** Of each byte the alphabets that have it, one bit for each. */
const alphabetsWith = Uint16Array.from({ length: 256 }, (_, byte) =>
  alphabets.reduce((bits, alphabet, i) => (alphabet.includes(byte) ? bits | (1 << i) : bits), 0),
);
const allAlphabets = (1 << alphabets.length) - 1;
/** Digits and letters vary from key to key even where a few keys have the same; separators mostly do not. */
const isVarying = (byte: number): boolean => lettersAndDigits.includes(byte);

const mostPlaces = 16;

function scaleOf(low: readonly Buffer[], high: readonly Buffer[]): Scale {
  const [first, last] = [low[0]!, high[0]!];
  let common = 0;
  while (common < first.length && common < last.length && first[common] === last[common]) common += 1;
  const prefix = first.subarray(0, common);
  const alike = [...low, ...high].filter((key) => key.subarray(0, common).equals(prefix));
  const places = alphabetsOf(alike.map((key) => key.subarray(common, common + mostPlaces)));
  const position = (key: Buffer): number => {
    const order = Buffer.compare(key.subarray(0, common), prefix);
    if (order !== 0) return order < 0 ? 0 : 1;
    let place = 0;
    let share = 1;
    for (let i = 0; i < places.length && common + i < key.length; i++) {
      share /= places[i]!.length;
      place += share * rankOf(places[i]!, key[common + i]!);
    }
    return place;
  };
  return { prefix, places, position };
}

/** The alphabet of every place; one for all places between two separators, since they are parts of one number or name. */
function alphabetsOf(tails: readonly Buffer[]): Alphabet[] {
  const byPlace: Alphabet[] = [];
  let partFrom = 0;
  let ofPart = allAlphabets;
  const endPart = (place: number) => {
    byPlace.push(...Array<Alphabet>(place - partFrom).fill(alphabets[lowestBit(ofPart)]!));
    partFrom = place + 1;
    ofPart = allAlphabets;
  };
  let place = 0;
  for (; place < mostPlaces; place++) {
    const reaching = tails.filter((tail) => place < tail.length);
    const seen = reaching[0]?.[place];
    if (seen === undefined) break;
    const ofAll = reaching.reduce((bits, tail) => bits & alphabetsWith[tail[place]!]!, allAlphabets);
    if (isVarying(seen) || reaching.some((tail) => tail[place] !== seen)) {
      ofPart &= ofAll;
      continue;
    }
    endPart(place);
    byPlace.push([seen]);
  }
  endPart(place);
  return byPlace;
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** How many bytes of the alphabet lie below `byte`. */
function rankOf(alphabet: Alphabet, byte: number): number {
  let rank = 0;
  while (rank < alphabet.length && alphabet[rank]! < byte) rank += 1;
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
    const point = Buffer.concat([scale.prefix, spell(from + random() * width, scale.places)]);
    if (Buffer.compare(point, low) > 0 && Buffer.compare(point, high) <= 0) return point;
  }
  if (random() < 0.5) return high;
  return fromLow ? low : successor(low);
}

function spell(position: number, places: readonly Alphabet[]): Buffer {
  const spelled = Buffer.alloc(places.length);
  let rest = position;
  places.forEach((alphabet, i) => {
    rest *= alphabet.length;
    const rank = Math.min(alphabet.length - 1, Math.max(0, Math.floor(rest)));
    spelled[i] = alphabet[rank]!;
    rest -= rank;
  });
  return spelled;
}
