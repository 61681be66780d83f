import { CLOSE_BRACKET, EQUALS, OPEN_BRACKET, codeAt } from '../characters.ts';
import { addField, type SyslogMessage } from '../message.ts';

const maxPairs = 64;

/** Unified Communications Manager puts pairs into brackets, `%[ UserID =admin][ …][Node ID=cucm1]: text`, or ends with `Node ID:cucm1`. */
export function readCallManagerFields(message: SyslogMessage): void {
  const text = message.text;
  let position = text.startsWith('%[') ? 1 : text.length;
  for (let count = 0; codeAt(text, position) === OPEN_BRACKET && count < maxPairs; count++) {
    let end = position;
    let equals = -1;
    for (; end < text.length && codeAt(text, end) !== CLOSE_BRACKET; end++) {
      if (equals < 0 && codeAt(text, end) === EQUALS) equals = end;
    }
    if (equals < 0) break;
    const key = text.slice(position + 1, equals).trim();
    const value = text.slice(equals + 1, end);
    addField(message, key, value);
    if (key === 'Node ID' && value !== '') message.hostname ??= value;
    position = end + 1;
  }
  const tail = text.lastIndexOf('Node ID:');
  if (tail > text.length - 128 && tail > 0) message.hostname ??= text.slice(tail + 8).trim() || undefined;
}
