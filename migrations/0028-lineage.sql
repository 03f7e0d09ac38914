-- Which history of the database its rows belong to: another server, or the promotion of a standby, begins another one, which may
-- lack the last writes of the one before (docs/backup.md).
create table lineage (
  one      boolean primary key default true check (one),
  system   text not null,
  timeline integer not null
);

-- How the database came to an older point.
alter table restores add column cause text not null default 'restore' check (cause in ('restore', 'failover'));
