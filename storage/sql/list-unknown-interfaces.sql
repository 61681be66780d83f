-- Interfaces that the newest flows name and no poll of their exporter does. $1 how far back; bounded, since what is missed now is
-- seen in the next round. An ifIndex is positive and fits an int4 (RFC 2863, InterfaceIndex); exporters have other numbers too.
SELECT host(exporter) AS device, array_agg(if_index::float8) AS interfaces
FROM (
  SELECT DISTINCT exporter, if_index
  FROM (SELECT exporter, in_if, out_if FROM flows WHERE received_at >= now() - $1::interval LIMIT 200000) AS newest,
    LATERAL (VALUES (in_if), (out_if)) AS side (if_index)
  WHERE if_index BETWEEN 1 AND 2147483647
  LIMIT 100000
) AS used
WHERE NOT EXISTS (
  SELECT FROM interface_names
  WHERE device = used.exporter AND interface_names.if_index = used.if_index AND valid_to IS NULL
)
GROUP BY exporter
