import type { Queryable } from './database.ts';

/** Keeps the observations of a node bounded: the recent ones all, of the older ones fewer the older they are. */
export interface Thinner {
  /** Counts what was stored; now and then thins out. */
  saw(expansionId: string, observations: readonly { readonly node: string }[]): Promise<void>;
  forget(expansionId: string): void;
}

/** Every second of the older ones goes, once half as many again as permitted are there. */
const thinOut = `
  delete from observations where seq in (
    select seq from (
      select seq, row_number() over (order by seq) - 1 as position, count(*) over () as total
      from observations where expansion_id = $1 and node = $2
    ) as kept
    where total > $3::integer * 1.5 and position < total - $3::integer / 2 and position % 2 = 1
  )`;

/** With `perNode` permitted, never more than twice as many are kept, also across restarts of this process. */
export function createThinner(database: Queryable, perNode: number): Thinner {
  const lookEvery = Math.max(1, Math.floor(perNode / 4));
  const sinceLook = new Map<string, Map<string, number>>();

  const isTimeToLook = (expansionId: string, node: string): boolean => {
    const nodes = sinceLook.get(expansionId) ?? new Map<string, number>();
    sinceLook.set(expansionId, nodes);
    // A node not seen before may have been observed by another process: look at once.
    const count = (nodes.get(node) ?? lookEvery - 1) + 1;
    nodes.set(node, count % lookEvery);
    return count >= lookEvery;
  };

  return {
    async saw(expansionId, observations) {
      const nodes = observations.map(({ node }) => node).filter((node) => isTimeToLook(expansionId, node));
      for (const node of new Set(nodes)) await database.query(thinOut, [expansionId, node, perNode]);
    },
    forget(expansionId) {
      sinceLook.delete(expansionId);
    },
  };
}
