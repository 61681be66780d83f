import type { RowTable } from '../row-sink.ts';

/**
 * One row a flow record (two for a bidirectional one). Fixed-width columns come first, widest first, so that
 * PostgreSQL spends nothing on alignment; NULL means "the exporter did not say" and costs no storage.
 * The types are in `storage/schema`; a test compares both.
 */
export const FLOWS: RowTable = {
  table: 'flows',
  columns: [
    'received_at', // timestamptz, partition key
    'flow_start', // timestamptz
    'flow_end', // timestamptz
    'bytes', // int8
    'packets', // int8
    'in_if', // int8 (ifIndex is unsigned 32 bits on the wire)
    'out_if', // int8
    'src_as', // int8, NULL for 0
    'dst_as', // int8, NULL for 0
    'observation_domain', // int8, NULL for 0; v9 source id, v5 engine type and id, sFlow sub-agent id
    'src_port', // int4
    'dst_port', // int4; ICMP: type * 256 + code
    'sampling_rate', // int4; 1 in N, NULL when unknown
    'protocol', // int2
    'tcp_flags', // int2
    'tos', // int2
    'src_mask', // int2, NULL for 0
    'dst_mask', // int2, NULL for 0
    'vlan', // int2, NULL for 0
    'direction', // int2, 0 ingress, 1 egress
    'sampling_source', // "char": r record, o option data, h header, c configured for the exporter, d configured default
    'exporter', // inet; of a sFlow datagram its agent address, else the source address
    'src_addr', // inet
    'dst_addr', // inet
    'next_hop', // inet, NULL for the zero address
    'application_id', // text, "engine:selector" (RFC 6759)
    'extra', // jsonb, by element name or "pen.id"
  ],
};

/** Interface and other counters that sFlow agents push; one row a counter sample. */
export const COUNTER_SAMPLES: RowTable = {
  table: 'counter_samples',
  columns: [
    'received_at', // timestamptz, partition key
    'if_index', // int8, NULL when the source is not an interface
    'if_speed', // int8, bit/s
    'in_octets', // int8 (Counter64 above 2^63-1 wraps into NULL)
    'out_octets', // int8
    'in_packets', // int8: unicast + multicast + broadcast
    'out_packets', // int8
    'in_errors', // int8
    'out_errors', // int8
    'in_discards', // int8
    'out_discards', // int8
    'observation_domain', // int8, sub-agent id, NULL for 0
    'source_class', // int4, ds_class
    'source_index', // int8
    'exporter', // inet
    'counters', // jsonb: every decoded structure by its name
  ],
};

/** What option tables say of interfaces; merged, the newest wins. */
export const INTERFACES: RowTable = {
  table: 'interfaces',
  columns: ['seen_at', 'if_index', 'exporter', 'name', 'description'], // timestamptz, int8, inet, text, text
};

/** What option tables say of applications (RFC 6759); merged, the newest wins. */
export const APPLICATIONS: RowTable = {
  table: 'applications',
  columns: ['seen_at', 'exporter', 'application_id', 'name', 'description', 'category'], // timestamptz, inet, text…
};

/** What happened at each exporter since its last such row; merged by adding up. Counts are int8. */
export const EXPORTERS: RowTable = {
  table: 'exporters',
  columns: [
    'seen_at', // timestamptz
    'observation_domain', // int8, 0 where there is none
    'datagrams',
    'records',
    'lost', // in the protocol's own unit, see `protocol`
    'reordered',
    'restarts',
    'undecodable', // datagrams or sets that could not be decoded
    'held', // sets held for a template
    'held_expired', // of those: dropped, since no template came
    'exporter', // inet
    'protocol', // text: netflow1, netflow5, netflow7, netflow9, ipfix, sflow5
  ],
};
