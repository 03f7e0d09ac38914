-- Which starts of an agent report by its token and host name: two that take turns are two agents.
alter table agents add column instances jsonb not null default '[]';
