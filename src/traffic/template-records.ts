import type { SyntheticFlow } from './flow-mix.ts';

/** One field of a template: an IANA information element and where its value comes from. */
export interface TemplateField {
  readonly id: number;
  readonly length: number;
  readonly value: (flow: SyntheticFlow) => number | Buffer;
}

const writtenLater: TemplateField['value'] = () => 0; // times are known when the datagram is stamped

export const TEMPLATE_IPV4 = 256;
export const TEMPLATE_IPV6 = 257;
export const TEMPLATE_SAMPLING = 258;

interface TemplateShape {
  readonly ipv6: boolean;
  readonly counterBytes: 4 | 8;
  /** Start and end: the elements and their width. */
  readonly times: { readonly startId: number; readonly endId: number; readonly length: 4 | 8 };
}

/** The twenty fields of a usual router's template; both families differ only in addresses, masks and next hop. */
export function templateFields({ ipv6, counterBytes, times }: TemplateShape): readonly TemplateField[] {
  const addressBytes = ipv6 ? 16 : 4;
  const field = (id: number, length: number, value: TemplateField['value']): TemplateField => ({ id, length, value });
  return [
    field(1, counterBytes, (flow) => flow.octets),
    field(2, counterBytes, (flow) => flow.packets),
    field(4, 1, (flow) => flow.protocol),
    field(5, 1, (flow) => flow.tos),
    field(6, 1, (flow) => flow.tcpFlags),
    field(7, 2, (flow) => flow.sourcePort),
    field(ipv6 ? 27 : 8, addressBytes, (flow) => flow.source),
    field(ipv6 ? 29 : 9, 1, (flow) => flow.sourceMask),
    field(10, 4, (flow) => flow.inputInterface),
    field(11, 2, (flow) => flow.destinationPort),
    field(ipv6 ? 28 : 12, addressBytes, (flow) => flow.destination),
    field(ipv6 ? 30 : 13, 1, (flow) => flow.destinationMask),
    field(14, 4, (flow) => flow.outputInterface),
    field(ipv6 ? 62 : 15, addressBytes, (flow) => flow.nextHop),
    field(16, 4, (flow) => flow.sourceAs),
    field(17, 4, (flow) => flow.destinationAs),
    field(58, 2, (flow) => flow.vlan),
    field(61, 1, (flow) => flow.direction),
    field(times.startId, times.length, writtenLater),
    field(times.endId, times.length, writtenLater),
  ];
}

export function recordLength(fields: readonly TemplateField[]): number {
  return fields.reduce((sum, { length }) => sum + length, 0);
}

/** The part of a template record that v9 and IPFIX share: id, number of fields, then element and length of each. */
export function writeTemplate(bytes: Buffer, at: number, id: number, fields: readonly TemplateField[]): number {
  let next = bytes.writeUInt16BE(fields.length, bytes.writeUInt16BE(id, at));
  for (const field of fields) next = bytes.writeUInt16BE(field.length, bytes.writeUInt16BE(field.id, next));
  return next;
}

/** A data set of `flows`, padded to whole words; returns the position behind it. */
export function writeDataSet(
  bytes: Buffer,
  at: number,
  templateId: number,
  fields: readonly TemplateField[],
  flows: readonly SyntheticFlow[],
): number {
  let next = at + 4;
  for (const flow of flows) {
    for (const field of fields) next = writeField(bytes, next, field, flow);
  }
  return closeSet(bytes, at, templateId, next);
}

function writeField(bytes: Buffer, at: number, field: TemplateField, flow: SyntheticFlow): number {
  const value = field.value(flow);
  if (typeof value !== 'number') return at + value.copy(bytes, at);
  if (field.length === 8) return bytes.writeBigUInt64BE(BigInt(value), at);
  return bytes.writeUIntBE(value, at, field.length);
}

/** Puts a number of 16-bit words down. */
export function writeWords(bytes: Buffer, at: number, values: readonly number[]): number {
  let next = at;
  for (const value of values) next = bytes.writeUInt16BE(value, next);
  return next;
}

/** Pads the set that began at `start` to whole words and writes its header; returns the position behind it. */
export function closeSet(bytes: Buffer, start: number, id: number, end: number): number {
  const padded = end + ((4 - ((end - start) % 4)) % 4);
  bytes.writeUInt16BE(padded - start, bytes.writeUInt16BE(id, start));
  return padded;
}

export function splitByFamily(flows: readonly SyntheticFlow[]): { ipv4: SyntheticFlow[]; ipv6: SyntheticFlow[] } {
  return {
    ipv4: flows.filter(({ source }) => source.length === 4),
    ipv6: flows.filter(({ source }) => source.length === 16),
  };
}
