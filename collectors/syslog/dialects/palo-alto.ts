import { COMMA, DOT, MINUS, QUOTE, SLASH, ZERO, findCode, isDigit } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { type FixedText, fixed } from '../message/fixed-text.ts';
import { NameTable } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeDeviceTime } from './device-time.ts';

const PALO_ALTO = fixed('palo-alto');
const session =
  'src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset - sessionid repeatcnt sport dport natsport natdport flags proto action';
/** The columns behind the common ones, by type of log, in the words of the PAN-OS field list; `-` is reserved. */
const types = {
  TRAFFIC: `${session} bytes bytes_sent bytes_received packets start elapsed category - seqno actionflags srcloc dstloc - pkts_sent pkts_received session_end_reason`,
  THREAT: `${session} misc threatid category severity direction seqno actionflags srcloc dstloc - contenttype pcap_id filedigest cloud url_idx user_agent filetype xff referer sender subject recipient reportid`,
  SYSTEM: 'vsys eventid object - - module severity opaque seqno actionflags',
  CONFIG: 'host vsys cmd admin client result path seqno actionflags',
  USERID:
    'vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno actionflags',
  HIPMATCH: 'srcuser vsys machinename os src matchname repeatcnt matchtype - - seqno actionflags',
  GLOBALPROTECT:
    'vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque status location',
};
const maxColumns = 256;
/** Undefined: not worth a field. */
const unnamed: readonly (FixedText | undefined)[] = Array.from({ length: maxColumns }, (_, index) =>
  fixed(`column${index + 1}`),
);
const common = ['', 'receive_time', 'serial', 'type', 'subtype', '', 'time_generated'].map(keyOf);
const columns = new NameTable(
  Object.entries(types).map(([type, names]) => {
    const named = [...common, ...names.split(' ').map(keyOf)];
    return [type, [...named, ...unnamed.slice(named.length)]] as const;
  }),
);
const unknownType = [...common, ...unnamed.slice(common.length)];

function keyOf(name: string): FixedText | undefined {
  return name === '' || name === '-' ? undefined : fixed(name);
}

/** Starts of the columns, and behind each its end. */
const spans = new Int32Array(2 * maxColumns);
const TYPE = 3;
const SUBTYPE = 4;
const GENERATED = 6;

/** PAN-OS: comma-separated, `1,2026/03/05 11:22:33,serial,TRAFFIC,end,…`. */
export function readPaloAlto(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, textStart } = message;
  const comma = findCode(bytes, COMMA, textStart, Math.min(message.end, textStart + 5));
  if (comma <= textStart || !isDigit(bytes[comma + 1]!) || bytes[comma + 5] !== SLASH) return false;
  if (bytes[comma + 8] !== SLASH) return false;
  const count = splitColumns(message);
  if (count <= GENERATED) return false;
  message.recognise(PALO_ALTO, PALO_ALTO);
  takeMnemonic(message);
  const names = columns.find(message.bytes, startOf(TYPE), endOf(TYPE)) ?? unknownType;
  for (let index = 0; index < count; index++) {
    const key = names[index];
    if (key !== undefined && endOf(index) > startOf(index)) message.addField(key, startOf(index), endOf(index));
  }
  takeTime(message, count, arrival);
  return true;
}

function startOf(column: number): number {
  return spans[2 * column]!;
}

function endOf(column: number): number {
  return spans[2 * column + 1]!;
}

/** `TRAFFIC-end`, or the type alone where the subtype says nothing. */
function takeMnemonic(message: ParsedMessage): void {
  const typeLength = endOf(TYPE) - startOf(TYPE);
  const subtypeLength = endOf(SUBTYPE) - startOf(SUBTYPE);
  message.setMnemonic(startOf(TYPE), endOf(TYPE));
  if (subtypeLength === 0 || (subtypeLength === 1 && message.bytes[startOf(SUBTYPE)] === ZERO)) return;
  const start = message.derive(typeLength + 1 + subtypeLength);
  if (start < 0) return;
  const { bytes } = message;
  let to = start;
  for (let from = startOf(TYPE); from < endOf(TYPE); from++) bytes[to++] = bytes[from]!;
  bytes[to++] = MINUS;
  for (let from = startOf(SUBTYPE); from < endOf(SUBTYPE); from++) bytes[to++] = bytes[from]!;
  message.derived(to);
  message.setMnemonic(start, to);
}

/** PAN-OS 10 appends a time with milliseconds and zone, if it does not generate such; else the time of generation, in the device's zone. */
function takeTime(message: ParsedMessage, count: number, arrival: Arrival): void {
  const { bytes } = message;
  const generated = startOf(GENERATED);
  const hasFraction = findCode(bytes, DOT, generated, endOf(GENERATED)) >= 0;
  if (hasFraction && takeDeviceTime(message, generated, endOf(GENERATED), arrival)) return;
  for (let index = count - 1; index > GENERATED; index--) {
    const start = startOf(index);
    if (bytes[start + 10] !== 0x54 || endOf(index) - start < 25) continue;
    if (takeDeviceTime(message, start, endOf(index), arrival)) return;
  }
  takeDeviceTime(message, generated, endOf(GENERATED), arrival);
}

/** Values that hold commas stand in quotes, and quotes in them are doubled. Gives how many there are. */
function splitColumns(message: ParsedMessage): number {
  const { bytes, end: limit } = message;
  let count = 0;
  let position = message.textStart;
  while (position <= limit && count < maxColumns) {
    let end: number;
    if (bytes[position] === QUOTE) {
      end = takeQuoted(message, position + 1, count);
      if (bytes[end + 1] !== COMMA) return count + 1;
      end++;
    } else {
      end = findCode(bytes, COMMA, position, limit);
      if (end < 0) end = limit;
      spans[2 * count] = position;
      spans[2 * count + 1] = end;
    }
    count++;
    position = end + 1;
  }
  return count;
}

/** Gives the position of the closing quote, or of the end. */
function takeQuoted(message: ParsedMessage, start: number, column: number): number {
  const { bytes, end: limit } = message;
  let end = start;
  let isDoubled = false;
  while (end < limit && (bytes[end] !== QUOTE || bytes[end + 1] === QUOTE)) {
    if (bytes[end] === QUOTE) {
      isDoubled = true;
      end++;
    }
    end++;
  }
  end = Math.min(end, limit);
  spans[2 * column] = start;
  spans[2 * column + 1] = end;
  if (isDoubled) undouble(message, start, end, column);
  return end;
}

function undouble(message: ParsedMessage, start: number, end: number, column: number): void {
  const to = message.derive(end - start);
  if (to < 0) return;
  const { bytes } = message;
  let at = to;
  for (let from = start; from < end; from++) {
    bytes[at++] = bytes[from]!;
    if (bytes[from] === QUOTE && bytes[from + 1] === QUOTE) from++;
  }
  message.derived(at);
  spans[2 * column] = to;
  spans[2 * column + 1] = at;
}
