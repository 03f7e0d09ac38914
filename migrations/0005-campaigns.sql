-- Campaigns: expansions of many masters under one request. A row that is worked on under a lease, like an expansion,
-- with its members in their order. What becomes of a member's expansion stands in the expansion itself.

create table campaigns (
  id              text collate "C" primary key,
  state           text not null,
  doc             jsonb not null,
  search_text     text not null,
  accepted_at     bigint not null,
  ended           boolean not null default false,
  -- Asked for and not applied yet, oldest first.
  controls        jsonb not null default '[]',
  epoch           integer not null default 0,
  lease_owner     text,
  lease_until     timestamptz,
  look_at         timestamptz,
  idempotency_key text unique,
  fingerprint     text
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index campaigns_newest on campaigns (accepted_at desc, id desc);
create index campaigns_unended on campaigns (accepted_at, id) where not ended;

create table campaign_members (
  campaign_id text not null references campaigns (id) on delete cascade,
  position    integer not null,
  doc         jsonb not null,
  primary key (campaign_id, position)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- A campaign's events stand among those of the expansions: one order, one stream, one way to the webhooks.
alter table events
  alter column expansion_id drop not null,
  add column campaign_id text references campaigns (id) on delete cascade,
  add constraint events_of_one check (num_nonnulls(expansion_id, campaign_id) = 1);
create index events_campaign on events (campaign_id, seq) where campaign_id is not null;

create function append_campaign_events(p_campaign_id text, p_events jsonb) returns void
language plpgsql set search_path from current as $$
begin
  if p_events is null or jsonb_array_length(p_events) = 0 then
    return;
  end if;
  -- The lock of append_events().
  perform pg_advisory_xact_lock(1885957729, 1);
  insert into events (campaign_id, type, at, node, level, text, data)
  select p_campaign_id, e.doc ->> 'type', (e.doc ->> 'at')::numeric::bigint, e.doc ->> 'node', e.doc ->> 'level',
         e.doc ->> 'text', e.doc -> 'data'
  from jsonb_array_elements(p_events) with ordinality as e (doc, position)
  order by e.position;
end
$$;
