import { SPACE } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { TIME_START, fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { putTime, takeTimeOfField, takeTimeText } from './device-time.ts';

const FORTINET = fixed('fortinet');
const DATE = fixed('date');
const TIME = fixed('time');
const ZONE = fixed('tz');
const VERSION = fixed('logver');
const LOG_ID = fixed('logid');
const LOG_ID_TOO = fixed('log_id');
const NAME = fixed('devname');
const EVENT_TIME = fixed('eventtime');

/** FortiGate, FortiWeb, FortiMail: `date=2026-03-05 time=11:22:33 devname="…" devid="…" logid="…" …`. */
export function takeFortinet(message: ParsedMessage, first: number, arrival: Arrival): boolean {
  const { bytes, fields } = message;
  if (!fields.isKey(bytes, first, DATE) && !fields.isKey(bytes, first, TIME) && !fields.isKey(bytes, first, VERSION))
    return false;
  let logId = fields.find(bytes, LOG_ID, first);
  if (logId < 0) logId = fields.find(bytes, LOG_ID_TOO, first);
  if (logId < 0) return false;
  message.recognise(FORTINET, FORTINET);
  message.setMnemonicOfField(logId);
  message.setHostOfField(fields.find(bytes, NAME, first));
  takeTime(message, first, arrival);
  return true;
}

/** `eventtime` is since the epoch, in seconds or, from FortiOS 6.2 on, nanoseconds; date and time are local, with `tz` if told. */
function takeTime(message: ParsedMessage, first: number, arrival: Arrival): void {
  const { bytes, fields } = message;
  if (takeTimeOfField(message, fields.find(bytes, EVENT_TIME, first), arrival)) return;
  const date = fields.find(bytes, DATE, first);
  const time = fields.find(bytes, TIME, first);
  if (date < 0 || time < 0) return;
  let at = putTime(bytes, TIME_START, fields.valueStart(date), fields.valueEnd(date));
  bytes[at++] = SPACE;
  at = putTime(bytes, at, fields.valueStart(time), fields.valueEnd(time));
  const zone = fields.find(bytes, ZONE, first);
  if (zone >= 0) at = putTime(bytes, at, fields.valueStart(zone), fields.valueEnd(zone));
  takeTimeText(message, at, arrival);
}
