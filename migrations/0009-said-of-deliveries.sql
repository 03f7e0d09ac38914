-- Code and facts of the last error: the text stands in last_error, in English. Null for errors of before.
alter table deliveries add column last_said jsonb;
