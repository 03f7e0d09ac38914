import {
  type Campaign,
  type CampaignControl,
  type CampaignMember,
  type CampaignState,
  campaignHasEnded,
} from '../model/campaign.ts';
import {
  type CampaignDoc,
  campaignChanged,
  campaignDocOf,
  campaignSearchText,
  changedMembers,
} from './campaign-rows.ts';
import type { CampaignStore, StoredCampaign } from './campaigns.ts';
import { Conditions } from './conditions.ts';
import type { Database, Queryable } from './database.ts';
import { appendEvents } from './expansion-rows.ts';
import { storableText, toJson } from './json.ts';
import type { Lease } from './leases.ts';
import { byAcceptance, newestBy } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import { IdempotencyConflictError, NotFoundError } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

type CampaignRow = {
  doc: Stored<CampaignDoc>;
  controls: CampaignControl[];
  members: Stored<CampaignMember>[];
};

const columns = `c.doc, c.controls, (
  select coalesce(jsonb_agg(m.doc order by m.position), '[]') from campaign_members m where m.campaign_id = c.id
) as members`;

function campaignOf({ doc, members, controls }: CampaignRow): StoredCampaign {
  return {
    ...upgrade('campaign', doc),
    members: members.map((member) => upgrade('campaign_member', member)),
    pendingControls: controls,
  };
}

const membersJson = (members: readonly CampaignMember[]): string =>
  toJson(members.map((member) => stamp('campaign_member', member)));

/** The CampaignStore on PostgreSQL. */
export function createPostgresCampaigns(database: Database): CampaignStore {
  const get = async (id: string): Promise<StoredCampaign | null> => {
    const [row] = await database.query<CampaignRow>(
      `select ${columns} from campaigns c where c.id = $1`,
      [id],
      'get_campaign',
    );
    return row ? campaignOf(row) : null;
  };

  return {
    ...createLeases(database, leases),
    get,

    async accept(campaign, events, idempotency) {
      return database.transaction(async (client) => {
        const inserted = await client.query(
          `insert into campaigns (id, state, doc, search_text, accepted_at, ended, look_at, idempotency_key, fingerprint)
           values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8)
           on conflict (idempotency_key) do nothing returning 1`,
          [
            campaign.id,
            campaign.state,
            toJson(stamp('campaign', campaignDocOf(campaign))),
            storableText(campaignSearchText(campaign)),
            campaign.acceptedAt,
            campaignHasEnded(campaign.state),
            idempotency?.key ?? null,
            idempotency?.fingerprint ?? null,
          ],
        );
        if (inserted.length === 0 && idempotency) {
          const earlier = await acceptedUnder(client, idempotency);
          if (earlier) return { campaign: earlier, replayed: true };
        }
        await client.query(
          `insert into campaign_members (campaign_id, position, doc)
           select $1, (m.doc ->> 'index')::integer, m.doc from jsonb_array_elements($2::jsonb) as m (doc)`,
          [campaign.id, membersJson(campaign.members)],
        );
        await appendEvents(client, 'campaignId', campaign.id, events);
        const stored = JSON.parse(toJson(campaign)) as Campaign;
        return { campaign: { ...stored, pendingControls: [] }, replayed: false };
      });
    },

    async acceptedUnder(idempotency) {
      return acceptedUnder(database, idempotency);
    },

    async list(filter) {
      const where = new Conditions();
      if (filter.states) where.add((p) => `c.state = any (${p}::text[])`, filter.states);
      // Few have not ended, and they have an index of their own.
      if (filter.states?.every((state) => !campaignHasEnded(state))) where.add(() => 'not c.ended');
      if (filter.search)
        where.add((p) => `position(${p} in c.search_text) > 0`, storableText(filter.search).toLowerCase());
      return newestBy(
        byAcceptance,
        database,
        `select ${columns} from campaigns c`,
        filter,
        campaignOf,
        where,
      );
    },

    async counts() {
      const rows = await database.query<{ state: CampaignState; count: number }>(
        'select state, count(*)::integer as count from campaigns where not ended group by state',
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },

    async save(lease, before, after, extra) {
      const doc = campaignChanged(before, after) ? toJson(stamp('campaign', campaignDocOf(after))) : null;
      const members = changedMembers(before, after);
      const ended = campaignHasEnded(after.state);
      await database.transaction(async (client) => {
        // The row first: a control that is added now comes either before this or after it.
        const rows = await client.query(
          `update campaigns c set
             doc = coalesce($4::jsonb, doc),
             state = coalesce($4::jsonb ->> 'state', state),
             ended = $5,
             controls = left_controls.controls,
             lease_until = clock_timestamp() + $6 * interval '1 millisecond',
             look_at = case
               when $5 then null
               when left_controls.controls <> '[]' then clock_timestamp()
               else clock_timestamp() + $7::double precision * interval '1 millisecond'
             end
           from (
             select id, coalesce((
               select jsonb_agg(k.doc order by k.place) from jsonb_array_elements(controls)
                 with ordinality as k (doc, place) where k.doc ->> 'id' <> all ($8::text[])
             ), '[]') as controls
             from campaigns where id = $1 and epoch = $2 and lease_owner = $3 for update
           ) as left_controls
           where c.id = left_controls.id returning 1`,
          [...leaseValues(lease), doc, ended, lease.leaseMs, extra.lookAgainInMs, extra.appliedControls],
        );
        if (rows.length === 0) throw lostLease(leases, lease);
        if (members.length > 0)
          await client.query(
            `update campaign_members m set doc = n.doc from jsonb_array_elements($2::jsonb) as n (doc)
             where m.campaign_id = $1 and m.position = (n.doc ->> 'index')::integer`,
            [lease.id, membersJson(members)],
          );
        await appendEvents(client, 'campaignId', lease.id, extra.events);
      });
    },

    async control(id, control) {
      const rows = await database.query(
        `update campaigns set look_at = case when ended then null else clock_timestamp() end,
           controls = case when controls @> jsonb_build_array(jsonb_build_object('id', $3::text)) then controls
                      else controls || jsonb_build_array($2::jsonb) end
         where id = $1 returning 1`,
        [id, toJson(control), control.id],
      );
      if (rows.length === 0) throw new NotFoundError('campaign', id);
    },
  };
}

const leases: LeasedTable = {
  table: 'campaigns',
  row: 'campaign',
  unended: 'not ended',
  since: 'accepted_at',
};

/**
 * Within a transaction: nobody else can take the campaign over before its end. Throws FencedError when somebody has
 * taken it already, so that a worker that was away cannot begin a member any more.
 */
export async function holdCampaign(client: Queryable, lease: Lease): Promise<void> {
  const rows = await client.query(
    `select 1 from campaigns where ${heldBy} and not ended for share`,
    leaseValues(lease),
  );
  if (rows.length === 0) throw lostLease(leases, lease);
}

async function acceptedUnder(
  client: Queryable,
  idempotency: { readonly key: string; readonly fingerprint: string },
): Promise<StoredCampaign | null> {
  const [row] = await client.query<CampaignRow & { fingerprint: string }>(
    `select ${columns}, c.fingerprint from campaigns c where c.idempotency_key = $1`,
    [idempotency.key],
  );
  if (!row) return null;
  if (row.fingerprint === idempotency.fingerprint) return campaignOf(row);
  throw new IdempotencyConflictError(
    `idempotency key ${idempotency.key} was used before, by campaign ${row.doc.id}, with another request`,
  );
}
