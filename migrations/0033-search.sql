-- Parts of three characters are in most addresses, so a search of an address read the more the longer the history was. Parts of six
-- are in few. A text that is shorter than six is found by its parts of three.
create function search_parts(p_text text) returns text[]
language sql immutable strict parallel safe as $$
  select coalesce(array_agg(distinct substr(p_text, at, size)), '{}')
  from (values (3), (6)) as sizes (size), generate_series(1, length(p_text) - size + 1) as at
$$;
create function parts_to_find(p_text text) returns text[]
language sql immutable strict parallel safe as $$
  select coalesce(array_agg(distinct substr(p_text, at, size)), '{}')
  from (select case when length(p_text) < 6 then 3 else 6 end as size) as of_text,
    generate_series(1, length(p_text) - size + 1) as at
$$;
create index expansions_search_parts on expansions using gin (search_parts(search_text));
drop index expansions_search;
-- text_parts() stays for processes of the release before.
