-- The newest first. $1 how far back, $2 how many.
SELECT inform_key AS key, (extract(epoch FROM received_at) * 1000000)::float8 AS "receivedAtMicros"
FROM snmp_traps
WHERE inform_key IS NOT NULL AND received_at >= now() - $1::float8 * interval '1 second'
ORDER BY received_at DESC
LIMIT $2
