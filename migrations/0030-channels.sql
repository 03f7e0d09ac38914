-- Channels: where people are told of what needs them. What needs a person is an incident; it is found in the events.
create table channels (
  id         text collate "C" primary key,
  doc        jsonb not null,
  -- With what its path and its query hold, which may be a secret.
  url        text not null,
  -- Signs messages, or is the password of a mail server; null = there is none.
  secret     text,
  created_at bigint not null
);

create table incidents (
  id         text collate "C" primary key,
  -- What it is about. Only one incident of a key has not ended.
  key        text collate "C" not null,
  doc        jsonb not null,
  created_at bigint not null,
  ended_at   bigint
);
create unique index incidents_open on incidents (key) where ended_at is null;
create index incidents_ended on incidents (ended_at, id) where ended_at is not null;
create index incidents_newest on incidents (created_at desc, id desc);
create index incidents_key on incidents (key, ended_at);

-- Up to which event incidents were found. Without a row nobody has looked yet: then events of before do not count.
create table incidents_seen (
  one       boolean primary key default true check (one),
  after_seq bigint not null
);

-- What a channel was told of an incident.
create table told_incidents (
  channel_id  text collate "C" not null references channels (id) on delete cascade,
  incident_id text collate "C" not null references incidents (id) on delete cascade,
  doc         jsonb not null,
  primary key (channel_id, incident_id)
);
create index told_incidents_incident on told_incidents (incident_id);

-- Messages to channels. One that is pending stands before all that come after it on its channel.
create table notices (
  id              text collate "C" primary key,
  channel_id      text collate "C" not null references channels (id) on delete cascade,
  position        bigint generated always as identity,
  doc             jsonb not null,
  created_at      bigint not null,
  state           text not null default 'pending',
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  ended_at        bigint,
  last_said       jsonb
);
create index notices_pending on notices (channel_id, position) where state = 'pending';
create index notices_newest on notices (channel_id, position desc);
create index notices_lately on notices (created_at);
