import assert from 'node:assert/strict';

import type { ElementType } from '../elements/element-type.ts';
import type { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import data from './sflow-structures.json' with { type: 'json' };

/**
 * The structures of sFlow as data, and how one of them becomes a member of a JSON object.
 *
 * `sflow-structures.json` names each by "enterprise:format" and gives its fields in wire order, "name" or "name:type":
 * uint (which needs not be said), word (a uint without a value for "unknown"), int, hyper, float, string, opaque, mac, ipv4, ipv6, address, uuid, uints (a list),
 * macs (a list), list(part). A name with a question mark may be missing at the end: newer agents added it. The names are
 * those of the specifications at sflow.org.
 */
export interface XdrStructure {
  readonly name: string;
  readonly key: Buffer;
  readonly fields: readonly XdrField[];
}

interface XdrField {
  readonly key: Buffer;
  readonly type: string;
  /** Of a type of fixed size. */
  readonly scalar: Scalar | undefined;
  readonly optional: boolean;
  /** The fields of each item, of a list of structures. */
  readonly part: readonly XdrField[];
}

interface Scalar {
  /** On the wire, padding included. */
  readonly size: number;
  readonly type: ElementType;
  readonly bytes: number;
  /** All bits set stands for "unknown", and becomes null. */
  readonly hasUnknown?: boolean;
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  uint: { size: 4, type: 'unsigned32', bytes: 4, hasUnknown: true },
  word: { size: 4, type: 'unsigned32', bytes: 4 },
  int: { size: 4, type: 'signed32', bytes: 4 },
  hyper: { size: 8, type: 'unsigned64', bytes: 8, hasUnknown: true },
  float: { size: 4, type: 'float32', bytes: 4 },
  mac: { size: 8, type: 'macAddress', bytes: 6 },
  ipv4: { size: 4, type: 'ipv4Address', bytes: 4 },
  ipv6: { size: 16, type: 'ipv6Address', bytes: 16 },
  uuid: { size: 16, type: 'octetArray', bytes: 16 },
};
/** What each item of a list of scalars is. */
const LISTS: Readonly<Record<string, Scalar | undefined>> = { uints: SCALARS['word'], macs: SCALARS['mac'] };
const OTHERS = ['string', 'opaque', 'address', 'list'];

/** What is kept of one string or opaque, in bytes. The specification's longest is 255. */
const MAX_TEXT_BYTES = 1024;
/** What is kept of one list; the rest is read over. */
const MAX_LIST_ITEMS = 64;

export const FLOW_STRUCTURES = structuresOf(data.flow);
export const COUNTER_STRUCTURES = structuresOf(data.counter);
export const DROP_REASONS: ReadonlyMap<number, string> = new Map(
  Object.entries(data.dropReasons).map(([code, name]) => [Number(code), name]),
);

/**
 * Writes `"name":{…}` of the structure that stands between `start` and `end`. Fields that are not there any more are
 * left out. Never throws, never reads behind `end`.
 * @returns whether all of it was there.
 */
export function writeStructure(
  json: JsonObjectWriter,
  structure: XdrStructure,
  source: Buffer,
  start: number,
  end: number,
): boolean {
  json.key(structure.key);
  json.openObject();
  const next = writeFields(json, structure.fields, source, start, end);
  json.closeObject();
  return next >= 0;
}

/** The position behind the fields; -1 where `end` cuts them. */
function writeFields(
  json: JsonObjectWriter,
  fields: readonly XdrField[],
  source: Buffer,
  start: number,
  end: number,
): number {
  let at = start;
  for (const field of fields) {
    if (field.optional && at === end) break;
    const length = fieldLength(field, source, at, end);
    if (length < 0 || length > end - at) return -1; // before the key: a key without a value is no JSON
    json.key(field.key);
    if (field.type === 'list') return writeList(json, field.part, source, at, end);
    writeField(json, field, source, at);
    at += length;
  }
  return at;
}

/** The field's bytes on the wire (of a list of structures those of its count); -1 where nobody can say. */
function fieldLength(field: XdrField, source: Buffer, at: number, end: number): number {
  if (field.scalar !== undefined) return field.scalar.size;
  if (end - at < 4) return -1;
  const word = source.readUInt32BE(at);
  switch (field.type) {
    case 'address':
      return addressFieldLength(word);
    case 'list':
      return 4;
    case 'uints':
    case 'macs':
      return 4 + word * (LISTS[field.type]?.size ?? 0);
    default: // XDR pads opaque data to whole words (RFC 4506 section 4.10), but not every agent does so at the end
      return Math.max(4 + word, Math.min(4 + Math.ceil(word / 4) * 4, end - at));
  }
}

/** 0 unknown, 1 IPv4, 2 IPv6; -1 for a type of which nobody knows how long it is. */
export function addressFieldLength(type: number): number {
  return type === 0 ? 4 : type === 1 ? 8 : type === 2 ? 20 : -1;
}

/** An agent that does not know a value sets all of its bits (sFlow version 5, section 5, of counters). */
function isUnknown(source: Buffer, at: number, bytes: number): boolean {
  return source.readUInt32BE(at) === 0xff_ff_ff_ff && (bytes === 4 || source.readUInt32BE(at + 4) === 0xff_ff_ff_ff);
}

/** Whether an address, or whatever stands there, is nothing but zeros. */
export function isZero(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (source[at] !== 0) return false;
  return true;
}

/** The caller has checked that all of the field is there. */
function writeField(json: JsonObjectWriter, field: XdrField, source: Buffer, at: number): void {
  if (field.scalar !== undefined) {
    const { type, bytes, hasUnknown } = field.scalar;
    json.value(type, source, at, hasUnknown === true && isUnknown(source, at, bytes) ? 0 : bytes);
    return;
  }
  const item = LISTS[field.type];
  const word = source.readUInt32BE(at);
  if (item !== undefined) writeItems(json, item, source, at + 4, word);
  else if (field.type === 'address') writeAddress(json, source, at + 4, addressFieldLength(word) - 4);
  else {
    json.value(field.type === 'string' ? 'string' : 'octetArray', source, at + 4, Math.min(word, MAX_TEXT_BYTES));
  }
}

/** No bytes become null. */
function writeAddress(json: JsonObjectWriter, source: Buffer, at: number, length: number): void {
  json.value(length === 16 ? 'ipv6Address' : 'ipv4Address', source, at, length);
}

function writeItems(json: JsonObjectWriter, item: Scalar, source: Buffer, at: number, count: number): void {
  json.openArray();
  for (let index = 0; index < Math.min(count, MAX_LIST_ITEMS); index += 1) {
    json.item();
    json.value(item.type, source, at + index * item.size, item.bytes);
  }
  json.closeArray();
}

/** Always the last field of a structure. */
function writeList(
  json: JsonObjectWriter,
  part: readonly XdrField[],
  source: Buffer,
  start: number,
  end: number,
): number {
  const count = source.readUInt32BE(start);
  let at = start + 4;
  json.openArray();
  for (let index = 0; index < Math.min(count, MAX_LIST_ITEMS) && at >= 0; index += 1) {
    json.item();
    json.openObject();
    at = writeFields(json, part, source, at, end);
    json.closeObject();
  }
  json.closeArray();
  return at;
}

/** By the whole data format: enterprise * 4096 + format. */
function structuresOf(definitions: Readonly<Record<string, readonly string[]>>): ReadonlyMap<number, XdrStructure> {
  return new Map(
    Object.entries(definitions).map(([id, [name = '', fields = '']]) => {
      const [enterprise = 0, format = 0] = id.split(':').map(Number);
      return [enterprise * 4096 + format, { name, key: writeJsonKey(name), fields: fieldsOf(fields) }];
    }),
  );
}

function fieldsOf(text: string): XdrField[] {
  return text.split(' ').map((word) => {
    const [, name = '', optional, type = 'uint', part = ''] = /^(\w+)(\?)?(?::(\w+)(?:\((\w+)\))?)?$/v.exec(word) ?? [];
    const scalar = SCALARS[type];
    assert(name !== '' && (scalar ?? LISTS[type] ?? OTHERS.includes(type)) !== false, `sFlow field "${word}"`);
    const parts: Readonly<Record<string, string>> = data.parts;
    const fields = parts[part];
    return {
      key: writeJsonKey(name),
      type,
      scalar,
      optional: optional !== undefined,
      part: fields === undefined ? [] : fieldsOf(fields),
    };
  });
}
