-- The files of a folder have rows of their own, by the id that the agent gave this list: it is not sent again while it is kept.
create table agent_listings (
  agent text not null,
  host text not null,
  port integer not null,
  id text not null,
  -- Long lists lie in more than one row.
  part integer not null,
  doc jsonb not null,
  primary key (agent, host, port, id, part),
  foreign key (agent, host, port) references agent_servers (agent, host, port) on delete cascade
);

alter table agent_servers drop column listings;
