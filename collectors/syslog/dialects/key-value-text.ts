import { COMMA, PIPE, SEMICOLON, SPACE, TAB } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeCheckPoint } from './check-point.ts';
import { takeTimeOfField } from './device-time.ts';
import { takeF5 } from './f5.ts';
import { takeFortinet } from './fortinet.ts';
import { readKeyValues } from './key-values.ts';
import { takeSonicWall } from './sonicwall.ts';

const KEY_VALUE = fixed('key-value');
const VENDOR = fixed('vendor');
const TIME = fixed('time');
const furthestDivider = 512;

/**
 * Text that is `key=value` from its first word on, whoever sent it; the divider is the one behind the first value.
 * The pairs are read once, and then each maker is asked whether they are its own.
 */
export function readKeyValueText(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, fields, textStart, end } = message;
  const first = fields.count;
  if (readKeyValues(message, textStart, end, dividerOf(bytes, textStart, end)) < 2) {
    fields.count = first;
    return false;
  }
  return (
    takeCheckPoint(message, first, arrival) ||
    takeFortinet(message, first, arrival) ||
    takeSonicWall(message, first, arrival) ||
    takeF5(message, first) ||
    takeAny(message, arrival)
  );
}

function takeAny(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, fields } = message;
  message.dialect = KEY_VALUE;
  const vendor = fields.find(bytes, VENDOR);
  if (vendor >= 0) takeLowerCase(message, fields.valueStart(vendor), fields.valueEnd(vendor));
  if (!message.hasTime) takeTimeOfField(message, fields.find(bytes, TIME), arrival);
  return true;
}

/** ASCII alone: what other letters become is nothing to compare makers by. */
function takeLowerCase(message: ParsedMessage, start: number, end: number): void {
  const to = message.derive(end - start);
  if (to < 0) return;
  const { bytes } = message;
  for (let index = start; index < end; index++) {
    const code = bytes[index]!;
    bytes[to + index - start] = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
  }
  message.derived(to + end - start);
  message.setVendor(to, to + end - start);
}

function dividerOf(bytes: Buffer, at: number, end: number): number {
  const limit = Math.min(end, at + furthestDivider);
  for (let position = at; position < limit; position++) {
    const code = bytes[position]!;
    if (code === SPACE || code === COMMA || code === PIPE || code === TAB || code === SEMICOLON) return code;
  }
  return SPACE;
}
