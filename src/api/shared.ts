import { concernedByExpansion } from '../admission/concerned.ts';
import { printable } from '../admission/validate.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import { refuse, refuseField } from '../model/refusal.ts';
import type { Log } from '../platform/log.ts';
import type { Doorbell, KindName } from '../queue/doorbell.ts';
import { decodeCursor } from '../store/expansion-rows.ts';
import type { Store } from '../store/store.ts';
import type { Stored } from './scopes.ts';

/** The expansion of that id; throws a Refusal (not found) if there is none. */
export async function existing(store: Store, id: string): Promise<Expansion> {
  const expansion = await store.get(id);
  if (expansion !== null) return expansion;
  throw refuse('no_such_expansion', { id });
}

/** What bound tokens are judged by. */
export const storedExpansion = (store: Pick<Store, 'get'>): Stored => ({
  kind: 'expansion',
  async concerned(id) {
    const expansion = await store.get(id);
    return expansion && concernedByExpansion(expansion);
  },
  missing: (id) => refuse('no_such_expansion', { id }),
});

/** The node of that name; throws a Refusal (not found) if the expansion has none. */
export function existingJoin(expansion: Expansion, node: string): Join {
  const join = expansion.joins.find((candidate) => candidate.target.name === node);
  if (join !== undefined) return join;
  const nodes = expansion.joins.slice(0, 5).map((candidate) => candidate.target.name);
  const more = expansion.joins.length > nodes.length;
  throw refuse('no_such_node', { id: expansion.id, node: printable(node), nodes, more });
}

/** Rings for what was stored; without the ring a worker finds it a little later. */
export async function wake(
  doorbell: Pick<Doorbell, 'ring'>,
  log: Pick<Log, 'warn'>,
  what: KindName,
  id: string,
): Promise<void> {
  await doorbell
    .ring(id)
    .catch((error: unknown) => log.warn({ err: error, [`${what}Id`]: id }, 'a worker could not be woken'));
}

/** A foreign cursor would silently begin at the first page again, for ever; so it is refused. */
export function checkCursor(cursor: string | undefined): void {
  if (cursor === undefined || decodeCursor(cursor) !== null) return;
  throw refuseField('foreign_cursor', 'cursor', {}, 'query');
}
