-- What the fold of rollups and losses needs to know of each batch: its rows' times, and whether they are folded in.

ALTER TABLE batches ADD COLUMN earliest timestamptz, ADD COLUMN latest timestamptz, ADD COLUMN folded bool NOT NULL DEFAULT true;
ALTER TABLE batches ALTER COLUMN folded SET DEFAULT false;

COMMENT ON COLUMN batches.earliest IS 'Arrival of its earliest row; NULL in batches of older programs.';
COMMENT ON COLUMN batches.latest IS 'Arrival of its latest row.';
COMMENT ON COLUMN batches.folded IS 'Whether rollups and the loss ledger have its rows in them.';

CREATE INDEX batches_not_folded ON batches (table_name, latest) WHERE NOT folded;

-- Rollups of flows. All sums are numeric: a counter near 2^63 times its rate must not fail the minute.
CREATE TABLE flows_1m (
  bucket timestamptz NOT NULL,
  flows int8 NOT NULL,
  number int8,
  bytes numeric,
  packets numeric,
  scaled_bytes numeric,
  scaled_packets numeric,
  dst_port int4,
  protocol int2,
  is_remainder bool NOT NULL,
  dimension text NOT NULL,
  exporter inet NOT NULL,
  src_addr inet,
  dst_addr inet,
  application_id text
) PARTITION BY RANGE (bucket);

COMMENT ON TABLE flows_1m IS 'Rollup of flows, a minute a bucket: every dimension adds up to the total of its exporter.';
COMMENT ON COLUMN flows_1m.bucket IS 'Start of the bucket, by received_at.';
COMMENT ON COLUMN flows_1m.flows IS 'Rows of flows.';
COMMENT ON COLUMN flows_1m.number IS 'ifIndex, protocol, AS number or DSCP, as the dimension says; NULL where the exporter did not say.';
COMMENT ON COLUMN flows_1m.bytes IS 'Sum of bytes as exported; NULL where no row had any.';
COMMENT ON COLUMN flows_1m.packets IS 'Sum of packets as exported; NULL where no row had any.';
COMMENT ON COLUMN flows_1m.scaled_bytes IS 'Sum of scaled_bytes of flows_scaled.';
COMMENT ON COLUMN flows_1m.scaled_packets IS 'Sum of scaled_packets of flows_scaled.';
COMMENT ON COLUMN flows_1m.dst_port IS 'Of a conversation.';
COMMENT ON COLUMN flows_1m.protocol IS 'Of a conversation.';
COMMENT ON COLUMN flows_1m.is_remainder IS 'All conversations or hosts of the exporter that are not among the largest, in one row.';
COMMENT ON COLUMN flows_1m.dimension IS 'total, ingress, egress, application, protocol, src_as, dst_as, dscp, conversation, source or destination.';
COMMENT ON COLUMN flows_1m.exporter IS 'As in flows.';
COMMENT ON COLUMN flows_1m.src_addr IS 'Of a conversation, and the host of source.';
COMMENT ON COLUMN flows_1m.dst_addr IS 'Of a conversation, and the host of destination.';
COMMENT ON COLUMN flows_1m.application_id IS 'As in flows.';

CREATE INDEX flows_1m_bucket ON flows_1m (bucket, dimension);

CREATE TABLE flows_10m (LIKE flows_1m INCLUDING COMMENTS) PARTITION BY RANGE (bucket);
CREATE INDEX flows_10m_bucket ON flows_10m (bucket, dimension);
CREATE TABLE flows_1h (LIKE flows_1m INCLUDING COMMENTS) PARTITION BY RANGE (bucket);
CREATE INDEX flows_1h_bucket ON flows_1h (bucket, dimension);

COMMENT ON TABLE flows_10m IS 'The same of ten minutes, made from flows_1m.';
COMMENT ON TABLE flows_1h IS 'The same of an hour, made from flows_1m.';
