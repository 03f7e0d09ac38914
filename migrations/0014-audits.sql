-- Audits: every slave of some masters, and whether it holds what its master holds. A row that is worked on under a lease,
-- like a campaign, with a row for each server that it finds. The comparisons that it asks for are rows of their own.

create table audits (
  id          text collate "C" primary key,
  state       text not null,
  doc         jsonb not null,
  created_at  bigint not null,
  ended       boolean not null default false,
  -- Who wants it to end before its time, until the worker has seen to it.
  cancel      jsonb,
  epoch       integer not null default 0,
  lease_owner text,
  lease_until timestamptz,
  look_at     timestamptz
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index audits_newest on audits (created_at desc, id desc);
create index audits_unended on audits (created_at, id) where not ended;
create index audits_ended on audits (((doc ->> 'endedAt')::numeric::bigint), id) where ended;

create table audit_servers (
  audit_id  text collate "C" not null references audits (id) on delete cascade,
  position  integer not null,
  -- Its address in one spelling, and that of its master: an audit asks when a slave was last found whole.
  place     text not null,
  of_master text,
  doc       jsonb not null,
  primary key (audit_id, position)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index audit_servers_whole on audit_servers (place, of_master) where doc ->> 'verdict' = 'whole';
