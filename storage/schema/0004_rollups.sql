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
  counted_flows int8 NOT NULL,
  unknown_sampling int8 NOT NULL,
  number int8,
  bytes numeric,
  packets numeric,
  scaled_bytes numeric,
  scaled_packets numeric,
  hidden_bytes numeric,
  hidden_packets numeric,
  hidden_flows numeric,
  port int4,
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
COMMENT ON COLUMN flows_1m.counted_flows IS 'Of these: without the reverse halves of bidirectional ones.';
COMMENT ON COLUMN flows_1m.unknown_sampling IS 'Of counted_flows: those whose sampling rate is unknown, and was taken for 1.';
COMMENT ON COLUMN flows_1m.number IS 'ifIndex, protocol, AS number or DSCP, as the dimension says; NULL where the exporter did not say.';
COMMENT ON COLUMN flows_1m.bytes IS 'Sum of bytes as exported; NULL where no row had any.';
COMMENT ON COLUMN flows_1m.packets IS 'Sum of packets as exported; NULL where no row had any.';
COMMENT ON COLUMN flows_1m.scaled_bytes IS 'Sum of scaled_bytes of flows_scaled.';
COMMENT ON COLUMN flows_1m.scaled_packets IS 'Sum of scaled_packets of flows_scaled.';
COMMENT ON COLUMN flows_1m.hidden_bytes IS 'The most scaled_bytes that the key may have in the remainder; NULL: none. In the remainder: the most of any one key without a row.';
COMMENT ON COLUMN flows_1m.hidden_packets IS 'The same of scaled_packets.';
COMMENT ON COLUMN flows_1m.hidden_flows IS 'The same of counted_flows.';
COMMENT ON COLUMN flows_1m.port IS 'Of an application that the exporter did not name: the lower port.';
COMMENT ON COLUMN flows_1m.protocol IS 'Of an application that the exporter did not name.';
COMMENT ON COLUMN flows_1m.is_remainder IS 'All keys of the exporter and dimension that are not among the largest, in one row.';
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
COMMENT ON TABLE flows_1h IS 'The same of an hour, made from flows_10m.';

-- What rollups can answer for, so that all else comes from flows.
CREATE TABLE rollup_minutes (
  minute timestamptz PRIMARY KEY,
  source oid
);

COMMENT ON TABLE rollup_minutes IS 'Minutes whose flows are all in the rollups, but for those of batches that are not folded yet.';
COMMENT ON COLUMN rollup_minutes.minute IS 'Start of the minute.';
COMMENT ON COLUMN rollup_minutes.source IS 'The partition of flows that it was made from: when that is gone, the rollup is what remains of it.';

CREATE TABLE rollup_stretches (
  since timestamptz PRIMARY KEY,
  until timestamptz
);

COMMENT ON TABLE rollup_stretches IS 'Times in which all flows were rolled up: a minute of them without an entry in rollup_minutes had no flows.';
COMMENT ON COLUMN rollup_stretches.since IS 'Inclusive.';
COMMENT ON COLUMN rollup_stretches.until IS 'Exclusive; NULL: still.';

CREATE TABLE rollup_due (
  rollup text NOT NULL,
  bucket timestamptz NOT NULL,
  PRIMARY KEY (rollup, bucket)
);

COMMENT ON TABLE rollup_due IS 'Buckets of flows_10m and flows_1h that are to be made, or made anew.';
COMMENT ON COLUMN rollup_due.rollup IS 'flows_10m or flows_1h.';
COMMENT ON COLUMN rollup_due.bucket IS 'Start of the bucket.';
