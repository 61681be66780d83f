-- $1 device, $2 when, $3 interfaces found or NULL for a failure, $4 error
INSERT INTO snmp_polls AS known (device, attempted_at, polled_at, interfaces, failures, error)
VALUES ($1, $2, CASE WHEN $3::int4 IS NOT NULL THEN $2::timestamptz END, coalesce($3, 0), CASE WHEN $3 IS NULL THEN 1 ELSE 0 END, $4)
ON CONFLICT (device) DO UPDATE SET
  attempted_at = excluded.attempted_at,
  polled_at = coalesce(excluded.polled_at, known.polled_at),
  interfaces = CASE WHEN $3 IS NULL THEN known.interfaces ELSE excluded.interfaces END,
  failures = CASE WHEN $3 IS NULL THEN known.failures + 1 ELSE 0 END,
  error = excluded.error
