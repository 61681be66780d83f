import { DogwatchError } from '../src/runtime/errors.ts';
import { MAX_FIXED_FIELD_BYTES, writeInet } from './copy-format.ts';

/** The 4 or 16 bytes of a textual address; an IPv6 zone ("%eth0") is left out. Undefined where it is none. */
export function parseAddress(text: string): Buffer | undefined {
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  return address.includes(':') ? parseIpv6(address) : parseIpv4(address);
}

/** The bytes of an IPv4-mapped IPv6 address become those of IPv4; others stay. */
export function unmapped(address: Buffer): Buffer {
  const mapped = address.length === 16 && address.readUInt16BE(10) === 0xff_ff && isZero(address.subarray(0, 10));
  return mapped ? address.subarray(12) : address;
}

/** The textual form: dotted for 4 bytes, RFC 5952 for 16. */
export function formatAddress(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  const text = Array.from({ length: 8 }, (_, group) => address.readUInt16BE(group * 2).toString(16)).join(':');
  // The first of the longest runs of two or more zero groups is left out (RFC 5952 4.2).
  let start = 0;
  let length = 0;
  for (const run of text.matchAll(/\b0(?::0\b)+/gv)) {
    if (run[0].length > length) [start, length] = [run.index, run[0].length];
  }
  if (length === 0) return text;
  return `${text.slice(0, Math.max(0, start - 1))}::${text.slice(start + length + 1)}`;
}

/** The whole COPY field of an `inet` column, length included. `address`: 4 or 16 bytes. */
export function inetField(address: Buffer): Buffer {
  const field = Buffer.allocUnsafe(MAX_FIXED_FIELD_BYTES);
  return field.subarray(0, writeInet(field, 0, address, 0, address.length === 4 ? 4 : 16));
}

export interface Prefix {
  readonly bits: number;
  matches(address: Buffer): boolean;
}

/**
 * An address ("192.0.2.1") or a prefix ("2001:db8::/32").
 * @throws DogwatchError `BAD_ADDRESS`
 */
export function parsePrefix(text: string): Prefix {
  const [addressText = '', bitsText] = text.split('/');
  const network = parseAddress(addressText);
  const size = (network?.length ?? 0) * 8;
  const bits = bitsText === undefined ? size : Number(bitsText === '' ? Number.NaN : bitsText);
  if (network === undefined || !Number.isInteger(bits) || bits < 0 || bits > size) {
    throw new DogwatchError('BAD_ADDRESS', `"${text}" is neither an address nor a prefix`, {
      remedy: 'write it like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
    });
  }
  return { bits, matches: (address) => address.length === network.length && samePrefix(address, network, bits) };
}

function samePrefix(a: Buffer, b: Buffer, bits: number): boolean {
  const whole = bits >> 3;
  if (a.compare(b, 0, whole, 0, whole) !== 0) return false;
  const rest = bits & 7;
  return rest === 0 || ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - rest) === 0;
}

function parseIpv4(text: string): Buffer | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/v.test(part) && Number(part) < 256)) return undefined;
  return Buffer.from(parts.map(Number));
}

function parseIpv6(text: string): Buffer | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Buffer.concat([head, Buffer.alloc(missing), tail ?? Buffer.alloc(0)]);
}

/** The bytes of colon-separated groups, the last of which may be a dotted IPv4 address. */
function groupsOf(text: string): Buffer | undefined {
  if (text === '') return Buffer.alloc(0);
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const dotted = index === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (dotted !== undefined) bytes.push(...dotted);
    else if (/^[0-9a-f]{1,4}$/iv.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes.length > 16 ? undefined : Buffer.from(bytes);
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
