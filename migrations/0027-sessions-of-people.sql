-- People sign in with an identity provider as well: then there is no token, but the groups that give them something here.
alter table sessions rename column token_name to name;
alter table sessions alter column token_digest drop not null;
alter table sessions add column issuer text;
alter table sessions add column groups text[];
alter table sessions add constraint sessions_have_an_owner check ((token_digest is null) <> (issuer is null));
-- Tells sessions apart, and opens none.
alter table sessions add column id text generated always as (encode(substring(digest from 1 for 8), 'hex')) stored;
create index sessions_ids on sessions (id);
create index sessions_newest on sessions (created_at desc, id desc);
