import type { RowTable } from '../row-sink.ts';

/** One row a message, in the order of `storage/schema/0002_syslog.sql`. NULL: the sender did not say. */
export const SYSLOG_MESSAGES: RowTable = {
  table: 'syslog_messages',
  columns: [
    // Arrival. Decides the partition.
    { name: 'received_at', type: 'timestamptz' },
    // The device's own time, and how far its clock was from ours then (device less collector, smoothed).
    { name: 'device_time', type: 'timestamptz' },
    { name: 'clock_offset_ms', type: 'int8' },
    { name: 'facility', type: 'int2' },
    { name: 'severity', type: 'int2' },
    // 5 RFC 5424, 3 RFC 3164, c Cisco's prelude, r none.
    { name: 'format', type: 'char' },
    // u UDP, t TCP, s TLS, r RELP.
    { name: 'transport', type: 'char' },
    // What the stamp left out and was assumed: n nothing, y the year, z the zone, b both; NULL without a stamp.
    { name: 'time_assumed', type: 'char' },
    // Longer than allowed, the rest is gone.
    { name: 'cut', type: 'bool' },
    // Source address.
    { name: 'device', type: 'inet' },
    { name: 'hostname', type: 'text' },
    { name: 'app_name', type: 'text' },
    { name: 'proc_id', type: 'text' },
    { name: 'msg_id', type: 'text' },
    { name: 'vendor', type: 'text' },
    { name: 'dialect', type: 'text' },
    { name: 'mnemonic', type: 'text' },
    // The message part; of a message that could not be parsed, all of it.
    { name: 'message', type: 'text' },
    { name: 'structured_data', type: 'jsonb' },
    { name: 'fields', type: 'jsonb' },
    // Given by rules.
    { name: 'tags', type: 'text[]' },
    // Why the message, or a part of it, could not be read.
    { name: 'reason', type: 'text' },
    // The original bytes, where `message` cannot hold them (not UTF-8, NUL) or the message could not be parsed.
    { name: 'raw', type: 'bytea' },
  ],
};

/** One row a device and flush, merged by `storage/sql/merge-syslog_devices.sql`: counts are added, times widened. */
export const SYSLOG_DEVICES: RowTable = {
  table: 'syslog_devices',
  columns: [
    { name: 'device', type: 'inet' },
    { name: 'first_seen', type: 'timestamptz' },
    { name: 'last_seen', type: 'timestamptz' },
    // Since the last flush.
    { name: 'messages', type: 'int8' },
    { name: 'unparsed', type: 'int8' },
    { name: 'cut', type: 'int8' },
    { name: 'dropped', type: 'int8' },
    // As last known.
    { name: 'clock_offset_ms', type: 'int8' },
    { name: 'hostname', type: 'text' },
    { name: 'vendor', type: 'text' },
    { name: 'dialect', type: 'text' },
  ],
};
