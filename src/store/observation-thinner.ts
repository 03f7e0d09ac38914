import type { Queryable } from './database.ts';

/** Keeps the observations of a node bounded: the recent ones all, of the older ones fewer the older they are. */
export interface Thinner {
  /** Counts what was stored; now and then thins out. */
  saw(expansionId: string, observations: readonly { readonly node: string }[]): Promise<void>;
  forget(expansionId: string): void;
}

/** What a look says of the state of a server; the numbers that always move are left out. */
const signs = [
  'kind',
  ...['role', 'linkStatus', 'dbStates', 'masterHost', 'masterPort'].map(
    (name) => `facts,replication,${name}`,
  ),
  'facts,server,processId',
  'facts,stats,bgsaving',
]
  .map((path) => `look #> '{${path}}'`)
  .join(', ');

/** Looks on either side of a change that stay: sizes are read once a second. */
const around = 3;
const aroundVerdictMs = 2500;
/** Looks that a verdict can need of the master. */
const ofVerdict = 40;

/**
 * Every second of the older ones goes, once half as many again as permitted are there. What evidence rests on stays longer:
 * looks around a change, around a verdict, and at what a node has opened.
 */
const thinOut = `
  with verdicts as (
    select at from events where expansion_id = $1 and type = 'node.verified'
  ), said as (
    select seq, at, jsonb_build_array(${signs}) as signs, look #> '{facts,lastSaveUnixSeconds}' as saved,
           jsonb_array_length(jsonb_path_query_array(look, '$.facts.replication.slaves[*].lag.* ? (@.type() == "string")')) as apart,
           look #>> '{facts,replication,role}' <> 'master' and look -> 'facts' ? 'sizes' as opened
    from observations where expansion_id = $1 and node = $2
  ), turned as (
    select seq, at, opened, row_number() over w - 1 as position, count(*) over () as total,
           signs is distinct from lag(signs) over w or saved <> lag(saved) over w or apart <> lag(apart) over w as turns
    from said window w as (order by seq)
  ), kept as (
    select seq, position, total,
           coalesce(opened, false) or coalesce(bool_or(turns) over (order by seq rows between ${around} preceding and ${around} following), false)
             or exists (select from verdicts v where abs(turned.at - v.at) <= ${aroundVerdictMs}) as telling
    from turned
  )
  delete from observations where seq in (
    select seq from kept
    where total > $3::integer * 1.5 and position < total - $3::integer / 2 and position % 2 = 1
      and (not telling or total > $3::integer * 1.8 + ${ofVerdict} * (select count(*) from verdicts))
  )`;

/** With `perNode` permitted, never more than twice as many are kept, and some for each verdict, also across restarts of this process. */
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
