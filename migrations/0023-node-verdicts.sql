-- The last that is known of each node: whether an expansion proved it, works on it, or left it otherwise, or whether it was
-- withdrawn since. One row per node, found by its address: probes ask every few seconds. It outlives its expansion.
create table node_verdicts (
  -- The node's address in one spelling.
  place  text collate "C" primary key,
  -- Phase of the join, or 'withdrawn'.
  phase  text not null,
  at     bigint not null,
  -- Id of the expansion, or of the operation that withdrew it.
  by     text not null,
  target jsonb not null,
  master jsonb not null
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

create function place_of(p_address jsonb) returns text
language sql immutable set search_path from current as $$
  select case
    when host in ('localhost', '::1') then '127.0.0.1'
    when host like '::ffff:%.%' then substr(host, 8)
    when host like '%:%' then '[' || host || ']'
    else host
  end || ':' || (p_address ->> 'port')
  from (select rtrim(lower(p_address ->> 'host'), '.') as host) as spelled
$$;

-- A node that was not touched keeps what was known of it.
create function touched_node(p_join jsonb) returns boolean
language sql immutable set search_path from current as $$
  select p_join ->> 'phase' = 'verified' or jsonb_array_length(p_join -> 'attempts') > 0
$$;

create function keep_verdict() returns trigger
language plpgsql set search_path from current as $$
begin
  if touched_node(new.doc) then
    insert into node_verdicts (place, phase, at, by, target, master)
    select place_of(new.doc #> '{target,address}'), new.doc ->> 'phase',
      (new.doc ->> 'phaseSince')::numeric::bigint, e.id, new.doc -> 'target', e.doc -> 'master'
    from expansions e where e.id = new.expansion_id
    on conflict (place) do update set phase = excluded.phase, at = excluded.at, by = excluded.by,
      target = excluded.target, master = excluded.master;
  end if;
  return null;
end
$$;

create trigger joins_keep_verdict after update on joins
for each row when (old.doc ->> 'phase' is distinct from new.doc ->> 'phase') execute function keep_verdict();

-- What is known from before; each join is read once.
insert into node_verdicts (place, phase, at, by, target, master)
select distinct on (1) place_of(j.doc #> '{target,address}'), j.doc ->> 'phase',
  (j.doc ->> 'phaseSince')::numeric::bigint, e.id, j.doc -> 'target', e.doc -> 'master'
from joins j join expansions e on e.id = j.expansion_id
where touched_node(j.doc)
order by 1, (j.doc ->> 'phaseSince')::numeric desc;

-- The last verdict of audits on a slave, and the guards that look after it.
create index audit_servers_judged on audit_servers (place)
where doc ->> 'verdict' = 'whole' or doc ->> 'verdict' = 'damaged';
create index guard_masters_slaves on guard_masters
using gin (jsonb_path_query_array(doc, '$.slaves[*].target.address') jsonb_path_ops);
