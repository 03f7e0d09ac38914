-- Replacements: slaves of one master that go, some of them for new ones. A row that is worked on under a lease, like a campaign.
create table replacements (
  id              text collate "C" primary key,
  state           text not null,
  doc             jsonb not null,
  -- One spelling of the master's address: replacements of one master do not run beside each other.
  master_key      text collate "C" not null,
  created_at      bigint not null,
  ended           boolean not null default false,
  -- Who wants it to end before its time, until the worker has seen to it.
  cancel          jsonb,
  epoch           integer not null default 0,
  lease_owner     text,
  lease_until     timestamptz,
  look_at         timestamptz,
  idempotency_key text collate "C" unique,
  fingerprint     text
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index replacements_newest on replacements (created_at desc, id desc);
create index replacements_unended on replacements (created_at, id) where not ended;
create index replacements_ended on replacements (((doc ->> 'endedAt')::numeric::bigint), id) where ended;
create unique index replacements_master on replacements (master_key) where not ended;

-- Their events stand among those of expansions, campaigns, audits, guards and holds.
alter table events
  add column replacement_id text collate "C" references replacements (id) on delete cascade,
  drop constraint events_of_one,
  add constraint events_of_one check (num_nonnulls(expansion_id, campaign_id, audit_id, guard_id, hold_id, replacement_id) = 1);
create index events_replacement on events (replacement_id, seq) where replacement_id is not null;
