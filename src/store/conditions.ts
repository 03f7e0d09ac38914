/** Collects the conditions of a WHERE with their values, numbered as PostgreSQL wants them. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  /** `text` gets the placeholders of `values`, in order. */
  add(text: (...placeholders: string[]) => string, ...values: readonly unknown[]): void {
    this.#texts.push(text(...values.map((value) => this.value(value))));
  }

  /** The placeholder of a value outside the WHERE. */
  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  get sql(): string {
    return this.#texts.length > 0 ? `where ${this.#texts.join(' and ')}` : '';
  }
}
