-- Tokens that were made while the service runs, beside the configured ones. The text of a token is stored nowhere.
create table tokens (
  id            text primary key,
  name          text not null,
  -- SHA-256 of the text that counts now.
  digest        bytea not null unique,
  -- Of the text before the last rotation, which counts until `old_until`.
  old_digest    bytea unique,
  old_until     bigint,
  role          text not null,
  -- What it is bound to; null = to nothing.
  masters       text[],
  nodes         text[],
  actions       text[],
  created_at    bigint not null,
  created_by    text not null,
  rotated_at    bigint,
  rotated_by    text,
  expires_at    bigint,
  revoked_at    bigint,
  revoked_by    text,
  revoke_reason text
);
create unique index tokens_living_names on tokens (lower(name)) where revoked_at is null;
create index tokens_newest on tokens (created_at desc, id desc);

-- Browsers that are signed in. The cookie holds a random id; here is its SHA-256. A session lives as long as the text of
-- the token by which it signed in counts.
create table sessions (
  digest       bytea primary key,
  token_digest bytea not null,
  token_name   text not null,
  address      text not null,
  created_at   bigint not null,
  until        bigint not null,
  ended_at     bigint
);
create index sessions_over on sessions (until);
