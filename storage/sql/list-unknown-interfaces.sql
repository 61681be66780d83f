-- Exporters among the newest flows that name an interface which their last poll did not have. $1 how far back; bounded, since
-- what is missed now is seen a minute later.
SELECT DISTINCT host(exporter) AS device
FROM (
  SELECT DISTINCT exporter, if_index
  FROM (SELECT exporter, in_if, out_if FROM flows WHERE received_at >= now() - $1::interval LIMIT 200000) AS newest,
    LATERAL (VALUES (in_if), (out_if)) AS side (if_index)
  WHERE if_index > 0
) AS used
WHERE NOT EXISTS (
  SELECT FROM interface_names
  WHERE device = used.exporter AND interface_names.if_index = used.if_index AND valid_to IS NULL
)
