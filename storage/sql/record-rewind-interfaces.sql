-- As record-rewind-device, for its interfaces.
WITH later AS (
  DELETE FROM interface_names WHERE device = $1 AND valid_from >= $2
)
UPDATE interface_names SET valid_to = NULL WHERE device = $1 AND valid_from < $2 AND valid_to >= $2
