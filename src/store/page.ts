/** A part of a list, and where the next one begins. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null = no more. */
  readonly nextCursor: string | null;
}
