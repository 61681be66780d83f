/** sFlow version 5 datagrams by hand, after the XDR of the specification (sflow.org, July 2004, section 5). */

/** Words of 32 bits, strings with their length and padding (RFC 4506 section 4.11), bytes as they are. */
export type Xdr = number | bigint | string | Buffer;

export function xdr(...values: readonly Xdr[]): Buffer {
  return Buffer.concat(values.map(bytesOf));
}

/** A structure or a sample: its data format, its length, its bytes. `enterprise` 0 is sflow.org's. */
export function structure(format: number, body: Buffer, enterprise = 0): Buffer {
  return xdr(enterprise * 4096 + format, body.length, body);
}

/** A raw header (format 1). `protocol` 1: Ethernet. */
export function rawHeader(header: Buffer, frameLength = header.length + 4, protocol = 1): Buffer {
  const padding = Buffer.alloc((4 - (header.length % 4)) % 4);
  return structure(1, xdr(protocol, frameLength, 4, header.length, header, padding));
}

export interface FlowSampleFields {
  readonly source?: number;
  readonly rate?: number;
  readonly drops?: number;
  readonly input?: number;
  readonly output?: number;
}

export function flowSample(records: readonly Buffer[], fields: FlowSampleFields = {}): Buffer {
  const { source = 3, rate = 1000, drops = 0, input = 3, output = 4 } = fields;
  return structure(1, xdr(7, source, rate, 9_000_000, drops, input, output, records.length, ...records));
}

/** An expanded one: interfaces are [format, value], the source [class, index]. */
export function expandedFlowSample(
  records: readonly Buffer[],
  input: readonly [number, number],
  output: readonly [number, number],
  source: readonly [number, number] = [0, 3],
): Buffer {
  return structure(3, xdr(7, ...source, 1000, 9_000_000, 0, ...input, ...output, records.length, ...records));
}

/** sflow_drops.txt, "discarded_packet". */
export function discardedPacket(records: readonly Buffer[], reason: number): Buffer {
  return structure(5, xdr(7, 0, 3, 0, 3, 4, reason, records.length, ...records));
}

export function counterSample(records: readonly Buffer[], source = 3): Buffer {
  return structure(2, xdr(7, source, records.length, ...records));
}

/** A datagram of the agent 192.0.2.1, sub-agent 5, sequence number 77, 10 s after its start. */
export function sflowDatagram(samples: readonly Buffer[], count = samples.length): Buffer {
  return xdr(5, 1, Buffer.from([192, 0, 2, 1]), 5, 77, 10_000, count, ...samples);
}

function bytesOf(value: Xdr): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([bytesOf(text.length), text, Buffer.alloc((4 - (text.length % 4)) % 4)]);
  }
  const word = Buffer.alloc(typeof value === 'bigint' ? 8 : 4);
  if (typeof value === 'bigint') word.writeBigUInt64BE(value);
  else word.writeUInt32BE(value >>> 0);
  return word;
}
