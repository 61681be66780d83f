-- Flows and what belongs to them. The columns of flows and counter_samples are those of collectors/flow/tables.ts, in the
-- same order: fixed widths first, widest first, so that no row spends bytes on alignment.

CREATE TABLE flows (
  received_at timestamptz NOT NULL,
  flow_start timestamptz,
  flow_end timestamptz,
  bytes int8,
  packets int8,
  in_if int8,
  out_if int8,
  src_as int8,
  dst_as int8,
  observation_domain int8,
  src_port int4,
  dst_port int4,
  sampling_rate int4,
  protocol int2,
  tcp_flags int2,
  tos int2,
  src_mask int2,
  dst_mask int2,
  vlan int2,
  direction int2,
  sampling_source "char",
  exporter inet NOT NULL,
  src_addr inet,
  dst_addr inet,
  next_hop inet,
  application_id text,
  extra jsonb
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE flows IS 'One row for each flow record; two for a record that describes both directions. NULL: the exporter did not say.';
COMMENT ON COLUMN flows.received_at IS 'When the collector received the datagram. Decides the partition.';
COMMENT ON COLUMN flows.flow_start IS 'First packet of the flow, by the clock of the exporter.';
COMMENT ON COLUMN flows.flow_end IS 'Last packet of the flow, by the clock of the exporter.';
COMMENT ON COLUMN flows.bytes IS 'Octets as exported; of a sampled flow only those sampled, see flows_scaled.';
COMMENT ON COLUMN flows.packets IS 'Packets as exported; of a sampled flow only those sampled, see flows_scaled.';
COMMENT ON COLUMN flows.in_if IS 'ifIndex of the interface that the flow came in by.';
COMMENT ON COLUMN flows.out_if IS 'ifIndex of the interface that the flow went out by.';
COMMENT ON COLUMN flows.src_as IS 'Autonomous system number of the source; NULL for 0.';
COMMENT ON COLUMN flows.dst_as IS 'Autonomous system number of the destination; NULL for 0.';
COMMENT ON COLUMN flows.observation_domain IS 'IPFIX observation domain, NetFlow v9 source id, v5 engine type and id, sFlow sub-agent id; NULL for 0.';
COMMENT ON COLUMN flows.src_port IS 'Transport port of the source.';
COMMENT ON COLUMN flows.dst_port IS 'Transport port of the destination; of ICMP the type times 256 plus the code.';
COMMENT ON COLUMN flows.sampling_rate IS 'One packet in so many was looked at; NULL where that is unknown.';
COMMENT ON COLUMN flows.protocol IS 'IP protocol number (IANA).';
COMMENT ON COLUMN flows.tcp_flags IS 'TCP flags of all packets of the flow, or-ed.';
COMMENT ON COLUMN flows.tos IS 'IPv4 type of service or IPv6 traffic class: DSCP and ECN.';
COMMENT ON COLUMN flows.src_mask IS 'Prefix length of the route to the source; NULL for 0.';
COMMENT ON COLUMN flows.dst_mask IS 'Prefix length of the route to the destination; NULL for 0.';
COMMENT ON COLUMN flows.vlan IS 'VLAN id; NULL for 0.';
COMMENT ON COLUMN flows.direction IS '0 ingress, 1 egress.';
COMMENT ON COLUMN flows.sampling_source IS 'Where sampling_rate is from: r the record, o option data, h the header, c configured for the exporter, d configured default.';
COMMENT ON COLUMN flows.exporter IS 'The device that exported the flow: the source address, of sFlow the agent address.';
COMMENT ON COLUMN flows.src_addr IS 'Source address, IPv4 or IPv6.';
COMMENT ON COLUMN flows.dst_addr IS 'Destination address, IPv4 or IPv6.';
COMMENT ON COLUMN flows.next_hop IS 'Next hop; NULL for the zero address.';
COMMENT ON COLUMN flows.application_id IS 'Application as "engine:selector" (RFC 6759), see applications.';
COMMENT ON COLUMN flows.extra IS 'Every other element of the record, by its IANA name or as "pen.id".';

CREATE INDEX flows_received_at ON flows USING brin (received_at) WITH (pages_per_range = 64, autosummarize = on);

CREATE TABLE counter_samples (
  received_at timestamptz NOT NULL,
  if_index int8,
  if_speed int8,
  in_octets int8,
  out_octets int8,
  in_packets int8,
  out_packets int8,
  in_errors int8,
  out_errors int8,
  in_discards int8,
  out_discards int8,
  observation_domain int8,
  source_class int4,
  source_index int8,
  exporter inet NOT NULL,
  counters jsonb
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE counter_samples IS 'Counters that sFlow agents push, one row for each counter sample. Counters only grow, until the device restarts.';
COMMENT ON COLUMN counter_samples.received_at IS 'When the collector received the datagram. Decides the partition.';
COMMENT ON COLUMN counter_samples.if_index IS 'ifIndex; NULL where the sample is not about an interface.';
COMMENT ON COLUMN counter_samples.if_speed IS 'Bits per second.';
COMMENT ON COLUMN counter_samples.in_octets IS 'Octets received.';
COMMENT ON COLUMN counter_samples.out_octets IS 'Octets sent.';
COMMENT ON COLUMN counter_samples.in_packets IS 'Packets received: unicast, multicast and broadcast.';
COMMENT ON COLUMN counter_samples.out_packets IS 'Packets sent: unicast, multicast and broadcast.';
COMMENT ON COLUMN counter_samples.in_errors IS 'Packets received with an error.';
COMMENT ON COLUMN counter_samples.out_errors IS 'Packets not sent because of an error.';
COMMENT ON COLUMN counter_samples.in_discards IS 'Packets received and discarded.';
COMMENT ON COLUMN counter_samples.out_discards IS 'Packets discarded instead of sent.';
COMMENT ON COLUMN counter_samples.observation_domain IS 'sFlow sub-agent id; NULL for 0.';
COMMENT ON COLUMN counter_samples.source_class IS 'sFlow data source class: 0 ifIndex, 1 VLAN, 2 entPhysicalEntry.';
COMMENT ON COLUMN counter_samples.source_index IS 'Index within the class.';
COMMENT ON COLUMN counter_samples.exporter IS 'The sFlow agent address.';
COMMENT ON COLUMN counter_samples.counters IS 'Every decoded counter structure, by its name.';

CREATE INDEX counter_samples_received_at ON counter_samples USING brin (received_at) WITH (pages_per_range = 64, autosummarize = on);

CREATE TABLE exporters (
  exporter inet NOT NULL,
  observation_domain int8 NOT NULL,
  protocol text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  datagrams int8 NOT NULL,
  records int8 NOT NULL,
  lost int8 NOT NULL,
  reordered int8 NOT NULL,
  restarts int8 NOT NULL,
  undecodable int8 NOT NULL,
  held int8 NOT NULL,
  held_expired int8 NOT NULL,
  PRIMARY KEY (exporter, observation_domain, protocol)
) WITH (fillfactor = 70);

COMMENT ON TABLE exporters IS 'Who has sent flows, and what became of them. All counts are since first_seen.';
COMMENT ON COLUMN exporters.exporter IS 'The source address, of sFlow the agent address.';
COMMENT ON COLUMN exporters.observation_domain IS 'As in flows, but 0 where there is none.';
COMMENT ON COLUMN exporters.protocol IS 'netflow1, netflow5, netflow7, netflow9, ipfix or sflow5.';
COMMENT ON COLUMN exporters.first_seen IS 'First datagram.';
COMMENT ON COLUMN exporters.last_seen IS 'Last datagram.';
COMMENT ON COLUMN exporters.datagrams IS 'Datagrams received.';
COMMENT ON COLUMN exporters.records IS 'Records decoded.';
COMMENT ON COLUMN exporters.lost IS 'Missing by sequence number, in the unit of the protocol: flows of NetFlow v5, v7 and IPFIX, datagrams of v9 and sFlow.';
COMMENT ON COLUMN exporters.reordered IS 'Datagrams that came late.';
COMMENT ON COLUMN exporters.restarts IS 'Restarts of the exporter, seen by its sequence numbers and uptime.';
COMMENT ON COLUMN exporters.undecodable IS 'Datagrams or sets that could not be decoded.';
COMMENT ON COLUMN exporters.held IS 'Sets held until their template arrived.';
COMMENT ON COLUMN exporters.held_expired IS 'Of those: dropped, since no template came in time.';

CREATE TABLE interfaces (
  exporter inet NOT NULL,
  if_index int8 NOT NULL,
  seen_at timestamptz NOT NULL,
  name text,
  description text,
  PRIMARY KEY (exporter, if_index)
) WITH (fillfactor = 70);

COMMENT ON TABLE interfaces IS 'Names of interfaces, as the exporters'' option data tell them; the newest wins.';
COMMENT ON COLUMN interfaces.exporter IS 'As in flows.';
COMMENT ON COLUMN interfaces.if_index IS 'ifIndex, as in flows.in_if and flows.out_if.';
COMMENT ON COLUMN interfaces.seen_at IS 'When it was last told.';
COMMENT ON COLUMN interfaces.name IS 'Short name, ifName.';
COMMENT ON COLUMN interfaces.description IS 'Description, ifDescr or ifAlias.';

CREATE TABLE applications (
  exporter inet NOT NULL,
  application_id text NOT NULL,
  seen_at timestamptz NOT NULL,
  name text,
  description text,
  category text,
  PRIMARY KEY (exporter, application_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE applications IS 'Names of applications (RFC 6759), as the exporters'' option data tell them; the newest wins.';
COMMENT ON COLUMN applications.exporter IS 'As in flows.';
COMMENT ON COLUMN applications.application_id IS 'As in flows: "engine:selector".';
COMMENT ON COLUMN applications.seen_at IS 'When it was last told.';
COMMENT ON COLUMN applications.name IS 'Short name.';
COMMENT ON COLUMN applications.description IS 'Description.';
COMMENT ON COLUMN applications.category IS 'Category, where the exporter tells one.';

CREATE TABLE batches (
  id uuid PRIMARY KEY,
  table_name text NOT NULL,
  rows int4 NOT NULL,
  node text NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE batches IS 'The ledger: each batch of rows that was written. It is inserted in the transaction of the rows, so a batch that comes again is known.';
COMMENT ON COLUMN batches.id IS 'UUID version 7, given when the batch was sealed.';
COMMENT ON COLUMN batches.table_name IS 'Where the rows went.';
COMMENT ON COLUMN batches.rows IS 'Rows in the batch, those rejected included.';
COMMENT ON COLUMN batches.node IS 'The node that wrote it.';
COMMENT ON COLUMN batches.committed_at IS 'Start of the writing transaction. Old entries expire.';

CREATE TABLE rejected_rows (
  batch_id uuid NOT NULL,
  row_number int4 NOT NULL,
  table_name text NOT NULL,
  error text NOT NULL,
  row bytea NOT NULL,
  rejected_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (batch_id, row_number)
);

COMMENT ON TABLE rejected_rows IS 'Rows that the database refused, kept so that nothing is lost in silence; the rest of their batch is stored.';
COMMENT ON COLUMN rejected_rows.batch_id IS 'As in batches.';
COMMENT ON COLUMN rejected_rows.row_number IS 'Place in the batch, from 0.';
COMMENT ON COLUMN rejected_rows.table_name IS 'Where the row should have gone.';
COMMENT ON COLUMN rejected_rows.error IS 'SQLSTATE and message of the refusal.';
COMMENT ON COLUMN rejected_rows.row IS 'The row, a tuple of the binary COPY format.';
COMMENT ON COLUMN rejected_rows.rejected_at IS 'Start of the writing transaction. Old entries expire.';

-- numeric, since a counter near 2^63 (a broken or hostile exporter) times its rate would fail the whole query as int8.
CREATE VIEW flows_scaled AS
SELECT
  flows.*,
  bytes::numeric * coalesce(sampling_rate, 1) AS scaled_bytes,
  packets::numeric * coalesce(sampling_rate, 1) AS scaled_packets
FROM flows;

COMMENT ON VIEW flows_scaled IS 'flows with sampling applied. Where sampling_rate is NULL the rate is unknown and 1 is assumed.';
COMMENT ON COLUMN flows_scaled.scaled_bytes IS 'bytes times sampling_rate.';
COMMENT ON COLUMN flows_scaled.scaled_packets IS 'packets times sampling_rate.';
