-- Of $1 every partition: its size, and its indexes by name, with whether each is usable (one whose build was interrupted is not).
SELECT
  child.relname AS name,
  pg_relation_size(child.oid) AS bytes,
  (
    SELECT coalesce(json_object_agg(index.relname, entry.indisvalid), '{}')
    FROM pg_index AS entry
    JOIN pg_class AS index ON index.oid = entry.indexrelid
    WHERE entry.indrelid = child.oid
  ) AS indexes
FROM pg_inherits AS link
JOIN pg_class AS child ON child.oid = link.inhrelid
WHERE link.inhparent = to_regclass($1) AND NOT link.inhdetachpending
