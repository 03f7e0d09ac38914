-- Who approved what takes slaves out of a master under four eyes, until the worker has seen to it.
alter table replacements add column approval jsonb;
