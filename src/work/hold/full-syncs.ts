import { runningSyncs } from '../../core/hold/hold.ts';
import type { RunningSync } from '../../model/views/hold.ts';
import type { HoldStore, StoredHold } from '../../store/holds.ts';
import type { Store } from '../../store/store.ts';

/**
 * The full syncs of this service that are under way at the master of a hold. Read after the hold was stored: whoever
 * begins one afterwards sees the hold, and begins none.
 */
export async function fullSyncsAt(
  holds: Pick<HoldStore, 'expansionsOn'>,
  store: Pick<Store, 'get'>,
  { keys }: Pick<StoredHold, 'keys'>,
): Promise<readonly RunningSync[]> {
  const ids = await holds.expansionsOn(keys);
  const expansions = await Promise.all(ids.map((id) => store.get(id)));
  return expansions.flatMap((expansion) => (expansion === null ? [] : runningSyncs(expansion)));
}
