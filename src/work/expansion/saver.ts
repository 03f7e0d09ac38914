import type { Expansion } from '../../model/expansion.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from './observer.ts';

type Extra = Parameters<Store['save']>[3];

/**
 * Stores what a session decides, one save after the other under its lease. Only whoever acts on what it stores needs to
 * wait for it: a slow database must not make a node in full sync be looked at too rarely.
 */
export interface Saver {
  /** What was stored last, or is to be stored. */
  readonly saved: Expansion;
  /** When that was asked for. */
  readonly savedAt: number;
  /** When the lease was last asked for and found held: by a save or by `renew`. */
  readonly leaseKnownAt: number;
  /** Whether a save is under way. */
  readonly busy: boolean;
  /**
   * Resolves once it is stored, and all before it, and `done` was called. Rejects with what it, or one before it, failed
   * with; nothing is stored after a failure.
   */
  save(expansion: Expansion, extra: Extra, done: () => void): Promise<void>;
  /** Throws what a save failed with that nobody waited for. */
  check(): void;
  /** Resolves once no save is under way. Rejects with what one failed with. */
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
  let underWay = 0;
  let last: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | null = null;

  const check = (): void => {
    if (failure !== null) throw failure.error;
  };

  async function put(before: Expansion, after: Expansion, extra: Extra, done: () => void): Promise<void> {
    try {
      check();
      const askedAt = clock.now();
      await store.save(lease, before, after, extra);
      leaseKnownAt = askedAt;
      done();
    } catch (error) {
      failure ??= { error };
      throw error;
    } finally {
      underWay -= 1;
    }
  }

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
      return underWay > 0;
    },
    save(expansion, extra, done) {
      const before = saved;
      saved = expansion;
      savedAt = clock.now();
      underWay += 1;
      const stored = last.then(() => put(before, expansion, extra, done));
      last = stored.catch(() => undefined);
      stored.catch(() => undefined);
      return stored;
    },
    check,
    async idle() {
      await last;
      check();
    },
    async renew() {
      const askedAt = clock.now();
      await store.renew(lease);
      leaseKnownAt = askedAt;
    },
  };
}
