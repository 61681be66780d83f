WITH counted AS (
  SELECT exporter AS sender, 0::int8 AS rejected, count(*) AS stored
  FROM flows WHERE received_at >= $1::timestamptz AND received_at < $2::timestamptz GROUP BY exporter
  UNION ALL
  SELECT coalesce(sender, '::'), count(*), 0
  FROM rejected_rows
  WHERE table_name = 'flows' AND received_at >= $1::timestamptz AND received_at < $2::timestamptz GROUP BY 1
)
INSERT INTO losses AS known (
  minute, family, sender, observation_domain, protocol, datagrams, received, rows, lost, duplicates, reordered, restarts,
  undecodable, held, held_expired, filtered, kernel_drops, dropped, rejected, stored
)
SELECT
  $1::timestamptz, 'flow', counted.sender, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(counted.rejected), sum(counted.stored)
FROM counted
GROUP BY counted.sender
ORDER BY counted.sender
ON CONFLICT (minute, family, sender, observation_domain, protocol) DO UPDATE SET
  rejected = excluded.rejected,
  stored = excluded.stored
