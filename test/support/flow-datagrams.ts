/** Datagrams by hand, in the words of RFC 3954 and RFC 7011. Numbers in `words` are 16 bits each. */

export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

export function longs(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

export function bytes(...values: number[]): Buffer {
  return Buffer.from(values);
}

/** A set with its header; `padding`: zeros behind its contents. */
export function set(id: number, contents: readonly Buffer[], padding = 0): Buffer {
  const body = Buffer.concat([...contents, Buffer.alloc(padding)]);
  return Buffer.concat([words(id, body.length + 4), body]);
}

/** Template records: "id, how many fields, then type and length of each". */
export function template(id: number, fields: readonly (readonly [type: number, length: number])[]): Buffer {
  return words(id, fields.length, ...fields.flat());
}

/** NetFlow v9: scopes and options as type and length; RFC 3954 section 6.1. */
export function optionsTemplate9(
  id: number,
  scopes: readonly (readonly [number, number])[],
  options: readonly (readonly [number, number])[],
): Buffer {
  return words(id, scopes.length * 4, options.length * 4, ...scopes.flat(), ...options.flat());
}

/** IPFIX: how many fields, how many of them are scopes; RFC 7011 section 3.4.2.2. */
export function optionsTemplate(id: number, scopes: number, fields: readonly (readonly [number, number])[]): Buffer {
  return words(id, fields.length, scopes, ...fields.flat());
}

export interface Header {
  readonly sequence?: number;
  readonly domain?: number;
  readonly uptimeMs?: number;
  readonly seconds?: number;
}

export const EXPORT_SECONDS = 1_700_000_000;

export function netflow9(header: Header, ...sets: Buffer[]): Buffer {
  const { sequence = 0, domain = 0, uptimeMs = 100_000, seconds = EXPORT_SECONDS } = header;
  return Buffer.concat([words(9, sets.length), longs(uptimeMs, seconds, sequence, domain), ...sets]);
}

export function ipfix(header: Header, ...sets: Buffer[]): Buffer {
  const { sequence = 0, domain = 0, seconds = EXPORT_SECONDS } = header;
  const body = Buffer.concat(sets);
  return Buffer.concat([words(10, body.length + 16), longs(seconds, sequence, domain), body]);
}

/** The datagram without its sets of templates (NetFlow v9: 0 and 1, IPFIX: 2 and 3); those of other protocols as they are. */
export function withoutTemplates(datagram: Buffer): Buffer {
  const version = datagram.length < 20 ? 0 : datagram.readUInt16BE(0);
  if (version !== 9 && version !== 10) return datagram;
  const headerBytes = version === 9 ? 20 : 16;
  const kept: Buffer[] = [Buffer.from(datagram.subarray(0, headerBytes))];
  for (let at = headerBytes; at + 4 <= datagram.length;) {
    const end = at + Math.max(4, datagram.readUInt16BE(at + 2));
    if (datagram.readUInt16BE(at) >= 256) kept.push(datagram.subarray(at, end));
    at = end;
  }
  const bytes = Buffer.concat(kept);
  if (headerBytes === 16) bytes.writeUInt16BE(bytes.length, 2);
  return bytes;
}
