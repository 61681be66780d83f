-- All interfaces of a device at once. $1 device, $2 when, then arrays of one length: $3 if_index, $4 speed, $5 name, $6 alias,
-- $7 description. What is gone, or is otherwise than before, ends; what is new, or is otherwise, begins. Nothing is said of $2
-- or later (record-rewind-interfaces).
WITH polled AS (
  SELECT * FROM unnest($3::int8[], $4::int8[], $5::text[], $6::text[], $7::text[])
    AS p (if_index, speed, name, alias, description)
), current AS (
  SELECT * FROM interface_names WHERE device = $1 AND valid_to IS NULL
), same AS (
  SELECT if_index FROM polled JOIN current USING (if_index)
  WHERE (polled.speed, polled.name, polled.alias, polled.description)
    IS NOT DISTINCT FROM (current.speed, current.name, current.alias, current.description)
), ended AS (
  UPDATE interface_names AS known SET valid_to = $2
  FROM current
  WHERE known.device = $1 AND known.if_index = current.if_index AND known.valid_from = current.valid_from
    AND current.if_index NOT IN (SELECT if_index FROM same)
)
INSERT INTO interface_names (device, if_index, valid_from, speed, name, alias, description)
SELECT $1, if_index, $2, speed, name, alias, description
FROM polled WHERE if_index NOT IN (SELECT if_index FROM same)
