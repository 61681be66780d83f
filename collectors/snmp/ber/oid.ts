/** Object identifiers as bytes and as text: X.690 8.19, with the bounds of RFC 2578 section 3.5. */

/** RFC 2578 section 3.5: "at most 128 sub-identifiers in a value", each at most 2^32-1. */
const MAX_SUB_IDENTIFIERS = 128;

/** 2^32-1 in groups of seven bits. */
const MAX_SUB_IDENTIFIER_OCTETS = 5;
const MAX_OID_OCTETS = MAX_SUB_IDENTIFIERS * MAX_SUB_IDENTIFIER_OCTETS;

/** The text of zeroDotZero, and of an OID without content, which means the same to net-snmp. */
const ZERO_DOT_ZERO = '0.0';

/**
 * Dotted numbers without a leading dot.
 * @returns undefined for an unfinished sub-identifier, one above 2^32-1 or of more than five octets, or too many of them
 */
export function oidText(bytes: Buffer, start: number, stop: number): string | undefined {
  if (stop - start > MAX_OID_OCTETS) return undefined;
  if (start === stop) return ZERO_DOT_ZERO;
  let text = '';
  let count = 1; // the first octets hold two
  for (let at = start; at < stop;) {
    const first = at;
    let value = 0;
    let byte: number;
    do {
      if (at === stop || at - first === MAX_SUB_IDENTIFIER_OCTETS) return undefined;
      byte = bytes[at] ?? 0;
      value = value * 128 + (byte & 0x7f);
      at += 1;
    } while (byte >= 0x80);
    count += 1;
    if (value > 0xff_ff_ff_ff || count > MAX_SUB_IDENTIFIERS) return undefined;
    text = text === '' ? firstTwo(value) : `${text}.${value}`;
  }
  return text;
}

/** X.690 8.19.4: 40 * first + second, where the first is 0, 1 or 2, and only below 2 the second is below 40. */
function firstTwo(value: number): string {
  if (value < 40) return `0.${value}`;
  return value < 80 ? `1.${value - 40}` : `2.${value - 80}`;
}
