import type { FieldSpecifier } from '../record/record.ts';
import { FIRST_DATA_SET_ID, isPadding, MAX_TEMPLATE_FIELDS, type SetDialect, type SetVisitor } from './sets.ts';

/** Bytes of the header (RFC 3954 section 5.1). */
export const NETFLOW9_HEADER_BYTES = 20;

export interface Netflow9Header {
  /** Milliseconds since the exporter started, modulo 2^32. */
  uptimeMs: number;
  /** Microseconds since the Unix epoch; the wire has whole seconds. */
  exportedAtMicros: number;
  /** Counts the datagrams of this source id. */
  sequence: number;
  sourceId: number;
}

/** Fills `header` from a datagram of at least `NETFLOW9_HEADER_BYTES`. The record count is not read: it is not to be trusted. */
export function readNetflow9Header(bytes: Buffer, header: Netflow9Header): void {
  header.uptimeMs = bytes.readUInt32BE(4);
  header.exportedAtMicros = bytes.readUInt32BE(8) * 1_000_000;
  header.sequence = bytes.readUInt32BE(12);
  header.sourceId = bytes.readUInt32BE(16);
}

export const NETFLOW9_SETS: SetDialect = {
  templateSetId: 0,
  optionsTemplateSetId: 1,
  readTemplates,
  readOptionsTemplates,
};

/**
 * The scope types of RFC 3954 section 6.1 as the information elements that RFC 7011 uses for the same scopes: system,
 * interface, line card, cache, template. A type of which nothing is known becomes padding, which means nothing.
 */
const SCOPE_ELEMENTS: Readonly<Record<number, number>> = {
  1: 144, // exportingProcessId
  2: 10, // ingressInterface
  3: 141, // lineCardId
  4: 143, // meteringProcessId: each cache has one
  5: 145, // templateId
};
const PADDING_ELEMENT = 210;

/** RFC 3954 section 5.2: several templates, then padding of any length. */
function readTemplates(bytes: Buffer, start: number, end: number, visitor: SetVisitor): void {
  for (let at = start; at + 4 <= end;) {
    const id = bytes.readUInt16BE(at);
    const fieldCount = bytes.readUInt16BE(at + 2);
    const next = at + 4 + fieldCount * 4;
    if (id < FIRST_DATA_SET_ID) {
      if (!isPadding(bytes, at, end)) visitor.trouble('bad_template', `template id ${id}`);
      return;
    }
    if (next > end) return visitor.refuse(id, 'bad_template');
    if (fieldCount > MAX_TEMPLATE_FIELDS) visitor.refuse(id, 'too_many_fields');
    else {
      const fields = readFields(bytes, at + 4, next, elementOf);
      visitor.template({ id, fields, options: false, scopeCount: 0 }, bytes, at, next);
    }
    at = next;
  }
}

/** RFC 3954 section 6.1: the lengths of the scope and of the option part are in bytes. */
function readOptionsTemplates(bytes: Buffer, start: number, end: number, visitor: SetVisitor): void {
  for (let at = start; at + 6 <= end;) {
    const id = bytes.readUInt16BE(at);
    const scopeBytes = bytes.readUInt16BE(at + 2);
    const optionBytes = bytes.readUInt16BE(at + 4);
    const next = at + 6 + scopeBytes + optionBytes;
    if (id < FIRST_DATA_SET_ID) {
      if (!isPadding(bytes, at, end)) visitor.trouble('bad_template', `options template id ${id}`);
      return;
    }
    if (next > end) return visitor.refuse(id, 'bad_template');
    if (scopeBytes % 4 !== 0 || optionBytes % 4 !== 0) visitor.refuse(id, 'bad_template');
    else if ((scopeBytes + optionBytes) / 4 > MAX_TEMPLATE_FIELDS) visitor.refuse(id, 'too_many_fields');
    else {
      const optionsAt = at + 6 + scopeBytes;
      const scopes = readFields(bytes, at + 6, optionsAt, (type) => SCOPE_ELEMENTS[type] ?? PADDING_ELEMENT);
      const fields = [...scopes, ...readFields(bytes, optionsAt, next, elementOf)];
      visitor.template({ id, fields, options: true, scopeCount: scopes.length }, bytes, at, next);
    }
    at = next;
  }
}

/** NetFlow v9 has no enterprise bit: 32768 and above are plain types, which several vendors use. */
function elementOf(type: number): number {
  return type;
}

function readFields(bytes: Buffer, start: number, end: number, idOf: (type: number) => number): FieldSpecifier[] {
  const fields: FieldSpecifier[] = [];
  for (let at = start; at < end; at += 4) {
    fields.push({ pen: 0, id: idOf(bytes.readUInt16BE(at)), length: bytes.readUInt16BE(at + 2) });
  }
  return fields;
}
