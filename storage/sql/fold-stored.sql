-- «rows» is a table of rows, «sender» its column with the address, «family» a literal: storage/losses/stored-rows.ts fills them in.
WITH counted AS (
  SELECT «sender» AS sender, 0::int8 AS rejected, count(*) AS stored
  FROM «rows» WHERE received_at >= $1::timestamptz AND received_at < $2::timestamptz GROUP BY «sender»
  UNION ALL
  SELECT coalesce(sender, '::'), count(*), 0
  FROM rejected_rows
  WHERE table_name = '«rows»' AND received_at >= $1::timestamptz AND received_at < $2::timestamptz GROUP BY 1
)
INSERT INTO losses AS known (minute, family, sender, observation_domain, protocol, account, rejected, stored)
SELECT $1::timestamptz, «family», counted.sender, 0, '', 0, sum(counted.rejected), sum(counted.stored)
FROM counted
GROUP BY counted.sender
ORDER BY counted.sender
ON CONFLICT (minute, family, sender, observation_domain, protocol, account) DO UPDATE SET
  rejected = excluded.rejected,
  stored = excluded.stored
