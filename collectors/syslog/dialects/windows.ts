import { COLON, SPACE, TAB, findCode, isDigit } from '../characters.ts';
import { fixed, isText, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const WINDOWS = fixed('windows');
const MICROSOFT = fixed('microsoft');
const AGENT = fixed('agent');
const [AGENT_NXLOG, AGENT_EVENTLOG, AGENT_SNARE] = [fixed('nxlog'), fixed('eventlog'), fixed('snare')];
const NXLOG_ID = fixed('NXLOG@14506');
const NXLOG_EVENT = fixed('EventID');
const SNARE = fixed('MSWinEventLog');
const TAB_ESCAPED = fixed('#011');
const PROVIDER = fixed('Microsoft-Windows-');
const AUDITING = fixed('Security-Auditing');

/** Snare's columns behind `MSWinEventLog`. */
const snareKeys = [
  'criticality',
  'log',
  'snareCount',
  'time',
  'eventId',
  'source',
  'user',
  'sidType',
  'type',
  'computer',
  'category',
  'data',
  'expanded',
].map(fixed);
const EVENT_ID = 4;
const COMPUTER = 9;
const maxColumns = 32;
const spans = new Int32Array(2 * maxColumns);

/** Agents that forward the Windows event log: Snare (tabs, or `#011` in their place), NXLog, Datagram's SyslogAgent and EventLog to Syslog. */
export function readWindows(message: ParsedMessage): boolean {
  const { bytes, elements, textStart } = message;
  const nxlog = elements.count === 0 ? -1 : elements.indexOf(bytes, NXLOG_ID);
  if (nxlog >= 0) {
    recognised(message, AGENT_NXLOG);
    const event = elements.find(bytes, nxlog, NXLOG_EVENT);
    if (event >= 0) message.setMnemonic(elements.parameters.valueStart(event), elements.parameters.valueEnd(event));
    return true;
  }
  if (isText(bytes, message.appStart, message.appEnd, SNARE)) return readSnare(message, textStart);
  if (startsWith(bytes, textStart, SNARE)) return readSnare(message, textStart + SNARE.end - SNARE.start);
  return readEventLog(message);
}

/** `Microsoft-Windows-Security-Auditing: 4624: text`, where the process id of the header may be the event's. */
function readEventLog(message: ParsedMessage): boolean {
  const { bytes, appStart, appEnd, textStart } = message;
  if (appEnd <= appStart) return false;
  if (!startsWith(bytes, appStart, PROVIDER) && !isText(bytes, appStart, appEnd, AUDITING)) return false;
  recognised(message, AGENT_EVENTLOG);
  let end = textStart;
  while (end < textStart + 5 && isDigit(bytes[end]!)) end++;
  if (end > textStart && bytes[end] === COLON && bytes[end + 1] === SPACE) message.setMnemonic(textStart, end);
  else message.setMnemonic(message.procStart, message.procEnd);
  return true;
}

function readSnare(message: ParsedMessage, at: number): boolean {
  const { bytes } = message;
  const count = splitColumns(message, at);
  if (count < 2) return false;
  const first = spans[0] === spans[1] ? 1 : 0;
  for (const [index, key] of snareKeys.entries()) {
    const column = 2 * (index + first);
    const isThere = index + first < count && spans[column + 1]! > spans[column]!;
    if (isThere) message.addField(key, spans[column]!, spans[column + 1]!);
  }
  recognised(message, AGENT_SNARE);
  message.setMnemonicOfField(message.fields.find(bytes, snareKeys[EVENT_ID]!));
  message.setHostOfField(message.fields.find(bytes, snareKeys[COMPUTER]!));
  return true;
}

/** Columns without the blanks around them; gives how many there are, 1 where nothing divides them. */
function splitColumns(message: ParsedMessage, at: number): number {
  const { bytes, end: limit } = message;
  const hasTabs = findCode(bytes, TAB, at, limit) >= 0;
  let count = 0;
  let position = at;
  while (count < maxColumns && position <= limit) {
    let end = position;
    while (end < limit && !(hasTabs ? bytes[end] === TAB : startsWith(bytes, end, TAB_ESCAPED))) end++;
    addTrimmed(bytes, count, position, end);
    count++;
    if (end === limit) break;
    position = end + (hasTabs ? 1 : TAB_ESCAPED.end - TAB_ESCAPED.start);
  }
  return count;
}

function addTrimmed(bytes: Buffer, column: number, start: number, end: number): void {
  let from = start;
  let to = end;
  while (from < to && bytes[from]! <= SPACE) from++;
  while (to > from && bytes[to - 1]! <= SPACE) to--;
  spans[2 * column] = from;
  spans[2 * column + 1] = to;
}

function recognised(message: ParsedMessage, agent: typeof AGENT_SNARE): void {
  message.recognise(WINDOWS, MICROSOFT);
  message.addField(AGENT, agent.start, agent.end);
}
