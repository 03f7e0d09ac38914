-- An idempotency key belongs to whoever gave it: it is stored behind its requester. That holds for the keys of before, too.
update expansions set idempotency_key = (doc ->> 'via') || ' ' || (doc ->> 'requestedBy') || E'\n' || idempotency_key
where idempotency_key is not null;
update campaigns set idempotency_key = (doc ->> 'via') || ' ' || (doc ->> 'requestedBy') || E'\n' || idempotency_key
where idempotency_key is not null;
