import type { Expansion } from '../core/expansion.ts';
import type { Lease, Store } from '../store/store.ts';
import type { Clock } from './observer.ts';

type Extra = Parameters<Store['save']>[3];

/**
 * Stores what a session decides, one save after the other under its lease. A save on which nothing depends (progress
 * alone) does not hold up the looks: a slow database must not make a node in full sync be looked at too rarely.
 */
export interface Saver {
  /** What was stored last, or is just being stored. */
  readonly saved: Expansion;
  readonly savedAt: number;
  /** When the lease was last asked for and found held: by a save or by `renew`. */
  readonly leaseKnownAt: number;
  /** Whether a save is under way. */
  readonly busy: boolean;
  /** Resolves once it is stored, and all before it. Throws what it, or one before it, failed with. */
  save(expansion: Expansion, extra: Extra): Promise<void>;
  /** Stores it meanwhile, then calls `done`. What it fails with is thrown by the next call of this saver. */
  saveMeanwhile(expansion: Expansion, extra: Extra, done: () => void): void;
  /** Throws what a save failed with meanwhile. */
  check(): void;
  /** Resolves once no save is under way. Throws what the last one failed with. */
  idle(): Promise<void>;
  renew(): Promise<void>;
}

export function createSaver(
  store: Pick<Store, 'save' | 'renew'>,
  clock: Clock,
  lease: Lease,
  loaded: Expansion,
): Saver {
  let saved = loaded;
  let savedAt = Number.NEGATIVE_INFINITY;
  let leaseKnownAt = Number.NEGATIVE_INFINITY;
  let meanwhile: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;

  const check = (): void => {
    if (failure !== null) throw failure.error;
  };
  const put = async (expansion: Expansion, extra: Extra): Promise<void> => {
    const before = saved;
    const askedAt = clock.now();
    saved = expansion;
    savedAt = askedAt;
    await store.save(lease, before, expansion, extra);
    leaseKnownAt = askedAt;
  };

  return {
    get saved() {
      return saved;
    },
    get savedAt() {
      return savedAt;
    },
    get leaseKnownAt() {
      return leaseKnownAt;
    },
    get busy() {
      return meanwhile !== null;
    },
    async save(expansion, extra) {
      await meanwhile;
      check();
      await put(expansion, extra);
    },
    saveMeanwhile(expansion, extra, done) {
      meanwhile = put(expansion, extra)
        .then(done)
        .catch((error: unknown) => {
          failure = { error };
        })
        .finally(() => {
          meanwhile = null;
        });
    },
    check,
    async idle() {
      await meanwhile;
      check();
    },
    async renew() {
      const askedAt = clock.now();
      await store.renew(lease);
      leaseKnownAt = askedAt;
    },
  };
}
