INSERT INTO losses AS known (
  minute, family, sender, observation_domain, protocol, datagrams, received, rows, lost, duplicates, reordered, restarts,
  undecodable, held, held_expired, filtered, kernel_drops, dropped
)
SELECT
  date_trunc('minute', minute), family, sender, observation_domain, protocol, coalesce(sum(datagrams), 0), coalesce(sum(received), 0), coalesce(sum(rows), 0), coalesce(sum(lost), 0),
  coalesce(sum(duplicates), 0), coalesce(sum(reordered), 0), coalesce(sum(restarts), 0), coalesce(sum(undecodable), 0), coalesce(sum(held), 0), coalesce(sum(held_expired), 0),
  coalesce(sum(filtered), 0), coalesce(sum(kernel_drops), 0), coalesce(sum(dropped), 0)
FROM pg_temp.incoming_losses
GROUP BY 1, family, sender, observation_domain, protocol
-- One order for everybody, or two writers could each hold what the other waits for.
ORDER BY 1, family, sender, observation_domain, protocol
ON CONFLICT (minute, family, sender, observation_domain, protocol) DO UPDATE SET
  datagrams = known.datagrams + excluded.datagrams,
  received = known.received + excluded.received,
  rows = known.rows + excluded.rows,
  lost = known.lost + excluded.lost,
  duplicates = known.duplicates + excluded.duplicates,
  reordered = known.reordered + excluded.reordered,
  restarts = known.restarts + excluded.restarts,
  undecodable = known.undecodable + excluded.undecodable,
  held = known.held + excluded.held,
  held_expired = known.held_expired + excluded.held_expired,
  filtered = known.filtered + excluded.filtered,
  kernel_drops = known.kernel_drops + excluded.kernel_drops,
  dropped = known.dropped + excluded.dropped
