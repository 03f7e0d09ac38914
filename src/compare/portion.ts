import type { KeyType } from '../model/comparison.ts';
import type { Pair } from './pair.ts';

/**
 * Bytes aimed at per reply. More would be read more slowly: they are no longer in the processor's cache when they are compared, and the
 * replies under way would need more memory than is kept (wire/memory.ts). A Pika takes longer for each question, so it is
 * asked for more at a time.
 */
export const bytesAimedAt = { redis: 256 * 1024, pika: 512 * 1024 } as const;
/** The same by what things take in memory, which is far more than what is read of a collection. */
const mostExpectedBytes = 1024 * 1024;

/** What of a pair says how much it may be asked for. */
type Asked = Pick<Pair, 'kind' | 'pace'>;

const largeBytes = 64 * 1024;
/** Things asked for first, while nothing is known of their size. */
const firstPortion = 32;
const growth = 4;

/**
 * How many things to ask for next, so that replies stay small whatever the size of the values. Few at first, more while
 * replies are small, at once fewer after a large reply.
 */
export class Portion {
  readonly #pair: Asked;
  readonly #most: number;
  readonly #expectedBytesEach: number;
  #grown: number;
  #bytesEach = 1024;

  /** @param bytesEach what one thing takes on the average, where that is known: the expected reply stays small then. */
  constructor(pair: Asked, most: number, bytesEach = 16) {
    this.#pair = pair;
    this.#most = most;
    this.#expectedBytesEach = bytesEach;
    this.#grown = Math.min(firstPortion, most);
  }

  get size(): number {
    const { largestPage, largestReply } = this.#pair.pace;
    const bySeen = Math.min(bytesAimedAt[this.#pair.kind], largestReply) / Math.max(16, this.#bytesEach);
    const byExpected = Math.min(mostExpectedBytes, largestReply) / this.#expectedBytesEach;
    return Math.max(1, Math.min(this.#grown, largestPage, Math.floor(Math.min(bySeen, byExpected))));
  }

  /** Whether things are so large that their sizes are better asked for before they are read. */
  get ofLargeThings(): boolean {
    return Math.max(this.#expectedBytesEach, this.#bytesEach) > largeBytes;
  }

  /** Tells how large a reply was; a single large value makes the following portions small for a while. */
  saw(things: number, bytes: number): void {
    if (things === 0) return;
    const seen = bytes / things;
    this.#bytesEach = seen > this.#bytesEach ? seen : (this.#bytesEach + seen) / 2;
    this.#grown = Math.min(this.#most, this.#grown * growth);
  }
}

/** Members read at a time. */
const mostMembers = 4000;
/** The same by one command of a Redis, which answers nobody else meanwhile. */
const mostMembersAtOnce = 1000;

/** Members read at a time, by type: of many small collections together, and of one large collection. */
export class MemberPortions {
  readonly #pair: Asked;
  readonly #mostAtOnce: number;
  readonly #portions = new Map<string, Portion>();

  constructor(pair: Asked) {
    this.#pair = pair;
    this.#mostAtOnce = pair.kind === 'redis' ? mostMembersAtOnce : mostMembers;
  }

  ofSmall(type: KeyType): Portion {
    return this.#get(`${type}, whole`, mostMembers);
  }

  ofLarge(type: KeyType): Portion {
    return this.#get(`${type}, in pieces`, this.#mostAtOnce);
  }

  #get(name: string, most: number): Portion {
    const known = this.#portions.get(name);
    if (known) return known;
    const made = new Portion(this.#pair, most);
    this.#portions.set(name, made);
    return made;
  }
}
