INSERT INTO interfaces AS known (exporter, if_index, seen_at, name, description)
SELECT DISTINCT ON (exporter, if_index) exporter, if_index, seen_at, name, description
FROM pg_temp.incoming_interfaces
ORDER BY exporter, if_index, seen_at DESC
ON CONFLICT (exporter, if_index) DO UPDATE SET
  seen_at = excluded.seen_at,
  name = coalesce(excluded.name, known.name),
  description = coalesce(excluded.description, known.description)
WHERE known.seen_at <= excluded.seen_at
