import type { Element } from '../elements/registry.ts';
import { ELEMENT_TYPES } from '../elements/element-type.ts';

/**
 * The values of warm entries. All numbers are big-endian, the first byte is the version.
 *
 *   flow.template   1, flags (1: options template), the template record as it was on the wire
 *   flow.sampling   1, uint32 rate ("1 in N"), char where it came from
 *   flow.start      1, float64 microseconds since the Unix epoch
 *   flow.held       1, float64 received, float64 exported (microseconds), float64 uptime in ms (-1: none), the set's contents
 *   flow.element    1, uint8 number of its type (RFC 5610 section 3.1), its name in UTF-8
 */
const VERSION = 1;
const OPTIONS_FLAG = 1;
const HELD_HEADER_BYTES = 25;
const MAX_DATAGRAM_BYTES = 65_535;
/** `int4` of the column. */
const MAX_RATE = 2_147_483_647;

export interface TemplateValue {
  readonly options: boolean;
  /** The template record. */
  readonly wire: Buffer;
}

/** `definition`: the wire's own bytes, one character each. */
export function encodeTemplate(options: boolean, definition: string): Buffer {
  const value = Buffer.allocUnsafe(2 + definition.length);
  value[0] = VERSION;
  value[1] = options ? OPTIONS_FLAG : 0;
  value.write(definition, 2, 'latin1');
  return value;
}

export function decodeTemplate(value: Uint8Array): TemplateValue | undefined {
  const bytes = bufferOf(value);
  if (bytes[0] !== VERSION || bytes.length < 6 || bytes.length > MAX_DATAGRAM_BYTES) return undefined;
  return { options: ((bytes[1] ?? 0) & OPTIONS_FLAG) !== 0, wire: bytes.subarray(2) };
}

export function encodeRate(rate: number, source: number): Buffer {
  const value = Buffer.allocUnsafe(6);
  value[0] = VERSION;
  value.writeUInt32BE(rate, 1);
  value[5] = source;
  return value;
}

/** The rate. */
export function decodeRate(value: Uint8Array): number | undefined {
  const bytes = bufferOf(value);
  if (bytes[0] !== VERSION || bytes.length !== 6) return undefined;
  const rate = bytes.readUInt32BE(1);
  return rate > 0 && rate <= MAX_RATE ? rate : undefined;
}

export function encodeStart(micros: number): Buffer {
  const value = Buffer.allocUnsafe(9);
  value[0] = VERSION;
  value.writeDoubleBE(micros, 1);
  return value;
}

export function decodeStart(value: Uint8Array): number | undefined {
  const bytes = bufferOf(value);
  if (bytes[0] !== VERSION || bytes.length !== 9) return undefined;
  const micros = bytes.readDoubleBE(1);
  return Number.isFinite(micros) && micros > 0 ? micros : undefined;
}

export interface HeldValue {
  /** One character a byte. */
  readonly contents: string;
  readonly receivedAtMicros: number;
  readonly exportedAtMicros: number;
  readonly uptimeMs: number;
}

export function encodeHeld({ contents, receivedAtMicros, exportedAtMicros, uptimeMs }: HeldValue): Buffer {
  const value = Buffer.allocUnsafe(HELD_HEADER_BYTES + contents.length);
  value[0] = VERSION;
  value.writeDoubleBE(receivedAtMicros, 1);
  value.writeDoubleBE(exportedAtMicros, 9);
  value.writeDoubleBE(uptimeMs, 17);
  value.write(contents, HELD_HEADER_BYTES, 'latin1');
  return value;
}

export function decodeHeld(value: Uint8Array): HeldValue | undefined {
  const bytes = bufferOf(value);
  if (bytes[0] !== VERSION || bytes.length <= HELD_HEADER_BYTES) return undefined;
  if (bytes.length > HELD_HEADER_BYTES + MAX_DATAGRAM_BYTES) return undefined;
  const receivedAtMicros = bytes.readDoubleBE(1);
  const exportedAtMicros = bytes.readDoubleBE(9);
  const uptimeMs = bytes.readDoubleBE(17);
  const areTimes = Number.isSafeInteger(receivedAtMicros) && Number.isSafeInteger(exportedAtMicros);
  // What a header can say: 32 bits, or nothing.
  if (!areTimes || !Number.isInteger(uptimeMs) || uptimeMs < -1 || uptimeMs > 0xff_ff_ff_ff) return undefined;
  if (receivedAtMicros < 0 || exportedAtMicros < 0) return undefined;
  return { contents: bytes.toString('latin1', HELD_HEADER_BYTES), receivedAtMicros, exportedAtMicros, uptimeMs };
}

export function encodeElement({ type, name }: Element): Buffer {
  return Buffer.concat([Buffer.of(VERSION, ELEMENT_TYPES.indexOf(type)), Buffer.from(name)]);
}

/** Name and type; the registry judges them. */
export function decodeElement(value: Uint8Array): Pick<Element, 'name' | 'type'> | undefined {
  const bytes = bufferOf(value);
  const type = ELEMENT_TYPES[bytes[1] ?? 255];
  if (bytes[0] !== VERSION || type === undefined || bytes.length > 1024) return undefined;
  return { type, name: bytes.toString('utf8', 2) };
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
