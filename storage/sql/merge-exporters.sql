INSERT INTO exporters AS known
SELECT
  exporter, observation_domain, protocol, min(seen_at), max(seen_at), sum(datagrams), sum(records), sum(lost),
  sum(reordered), sum(restarts), sum(undecodable), sum(held), sum(held_expired)
FROM (
  SELECT
    exporter, coalesce(observation_domain, 0) AS observation_domain, protocol, seen_at,
    coalesce(datagrams, 0) AS datagrams, coalesce(records, 0) AS records, coalesce(lost, 0) AS lost,
    coalesce(reordered, 0) AS reordered, coalesce(restarts, 0) AS restarts, coalesce(undecodable, 0) AS undecodable,
    coalesce(held, 0) AS held, coalesce(held_expired, 0) AS held_expired
  FROM pg_temp.incoming_exporters
) AS incoming
GROUP BY exporter, observation_domain, protocol
-- One order for everybody, or two writers could each hold what the other waits for.
ORDER BY exporter, observation_domain, protocol
ON CONFLICT (exporter, observation_domain, protocol) DO UPDATE SET
  first_seen = least(known.first_seen, excluded.first_seen),
  last_seen = greatest(known.last_seen, excluded.last_seen),
  datagrams = known.datagrams + excluded.datagrams,
  records = known.records + excluded.records,
  lost = known.lost + excluded.lost,
  reordered = known.reordered + excluded.reordered,
  restarts = known.restarts + excluded.restarts,
  undecodable = known.undecodable + excluded.undecodable,
  held = known.held + excluded.held,
  held_expired = known.held_expired + excluded.held_expired
