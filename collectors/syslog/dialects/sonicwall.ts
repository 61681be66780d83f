import type { Arrival } from '../message.ts';
import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeTimeOfField } from './device-time.ts';

const SONICWALL = fixed('sonicwall');
const ID = fixed('id');
const SERIAL = fixed('sn');
const FIREWALL = fixed('fw');
const MESSAGE_ID = fixed('m');
const TIME = fixed('time');

/** `id=firewall sn=C0EAE4… time="2026-03-05 11:22:33 UTC" fw=… pri=6 c=1024 m=537 msg="…"`. */
export function takeSonicWall(message: ParsedMessage, first: number, arrival: Arrival): boolean {
  const { bytes, fields } = message;
  if (!fields.isKey(bytes, first, ID) || !fields.isKey(bytes, first + 1, SERIAL)) return false;
  message.recognise(SONICWALL, SONICWALL);
  message.setHostOfField(fields.find(bytes, FIREWALL, first));
  message.setMnemonicOfField(fields.find(bytes, MESSAGE_ID, first));
  takeTimeOfField(message, fields.find(bytes, TIME, first), arrival);
  return true;
}
