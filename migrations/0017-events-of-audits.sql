-- The events of audits stand among those of expansions and campaigns.
alter table events
  add column audit_id text collate "C" references audits (id) on delete cascade,
  drop constraint events_of_one,
  add constraint events_of_one check (num_nonnulls(expansion_id, campaign_id, audit_id) = 1);
create index events_audit on events (audit_id, seq) where audit_id is not null;

-- p_owner: the column of events that names whom they are about. A new column needs no other function.
create function append_events_of(p_owner text, p_id text, p_events jsonb) returns void
language plpgsql set search_path from current as $$
begin
  if p_events is null or jsonb_array_length(p_events) = 0 then
    return;
  end if;
  -- The lock of append_events().
  perform pg_advisory_xact_lock(1885957729, 1);
  execute format(
    'insert into events (%I, type, at, node, level, text, data)
     select $1, e.doc ->> ''type'', (e.doc ->> ''at'')::numeric::bigint, e.doc ->> ''node'', e.doc ->> ''level'',
            e.doc ->> ''text'', e.doc -> ''data''
     from jsonb_array_elements($2) with ordinality as e (doc, position)
     order by e.position', p_owner)
  using p_id, p_events;
  perform pg_notify('pika_expander_events', p_id);
end
$$;

-- Processes of the release before call it until they end.
create or replace function append_campaign_events(p_campaign_id text, p_events jsonb) returns void
language sql set search_path from current as $$
  select append_events_of('campaign_id', p_campaign_id, p_events);
$$;
