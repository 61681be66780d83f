import { BACKSLASH, CLOSE_BRACKET, EQUALS, OPEN_BRACKET, QUOTE, SPACE, codeAt } from './characters.ts';
import type { StructuredData } from './message.ts';

/** More elements or parameters than this are not read; 64 KiB could otherwise hold ten thousand. */
const maxElements = 64;
const maxParameters = 512;

/** STRUCTURED-DATA of RFC 5424, 6.3, without the NILVALUE. Lenient about the length of names, as devices are. */
export class StructuredDataReader {
  /** The position after the last element. */
  end = 0;
  #parameters = 0;

  /** The elements that start at `at` with `[`, or undefined where they are malformed. An SD-ID that comes twice is merged. */
  read(text: string, at: number): StructuredData | undefined {
    const data: StructuredData = {};
    this.end = at;
    this.#parameters = 0;
    for (let count = 0; codeAt(text, this.end) === OPEN_BRACKET; count++) {
      if (count === maxElements || !this.#readElement(text, data, count === 0)) return count === 0 ? undefined : data;
    }
    return data;
  }

  #readElement(text: string, data: StructuredData, isFirst: boolean): boolean {
    const start = this.end + 1;
    let position = endOfName(text, start);
    const id = text.slice(start, position);
    if (id.length === 0) return false;
    const parameters = !isFirst && Object.hasOwn(data, id) ? data[id]! : {};
    while (codeAt(text, position) === SPACE) {
      while (codeAt(text, position) === SPACE) position++;
      if (codeAt(text, position) === CLOSE_BRACKET) break;
      position = this.#readParameter(text, position, parameters);
      if (position < 0) return false;
    }
    if (codeAt(text, position) !== CLOSE_BRACKET) return false;
    define(data, id, parameters);
    this.end = position + 1;
    return true;
  }

  /** The position after the closing quote, or -1. */
  #readParameter(text: string, at: number, parameters: Record<string, string>): number {
    const nameEnd = endOfName(text, at);
    if (nameEnd === at || codeAt(text, nameEnd) !== EQUALS || codeAt(text, nameEnd + 1) !== QUOTE) return -1;
    if (++this.#parameters > maxParameters) return -1;
    const start = nameEnd + 2;
    let escaped = false;
    let position = start;
    for (; ; position++) {
      const code = codeAt(text, position);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        position++;
      } else if (!(code >= 0)) return -1;
    }
    const value = text.slice(start, position);
    define(parameters, text.slice(at, nameEnd), escaped ? unescapeValue(value) : value);
    return position + 1;
  }
}

/** A name like `__proto__` must become a property, not the prototype. */
function define<T>(target: Record<string, T>, name: string, value: T): void {
  if (codeAt(name, 0) === 0x5f && name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** SD-NAME (6.3.2) ends at a space, `=`, `]` or `"`. */
function endOfName(text: string, at: number): number {
  let position = at;
  for (; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code <= SPACE || code === EQUALS || code === CLOSE_BRACKET || code === QUOTE) break;
  }
  return position;
}

/** Only `\"`, `\\` and `\]` are escapes; before anything else the backslash stands for itself (6.3.3). */
function unescapeValue(value: string): string {
  return value.replace(/\\(["\\\]])/g, '$1');
}
