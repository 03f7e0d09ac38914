-- The trail: who asked the service for what, and what came of it. Only ever added to (docs/trail.md).
create table trail (
  seq    bigint primary key check (seq > 0),
  -- SHA-256 over the hash before it and the canonical JSON of doc. Each has one follower, so the chain has no fork.
  hash   text collate "C" not null unique,
  doc    jsonb not null,
  -- For filters alone; what counts is doc.
  at     bigint generated always as ((doc ->> 'at')::numeric::bigint) stored,
  who    text collate "C" generated always as (doc #>> '{who,name}') stored,
  act    text collate "C" generated always as (doc ->> 'act') stored,
  object text collate "C" generated always as (doc ->> 'object') stored
);
create index trail_at on trail (at);
create index trail_who on trail (who, seq);
create index trail_act on trail (act, seq);
create index trail_object on trail (object, seq);

create function keep_trail() returns trigger language plpgsql as $$
begin
  raise exception 'the trail is only ever added to: % is refused', tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger trail_is_kept before update or delete or truncate on trail for each statement execute function keep_trail();

-- What a webhook of the kind trail was told of last.
alter table webhooks add column after_entry bigint not null default 0;
