-- Guards: the standing watch of masters and their slaves. A row per guard, and one per master with what is remembered of it.
create table guards (
  id          text collate "C" primary key,
  state       text not null,
  doc         jsonb not null,
  created_at  bigint not null,
  ended       boolean not null default false,
  -- What people ask of it, until the worker has seen to it: to end it, or to forget a slave.
  asks        jsonb not null default '[]',
  epoch       integer not null default 0,
  lease_owner text,
  lease_until timestamptz,
  look_at     timestamptz
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index guards_newest on guards (created_at desc, id desc);
create index guards_unended on guards (created_at, id) where not ended;
create index guards_ended on guards (((doc ->> 'endedAt')::numeric::bigint), id) where ended;

create table guard_masters (
  guard_id text collate "C" not null references guards (id) on delete cascade,
  position integer not null,
  doc      jsonb not null,
  primary key (guard_id, position)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Their events stand among those of expansions, campaigns and audits.
alter table events
  add column guard_id text collate "C" references guards (id) on delete cascade,
  drop constraint events_of_one,
  add constraint events_of_one check (num_nonnulls(expansion_id, campaign_id, audit_id, guard_id) = 1);
create index events_guard on events (guard_id, seq) where guard_id is not null;
