import type { SenderState } from '../usm/engines/engine-table.ts';

/**
 * The warm entries of SNMP. All numbers are big-endian, the first byte is the version.
 *
 *   snmp.engine   key: engine id in hexadecimal   value: 1, uint32 boots, uint32 time in s, float64 received (microseconds)
 *   snmp.inform   key: inform key in hexadecimal  value: 1, float64 received (microseconds since the Unix epoch)
 */
export const ENGINE_KIND = 'snmp.engine';
export const INFORM_KIND = 'snmp.inform';

const VERSION = 1;
const ENGINE_BYTES = 17;
const INFORM_BYTES = 9;
/** A SHA-1. */
const INFORM_KEY = /^[0-9a-f]{40}$/;

export function encodeEngine({ boots, time, atMicros }: Omit<SenderState, 'engineId'>): Buffer {
  const value = Buffer.allocUnsafe(ENGINE_BYTES);
  value[0] = VERSION;
  value.writeUInt32BE(boots, 1);
  value.writeUInt32BE(time, 5);
  value.writeDoubleBE(atMicros, 9);
  return value;
}

/** The engine table judges what it says. */
export function decodeEngine(key: string, value: Uint8Array): SenderState | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes[0] !== VERSION || bytes.length !== ENGINE_BYTES) return undefined;
  return {
    engineId: key,
    boots: bytes.readUInt32BE(1),
    time: bytes.readUInt32BE(5),
    atMicros: bytes.readDoubleBE(9),
  };
}

export function encodeInform(receivedAtMicros: number): Buffer {
  const value = Buffer.allocUnsafe(INFORM_BYTES);
  value[0] = VERSION;
  value.writeDoubleBE(receivedAtMicros, 1);
  return value;
}

export function decodeInform(
  key: string,
  value: Uint8Array,
): { readonly key: Buffer; readonly receivedAtMicros: number } | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes[0] !== VERSION || bytes.length !== INFORM_BYTES || !INFORM_KEY.test(key)) return undefined;
  const receivedAtMicros = bytes.readDoubleBE(1);
  if (!Number.isSafeInteger(receivedAtMicros) || receivedAtMicros < 0) return undefined;
  return { key: Buffer.from(key, 'hex'), receivedAtMicros };
}
