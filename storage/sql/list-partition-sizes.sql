-- Of $1 every partition: its bytes with indexes and what is stored out of line, and its rows as the planner last saw them
-- (null where it has not looked yet).
SELECT
  child.relname AS name,
  pg_total_relation_size(child.oid) AS bytes,
  pg_relation_size(child.oid) = 0 AS is_empty,
  nullif(child.reltuples, -1)::int8 AS rows
FROM pg_inherits AS link
JOIN pg_class AS child ON child.oid = link.inhrelid
WHERE link.inhparent = to_regclass($1)
