-- The latest report of each agent. An agent is a token on a host; what it says of each server has a row of its own.
create table agents (
  name text not null,
  host text not null,
  version text not null,
  started_at bigint not null,
  received_at bigint not null,
  clock_ahead_ms bigint not null,
  -- When its next report was ordered for: a report is old after three of these.
  next_report_ms integer not null,
  -- Counted since the first report: those taken, and those refused as a whole.
  reports bigint not null,
  refused bigint not null default 0,
  -- What did not count of the latest report.
  dropped jsonb not null,
  primary key (name, host)
);

create table agent_servers (
  agent text not null,
  host text not null,
  port integer not null,
  -- Each as host:port in its one spelling, as locks have it.
  addresses text[] not null,
  doc jsonb not null,
  -- The folders with a row for each file; null = the report has none.
  listings jsonb,
  primary key (agent, host, port),
  foreign key (agent, host) references agents (name, host) on delete cascade
);

create index agent_servers_addresses on agent_servers using gin (addresses);
create index agents_received on agents (received_at);
