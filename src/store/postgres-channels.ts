import type { Channel } from '../model/channel.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice, Told } from '../model/notice.ts';
import type { Said } from '../model/text.ts';
import type { EventOwner, StoredEvent } from '../model/views/event.ts';
import type { ChannelStore, DueNotice, Findings, LastNotice, StoredChannel } from './channels.ts';
import { Conditions } from './conditions.ts';
import { type Database, onlyRow, type Queryable, type Row, untilDue } from './database.ts';
import { eventOf, isUnattended, ownerOf } from './expansion-rows.ts';
import { readFreeze } from './freeze.ts';
import { toJson } from './json.ts';
import { type NewestBy, newestBy } from './newest-first.ts';
import { tellOf } from './news.ts';
import { NotFoundError } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

/** One process at a time looks for incidents and decides on messages; the others have nothing to do then. */
const decidingLock = '1885957729, 3';
/** Messages that are kept of each channel once they have ended. */
const noticesKept = 200;
/** Incidents that are looked at together. */
const mostIncidents = 5000;
/** What ended longer ago is told to nobody. */
const toldForMs = 2 * 86_400_000;

type ChannelRow = { doc: Stored<Channel>; url: string; secret: string | null };
type IncidentRow = { doc: Stored<Incident> };

const channelColumns = 'c.doc, c.url, c.secret';
const channelOf = ({ doc, url, secret }: ChannelRow): StoredChannel => ({
  ...upgrade<Channel>('channel', doc),
  url,
  secret,
});
const incidentOf = ({ doc }: IncidentRow): Incident => upgrade<Incident>('incident', doc);

const byOpening: NewestBy<Incident> = {
  at: 'created_at',
  position: ({ openedAt, id }) => ({ at: openedAt, id }),
};

function docOf({ url: _url, secret: _secret, ...channel }: StoredChannel): string {
  return toJson(stamp('channel', channel));
}

/** The ChannelStore on PostgreSQL. */
export function createPostgresChannels(database: Database): ChannelStore {
  return {
    async create(channel) {
      await database.query(
        'insert into channels (id, doc, url, secret, created_at) values ($1, $2, $3, $4, $5)',
        [channel.id, docOf(channel), channel.url, channel.secret, channel.createdAt],
      );
      await tellOf(database, 'incidents');
    },

    async get(id) {
      const [row] = await database.query<ChannelRow>(
        `select ${channelColumns} from channels c where id = $1`,
        [id],
      );
      return row === undefined ? null : channelOf(row);
    },

    async list() {
      const rows = await database.query<ChannelRow>(
        `select ${channelColumns} from channels c order by created_at, id`,
      );
      return rows.map(channelOf);
    },

    async change(channel) {
      const rows = await database.query(
        'update channels set doc = $2, url = $3, secret = $4 where id = $1 returning 1',
        [channel.id, docOf(channel), channel.url, channel.secret],
      );
      if (rows.length === 0) throw new NotFoundError('channel', channel.id);
      await tellOf(database, 'incidents');
    },

    async remove(id) {
      const rows = await database.query('delete from channels where id = $1 returning 1', [id]);
      if (rows.length === 0) throw new NotFoundError('channel', id);
    },

    async lastNotices() {
      const rows = await database.query<LastNotice & { id: string } & Row>(
        `select c.id, n.state, n.attempts, n.created_at as "createdAt", n.ended_at as "endedAt", n.last_said as error
         from channels c cross join lateral (
           select * from notices where channel_id = c.id order by position desc limit 1
         ) n`,
      );
      return new Map(rows.map(({ id, ...last }) => [id, last]));
    },

    async incident(id) {
      const [row] = await database.query<IncidentRow>('select doc from incidents where id = $1', [id]);
      return row === undefined ? null : incidentOf(row);
    },

    async incidents({ open, ...page }) {
      const where = new Conditions();
      if (open !== undefined) where.add(() => `ended_at is ${open ? '' : 'not '}null`);
      return newestBy(byOpening, database, 'select doc from incidents', page, incidentOf, where);
    },

    async changeIncident(id, change) {
      return database.transaction(async (client) => {
        const [row] = await client.query<IncidentRow>(
          'select doc from incidents where id = $1 and ended_at is null for update',
          [id],
        );
        if (row === undefined) return null;
        const after = change(incidentOf(row));
        await putIncidents(client, [after]);
        await tellOf(client, 'incidents');
        return after;
      });
    },

    async find({ limit, types, unattendedMs, keys, keyOf, endedAfter }, change) {
      return database.transaction(async (client) => {
        if (!(await mine(client))) return 0;
        await client.query(
          `insert into incidents_seen (after_seq)
           select (select coalesce(max(seq), 0) from events) where not exists (select 1 from incidents_seen)`,
        );
        const span = onlyRow(
          await client.query<{ from: number; to: number | null; passed: number }>(
            `select s.after_seq as "from", max(e.seq) as "to", count(e.seq)::integer as passed
             from incidents_seen s
             left join lateral (select seq from events where seq > s.after_seq order by seq limit $1) e on true
             group by s.after_seq`,
            [limit],
            'untold_span',
          ),
        );
        const findings = await findingsOf(client, span, types, unattendedMs);
        const wanted = [...new Set([...keys, ...findings.events.map(keyOf)])];
        const rows = await client.query<IncidentRow & { key: string }>(
          `select key, doc from incidents where key = any ($1::text[]) and (ended_at is null or ended_at > $2)
           order by ended_at nulls last for update`,
          [wanted, endedAfter],
          'incidents_of_keys',
        );
        // The last one of a key is the open one, or the one that ended last.
        const known = new Map(rows.map((row) => [row.key, incidentOf(row)]));
        await putIncidents(client, change(known, findings));
        if (span.to !== null) await client.query('update incidents_seen set after_seq = $1', [span.to]);
        return span.passed;
      });
    },

    async decide(now, newId, decide) {
      return database.transaction(async (client) => {
        if (!(await mine(client))) return 0;
        const channels = await client.query<ChannelRow>(
          `select ${channelColumns} from channels c
           where not exists (select 1 from notices n where n.channel_id = c.id and n.state = 'pending')
           order by c.created_at, c.id for share`,
        );
        if (channels.length === 0) return 0;
        const incidents = (
          await client.query<IncidentRow>(
            `(select doc from incidents where ended_at is null order by created_at desc limit $2)
             union all (select doc from incidents where ended_at > $1 order by ended_at desc limit $2)`,
            [now - toldForMs, mostIncidents],
          )
        ).map(incidentOf);
        const told = await toldOf(
          client,
          incidents.map(({ id }) => id),
        );
        const lately = await latelyOf(client, now);
        let made = 0;
        for (const row of channels) {
          const channel = channelOf(row);
          const state = {
            channel,
            incidents,
            told: told.get(channel.id) ?? new Map<string, Told>(),
            lately: lately.get(channel.id) ?? [],
          };
          const decision = decide(state);
          for (const [incidentId, doc] of decision.told) await putTold(client, channel.id, incidentId, doc);
          for (const notice of decision.notices)
            await client.query(
              'insert into notices (id, channel_id, doc, created_at) values ($1, $2, $3, $4)',
              [newId(), channel.id, toJson(stamp('notice', notice)), now],
            );
          made += decision.notices.length;
        }
        return made;
      });
    },

    async takeDue(leaseMs) {
      const rows = await database.query<
        ChannelRow & { id: string; notice: Stored<Notice>; attempts: number; createdAt: number } & Row
      >(
        `with first as (
           select distinct on (channel_id) id from notices where state = 'pending' order by channel_id, position
         ), due as (
           select n.id from notices n join first f on f.id = n.id
           where n.state = 'pending' and n.next_attempt_at <= clock_timestamp()
           for update of n skip locked
         ), taken as (
           update notices n
           set attempts = attempts + 1, next_attempt_at = clock_timestamp() + $1 * interval '1 millisecond'
           from due where n.id = due.id
           returning n.id, n.channel_id, n.doc as notice, n.attempts, n.created_at as "createdAt"
         )
         select t.id, t.notice, t.attempts, t."createdAt", ${channelColumns}
         from taken t join channels c on c.id = t.channel_id`,
        [leaseMs],
        'take_notices',
      );
      return rows.map(
        ({ id, notice, attempts, createdAt, ...row }): DueNotice => ({
          id,
          notice: upgrade<Notice>('notice', notice),
          attempts,
          createdAt,
          channel: channelOf(row),
        }),
      );
    },

    async dueInMs() {
      return untilDue(
        database,
        `select min(next_attempt_at) as at from (
           select distinct on (channel_id) next_attempt_at from notices where state = 'pending' order by channel_id, position
         ) as firsts`,
        'notices_due_in',
      );
    },

    async record(noticeId, { delivered, error, retryInMs }, at) {
      const isOver = delivered || retryInMs === null;
      const [row] = await database.query<{ channel_id: string }>(
        `update notices set
           state = case when $2 then 'delivered' when $3 then 'failed' else 'pending' end,
           last_said = $4, ended_at = case when $3 then $5::bigint end,
           next_attempt_at = case when $3 then next_attempt_at
             else clock_timestamp() + $6::double precision * interval '1 millisecond' end
         where id = $1 and state = 'pending' returning channel_id`,
        [noticeId, delivered, isOver, error === null ? null : toJson(bare(error)), at, retryInMs],
      );
      if (row === undefined || !isOver) return;
      await database.query(
        `delete from notices where channel_id = $1 and state <> 'pending' and position <= (
           select position from notices where channel_id = $1 order by position desc offset $2 limit 1
         )`,
        [row.channel_id, noticesKept],
      );
    },

    async prune(before) {
      const ended = await database.query('delete from incidents where ended_at < $1 returning 1', [before]);
      const unseen = await database.query(
        `delete from incidents
         where ended_at is null and (doc ->> 'changedAt')::numeric < $1
           and not doc @? '$.problems[*] ? (@.until == "over")'
         returning 1`,
        [before],
      );
      return ended.length + unseen.length;
    },
  };
}

const bare = ({ code, facts, text }: Said): Said => ({ code, facts, text });

const mine = async (client: Queryable): Promise<boolean> =>
  onlyRow(await client.query<{ mine: boolean }>(`select pg_try_advisory_xact_lock(${decidingLock}) as mine`))
    .mine;

/** What stands in the events of this span, and what a look at the whole says. */
async function findingsOf(
  client: Queryable,
  { from, to }: { readonly from: number; readonly to: number | null },
  types: readonly string[],
  unattendedMs: number,
): Promise<Findings> {
  const events =
    to === null
      ? []
      : await client.query<
          Omit<Findings['events'][number], EventOwner> & { owner: Partial<StoredEvent> } & Row
        >(
          `select e.seq, ${ownerOf} as owner, e.type, e.at, e.node, e.level, e.text, e.data,
             coalesce(x.doc, p.doc, a.doc, g.doc, r.doc) ->> 'label' as label,
             coalesce(x.doc, r.doc) -> 'master' ->> 'name' as master
           from events e
           left join expansions x on x.id = e.expansion_id
           left join campaigns p on p.id = e.campaign_id
           left join audits a on a.id = e.audit_id
           left join guards g on g.id = e.guard_id
           left join replacements r on r.id = e.replacement_id
           where e.seq > $1 and e.seq <= $2 and e.type = any ($3::text[]) order by e.seq`,
          [from, to, types],
          'telling_events',
        );
  const { unattended } = onlyRow(
    await client.query<{ unattended: number }>(
      `select count(*)::integer as unattended from expansions where ${isUnattended}`,
      [unattendedMs],
      'count_unattended',
    ),
  );
  return {
    events: events.map(({ owner, seq, label, master, ...event }) => ({
      ...eventOf<StoredEvent>({ seq, expansionId: null, ...owner, ...event }),
      label,
      master,
    })),
    freeze: await readFreeze(client),
    unattended,
  };
}

async function putIncidents(client: Queryable, incidents: readonly Incident[]): Promise<void> {
  for (const incident of incidents)
    await client.query(
      `insert into incidents (id, key, doc, created_at, ended_at) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set doc = excluded.doc, ended_at = excluded.ended_at`,
      [incident.id, incident.key, toJson(stamp('incident', incident)), incident.openedAt, incident.endedAt],
    );
}

async function toldOf(
  client: Queryable,
  incidentIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, Told>>> {
  const rows = await client.query<{ channel_id: string; incident_id: string; doc: Stored<Told> }>(
    'select channel_id, incident_id, doc from told_incidents where incident_id = any ($1::text[])',
    [incidentIds],
  );
  const told = new Map<string, Map<string, Told>>();
  for (const { channel_id, incident_id, doc } of rows) {
    const ofChannel = told.get(channel_id) ?? new Map<string, Told>();
    told.set(channel_id, ofChannel.set(incident_id, upgrade<Told>('told_incident', doc)));
  }
  return told;
}

const putTold = (client: Queryable, channelId: string, incidentId: string, told: Told): Promise<Row[]> =>
  client.query(
    `insert into told_incidents (channel_id, incident_id, doc) values ($1, $2, $3)
     on conflict (channel_id, incident_id) do update set doc = excluded.doc`,
    [channelId, incidentId, toJson(stamp('told_incident', told))],
  );

async function latelyOf(client: Queryable, now: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await client.query<{ channel_id: string; at: number[] }>(
    'select channel_id, array_agg(created_at) as at from notices where created_at > $1 group by channel_id',
    [now - 60_000],
  );
  return new Map(rows.map(({ channel_id, at }) => [channel_id, at.map(Number)]));
}
