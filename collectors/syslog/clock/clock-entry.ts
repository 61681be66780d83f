/** How far the clock of a device is from ours. Key: its address. */
export const CLOCK_KIND = 'syslog.clock';

const VERSION = 1;
const BYTES = 19;

/** What is known of one device's clock. */
export interface ClockValue {
  /** When it was so, microseconds since the Unix epoch. */
  readonly atMicros: number;
  /** Ahead of ours, in microseconds. */
  readonly estimateMicros: number;
  /** The zone's error that the log was told of; 0: none. */
  readonly reportedZoneMinutes: number;
}

/** Version, float64 time, float64 offset, int16 minutes; big-endian. */
export function encodeClock({ atMicros, estimateMicros, reportedZoneMinutes }: ClockValue): Buffer {
  const value = Buffer.allocUnsafe(BYTES);
  value[0] = VERSION;
  value.writeDoubleBE(atMicros, 1);
  value.writeDoubleBE(estimateMicros, 9);
  value.writeInt16BE(reportedZoneMinutes, 17);
  return value;
}

export function decodeClock(value: Uint8Array): ClockValue | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes[0] !== VERSION || bytes.length !== BYTES) return undefined;
  const atMicros = bytes.readDoubleBE(1);
  const estimateMicros = bytes.readDoubleBE(9);
  if (!Number.isSafeInteger(atMicros) || atMicros < 0 || !Number.isSafeInteger(estimateMicros)) return undefined;
  return { atMicros, estimateMicros, reportedZoneMinutes: bytes.readInt16BE(17) };
}
