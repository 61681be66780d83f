import { isDigit, codeAt } from '../characters.ts';
import { addField, type Arrival, type SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';

const keys = ['', 'elapsed', 'client', 'result', 'bytes', 'method', 'url', 'user', 'hierarchy', 'contentType'];

/** Squid's access log, which Cisco's Web Security Appliance writes too: `1772709753.456 382 192.0.2.7 TCP_MISS/200 4646 GET …`. */
export function readSquid(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (codeAt(text, 10) !== 0x2e || !isDigit(codeAt(text, 11)) || codeAt(text, 14) !== 0x20) return false;
  const words = text
    .slice(0, 4096)
    .split(' ', 12)
    .filter((word) => word !== '' && word !== '-');
  if (!words.slice(2, 5).some((word) => /^(?:TCP|UDP|NONE|OTHER)[A-Z_]*\/\d{3}$/.test(word))) return false;
  if (!takeDeviceTime(message, words[0]!, arrival)) return false;
  message.dialect = 'squid';
  message.mnemonic = words.find((word) => word.includes('/'));
  for (const [index, key] of keys.entries()) {
    if (key !== '' && words[index] !== undefined) addField(message, key, words[index]);
  }
  return true;
}
