import type { Problem } from './expansion.ts';

/** What became of the admission of an expansion that is part of something else: `E` is what is known of the expansion. */
export type Admitted<E> =
  | { readonly kind: 'accepted'; readonly expansion: E }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Its intent was stored, but nothing was admitted, and whoever was to do it can no longer. */
  | { readonly kind: 'not_happened' }
  | { readonly kind: 'try_later'; readonly problem: Problem };
