-- Which ports a plan wants tried from the host of a server, and until when it waits for that.
alter table agent_servers
  add column ports_asked jsonb,
  add column ports_asked_until bigint;

create index agent_servers_asked on agent_servers (ports_asked_until) where ports_asked_until is not null;
