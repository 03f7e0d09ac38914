-- Webhooks that may hold a step: which steps they are asked about, how long they may take, and what they were asked.
alter table webhooks
  add column steps text[] not null default '{}',
  add column answer_within_ms bigint;
update webhooks set steps = '{before_batch}' where kind = 'veto';

create table questions (
  id          text collate "C" primary key,
  webhook_id  text not null references webhooks (id) on delete cascade,
  state       text not null check (state in ('waiting', 'yes', 'no')),
  payload     jsonb not null,
  asked_at    bigint not null,
  -- How often it was asked, and until when an answer that comes later is waited for.
  times       integer not null,
  until       bigint,
  answered_at bigint,
  answered_by text,
  reason      text
);
create index questions_open on questions (asked_at, id) where state = 'waiting';
create index questions_newest on questions (webhook_id, asked_at desc, id desc);
