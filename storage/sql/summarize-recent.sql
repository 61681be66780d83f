-- Of the partition of syslog_messages that takes rows at $1: how many block ranges came new into its indexes of times.
SELECT coalesce(sum(brin_summarize_new_values(entry.indexrelid)), 0)::int4 AS ranges
FROM pg_inherits AS link
JOIN pg_class AS child ON child.oid = link.inhrelid
JOIN pg_index AS entry ON entry.indrelid = child.oid AND entry.indisvalid
JOIN pg_class AS index ON index.oid = entry.indexrelid
JOIN pg_am AS method ON method.oid = index.relam AND method.amname = 'brin'
WHERE link.inhparent = to_regclass('syslog_messages') AND NOT link.inhdetachpending
  AND (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz <= $1
  AND (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz > $1
