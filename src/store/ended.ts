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
  /** Up to `limit` expansions that ended before that time and still have all their looks, the first to end first. */
  withAllLooks(endedBefore: number, limit: number): Promise<readonly string[]>;
  /** Deletes up to `limit` looks of an ended expansion that are not among these (seq). 0 = no others are left, which is remembered. */
  forgetLooks(expansionId: string, kept: readonly number[], limit: number): Promise<number>;
  /** Deletes up to `limit` events of guards from before that time, except those that somebody has not been told of yet. */
  forgetGuardEvents(before: number, limit: number): Promise<number>;
  /**
   * Makes the space of what was deleted free: for what comes, and for the file system where it is the end of a table. It takes as
   * long as it takes, and holds up no reader or writer.
   */
  giveBack(): Promise<void>;
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

/** Up to where everybody who is told of events was told. */
const toldSeq = `least((select min(after_seq) from webhooks where kind = 'notify'), (select min(after_seq) from incidents_seen))`;

/** The tables that hold nearly all. */
const grown = ['observations', 'events', 'joins', 'expansions', 'differences', 'comparisons', 'controls'];

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

    async withAllLooks(endedBefore, limit) {
      const rows = await database.query<{ id: string }>(
        `select id from expansions where ended and not looks_reduced and ${endedAt} < $1 order by ${endedAt}, id limit $2`,
        [endedBefore, limit],
      );
      return rows.map(({ id }) => id);
    },

    async forgetLooks(expansionId, kept, limit) {
      const gone = await database.query(
        `delete from observations where seq in (
           select o.seq from observations o join expansions e on e.id = o.expansion_id
           where e.id = $1 and e.ended and o.seq <> all ($2::bigint[]) limit $3
         ) returning 1`,
        [expansionId, kept, limit],
      );
      if (gone.length === 0)
        await database.query('update expansions set looks_reduced = true where id = $1 and ended', [
          expansionId,
        ]);
      return gone.length;
    },

    async forgetGuardEvents(before, limit) {
      const gone = await database.query(
        `delete from events where seq in (
           select e.seq from guards g cross join lateral (
             select seq from events where guard_id = g.id and at < $1 and seq <= ${toldSeq} order by seq limit $2
           ) e limit $2
         ) returning 1`,
        [before, limit],
      );
      return gone.length;
    },

    giveBack: () =>
      database.session(async (client) => {
        for (const table of grown) await client.query(`vacuum (truncate) ${table}`);
      }),
  };
}
