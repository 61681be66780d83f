-- $1 engine id, $2 boots, $3 node. Boots never go back: senders would refuse us.
INSERT INTO snmp_engine AS known (engine_id, boots, node)
VALUES ($1, $2, $3)
ON CONFLICT (singleton) DO UPDATE SET
  boots = CASE WHEN known.engine_id = excluded.engine_id THEN greatest(known.boots, excluded.boots) ELSE excluded.boots END,
  engine_id = excluded.engine_id,
  node = excluded.node,
  advanced_at = now()
