import { addField, type SyslogMessage } from '../message.ts';

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
];

/** Agents that forward the Windows event log: Snare (tabs, or `#011` in their place), NXLog, Datagram's SyslogAgent and EventLog to Syslog. */
export function readWindows(message: SyslogMessage): boolean {
  const nxlog = message.structuredData?.['NXLOG@14506'];
  if (nxlog !== undefined) return recognised(message, 'nxlog', nxlog['EventID']);
  if (message.appName === 'MSWinEventLog') return readSnare(message, message.text);
  if (message.text.startsWith('MSWinEventLog')) return readSnare(message, message.text.slice(13));
  if (message.appName?.startsWith('Microsoft-Windows-') !== true && message.appName !== 'Security-Auditing')
    return false;
  return recognised(message, 'eventlog', /^(\d{1,5}): /.exec(message.text.slice(0, 8))?.[1] ?? message.procId);
}

function readSnare(message: SyslogMessage, columns: string): boolean {
  const separator = columns.includes('\t') ? '\t' : '#011';
  if (!columns.includes(separator)) return false;
  const values = columns.split(separator, 32).map((value) => value.trim());
  if (values[0] === '') values.shift();
  for (const [index, key] of snareKeys.entries()) {
    const value = values[index];
    if (value !== undefined && value !== '') addField(message, key, value);
  }
  message.hostname ??= values[9];
  return recognised(message, 'snare', values[4]);
}

function recognised(message: SyslogMessage, agent: string, eventId: string | undefined): boolean {
  message.dialect = 'windows';
  message.vendor = 'microsoft';
  message.mnemonic = eventId;
  addField(message, 'agent', agent);
  return true;
}
