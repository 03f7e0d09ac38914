-- Comparisons of the data of two nodes: a row with a cursor, worked on under a lease like an expansion.

create table comparisons (
  id                 text collate "C" primary key,
  expansion_id       text references expansions (id),
  node               text,
  state              text not null,
  state_reason       text,
  left_target        jsonb not null,
  right_target       jsonb not null,
  spec               jsonb not null,
  cursor             jsonb,
  progress           jsonb,
  report             jsonb,
  problem            jsonb,
  pending_control    jsonb,
  differences_total  bigint not null default 0,
  differences_stored integer not null default 0,
  requested_by       text not null,
  created_at         bigint not null,
  started_at         bigint,
  ended_at           bigint,
  epoch              integer not null default 0,
  lease_owner        text,
  lease_until        timestamptz,
  look_at            timestamptz
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
create index comparisons_newest on comparisons (created_at desc, id desc);
create index comparisons_expansion on comparisons (expansion_id) where expansion_id is not null;
create index comparisons_unended on comparisons (created_at, id) where state in ('pending', 'running', 'paused');

create table differences (
  comparison_id text not null references comparisons (id),
  seq           integer not null,
  doc           jsonb not null,
  primary key (comparison_id, seq)
);
