import type { RowTable } from '../row-sink.ts';

/**
 * One row a flow record (two for a bidirectional one). Fixed-width columns come first, widest first, so that
 * PostgreSQL spends nothing on alignment; NULL means "the exporter did not say" and costs no storage.
 * The types are in `storage/schema`; a test compares both.
 */
export const FLOWS: RowTable = {
  table: 'flows',
  columns: [
    { name: 'received_at', type: 'timestamptz' }, // partition key
    { name: 'flow_start', type: 'timestamptz' },
    { name: 'flow_end', type: 'timestamptz' },
    { name: 'bytes', type: 'int8' },
    { name: 'packets', type: 'int8' },
    { name: 'in_if', type: 'int8' }, // (ifIndex is unsigned 32 bits on the wire)
    { name: 'out_if', type: 'int8' },
    { name: 'src_as', type: 'int8' }, // NULL for 0
    { name: 'dst_as', type: 'int8' }, // NULL for 0
    { name: 'observation_domain', type: 'int8' }, // NULL for 0; v9 source id, v5 engine type and id, sFlow sub-agent id
    { name: 'src_port', type: 'int4' },
    { name: 'dst_port', type: 'int4' }, // ICMP: type * 256 + code
    { name: 'sampling_rate', type: 'int4' }, // 1 in N, NULL when unknown
    { name: 'protocol', type: 'int2' },
    { name: 'tcp_flags', type: 'int2' },
    { name: 'tos', type: 'int2' },
    { name: 'src_mask', type: 'int2' }, // NULL for 0
    { name: 'dst_mask', type: 'int2' }, // NULL for 0
    { name: 'vlan', type: 'int2' }, // NULL for 0
    { name: 'direction', type: 'int2' }, // 0 ingress, 1 egress
    { name: 'sampling_source', type: 'char' }, // r record, o option data, h header, c configured for the exporter, d configured default
    { name: 'exporter', type: 'inet' }, // of a sFlow datagram its agent address, else the source address
    { name: 'src_addr', type: 'inet' },
    { name: 'dst_addr', type: 'inet' },
    { name: 'next_hop', type: 'inet' }, // NULL for the zero address
    { name: 'application_id', type: 'text' }, // "engine:selector" (RFC 6759)
    { name: 'extra', type: 'jsonb' }, // by element name or "pen.id"
  ],
};

/** Interface and other counters that sFlow agents push; one row a counter sample. */
export const COUNTER_SAMPLES: RowTable = {
  table: 'counter_samples',
  columns: [
    { name: 'received_at', type: 'timestamptz' }, // partition key
    { name: 'if_index', type: 'int8' }, // NULL when the source is not an interface
    { name: 'if_speed', type: 'int8' }, // bit/s
    { name: 'in_octets', type: 'int8' }, // (Counter64 above 2^63-1 wraps into NULL)
    { name: 'out_octets', type: 'int8' },
    { name: 'in_packets', type: 'int8' }, // unicast + multicast + broadcast
    { name: 'out_packets', type: 'int8' },
    { name: 'in_errors', type: 'int8' },
    { name: 'out_errors', type: 'int8' },
    { name: 'in_discards', type: 'int8' },
    { name: 'out_discards', type: 'int8' },
    { name: 'observation_domain', type: 'int8' }, // sub-agent id, NULL for 0
    { name: 'source_class', type: 'int4' }, // ds_class
    { name: 'source_index', type: 'int8' },
    { name: 'exporter', type: 'inet' },
    { name: 'counters', type: 'jsonb' }, // every decoded structure by its name
  ],
};

/** What option tables say of interfaces; merged, the newest wins. */
export const INTERFACES: RowTable = {
  table: 'interfaces',
  columns: [
    { name: 'seen_at', type: 'timestamptz' },
    { name: 'if_index', type: 'int8' },
    { name: 'exporter', type: 'inet' },
    { name: 'name', type: 'text' },
    { name: 'description', type: 'text' },
  ],
};

/** What option tables say of applications (RFC 6759); merged, the newest wins. */
export const APPLICATIONS: RowTable = {
  table: 'applications',
  columns: [
    { name: 'seen_at', type: 'timestamptz' },
    { name: 'exporter', type: 'inet' },
    { name: 'application_id', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'description', type: 'text' },
    { name: 'category', type: 'text' },
  ],
};

/** What happened at each exporter since its last such row; merged by adding up. Counts are int8. */
export const EXPORTERS: RowTable = {
  table: 'exporters',
  columns: [
    { name: 'seen_at', type: 'timestamptz' },
    { name: 'observation_domain', type: 'int8' }, // 0 where there is none
    { name: 'datagrams', type: 'int8' },
    { name: 'records', type: 'int8' },
    { name: 'lost', type: 'int8' }, // in the protocol's own unit, see `protocol`
    { name: 'reordered', type: 'int8' },
    { name: 'restarts', type: 'int8' },
    { name: 'undecodable', type: 'int8' }, // datagrams or sets that could not be decoded
    { name: 'held', type: 'int8' }, // sets held for a template
    { name: 'held_expired', type: 'int8' }, // of those: dropped, since no template came
    { name: 'exporter', type: 'inet' },
    { name: 'protocol', type: 'text' }, // netflow1, netflow5, netflow7, netflow9, ipfix, sflow5
  ],
};
