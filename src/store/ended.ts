import type { Database } from './database.ts';

/** How many records were forgotten, with all that belongs to them. */
export interface Forgotten {
  readonly expansions: number;
  readonly campaigns: number;
  readonly comparisons: number;
  readonly audits: number;
  readonly guards: number;
  readonly holds: number;
  readonly replacements: number;
}

/** What lies in the database and has ended. */
export interface EndedRecords {
  /**
   * Deletes up to `limit` of each: campaigns, audits, guards, holds, replacements, expansions (with their events, observations, controls and comparisons)
   * and comparisons of their own that ended before that time (milliseconds since the epoch). An expansion stays as long as a
   * campaign that names it. Throws StoreUnavailableError; what was deleted by then is gone whole.
   */
  forget(endedBefore: number, limit: number): Promise<Forgotten>;
}

/** As the indexes have it (migrations/0006). */
const endedAt = "((doc ->> 'endedAt')::numeric::bigint)";

/** Foreign keys are checked at the end of a statement, so one statement can delete a row and all that hangs on it. */
// Members that name an expansion are counted, one expansion at a time and by their index: "not exists" reads all of them.
const expansions = `
  with gone as (
    select e.id from expansions e
    where e.ended and ${endedAt} < $1
      and (select count(*) from campaign_members m where m.doc -> 'expansion' ->> 'id' = e.id) = 0
    order by ${endedAt}, e.id limit $2
  ), compared as (
    delete from comparisons where expansion_id in (select id from gone)
  ), differing as (
    delete from differences where comparison_id in (select id from comparisons where expansion_id in (select id from gone))
  ), happened as (
    delete from events where expansion_id in (select id from gone)
  ), seen as (
    delete from observations where expansion_id in (select id from gone)
  ), asked as (
    delete from controls where expansion_id in (select id from gone)
  ), slots as (
    delete from sync_slots where expansion_id in (select id from gone)
  ), nodes as (
    delete from node_locks where expansion_id in (select id from gone)
  ), masters as (
    delete from master_locks where expansion_id in (select id from gone)
  ), members as (
    delete from joins where expansion_id in (select id from gone)
  )
  delete from expansions where id in (select id from gone) returning id`;

const campaigns = `
  delete from campaigns where id in (
    select id from campaigns
    where ended and ${endedAt} < $1
    order by ${endedAt}, id limit $2
  ) returning id`;

const audits = campaigns.replaceAll('campaigns', 'audits');
const guards = campaigns.replaceAll('campaigns', 'guards');
const holds = campaigns.replaceAll('campaigns', 'holds');
const replacements = campaigns.replaceAll('campaigns', 'replacements');

const comparisons = `
  with gone as (
    select id from comparisons
    where expansion_id is null and ended_at < $1 and state not in ('pending', 'running', 'paused')
    order by created_at, id limit $2
  ), differing as (
    delete from differences where comparison_id in (select id from gone)
  )
  delete from comparisons where id in (select id from gone) returning id`;

export function createEndedRecords(database: Database): EndedRecords {
  const forget = async (statement: string, endedBefore: number, limit: number): Promise<number> =>
    (await database.query(statement, [endedBefore, limit])).length;
  return {
    async forget(endedBefore, limit) {
      return {
        campaigns: await forget(campaigns, endedBefore, limit),
        audits: await forget(audits, endedBefore, limit),
        guards: await forget(guards, endedBefore, limit),
        holds: await forget(holds, endedBefore, limit),
        replacements: await forget(replacements, endedBefore, limit),
        expansions: await forget(expansions, endedBefore, limit),
        comparisons: await forget(comparisons, endedBefore, limit),
      };
    },
  };
}
