import type { FieldSpecifier } from '../record/record.ts';
import { FIRST_DATA_SET_ID, isPadding, MAX_TEMPLATE_FIELDS, type SetDialect, type SetVisitor } from './sets.ts';

/** Bytes of the header (RFC 7011 section 3.1). */
export const IPFIX_HEADER_BYTES = 16;

const TEMPLATE_SET_ID = 2;
const OPTIONS_TEMPLATE_SET_ID = 3;
const ENTERPRISE_BIT = 0x80_00;

export interface IpfixHeader {
  /** Of the whole message, as it says itself. */
  length: number;
  /** Microseconds since the Unix epoch; the wire has whole seconds. */
  exportedAtMicros: number;
  /** Data records sent before this message in this session and domain. */
  sequence: number;
  observationDomain: number;
}

/** Fills `header` from a datagram of at least `IPFIX_HEADER_BYTES`. */
export function readIpfixHeader(bytes: Buffer, header: IpfixHeader): void {
  header.length = bytes.readUInt16BE(2);
  header.exportedAtMicros = bytes.readUInt32BE(4) * 1_000_000;
  header.sequence = bytes.readUInt32BE(8);
  header.observationDomain = bytes.readUInt32BE(12);
}

export const IPFIX_SETS: SetDialect = {
  templateSetId: TEMPLATE_SET_ID,
  optionsTemplateSetId: OPTIONS_TEMPLATE_SET_ID,
  readTemplates: (bytes, start, end, visitor) => readAll(bytes, start, end, false, visitor),
  readOptionsTemplates: (bytes, start, end, visitor) => readAll(bytes, start, end, true, visitor),
};

/** The templates of a set, until less than a header is left or all the rest is zero. */
function readAll(bytes: Buffer, start: number, end: number, options: boolean, visitor: SetVisitor): void {
  let at = start;
  while (at >= 0 && at + 4 <= end) {
    const id = bytes.readUInt16BE(at);
    const fieldCount = bytes.readUInt16BE(at + 2);
    if (id < FIRST_DATA_SET_ID && !isWithdrawalOfAll(id, fieldCount, options)) {
      if (!isPadding(bytes, at, end)) visitor.trouble('bad_template', `template id ${id}`);
      return;
    }
    if (fieldCount === 0) {
      withdraw(id, options, visitor);
      at += 4; // for options templates too: RFC 7011 section 8.1
    } else at = readTemplate(id, fieldCount, bytes, at, end, options, visitor);
  }
}

function isWithdrawalOfAll(id: number, fieldCount: number, options: boolean): boolean {
  return fieldCount === 0 && id === (options ? OPTIONS_TEMPLATE_SET_ID : TEMPLATE_SET_ID);
}

function withdraw(id: number, options: boolean, visitor: SetVisitor): void {
  if (id >= FIRST_DATA_SET_ID) visitor.withdraw(id);
  else visitor.withdrawAll(options);
}

/** RFC 7011 sections 3.4.1 and 3.4.2.2. Returns where the next one starts, -1 when that cannot be known. */
function readTemplate(
  id: number,
  fieldCount: number,
  bytes: Buffer,
  start: number,
  end: number,
  options: boolean,
  visitor: SetVisitor,
): number {
  const fieldsAt = start + (options ? 6 : 4);
  const scopeCount = options && fieldsAt <= end ? bytes.readUInt16BE(start + 4) : 0;
  const keep = fieldCount <= MAX_TEMPLATE_FIELDS;
  const fields: FieldSpecifier[] = [];
  const next = readFields(bytes, fieldsAt, end, fieldCount, keep ? fields : undefined);
  if (next < 0) visitor.refuse(id, 'bad_template');
  else if (!keep) visitor.refuse(id, 'too_many_fields');
  else if (scopeCount > fieldCount) visitor.refuse(id, 'bad_template');
  else visitor.template({ id, fields, options, scopeCount }, bytes, start, next);
  return next;
}

/** RFC 7011 section 3.2. Returns the position behind, -1 when they do not fit before `end`. */
function readFields(
  bytes: Buffer,
  start: number,
  end: number,
  count: number,
  fields: FieldSpecifier[] | undefined,
): number {
  let at = start;
  for (let read = 0; read < count; read++) {
    if (at + 4 > end) return -1;
    const type = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    const enterprise = (type & ENTERPRISE_BIT) !== 0;
    at += enterprise ? 8 : 4;
    if (at > end) return -1;
    fields?.push({ pen: enterprise ? bytes.readUInt32BE(at - 4) : 0, id: type & ~ENTERPRISE_BIT, length });
  }
  return at;
}
