/** Pages of keys whose judging has begun, in the order of the walk: some at a time, so that no server waits for this program. */
export class OpenPages {
  readonly #most: number;
  readonly #open: Promise<void>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one more, and waits until no more than the most are open. Throws what went wrong with an older page. */
  async add(page: Promise<void>): Promise<void> {
    page.catch(() => undefined);
    this.#open.push(page);
    while (this.#open.length > this.#most) await this.#open.shift();
  }

  /** Waits until all are judged. */
  async finish(): Promise<void> {
    for (const page of this.#open.splice(0)) await page;
  }
}
