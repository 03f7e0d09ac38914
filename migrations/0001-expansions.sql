-- Expansions, their nodes, and everything that belongs to one of them.
-- Times that people read are milliseconds since the epoch, as in the documents; times that decide who may act
-- (lease_until, look_at) are the database's own, so that the clocks of the workers do not matter.

create table expansions (
  id              text collate "C" primary key,
  state           text not null,
  master_key      text not null,
  doc             jsonb not null,
  search_text     text not null,
  accepted_at     bigint not null,
  ended           boolean not null default false,
  epoch           integer not null default 0,
  lease_owner     text,
  lease_until     timestamptz,
  look_at         timestamptz,
  idempotency_key text unique,
  fingerprint     text
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Neither look_at nor the lease is indexed: both change with every save, and an update that touches no index stays
-- within its page. The expansions that have not ended are few enough to look through.
create index expansions_unended on expansions (accepted_at, id) where not ended;
create index expansions_newest on expansions (accepted_at desc, id desc);

create table joins (
  expansion_id text not null references expansions (id),
  position     integer not null,
  doc          jsonb not null,
  primary key (expansion_id, position)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Who may be touched by whom: one expansion per node, and one at work per master, until it has ended.
create table node_locks (
  address      text primary key,
  node         text not null,
  expansion_id text not null references expansions (id)
);
create index node_locks_expansion on node_locks (expansion_id);

create table master_locks (
  key          text primary key,
  expansion_id text not null references expansions (id)
);
create index master_locks_expansion on master_locks (expansion_id);

-- Whoever inserts events holds the advisory lock of append_events() until its transaction has ended, so that seq
-- rises in the order in which rows become visible: a reader that asks for "seq > last" misses none.
create table events (
  seq          bigint generated always as identity primary key,
  expansion_id text not null references expansions (id),
  type         text not null,
  at           bigint not null,
  node         text,
  level        text not null,
  text         text not null,
  data         jsonb not null
);
create index events_expansion on events (expansion_id, seq);

create table observations (
  seq          bigint generated always as identity primary key,
  expansion_id text not null references expansions (id),
  node         text not null,
  at           bigint not null,
  look         jsonb not null
);
create index observations_node on observations (expansion_id, node, seq);

create table controls (
  seq          bigint generated always as identity primary key,
  id           text not null unique,
  expansion_id text not null references expansions (id),
  doc          jsonb not null,
  applied_at   timestamptz
);
create index controls_pending on controls (expansion_id, seq) where applied_at is null;

create table plans (
  id       text primary key,
  at       bigint not null,
  doc      jsonb not null,
  saved_at timestamptz not null default now()
);
create index plans_saved on plans (saved_at);

-- One row: whether new attaches are held back everywhere.
create table global_freeze (
  singleton boolean primary key default true check (singleton),
  reason text not null,
  by     text not null,
  since  timestamptz not null default now()
);

create function append_events(p_expansion_id text, p_events jsonb) returns void
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
end
$$;

-- One look's worth of change in one round trip. Returns whether the lease still held; if not, nothing was changed.
-- The row is locked first, so that what follows sees every control that was added before this save; a control that
-- still waits keeps the expansion due, whatever the caller wished.
create function save_expansion(
  p_id text, p_epoch integer, p_owner text, p_lease_ms bigint,
  p_doc jsonb, p_ended boolean, p_joins jsonb, p_observations jsonb, p_applied text[], p_look_again_ms double precision,
  p_events jsonb
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
