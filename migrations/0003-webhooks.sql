-- Who is told of events, and what became of each telling.

create table webhooks (
  id         text primary key,
  kind       text not null,
  url        text not null,
  types      text[] not null,
  secret     text not null,
  created_by text not null,
  created_at bigint not null,
  -- The last event this webhook was told of, or did not want to be told of.
  after_seq  bigint not null
);

create table deliveries (
  id              text collate "C" primary key,
  webhook_id      text not null references webhooks (id) on delete cascade,
  event_seq       bigint,
  type            text not null,
  payload         jsonb not null,
  state           text not null default 'pending',
  attempts        integer not null default 0,
  created_at      bigint not null,
  next_attempt_at timestamptz,
  ended_at        timestamptz,
  last_status     integer,
  last_error      text,
  last_took_ms    integer,
  unique (webhook_id, event_seq)
);
create index deliveries_due on deliveries (next_attempt_at) where state = 'pending';
create index deliveries_newest on deliveries (webhook_id, created_at desc, id desc);
