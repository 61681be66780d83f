-- $1: the smallest UUIDv7 of the time $2. Batches sealed before $2 are found by the primary key; one of them that was written
-- lately (it had waited in a journal) stays.
DELETE FROM batches WHERE id < $1 AND committed_at < $2
