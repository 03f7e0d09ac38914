-- Whoever stores events tells so on this channel, when they can be read: with the id of the expansion or the campaign.

create or replace function append_events(p_expansion_id text, p_events jsonb) returns void
language plpgsql set search_path from current as $$
begin
  if p_events is null or jsonb_array_length(p_events) = 0 then
    return;
  end if;
  perform pg_advisory_xact_lock(1885957729, 1);
  insert into events (expansion_id, type, at, node, level, text, data)
  select p_expansion_id, e.doc ->> 'type', (e.doc ->> 'at')::numeric::bigint, e.doc ->> 'node', e.doc ->> 'level',
         e.doc ->> 'text', e.doc -> 'data'
  from jsonb_array_elements(p_events) with ordinality as e (doc, position)
  order by e.position;
  perform pg_notify('pika_expander_events', p_expansion_id);
end
$$;

create or replace function append_campaign_events(p_campaign_id text, p_events jsonb) returns void
language plpgsql set search_path from current as $$
begin
  if p_events is null or jsonb_array_length(p_events) = 0 then
    return;
  end if;
  -- The lock of append_events().
  perform pg_advisory_xact_lock(1885957729, 1);
  insert into events (campaign_id, type, at, node, level, text, data)
  select p_campaign_id, e.doc ->> 'type', (e.doc ->> 'at')::numeric::bigint, e.doc ->> 'node', e.doc ->> 'level',
         e.doc ->> 'text', e.doc -> 'data'
  from jsonb_array_elements(p_events) with ordinality as e (doc, position)
  order by e.position;
  perform pg_notify('pika_expander_events', p_campaign_id);
end
$$;
