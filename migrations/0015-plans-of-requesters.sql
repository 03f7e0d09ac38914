-- Who had a plan made: of each requester the newest plans are kept.
alter table plans add column requested_by text not null default '';
create index plans_of_requesters on plans (requested_by, saved_at desc, id desc);
