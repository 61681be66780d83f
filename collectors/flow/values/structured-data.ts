import type { ElementType } from '../elements/element-type.ts';
import type { Element, ElementRegistry } from '../elements/registry.ts';
import { maxJsonBytes, writeJsonValue } from './json-value.ts';
import { VARIABLE_LENGTH, type FieldSpecifier } from '../record/record.ts';

/** The fields of a template of the same exporter and observation domain. */
export type TemplateLookup = (templateId: number) => readonly FieldSpecifier[] | undefined;

/** Lists within lists (RFC 6313 allows any depth): deeper ones are given as hexadecimal. */
export const MAX_LIST_DEPTH = 4;

/** Values in one record or list, at all depths together: what follows is given as hexadecimal, or left out. */
export const MAX_VALUES = 4096;

const ENTERPRISE_BIT = 0x80_00;
const PADDING_OCTETS = 210;

/** What one call carries along. `values` counts down, so that no template can make little data into much text. */
interface Decoding {
  readonly source: Buffer;
  readonly registry: ElementRegistry;
  readonly lookup: TemplateLookup;
  values: number;
}

/**
 * One record as a JSON object by element names, read from `start` of `source`; `next` is the position behind it. A
 * repeated element becomes `name`, `name.2`, `name.3`; padding is left out. Undefined where the record does not end at
 * or before `end`.
 *
 * Interpreted, so for what is rare or for people to read: option records, `inspect`, entries of lists.
 */
export function recordToJson(
  fields: readonly FieldSpecifier[],
  source: Buffer,
  start: number,
  end: number,
  registry: ElementRegistry,
  lookup: TemplateLookup,
): { text: string; next: number } | undefined {
  const decoding: Decoding = { source, registry, lookup, values: MAX_VALUES };
  return readRecord(decoding, fields, start, Math.min(end, source.length), 0);
}

/**
 * The value of a basicList, subTemplateList or subTemplateMultiList (RFC 6313) in the `length` bytes at `offset`, as a
 * JSON array: of values, or of objects by element names. What cannot be read, since its template is not known or it is
 * cut short, stands in it as `{"templateId": n, "bytes": "hexadecimal"}`.
 */
export function listToJson(
  type: ElementType,
  source: Buffer,
  offset: number,
  length: number,
  registry: ElementRegistry,
  lookup: TemplateLookup,
): string {
  const end = Math.min(offset + length, source.length);
  return valueToJson({ source, registry, lookup, values: MAX_VALUES }, type, offset, end, 0);
}

function readRecord(
  decoding: Decoding,
  fields: readonly FieldSpecifier[],
  start: number,
  end: number,
  depth: number,
): { text: string; next: number } | undefined {
  const members: string[] = [];
  const seen = new Map<string, number>();
  let at = start;
  for (const field of fields) {
    const extent = valueExtent(decoding.source, field.length, at, end);
    if (extent === undefined) return undefined;
    at = extent.end;
    if (decoding.values <= 0 || (field.pen === 0 && field.id === PADDING_OCTETS)) continue;
    const element = decoding.registry.find(field.pen, field.id);
    const key = uniqueKey(seen, element, field);
    members.push(`${JSON.stringify(key)}:${valueToJson(decoding, element?.type, extent.start, extent.end, depth)}`);
  }
  return { text: `{${members.join(',')}}`, next: at };
}

function uniqueKey(seen: Map<string, number>, element: Element | undefined, field: FieldSpecifier): string {
  const name = element?.name ?? `${field.pen}.${field.id}`;
  const count = (seen.get(name) ?? 0) + 1;
  seen.set(name, count);
  return count === 1 ? name : `${name}.${count}`;
}

/** Where a value stands, the length in front of it taken off (RFC 7011 section 7). Undefined beyond `end`. */
function valueExtent(
  source: Buffer,
  length: number,
  at: number,
  end: number,
): { start: number; end: number } | undefined {
  let start = at;
  let size = length;
  if (length === VARIABLE_LENGTH) {
    if (at + 1 > end) return undefined;
    size = source.readUInt8(at);
    start = at + 1;
    if (size === 255) {
      if (at + 3 > end) return undefined;
      size = source.readUInt16BE(at + 1);
      start = at + 3;
    }
  }
  return start + size > end ? undefined : { start, end: start + size };
}

function valueToJson(
  decoding: Decoding,
  type: ElementType | undefined,
  start: number,
  end: number,
  depth: number,
): string {
  decoding.values -= 1;
  const room = depth < MAX_LIST_DEPTH && decoding.values > 0 && end > start;
  if (room && type === 'basicList') return basicListToJson(decoding, start, end, depth + 1);
  if (room && type === 'subTemplateList') return subTemplateListToJson(decoding, start, end, depth + 1);
  if (room && type === 'subTemplateMultiList') return multiListToJson(decoding, start, end, depth + 1);
  const out = Buffer.allocUnsafe(maxJsonBytes(type, end - start));
  return out.toString('utf8', 0, writeJsonValue(type, decoding.source, start, end - start, out, 0));
}

/** RFC 6313 section 4.5.1: semantic (1 byte), field specifier (4 or 8), values back to back. */
function basicListToJson(decoding: Decoding, start: number, end: number, depth: number): string {
  const { source, registry } = decoding;
  if (start + 5 > end) return JSON.stringify([bytesOf(source, start, end)]);
  const fieldId = source.readUInt16BE(start + 1);
  const length = source.readUInt16BE(start + 3);
  const enterprise = fieldId >= ENTERPRISE_BIT;
  let at = start + (enterprise ? 9 : 5);
  if (at > end) return JSON.stringify([bytesOf(source, start, end)]);
  const pen = enterprise ? source.readUInt32BE(start + 5) : 0;
  const type = registry.find(pen, fieldId & ~ENTERPRISE_BIT)?.type;
  const entries: string[] = [];
  while (at < end) {
    const extent = valueExtent(source, length, at, end);
    if (extent === undefined || extent.end === at || decoding.values <= 0) {
      entries.push(JSON.stringify(bytesOf(source, at, end)));
      break;
    }
    entries.push(valueToJson(decoding, type, extent.start, extent.end, depth));
    at = extent.end;
  }
  return `[${entries.join(',')}]`;
}

/** RFC 6313 section 4.5.2: semantic (1 byte), template id (2), records back to back. */
function subTemplateListToJson(decoding: Decoding, start: number, end: number, depth: number): string {
  const { source } = decoding;
  if (start + 3 > end) return JSON.stringify([bytesOf(source, start, end)]);
  return `[${recordsToJson(decoding, source.readUInt16BE(start + 1), start + 3, end, depth).join(',')}]`;
}

/** RFC 6313 section 4.5.3: semantic (1 byte), then groups of template id (2), length (2, with these four), records. */
function multiListToJson(decoding: Decoding, start: number, end: number, depth: number): string {
  const { source } = decoding;
  const entries: string[] = [];
  let at = start + 1;
  while (at < end) {
    const length = at + 4 > end ? 0 : source.readUInt16BE(at + 2);
    if (length < 4 || at + length > end || decoding.values <= 0) {
      entries.push(JSON.stringify(bytesOf(source, at, end)));
      break;
    }
    decoding.values -= 1; // a group without records also counts
    for (const record of recordsToJson(decoding, source.readUInt16BE(at), at + 4, at + length, depth)) {
      entries.push(record);
    }
    at += length;
  }
  return `[${entries.join(',')}]`;
}

function recordsToJson(decoding: Decoding, templateId: number, start: number, end: number, depth: number): string[] {
  const fields = decoding.lookup(templateId);
  const records: string[] = [];
  let at = start;
  while (at < end) {
    const record =
      fields === undefined || decoding.values <= 0 ? undefined : readRecord(decoding, fields, at, end, depth);
    if (record === undefined || record.next === at) {
      records.push(JSON.stringify({ templateId, ...bytesOf(decoding.source, at, end) }));
      break;
    }
    records.push(record.text);
    at = record.next;
  }
  return records;
}

function bytesOf(source: Buffer, start: number, end: number): { bytes: string } {
  return { bytes: source.toString('hex', start, end) };
}
