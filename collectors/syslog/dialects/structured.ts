import { DOT, findCode } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { type FixedText, fixed } from '../message/fixed-text.ts';
import { NameTable } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeDeviceTime } from './device-time.ts';

const AT = 0x40;
const STRUCTURED = fixed('structured');
const F5 = fixed('f5');
const JUNIPER = fixed('juniper');
const NXLOG = fixed('nxlog');
const SPLUNK = fixed('splunk');
const F5_NUMBER = fixed('errdefs_msgno');
const SPLUNK_TYPE = fixed('st');
const SPLUNK_HOST = fixed('h');
const SPLUNK_TIME = fixed('t');

/** IANA private enterprise numbers, which SD-IDs carry behind the `@`. */
const vendors = new NameTable<FixedText>([
  ['9', fixed('cisco')],
  ['2011', fixed('huawei')],
  ['2620', fixed('check-point')],
  ['2636', JUNIPER],
  ['6876', fixed('vmware')],
  ['8741', fixed('sonicwall')],
  ['12276', F5],
  ['12356', fixed('fortinet')],
  ['14506', NXLOG],
  ['25461', fixed('palo-alto')],
  ['30065', fixed('arista')],
  ['274489', SPLUNK],
]);

/** Structured data says by its enterprise number who made the message; of Junos, MSGID is the mnemonic. */
export function readStructured(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, elements } = message;
  for (let index = 0; index < elements.count; index++) {
    const end = elements.idEnd(index);
    const at = findCode(bytes, AT, elements.idStart(index), end);
    if (at < 0) continue;
    // Junos writes junos@2636.1.1.1.2.86: the product follows.
    const dot = findCode(bytes, DOT, at, end);
    const vendor = vendors.find(bytes, at + 1, dot < 0 ? end : dot);
    if (vendor === SPLUNK) return readForwarded(message, index, arrival);
    if (vendor === undefined || vendor === NXLOG) continue;
    message.recognise(STRUCTURED, vendor);
    if (vendor === F5) takeParameter(message, index, F5_NUMBER);
    else message.setMnemonic(message.msgIdStart, message.msgIdEnd);
    return vendor === JUNIPER || message.textStart === message.end;
  }
  return false;
}

/** The value of a parameter as the mnemonic. */
function takeParameter(message: ParsedMessage, element: number, name: FixedText): void {
  const { elements } = message;
  const found = elements.find(message.bytes, element, name);
  if (found >= 0) message.setMnemonic(elements.parameters.valueStart(found), elements.parameters.valueEnd(found));
}

/** A Splunk forwarder names the host and the time of the event in its parameters, and leaves the header empty. */
function readForwarded(message: ParsedMessage, element: number, arrival: Arrival): boolean {
  const { bytes, elements } = message;
  const { parameters } = elements;
  message.recognise(STRUCTURED, SPLUNK);
  takeParameter(message, element, SPLUNK_TYPE);
  const host = elements.find(bytes, element, SPLUNK_HOST);
  if (host >= 0 && !message.hasHost) message.setHost(parameters.valueStart(host), parameters.valueEnd(host));
  const time = elements.find(bytes, element, SPLUNK_TIME);
  if (time >= 0) takeDeviceTime(message, parameters.valueStart(time), parameters.valueEnd(time), arrival);
  return true;
}
