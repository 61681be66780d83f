import type { CompiledSyntax } from './compiled-module.ts';
import { type IntegerHint, integerHint, type OctetsHint, octetsHint } from './display-hint.ts';
import { dateAndTimeText } from './date-and-time.ts';
import { inetAddressText } from './inet-address.ts';

/** How values of one syntax are written for people; what has no way of its own is left to whoever shows it. */
export interface ValueText {
  readonly integer?: IntegerHint;
  readonly octets?: OctetsHint;
}

/** BITS are as long as they need to be; nothing defines more than a few dozen. */
const MOST_BITS = 8_192;

/** The way of a syntax: labels, bits, conventions that no hint describes, hints. */
export function valueTextOf(syntax: CompiledSyntax): ValueText {
  const { base, labels, hint } = syntax;
  switch (base) {
    case 'integer':
    case 'unsigned':
    case 'counter': {
      const byHint = hint === undefined ? undefined : integerHint(hint);
      if (labels !== undefined) return { integer: (value) => labelled(labels, value) };
      return byHint === undefined ? {} : { integer: byHint };
    }
    case 'timeticks':
      return { integer: ticksText };
    case 'bits':
      return labels === undefined ? {} : { octets: (octets) => bitsText(labels, octets) };
    case 'octets':
    case 'opaque':
      return octetsTextOf(syntax);
    case 'oid':
    case 'ip':
    case 'network':
    default:
      return {};
  }
}

function octetsTextOf({ convention, hint, labels }: CompiledSyntax): ValueText {
  // SMIv1 modules write BITS as OCTET STRING, with names for them all the same.
  if (labels !== undefined) return { octets: (octets) => bitsText(labels, octets) };
  const byHint = hint === undefined || isTextHint(hint) ? undefined : octetsHint(hint);
  const byConvention = convention === undefined ? undefined : conventionText(convention);
  if (byConvention === undefined) return byHint === undefined ? {} : { octets: byHint };
  return { octets: (octets) => byConvention(octets) ?? byHint?.(octets) };
}

/** `255a`, `255t`: the octets are a text as they stand, and nobody needs it twice. */
export function isTextHint(hint: string): boolean {
  return /^\d+[at]$/.test(hint);
}

/** Conventions whose text depends on more than a hint can say. */
function conventionText(convention: string): OctetsHint | undefined {
  if (convention === 'DateAndTime') return dateAndTimeText;
  return convention.startsWith('InetAddress') || convention === 'Ipv6Address' ? inetAddressText : undefined;
}

/** `down(2)`, and a number without a label as it is. */
function labelled(labels: Readonly<Record<string, string>>, value: number): string {
  const label = labels[String(value)];
  return label === undefined ? String(value) : `${label}(${value})`;
}

/** `portBased(0) macBased(3)`; bit 0 is the highest of the first octet (RFC 2578 section 7.1.4). */
function bitsText(labels: Readonly<Record<string, string>>, octets: Uint8Array): string {
  const names: string[] = [];
  const bits = Math.min(octets.length * 8, MOST_BITS);
  for (let bit = 0; bit < bits; bit += 1) {
    if (((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) names.push(labelled(labels, bit));
  }
  return names.join(' ');
}

/** Hundredths of a second as `3d 04:05:06.07`, without the days when there are none. */
function ticksText(ticks: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const seconds = Math.floor(ticks / 100);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const clock = `${two(hours % 24)}:${two(minutes % 60)}:${two(seconds % 60)}.${two(ticks % 100)}`;
  return days === 0 ? clock : `${days}d ${clock}`;
}
