/**
 * DISPLAY-HINT of RFC 2579 section 3.1: how the values of a textual convention are written for people. A hint is read once and
 * then applied to many values.
 */

/** Longer texts are cut by nobody: the hint is then not applied. A trap is smaller than a datagram. */
const MOST_OCTETS = 65_536;
const MOST_SPECIFICATIONS = 64;
const LONGEST_NUMBER = 8;

/** One octet-format specification. */
interface OctetFormat {
  /** The first octet says how often this is applied. */
  readonly repeats: boolean;
  readonly octets: number;
  readonly format: 'x' | 'd' | 'o' | 'a' | 't';
  readonly separator: string;
  readonly terminator: string;
}

export type IntegerHint = (value: number) => string;
/** undefined: the octets are not what the hint is for, such as controls in a text. */
export type OctetsHint = (octets: Uint8Array) => string | undefined;

/** `d`, `d-2`, `x`, `o`, `b`; undefined for anything else. */
export function integerHint(hint: string): IntegerHint | undefined {
  const format = hint.charAt(0);
  if (format === 'd') return decimalHint(hint);
  const radix = { x: 16, o: 8, b: 2 }[format];
  if (radix === undefined || hint.length > 1) return undefined;
  return (value) => value.toString(radix);
}

/** `d-2`: the point stands two digits from the right, whatever the size of the number. */
function decimalHint(hint: string): IntegerHint | undefined {
  if (hint === 'd') return String;
  const places = hint.startsWith('d-') ? readDigits(hint, 2) : undefined;
  if (places === undefined || places.end !== hint.length || places.number > 32) return undefined;
  const count = places.number;
  if (count === 0) return String;
  return (value) => {
    const digits = String(Math.abs(value)).padStart(count + 1, '0');
    return `${value < 0 ? '-' : ''}${digits.slice(0, -count)}.${digits.slice(-count)}`;
  };
}

/** `1x:`, `255a`, `2d-1d-1d,1d:1d:1d.1d,1a1d:1d`, `*1x:/1x:`; undefined when it is not well formed. */
export function octetsHint(hint: string): OctetsHint | undefined {
  const formats = parseOctetFormats(hint);
  return formats === undefined ? undefined : (octets) => applyFormats(formats, octets);
}

function parseOctetFormats(hint: string): OctetFormat[] | undefined {
  const formats: OctetFormat[] = [];
  let at = 0;
  while (at < hint.length) {
    const repeats = hint[at] === '*';
    const length = readDigits(hint, repeats ? at + 1 : at);
    const format = length === undefined ? undefined : hint[length.end];
    if (length === undefined || !isOctetFormat(format) || formats.length >= MOST_SPECIFICATIONS) return undefined;
    at = length.end + 1;
    let separator = '';
    let terminator = '';
    if (isSeparator(hint[at])) {
      separator = hint[at] ?? '';
      at += 1;
      // A terminator is there only where something is repeated.
      if (repeats && isSeparator(hint[at])) {
        terminator = hint[at] ?? '';
        at += 1;
      }
    }
    formats.push({ repeats, octets: length.number, format, separator, terminator });
  }
  // The last one is applied until nothing is left: it must take something.
  const last = formats.at(-1);
  return last === undefined || (last.octets === 0 && !last.repeats) ? undefined : formats;
}

function applyFormats(formats: readonly OctetFormat[], octets: Uint8Array): string | undefined {
  if (octets.length > MOST_OCTETS) return undefined;
  let text = '';
  let at = 0;
  for (let index = 0; at < octets.length; index += 1) {
    const format = formats[Math.min(index, formats.length - 1)];
    if (format === undefined) return undefined;
    const times = format.repeats ? (octets[at] ?? 0) : 1;
    if (format.repeats) at += 1;
    for (let time = 0; time < times && at < octets.length; time += 1) {
      const end = Math.min(at + format.octets, octets.length);
      const part = octetsText(format.format, octets, at, end);
      if (part === undefined) return undefined;
      text += part;
      at = end;
      // "If the octets are exhausted, no separator" (RFC 2579 section 3.1): also none where a terminator stands instead.
      const lastTime = time === times - 1;
      if (at < octets.length && !(lastTime && format.terminator !== '')) text += format.separator;
      if (format.octets === 0) break;
    }
    if (format.repeats && at < octets.length) text += format.terminator;
  }
  return text;
}

function octetsText(format: OctetFormat['format'], octets: Uint8Array, start: number, end: number): string | undefined {
  switch (format) {
    case 'a':
    case 't':
      return printableText(octets.subarray(start, end));
    case 'x': {
      let text = '';
      for (let at = start; at < end; at += 1) text += (octets[at] ?? 0).toString(16).padStart(2, '0');
      return text;
    }
    case 'd':
      return numberOf(octets, start, end).toString(10);
    case 'o':
    default:
      return numberOf(octets, start, end).toString(8);
  }
}

/** Big-endian and without a sign. */
function numberOf(octets: Uint8Array, start: number, end: number): number | bigint {
  if (end - start <= 6) {
    let number = 0;
    for (let at = start; at < end; at += 1) number = number * 256 + (octets[at] ?? 0);
    return number;
  }
  return BigInt(`0x${Buffer.from(octets.subarray(start, end)).toString('hex')}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
// What a text may not have: controls but for tab, line feed and carriage return, and DEL.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/;

/**
 * Octets as text, UTF-8 or else ISO 8859-1 as old devices send it; undefined when it has controls and so is no text. NULs at the
 * end, which some devices send with a string, are left out.
 */
export function printableText(octets: Uint8Array): string | undefined {
  let end = octets.length;
  while (end > 0 && octets[end - 1] === 0) end -= 1;
  const text = decoded(octets.subarray(0, end));
  return CONTROLS.test(text) ? undefined : text;
}

function decoded(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    return Buffer.from(octets).toString('latin1');
  }
}

function isOctetFormat(format: string | undefined): format is OctetFormat['format'] {
  return format === 'x' || format === 'd' || format === 'o' || format === 'a' || format === 't';
}

/** Any sign but a digit and the asterisk. */
function isSeparator(sign: string | undefined): boolean {
  return sign !== undefined && sign !== '*' && !isDigit(sign);
}

function isDigit(sign: string): boolean {
  return sign >= '0' && sign <= '9';
}

function readDigits(text: string, start: number): { number: number; end: number } | undefined {
  let end = start;
  while (end < text.length && isDigit(text.charAt(end))) end += 1;
  return end === start || end - start > LONGEST_NUMBER ? undefined : { number: Number(text.slice(start, end)), end };
}
