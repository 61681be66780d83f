import type { Arrival, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';

/** IANA private enterprise numbers, which SD-IDs carry behind the `@`. */
const vendors = new Map([
  ['9', 'cisco'],
  ['2011', 'huawei'],
  ['2620', 'check-point'],
  ['2636', 'juniper'],
  ['6876', 'vmware'],
  ['8741', 'sonicwall'],
  ['12276', 'f5'],
  ['12356', 'fortinet'],
  ['14506', 'nxlog'],
  ['25461', 'palo-alto'],
  ['30065', 'arista'],
  ['274489', 'splunk'],
]);

/** Structured data says by its enterprise number who made the message; of Junos, MSGID is the mnemonic. */
export function readStructured(message: SyslogMessage, arrival: Arrival): boolean {
  for (const id in message.structuredData) {
    const at = id.indexOf('@');
    if (at < 0) continue;
    // Junos writes junos@2636.1.1.1.2.86: the product follows.
    const dot = id.indexOf('.', at);
    const vendor = vendors.get(id.slice(at + 1, dot < 0 ? id.length : dot));
    if (vendor === 'splunk') return readForwarded(message, message.structuredData?.[id] ?? {}, arrival);
    if (vendor === undefined || vendor === 'nxlog') continue;
    message.dialect = 'structured';
    message.vendor = vendor;
    message.mnemonic = vendor === 'f5' ? message.structuredData[id]?.['errdefs_msgno'] : message.msgId;
    return vendor === 'juniper' || message.text.length === 0;
  }
  return false;
}

/** A Splunk forwarder names the host and the time of the event in its parameters, and leaves the header empty. */
function readForwarded(
  message: SyslogMessage,
  parameters: Readonly<Record<string, string>>,
  arrival: Arrival,
): boolean {
  message.dialect = 'structured';
  message.vendor = 'splunk';
  message.mnemonic = parameters['st'];
  message.hostname ??= parameters['h'];
  takeDeviceTime(message, parameters['t'] ?? '', arrival);
  return true;
}
