-- Holds: a master is kept free of further full syncs for a while, so that a backup may make its dump.
create table holds (
  id          text collate "C" primary key,
  state       text not null,
  doc         jsonb not null,
  -- Under which expansions know the master too (serverKeys).
  keys        text[] not null,
  -- By the clock of the database. A hold whose time is over holds nothing, whether anybody has noted that or not.
  until       timestamptz not null,
  created_at  bigint not null,
  ended       boolean not null default false,
  epoch       integer not null default 0,
  lease_owner text,
  lease_until timestamptz,
  look_at     timestamptz
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index holds_newest on holds (created_at desc, id desc);
create index holds_unended on holds (created_at, id) where not ended;
create index holds_ended on holds (((doc ->> 'endedAt')::numeric::bigint), id) where ended;

alter table events
  add column hold_id text collate "C" references holds (id) on delete cascade,
  drop constraint events_of_one,
  add constraint events_of_one check (num_nonnulls(expansion_id, campaign_id, audit_id, guard_id, hold_id) = 1);
create index events_hold on events (hold_id, seq) where hold_id is not null;
