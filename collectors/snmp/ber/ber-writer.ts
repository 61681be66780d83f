/** BER for what we send: definite lengths, shortest form. */

/** An element: identifier, length, then `parts` back to back. */
export function encodeElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([encodeHeader(tag, length), ...parts]);
}

/** `value`: an integer of at most 48 bits, signed. */
export function encodeInteger(tag: number, value: number): Buffer {
  let length = 1;
  while (value < -(2 ** (8 * length - 1)) || value >= 2 ** (8 * length - 1)) length += 1;
  // Seven octets are needed where an unsigned value of 48 bits has its top bit set.
  const content = Buffer.alloc(length);
  if (length <= 6) content.writeIntBE(value, 0, length);
  else content.writeUIntBE(value, length - 6, 6);
  return encodeElement(tag, content);
}

function encodeHeader(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  const octets = length < 0x1_00 ? 1 : length < 0x1_00_00 ? 2 : length < 0x1_00_00_00 ? 3 : 4;
  const header = Buffer.alloc(2 + octets);
  header[0] = tag;
  header[1] = 0x80 | octets;
  header.writeUIntBE(length, 2, octets);
  return header;
}
