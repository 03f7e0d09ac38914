import { invalidField, printable } from '../admission/validate.ts';
import type { Expansion, Join } from '../model/expansion.ts';
import { Refusal } from '../model/refusal.ts';
import { decodeCursor } from '../store/expansion-rows.ts';
import type { Store } from '../store/store.ts';

/** The expansion of that id; throws a Refusal (not found) if there is none. */
export async function existing(store: Store, id: string): Promise<Expansion> {
  const expansion = await store.get(id);
  if (expansion !== null) return expansion;
  throw new Refusal('not_found', 'no_such_expansion', `There is no expansion ${id}.`, {
    nextSteps: ['Check the id; GET /v1/expansions lists all.'],
  });
}

/** The node of that name; throws a Refusal (not found) if the expansion has none. */
export function existingJoin(expansion: Expansion, node: string): Join {
  const join = expansion.joins.find((candidate) => candidate.target.name === node);
  if (join !== undefined) return join;
  const names = expansion.joins.slice(0, 5).map((candidate) => candidate.target.name);
  const more = expansion.joins.length > names.length ? ', …' : '';
  throw new Refusal(
    'not_found',
    'no_such_node',
    `Expansion ${expansion.id} has no node ${printable(node)}; it has ${names.join(', ')}${more}.`,
    { nextSteps: ['Use the name of the node as the request gave it.'] },
  );
}

/** A foreign cursor would silently begin at the first page again, for ever; so it is refused. */
export function checkCursor(cursor: string | undefined): void {
  if (cursor === undefined || decodeCursor(cursor) !== null) return;
  throw invalidField('cursor', 'is not one that this service gave', [
    'Pass on nextCursor of the page before unchanged, or leave it out for the first page.',
  ]);
}
