-- What lists show of an expansion that has ended, so that a page of them does not read whole documents. Null: it has not
-- ended, or an older release has ended it.
alter table expansions add column summary jsonb;

-- Parts of three characters of a text: a search reads the rows that hold all parts of what is searched.
create function text_parts(p_text text) returns text[]
language sql immutable strict parallel safe as $$
  select coalesce(array_agg(distinct substr(p_text, at, 3)), '{}') from generate_series(1, length(p_text) - 2) as at
$$;
create index expansions_search on expansions using gin (text_parts(search_text));
-- Pages of one state do not read the others.
create index expansions_states on expansions (state, accepted_at desc, id desc) where ended;

drop function save_expansion(text, integer, text, bigint, jsonb, boolean, jsonb, jsonb, text[], double precision, jsonb);
create function save_expansion(
  p_id text, p_epoch integer, p_owner text, p_lease_ms bigint,
  p_doc jsonb, p_ended boolean, p_joins jsonb, p_observations jsonb, p_applied text[], p_look_again_ms double precision,
  p_events jsonb, p_summary jsonb default null
) returns boolean
language plpgsql set search_path from current as $$
begin
  perform from expansions where id = p_id and epoch = p_epoch and lease_owner = p_owner for update;
  if not found then
    return false;
  end if;

  if p_joins is not null then
    update joins j set doc = c.doc
    from jsonb_array_elements(p_joins) as c (doc)
    where j.expansion_id = p_id and j.position = (c.doc ->> 'index')::integer;
  end if;

  if p_observations is not null then
    insert into observations (expansion_id, node, at, look)
    select p_id, o.doc ->> 'node', (o.doc #>> '{look,at}')::numeric::bigint, o.doc -> 'look'
    from jsonb_array_elements(p_observations) with ordinality as o (doc, position)
    order by o.position;
  end if;

  if p_applied is not null then
    update controls set applied_at = now() where expansion_id = p_id and id = any (p_applied) and applied_at is null;
  end if;

  update expansions set
    doc         = coalesce(p_doc, doc),
    summary     = coalesce(p_summary, summary),
    state       = coalesce(p_doc ->> 'state', state),
    ended       = coalesce(p_ended, ended),
    lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond',
    look_at     = case
      when coalesce(p_ended, ended) then null
      when exists (select from controls where expansion_id = p_id and applied_at is null) then clock_timestamp()
      else clock_timestamp() + p_look_again_ms * interval '1 millisecond'
    end
  where id = p_id;

  if p_ended then
    delete from node_locks where expansion_id = p_id;
    delete from master_locks where expansion_id = p_id;
  end if;

  perform append_events(p_id, p_events);
  return true;
end
$$;
