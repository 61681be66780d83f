/** The longest application id that is shown as numbers; RFC 6759 knows none above 12 bytes. */
export const MAX_APPLICATION_ID_BYTES = 64;

/** The engine whose selectors follow a private enterprise number: RFC 6759 section 4.1. */
export const PANA_L7_PEN = 20;

/**
 * An application id (IE 95, RFC 6759) as it stands in `flows` and `applications`: "engine:selector", or
 * "20:enterprise:selector" for the engine PANA-L7-PEN. The selector is a decimal number of whatever size.
 * @returns undefined for what is no id: all zero, shorter than two bytes, longer than `MAX_APPLICATION_ID_BYTES`, or past the end
 */
export function applicationIdText(source: Buffer, offset: number, length: number): string | undefined {
  if (length < 2 || length > MAX_APPLICATION_ID_BYTES || offset < 0 || offset + length > source.length)
    return undefined;
  if (isZero(source, offset, length)) return undefined;
  const engine = source.readUInt8(offset);
  if (engine === PANA_L7_PEN && length >= 6) {
    return `20:${source.readUInt32BE(offset + 1)}:${decimal(source, offset + 5, length - 5)}`;
  }
  return `${engine}:${decimal(source, offset + 1, length - 1)}`;
}

/** The most bytes that `applicationIdText` of so many bytes has. */
export function maxApplicationIdText(length: number): number {
  return 20 + 3 * Math.min(length, MAX_APPLICATION_ID_BYTES);
}

function decimal(source: Buffer, offset: number, length: number): string {
  if (length <= 6) return String(length === 0 ? 0 : source.readUIntBE(offset, length));
  return BigInt(`0x${source.toString('hex', offset, offset + length)}`).toString();
}

function isZero(source: Buffer, offset: number, length: number): boolean {
  for (let at = offset; at < offset + length; at++) if (source[at] !== 0) return false;
  return true;
}
