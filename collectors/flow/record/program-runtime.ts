import { writeInet, writeNull, writeText } from '../../copy-format.ts';
import { applicationIdText, PANA_L7_PEN } from '../values/application-id.ts';
import type { ElementType } from '../elements/element-type.ts';
import type { ElementRegistry } from '../elements/registry.ts';
import { writeIpv4, writeMac } from '../values/json-address.ts';
import { writeInteger } from '../values/json-number.ts';
import { maxJsonBytes, writeJsonValue } from '../values/json-value.ts';
import { PacketHeader } from '../packet/packet-header.ts';
import type { RecordContext } from './record.ts';
import { sectionExtraWriter } from './section-extra.ts';
import { listToJson } from '../values/structured-data.ts';

/** Seconds from NTP's epoch (1900) to Unix's, RFC 5905. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const TWO_POW_32 = 4_294_967_296;
const MAX_RATE = 2_147_483_647;
const COLON = 58;

/** A list that needs more than this many bytes of JSON a byte is shown in hexadecimal. */
export const LIST_EXPANSION = 12;
const LIST_ROOM = 64;

/**
 * An NTP time stamp (RFC 7011 sections 6.1.9 and 6.1.10) as microseconds since the Unix epoch. Times before 1970 are of
 * the era that begins in 2036. All zero is no time: NaN.
 */
function ntpMicros(seconds: number, fraction: number): number {
  if (seconds === 0 && fraction === 0) return NaN;
  const since = seconds - NTP_TO_UNIX_SECONDS;
  return (since < 0 ? since + TWO_POW_32 : since) * 1e6 + Math.round((fraction * 1e6) / TWO_POW_32);
}

/** "1 in N" as the column holds it; 0 for what is no rate. */
function clampRate(rate: number): number {
  return rate >= 1 ? Math.min(Math.round(rate), MAX_RATE) : 0;
}

/** Whether any of the bytes is not zero. */
function anyBitSet(source: Buffer, offset: number, length: number): boolean {
  for (let at = offset; at < offset + length; at++) if (source[at] !== 0) return true;
  return false;
}

/** A few bytes; for so few, a loop is faster than a call of `copy`. */
function copyKey(key: Buffer, out: Buffer, at: number): number {
  const length = key.length;
  for (let i = 0; i < length; i++) out[at + i] = key[i] ?? 0;
  return at + length;
}

/** As `applicationIdText`, without making a string of the usual four bytes. */
function writeApplicationId(out: Buffer, at: number, source: Buffer, offset: number, length: number): number {
  const engine = source[offset] ?? 0;
  if (length === 4 && engine !== PANA_L7_PEN) {
    const selector = source.readUIntBE(offset + 1, 3);
    if (engine === 0 && selector === 0) return writeNull(out, at);
    let next = writeInteger(engine, out, at + 4);
    out[next++] = COLON;
    next = writeInteger(selector, out, next);
    out.writeInt32BE(next - at - 4, at);
    return next;
  }
  const text = applicationIdText(source, offset, length);
  return text === undefined ? writeNull(out, at) : writeText(out, at, text);
}

/** An address at `offset`, or NULL where that is negative. */
function writeSeenAddress(out: Buffer, at: number, source: Buffer, offset: number, length: 4 | 16): number {
  if (offset < 0 || offset + length > source.length) return writeNull(out, at);
  return writeInet(out, at, source, offset, length);
}

/** A true upper bound for a value in `extra`, its key apart. */
export function maxExtraBytes(type: ElementType | undefined, length: number): number {
  return isListType(type) ? LIST_EXPANSION * length + LIST_ROOM : maxJsonBytes(type, length);
}

export function isListType(
  type: ElementType | undefined,
): type is 'basicList' | 'subTemplateList' | 'subTemplateMultiList' {
  return type === 'basicList' || type === 'subTemplateList' || type === 'subTemplateMultiList';
}

const noTemplates = (): undefined => undefined;

/** Writes structured data (RFC 6313) as JSON; in hexadecimal where that has no room. */
function listWriter(registry: ElementRegistry) {
  return (
    type: 'basicList' | 'subTemplateList' | 'subTemplateMultiList',
    source: Buffer,
    offset: number,
    length: number,
    out: Buffer,
    at: number,
    context: RecordContext,
  ): number => {
    const text = listToJson(type, source, offset, length, registry, context.lookupTemplate ?? noTemplates);
    if (Buffer.byteLength(text) > maxExtraBytes(type, length)) {
      return writeJsonValue(undefined, source, offset, length, out, at);
    }
    return at + out.write(text, at);
  };
}

// A view costs as much as a few records, and most runs see the buffers of the run before.
let batch: Buffer = Buffer.alloc(0);
let batchView = viewOf(batch);

/** The batch's memory as a DataView. */
function openBatch(bytes: Buffer): DataView {
  if (bytes !== batch) {
    batch = bytes;
    batchView = viewOf(bytes);
  }
  return batchView;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What generated code calls, by the one-letter names that it uses. */
export function programRuntime(registry: ElementRegistry): Readonly<Record<string, unknown>> {
  return {
    N: ntpMicros,
    Q: clampRate,
    Z: anyBitSet,
    A: writeApplicationId,
    I: writeSeenAddress,
    J: writeJsonValue,
    D: writeInteger,
    E: writeMac,
    F: writeIpv4,
    L: listWriter(registry),
    Y: copyKey,
    X: sectionExtraWriter(),
    H: new PacketHeader(),
    M: maxExtraBytes,
    V: openBatch,
    W: viewOf,
    DIRECTION: Buffer.from(',"biflowDirection":2'),
  };
}
