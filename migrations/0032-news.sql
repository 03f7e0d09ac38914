-- Who waits for work, for entries of the trail or for the end of a token is told (src/store/news.ts), and asks no longer every
-- second.

-- With the name of the table. A row is due when its look is, and its lease is free or has run out; greatest() passes nulls over.
create function tell_due() returns trigger language plpgsql as $$
begin
  perform pg_notify('pika_expander_due', tg_table_name);
  return null;
end
$$;

do $$
declare
  kind text;
begin
  foreach kind in array array['expansions', 'comparisons', 'campaigns', 'audits', 'guards', 'holds', 'replacements'] loop
    execute format('create trigger tell_due_new after insert on %I
      for each row when (new.look_at is not null) execute function tell_due()', kind);
    -- Saves under a lease put it off, and tell nobody.
    execute format('create trigger tell_due after update of look_at, lease_owner on %I
      for each row when (new.look_at is not null and (
        old.look_at is null or greatest(new.look_at, new.lease_until) < greatest(old.look_at, old.lease_until)
      )) execute function tell_due()', kind);
  end loop;
end
$$;

create function tell_trail() returns trigger language plpgsql as $$
begin
  perform pg_notify('pika_expander_trail', '');
  return null;
end
$$;
create trigger tell_trail after insert on trail for each statement execute function tell_trail();

create function tell_access() returns trigger language plpgsql as $$
begin
  perform pg_notify('pika_expander_access', '');
  return null;
end
$$;
create trigger tell_access after update of digest, old_digest, old_until, revoked_at on tokens
  for each statement execute function tell_access();
create trigger tell_access after update of ended_at on sessions for each statement execute function tell_access();
