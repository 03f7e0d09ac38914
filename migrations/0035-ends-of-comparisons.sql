-- Whoever waits for the end of a comparison is told (src/store/news.ts), and asks no longer every second.
create function tell_ended_comparison() returns trigger language plpgsql as $$
begin
  perform pg_notify('pika_expander_comparisons', new.id);
  return null;
end
$$;
create trigger tell_ended after update of state on comparisons
  for each row when (new.state not in ('pending', 'running', 'paused')) execute function tell_ended_comparison();
