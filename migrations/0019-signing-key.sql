-- The key by which evidence is signed, made at the first start. With PIKA_EXPANDER_SIGNING_KEY_FILE it is not used.
create table signing_key (
  singleton   boolean primary key default true check (singleton),
  private_key text not null,
  made_at     timestamptz not null default now()
);
