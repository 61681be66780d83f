INSERT INTO losses AS known (
  minute, family, sender, observation_domain, protocol, account, version, datagrams, received, rows, lost, duplicates, reordered,
  restarts, undecodable, held, held_decoded, held_expired, filtered, kernel_drops, dropped, reasons
)
SELECT DISTINCT ON (1, 2, 3, 4, 5, 6)
  date_trunc('minute', minute), family, sender, observation_domain, protocol, account, version, datagrams, received, rows, lost,
  duplicates, reordered, restarts, undecodable, held, held_decoded, held_expired, filtered, kernel_drops, dropped, reasons
FROM pg_temp.incoming_losses
-- One order for everybody, or two writers could each hold what the other waits for.
ORDER BY 1, 2, 3, 4, 5, 6, version DESC
ON CONFLICT (minute, family, sender, observation_domain, protocol, account) DO UPDATE SET
  version = excluded.version,
  datagrams = excluded.datagrams,
  received = excluded.received,
  rows = excluded.rows,
  lost = excluded.lost,
  duplicates = excluded.duplicates,
  reordered = excluded.reordered,
  restarts = excluded.restarts,
  undecodable = excluded.undecodable,
  held = excluded.held,
  held_decoded = excluded.held_decoded,
  held_expired = excluded.held_expired,
  filtered = excluded.filtered,
  kernel_drops = excluded.kernel_drops,
  dropped = excluded.dropped,
  reasons = excluded.reasons
WHERE excluded.version > known.version
