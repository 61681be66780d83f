import { lengthOf, position } from './column-code.ts';
import type { ElementType } from '../elements/element-type.ts';
import { writeJsonKey } from '../values/json-value.ts';
import { isListType } from './program-runtime.ts';
import type { Slot } from './record-plan.ts';

/** Keys of at most so many bytes are written by constants in the code, longer ones are copied. */
const MAX_INLINE_KEY = 48;

/** A key is written in words of four bytes: the last one may reach this far beyond it. */
export const KEY_OVERSHOOT = 3;

const TWO_POW_32 = 4_294_967_296;

/** What stands before a value: a comma, which turns into the brace for the first of them, and the key. */
export function keyBytes(key: string): Buffer {
  return Buffer.concat([Buffer.from(','), writeJsonKey(key)]);
}

/** Writes the key at `e` and moves `e` behind it. Its bytes enter the code as integers, never as text. */
export function writeKey(index: number, key: string): string {
  const bytes = keyBytes(key);
  if (bytes.length > MAX_INLINE_KEY) return `e=Y(k${index},o,e);`;
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  bytes.copy(padded);
  let code = '';
  for (let at = 0; at < padded.length; at += 4) code += `v.setInt32(e+${at},${padded.readInt32BE(at)});`;
  return `${code}e+=${bytes.length};`;
}

/** Writes the value at `e` and moves `e` behind it. What is common is written without looking its type up. */
export function writeValue(slot: Slot, index: number): string {
  const at = position(slot);
  const length = lengthOf(slot);
  if (isListType(slot.type)) return `e=L(t${index},b,${at},${length},o,e,c);`;
  const general = `e=J(t${index},b,${at},${length},o,e);`;
  if (slot.type !== undefined && UNSIGNED.has(slot.type)) return unsigned(slot) ?? general;
  if (slot.type === 'ipv4Address' && slot.length === 4) return `o[e]=34;e=F(b,${at},o,e+1);o[e++]=34;`;
  if (slot.type === 'macAddress' && slot.length === 6) return `o[e]=34;e=E(b,${at},o,e+1);o[e++]=34;`;
  return general;
}

const UNSIGNED: ReadonlySet<ElementType> = new Set<ElementType>([
  'unsigned8',
  'unsigned16',
  'unsigned32',
  'unsigned64',
]);

function unsigned(slot: Slot): string | undefined {
  const at = position(slot);
  if (slot.length === 1) return `e=D(s.getUint8(${at}),o,e);`;
  if (slot.length === 2) return `e=D(s.getUint16(${at}),o,e);`;
  if (slot.length === 4) return `e=D(s.getUint32(${at}),o,e);`;
  if (slot.length !== 8) return undefined;
  // what a double holds exactly; above it, the slow way
  const value = `s.getUint32(${at})*${TWO_POW_32}+s.getUint32(${position(slot, 4)})`;
  const general = `J('unsigned64',b,${at},8,o,e)`;
  return `e=s.getUint32(${at})<2097152?D(${value},o,e):${general};`;
}
