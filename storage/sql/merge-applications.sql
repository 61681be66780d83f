INSERT INTO applications AS known (exporter, application_id, seen_at, name, description, category)
SELECT DISTINCT ON (exporter, application_id) exporter, application_id, seen_at, name, description, category
FROM pg_temp.incoming_applications
ORDER BY exporter, application_id, seen_at DESC
ON CONFLICT (exporter, application_id) DO UPDATE SET
  seen_at = excluded.seen_at,
  name = coalesce(excluded.name, known.name),
  description = coalesce(excluded.description, known.description),
  category = coalesce(excluded.category, known.category)
WHERE known.seen_at <= excluded.seen_at
