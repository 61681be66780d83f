import { SPACE } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { TIME_START, fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeTimeText } from './device-time.ts';
import { readKeyValues } from './key-values.ts';

const HP_PRINTER = fixed('hp-printer');
const HP = fixed('hp');
const TIME = fixed('time');
const PAIRS_START = '; time="';
const longestTime = 60;

/** JetDirect: `printer: text; time="2026-Mar-05 11:22 AM (UTC-00:00)" user="admin" …`. The caller has looked at the tag. */
export function readHpPrinter(message: ParsedMessage, arrival: Arrival): boolean {
  const { fields, textStart, end } = message;
  const at = message.latin1(textStart, end).indexOf(PAIRS_START);
  if (at < 0) return false;
  const first = fields.count;
  if (readKeyValues(message, textStart + at + 2, end, SPACE) === 0) return false;
  message.recognise(HP_PRINTER, HP);
  takeTime(message, fields.find(message.bytes, TIME, first), arrival);
  return true;
}

function takeTime(message: ParsedMessage, index: number, arrival: Arrival): void {
  if (index < 0) return;
  const start = message.fields.valueStart(index);
  const time = message.latin1(start, Math.min(message.fields.valueEnd(index), start + longestTime));
  const end = TIME_START + message.bytes.write(time.replaceAll(/[()]/g, ''), TIME_START, 'latin1');
  takeTimeText(message, end, arrival);
}
