-- When this database was restored from a backup. A start of the service sees to those that nobody has seen to (docs/backup.md).
create table restores (
  id       bigint generated always as identity primary key,
  at       timestamptz not null default now(),
  -- When the backup was made, in milliseconds since the epoch; null = nobody has said.
  made_at  bigint,
  -- Whether everything is frozen and what was open is paused.
  examined boolean not null default false
);
