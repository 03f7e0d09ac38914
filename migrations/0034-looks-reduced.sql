-- Whether only those looks of an ended expansion are left on which its evidence rests.
alter table expansions add column looks_reduced boolean not null default false;
create index expansions_all_looks on expansions (((doc ->> 'endedAt')::numeric::bigint), id) where ended and not looks_reduced;
