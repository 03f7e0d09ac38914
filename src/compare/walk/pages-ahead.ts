import type { Portion } from '../portion.ts';

/** How many things each page in a row is asked for: as many on both sides, so that equal data come in equal pages. */
export class PageSizes {
  readonly portion: Portion;
  /** Of pages that are under way. */
  readonly #sizes = new Map<number, number>();

  constructor(portion: Portion) {
    this.portion = portion;
  }

  of(page: number): number {
    const size = this.#sizes.get(page) ?? this.portion.size;
    this.#sizes.set(page, size);
    return size;
  }

  /** Forgets a page that has come from both sides. */
  done(page: number): void {
    this.#sizes.delete(page);
  }
}

interface AskedPage<T> {
  readonly from: Buffer;
  readonly page: Promise<T>;
}

/**
 * The pages of one side in a row. Each is asked for as soon as the one before it tells where it begins, so that the server waits
 * neither for the other server nor for this program.
 */
export class PagesAhead<T> {
  readonly #mostAhead: () => number;
  readonly #ask: (from: Buffer, number: number) => Promise<T>;
  readonly #nextOf: (page: T, from: Buffer) => Buffer | null;
  /** Few after a miss: while keys come and go, most of what is asked for ahead is asked for in vain. */
  #ahead = 1;
  #asked: AskedPage<T>[] = [];
  #last: AskedPage<T> | null = null;
  #number = 0;
  /** Where the page behind the last one begins; null = this is not known, or there is none. */
  #next: Buffer | null = null;

  /** @param nextOf where the next page begins; null = it must not be asked for ahead, or there is none */
  constructor(
    mostAhead: () => number,
    ask: (from: Buffer, number: number) => Promise<T>,
    nextOf: (page: T, from: Buffer) => Buffer | null,
  ) {
    this.#mostAhead = mostAhead;
    this.#ask = ask;
    this.#nextOf = nextOf;
  }

  /** The page that begins at `from`. What was asked for ahead is not used where the walk goes on somewhere else. */
  take(from: Buffer, number: number): Promise<T> {
    if (this.#asked[0]?.from.equals(from)) this.#ahead += 1;
    else {
      this.#ahead = 1;
      this.#asked = [];
      this.#number = number;
      this.#add(from);
    }
    const { page } = this.#asked.shift()!;
    this.#goOn();
    return page;
  }

  #goOn(): void {
    if (this.#next !== null && this.#asked.length < Math.min(this.#ahead, this.#mostAhead()))
      this.#add(this.#next);
  }

  #add(from: Buffer): void {
    const asked = { from, page: this.#ask(from, this.#number++) };
    this.#next = null;
    this.#last = asked;
    this.#asked.push(asked);
    asked.page
      .then((page) => {
        if (this.#last !== asked) return;
        this.#next = this.#nextOf(page, from);
        this.#goOn();
      })
      // Whoever takes the page meets it.
      .catch(() => undefined);
  }
}
