-- Who has sent anything since $1, and $2, whoever else is named; with when each was last asked. Of traps the newest, bounded:
-- who is missed now is seen the next time.
SELECT host(device) AS device, (extract(epoch FROM attempted_at) * 1000)::float8 AS "attemptedAtMs",
  coalesce(failures, 0)::float8 AS failures
FROM (
  SELECT exporter AS device FROM exporters WHERE last_seen >= $1
  UNION
  SELECT device FROM syslog_devices WHERE last_seen >= $1
  UNION
  SELECT device FROM (SELECT device FROM snmp_traps WHERE received_at >= now() - interval '1 minute' LIMIT 100000) AS newest
  UNION
  SELECT unnest($2::inet[])
) AS heard
LEFT JOIN snmp_polls USING (device)
LIMIT 100000
