-- Of $1 every partition with its bounds, as text in the session's time zone (UTC), oldest first.
SELECT
  child.relname AS name,
  (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'FROM \(''([^'']+)''\)'))[1] AS lower,
  (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1] AS upper,
  link.inhdetachpending AS detaching
FROM pg_inherits AS link
JOIN pg_class AS child ON child.oid = link.inhrelid
WHERE link.inhparent = to_regclass($1)
ORDER BY 2
