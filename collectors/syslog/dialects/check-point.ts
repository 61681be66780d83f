import { BACKSLASH, CLOSE_BRACKET, COLON, QUOTE, SEMICOLON, SPACE } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeTimeOfField } from './device-time.ts';
import { endOfKey, hashOfKey } from './key-values.ts';

const CHECK_POINT = fixed('check-point');
const TIME = fixed('time');
const LOG_ID = fixed('loguid');
const PRODUCT = fixed('product');
const HOST = fixed('hostname');

/** What Check Point's Log Exporter calls syslog: `[action:"Drop"; flags:"278528"; …]` in place of structured data. */
export function readCheckPoint(message: ParsedMessage, arrival: Arrival): boolean {
  const first = message.fields.count;
  if (!readBracketed(message)) {
    message.fields.count = first;
    return false;
  }
  message.forgiveStructuredData();
  takeValues(message, first, arrival);
  return true;
}

/** The exporter's other format, `time=1772709753|hostname=…|product=…|…`. */
export function takeCheckPoint(message: ParsedMessage, first: number, arrival: Arrival): boolean {
  const { bytes, fields } = message;
  if (!fields.isKey(bytes, first, TIME)) return false;
  if (fields.find(bytes, LOG_ID, first) < 0 && fields.find(bytes, PRODUCT, first) < 0) return false;
  takeValues(message, first, arrival);
  return true;
}

function takeValues(message: ParsedMessage, first: number, arrival: Arrival): void {
  const { bytes, fields } = message;
  message.recognise(CHECK_POINT, CHECK_POINT);
  message.setHostOfField(fields.find(bytes, HOST, first));
  if (!message.hasTime) takeTimeOfField(message, fields.find(bytes, TIME, first), arrival);
}

/** Whether all up to the closing bracket is pairs. */
function readBracketed(message: ParsedMessage): boolean {
  const { bytes, end: limit } = message;
  let position = message.textStart + 1;
  for (;;) {
    while (bytes[position] === SPACE || bytes[position] === SEMICOLON) position++;
    if (bytes[position] === CLOSE_BRACKET) return true;
    const keyEnd = endOfKey(bytes, position);
    if (keyEnd === position || bytes[keyEnd] !== COLON || bytes[keyEnd + 1] !== QUOTE) return false;
    let end = keyEnd + 2;
    while (end < limit && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
    if (end >= limit) return false;
    // What is too much stays in the text alone.
    if (!message.addPair(position, keyEnd, keyEnd + 2, end, hashOfKey())) return true;
    position = end + 1;
  }
}
