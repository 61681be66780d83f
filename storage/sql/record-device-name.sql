-- $1 device, $2 when, $3 sys_name, $4 sys_object_id, $5 sys_descr. Nothing is said of $2 or later (record-rewind-device).
WITH current AS (
  SELECT * FROM device_names WHERE device = $1 AND valid_to IS NULL
), changed AS (
  UPDATE device_names AS known SET valid_to = $2
  FROM current
  WHERE known.device = current.device AND known.valid_from = current.valid_from
    AND (current.sys_name, current.sys_object_id, current.sys_descr) IS DISTINCT FROM ($3::text, $4::text, $5::text)
  RETURNING known.device
)
INSERT INTO device_names (device, valid_from, sys_name, sys_object_id, sys_descr)
SELECT $1, $2, $3, $4, $5
WHERE EXISTS (SELECT FROM changed) OR NOT EXISTS (SELECT FROM current)
