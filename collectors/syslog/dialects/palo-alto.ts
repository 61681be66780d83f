import { COMMA, QUOTE, SLASH, isDigit, codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';

const common = ['', 'receive_time', 'serial', 'type', 'subtype', '', 'time_generated'];
const session =
  'src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset - sessionid repeatcnt sport dport natsport natdport flags proto action';
/** The columns behind the common ones, by type of log, in the words of the PAN-OS field list; `-` is reserved. */
const columns = new Map<string, readonly string[]>(
  Object.entries({
    TRAFFIC: `${session} bytes bytes_sent bytes_received packets start elapsed category - seqno actionflags srcloc dstloc - pkts_sent pkts_received session_end_reason`,
    THREAT: `${session} misc threatid category severity direction seqno actionflags srcloc dstloc - contenttype pcap_id filedigest cloud url_idx user_agent filetype xff referer sender subject recipient reportid`,
    SYSTEM: 'vsys eventid object - - module severity opaque seqno actionflags',
    CONFIG: 'host vsys cmd admin client result path seqno actionflags',
    USERID:
      'vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno actionflags',
    HIPMATCH: 'srcuser vsys machinename os src matchname repeatcnt matchtype - - seqno actionflags',
    GLOBALPROTECT:
      'vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque status location',
  }).map(([type, names]) => [type, names.split(' ')]),
);
const maxColumns = 256;

/** PAN-OS: comma-separated, `1,2026/03/05 11:22:33,serial,TRAFFIC,end,…`. */
export function readPaloAlto(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  const comma = text.indexOf(',');
  if (comma < 1 || comma > 4 || !isDigit(codeAt(text, comma + 1)) || codeAt(text, comma + 5) !== SLASH) return false;
  if (codeAt(text, comma + 8) !== SLASH) return false;
  const values = splitColumns(text);
  const type = values[3];
  if (type === undefined || values.length < 7) return false;
  message.dialect = 'palo-alto';
  message.vendor = 'palo-alto';
  message.mnemonic = values[4] === undefined || values[4] === '0' || values[4] === '' ? type : `${type}-${values[4]}`;
  message.fields = nameColumns(values, columns.get(type) ?? []);
  takeTime(message, values, arrival);
  return true;
}

function nameColumns(values: readonly string[], names: readonly string[]): KeyValues {
  const fields: KeyValues = [];
  for (let index = 0; index < values.length; index++) {
    const name = index < common.length ? common[index]! : (names[index - common.length] ?? `column${index + 1}`);
    const value = values[index]!;
    if (value !== '' && name !== '' && name !== '-') fields.push(name, value);
  }
  return fields;
}

/** PAN-OS 10 appends a time with milliseconds and zone, if it does not generate such; else the time of generation, in the device's zone. */
function takeTime(message: SyslogMessage, values: readonly string[], arrival: Arrival): void {
  if (values[6]!.includes('.') && takeDeviceTime(message, values[6]!, arrival)) return;
  for (let index = values.length - 1; index > 6; index--) {
    const value = values[index]!;
    if (codeAt(value, 10) === 0x54 && value.length >= 25 && takeDeviceTime(message, value, arrival)) return;
  }
  takeDeviceTime(message, values[6]!, arrival);
}

/** Values that hold commas stand in quotes, and quotes in them are doubled. */
function splitColumns(text: string): string[] {
  const values: string[] = [];
  let position = 0;
  while (position <= text.length && values.length < maxColumns) {
    if (codeAt(text, position) === QUOTE) {
      let end = position + 1;
      while (end < text.length && !(codeAt(text, end) === QUOTE && codeAt(text, end + 1) !== QUOTE)) {
        end += codeAt(text, end) === QUOTE ? 2 : 1;
      }
      values.push(text.slice(position + 1, end).replaceAll('""', '"'));
      position = end + 1;
      if (codeAt(text, position) === COMMA) position++;
      else break;
    } else {
      const comma = text.indexOf(',', position);
      const end = comma < 0 ? text.length : comma;
      values.push(text.slice(position, end));
      position = end + 1;
    }
  }
  return values;
}
