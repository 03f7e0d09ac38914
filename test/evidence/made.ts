import { evidenceReport } from '../../src/api/views.ts';
import { evidenceBundle } from '../../src/evidence/bundle.ts';
import { newPrivateKey, readSigningKey, type SigningKey } from '../../src/evidence/signing-key.ts';
import type { Store } from '../../src/store/store.ts';
import { looksOfEvidence } from '../../src/work/prune.ts';

export const aKey = readSigningKey(newPrivateKey());

/** The store with the looks of this expansion alone that age leaves it. */
export async function aged(
  store: Pick<Store, 'get' | 'events' | 'observations'>,
  id: string,
): Promise<Pick<Store, 'get' | 'events' | 'observations'>> {
  const kept = new Set(await looksOfEvidence(store, id));
  return {
    get: (of) => store.get(of),
    events: (filter) => store.events(filter),
    observations: async ({ limit, ...filter }) =>
      (await store.observations({ ...filter, limit: 100_000 }))
        .filter(({ seq }) => kept.has(seq))
        .slice(0, limit),
  };
}

/** The signed evidence of an expansion in this store, as the service makes it. */
export async function bundleOf(
  store: Pick<Store, 'get' | 'events' | 'observations'>,
  id: string,
  key: SigningKey = aKey,
): Promise<string> {
  const expansion = (await store.get(id))!;
  return evidenceBundle({
    expansion,
    report: evidenceReport(expansion),
    events: await store.events({ expansionId: id, afterSeq: 0, limit: 100_000 }),
    looksAt: (node) => store.observations({ expansionId: id, node, afterSeq: 0, limit: 100_000 }),
    version: '0.0.0-test',
    now: 1_700_000_000_000,
    key,
    clean: (value) => value,
  });
}
