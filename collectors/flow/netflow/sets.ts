import type { DecodeReason } from '../decode-trouble.ts';
import type { FieldSpecifier } from '../record/record.ts';

/** Bytes of a set's header: id and length (RFC 3954 section 5, RFC 7011 section 3.3.2). */
const SET_HEADER_BYTES = 4;
/** Ids below are for sets of templates or reserved. */
export const FIRST_DATA_SET_ID = 256;
/** More fields than any record of 65,535 bytes needs; what has more is an attack. */
export const MAX_TEMPLATE_FIELDS = 4096;

/** A template as it was read from the wire, before anything is made of it. */
export interface TemplateDefinition {
  readonly id: number;
  /** Scopes first. */
  readonly fields: readonly FieldSpecifier[];
  /** Whether it describes option data. */
  readonly options: boolean;
  readonly scopeCount: number;
}

/** Who is told what the sets of a datagram hold, in their order. */
export interface SetVisitor {
  /** `start` and `end`: where the definition lies in `bytes`. */
  template(definition: TemplateDefinition, bytes: Buffer, start: number, end: number): void;
  /** An invalid definition; it displaces what the id meant before. */
  refuse(templateId: number, reason: DecodeReason): void;
  withdraw(templateId: number): void;
  withdrawAll(options: boolean): void;
  data(templateId: number, bytes: Buffer, start: number, end: number): void;
  trouble(reason: DecodeReason, detail: string): void;
}

/** Reads the templates of one set; `start` and `end` are those of its contents. */
type TemplateReader = (bytes: Buffer, start: number, end: number, visitor: SetVisitor) => void;

/** Which set ids hold templates, and how they are read. */
export interface SetDialect {
  readonly templateSetId: number;
  readonly optionsTemplateSetId: number;
  readonly readTemplates: TemplateReader;
  readonly readOptionsTemplates: TemplateReader;
}

/**
 * Walks the sets of a datagram by their own lengths; the number of records that a NetFlow v9 header claims is not
 * looked at, since exporters get it wrong. Ends at `end`, at the zeros that some exporters fill up with, and
 * at a set whose length makes no sense.
 */
export function walkSets(bytes: Buffer, start: number, end: number, dialect: SetDialect, visitor: SetVisitor): void {
  for (let at = start; at + SET_HEADER_BYTES <= end;) {
    const id = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    if (id === 0 && length === 0) return;
    if (length < SET_HEADER_BYTES) return visitor.trouble('bad_set_length', `set ${id} of ${length} bytes`);
    const setEnd = at + length;
    if (setEnd > end) visitor.trouble('truncated_set', `set ${id} of ${length} bytes, ${end - at} left`);
    readSet(id, bytes, at + SET_HEADER_BYTES, Math.min(setEnd, end), dialect, visitor);
    at = setEnd;
  }
}

function readSet(
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
  dialect: SetDialect,
  visitor: SetVisitor,
): void {
  if (id >= FIRST_DATA_SET_ID) visitor.data(id, bytes, start, end);
  else if (id === dialect.templateSetId) dialect.readTemplates(bytes, start, end, visitor);
  else if (id === dialect.optionsTemplateSetId) dialect.readOptionsTemplates(bytes, start, end, visitor);
  else visitor.trouble('reserved_set', `set ${id}`);
}

/** Whether only zeros are left: the padding behind the last template of a set, which may be of any length. */
export function isPadding(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
