INSERT INTO syslog_devices AS known
SELECT
  device, min(coalesce(first_seen, last_seen)), max(coalesce(last_seen, first_seen)), sum(coalesce(messages, 0)),
  sum(coalesce(unparsed, 0)), sum(coalesce(cut, 0)), sum(coalesce(dropped, 0)),
  -- What is not told leaves what is known.
  (array_agg(clock_offset_ms ORDER BY last_seen DESC) FILTER (WHERE clock_offset_ms IS NOT NULL))[1],
  (array_agg(hostname ORDER BY last_seen DESC) FILTER (WHERE hostname IS NOT NULL))[1],
  (array_agg(vendor ORDER BY last_seen DESC) FILTER (WHERE vendor IS NOT NULL))[1],
  (array_agg(dialect ORDER BY last_seen DESC) FILTER (WHERE dialect IS NOT NULL))[1]
FROM pg_temp.incoming_syslog_devices
GROUP BY device
-- One order for everybody, or two writers could each hold what the other waits for.
ORDER BY device
ON CONFLICT (device) DO UPDATE SET
  first_seen = least(known.first_seen, excluded.first_seen),
  last_seen = greatest(known.last_seen, excluded.last_seen),
  messages = known.messages + excluded.messages,
  unparsed = known.unparsed + excluded.unparsed,
  cut = known.cut + excluded.cut,
  dropped = known.dropped + excluded.dropped,
  -- A batch that waited in a journal knows less than what came after it.
  clock_offset_ms = CASE WHEN known.last_seen <= excluded.last_seen THEN coalesce(excluded.clock_offset_ms, known.clock_offset_ms)
    ELSE coalesce(known.clock_offset_ms, excluded.clock_offset_ms) END,
  hostname = CASE WHEN known.last_seen <= excluded.last_seen THEN coalesce(excluded.hostname, known.hostname)
    ELSE coalesce(known.hostname, excluded.hostname) END,
  vendor = CASE WHEN known.last_seen <= excluded.last_seen THEN coalesce(excluded.vendor, known.vendor)
    ELSE coalesce(known.vendor, excluded.vendor) END,
  dialect = CASE WHEN known.last_seen <= excluded.last_seen THEN coalesce(excluded.dialect, known.dialect)
    ELSE coalesce(known.dialect, excluded.dialect) END
