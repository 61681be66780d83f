import { writeFieldCount, writeInt8, writeNull, writeText, writeTimestamp } from '../../copy-format.ts';
import type { RowSink } from '../../row-sink.ts';
import { SYSLOG_DEVICES } from '../tables.ts';
import type { Device } from './device.ts';

/** Room for the fields that are not text. */
const FIXED_BYTES = 256;
/** Of UTF-8, for three names at their longest. */
const NAMES_BYTES = 3 * 3 * 1024;

/** Writes what was counted at a device since its last such row, and starts to count anew; nothing where it was silent. */
export function writeDeviceRow(sink: RowSink, device: Device, nowMicros: number): void {
  device.writtenAtMicros = nowMicros;
  device.hostnameIsFresh = false;
  device.dialectIsFresh = false;
  if (device.messages === 0) return;
  sink.reserve(FIXED_BYTES + NAMES_BYTES);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, SYSLOG_DEVICES.columns.length);
  at += device.inetField.copy(out, at);
  at = writeTimestamp(out, at, device.firstSeenMicros);
  at = writeTimestamp(out, at, device.lastSeenMicros);
  for (const count of [device.messages, device.unparsed, device.cut, device.dropped]) at = writeInt8(out, at, count);
  at = device.clockOffsetMs === undefined ? writeNull(out, at) : writeInt8(out, at, device.clockOffsetMs);
  for (const name of [device.hostname, device.vendor, device.dialect]) {
    at = name === undefined ? writeNull(out, at) : writeText(out, at, name);
  }
  sink.commit(at, 1);
  device.messages = 0;
  device.unparsed = 0;
  device.cut = 0;
  device.dropped = 0;
}
