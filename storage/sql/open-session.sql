-- Where rows of the merged tables arrive; once a connection, empty after every commit. Columns as in
-- collectors/flow/tables.ts, collectors/syslog/tables.ts and collectors/accounts/loss-table.ts.
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_exporters (
  seen_at timestamptz,
  observation_domain int8,
  datagrams int8,
  records int8,
  lost int8,
  reordered int8,
  restarts int8,
  undecodable int8,
  held int8,
  held_expired int8,
  exporter inet,
  protocol text
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_interfaces (
  seen_at timestamptz,
  if_index int8,
  exporter inet,
  name text,
  description text
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_applications (
  seen_at timestamptz,
  exporter inet,
  application_id text,
  name text,
  description text,
  category text
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_syslog_devices (
  device inet,
  first_seen timestamptz,
  last_seen timestamptz,
  messages int8,
  unparsed int8,
  cut int8,
  dropped int8,
  clock_offset_ms int8,
  hostname text,
  vendor text,
  dialect text
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_losses (
  minute timestamptz,
  observation_domain int8,
  account int8,
  version int8,
  datagrams int8,
  received int8,
  rows int8,
  lost int8,
  duplicates int8,
  reordered int8,
  restarts int8,
  undecodable int8,
  held int8,
  held_decoded int8,
  held_expired int8,
  filtered int8,
  kernel_drops int8,
  dropped int8,
  sender inet,
  family text,
  protocol text,
  reasons jsonb
) ON COMMIT DELETE ROWS;
