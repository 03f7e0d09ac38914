-- Full syncs that run now, over all expansions: workers count them here before they let another one begin.

create table sync_slots (
  expansion_id text not null references expansions (id),
  position     integer not null,
  node_host    text not null,
  master_host  text not null,
  since        timestamptz not null default now(),
  primary key (expansion_id, position)
);

create function free_sync_slots() returns trigger
language plpgsql set search_path from current as $$
begin
  delete from sync_slots where expansion_id = new.id;
  return null;
end
$$;

-- An expansion that has ended holds nothing, whoever ended it.
create trigger expansions_free_slots after update of ended on expansions
for each row when (new.ended and not old.ended) execute function free_sync_slots();
