-- The clock may have been put back. Forgets what is said of $2 and later about the device $1: what held before holds on.
WITH later AS (
  DELETE FROM device_names WHERE device = $1 AND valid_from >= $2
)
UPDATE device_names SET valid_to = NULL WHERE device = $1 AND valid_from < $2 AND valid_to >= $2
