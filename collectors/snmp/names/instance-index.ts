import type { CompiledSyntax } from './compiled-module.ts';
import { printableText } from './display-hint.ts';
import { inetAddressText } from './inet-address.ts';
import { isTextHint, valueTextOf } from './value-text.ts';

/** A part of an INDEX clause with its syntax looked up; undefined where nobody knows it. */
export interface IndexPart {
  readonly syntax: CompiledSyntax | undefined;
  readonly implied: boolean;
}

/**
 * The index of an instance, from the arcs behind its column (RFC 2578 section 7.7), each part with a point before it:
 * `.3`, `."public"`, `.192.0.2.1`, `.00:1b:21:0a:0b:0c`. Enumerated numbers are their labels. undefined when the arcs do not fit the
 * parts: the device follows another version of the module.
 */
export function indexText(parts: readonly IndexPart[], arcs: readonly number[]): string | undefined {
  let text = '';
  let at = 0;
  for (const [index, { syntax, implied }] of parts.entries()) {
    // Where a syntax is not known, nothing behind it can be told apart.
    if (syntax === undefined) return at < arcs.length ? `${text}.${arcs.slice(at).join('.')}` : undefined;
    const part = takePart(syntax, implied && index === parts.length - 1, arcs, at);
    if (part === undefined) return undefined;
    text += `.${part.text}`;
    at = part.end;
  }
  return at === arcs.length ? text : undefined;
}

interface Taken {
  readonly text: string;
  readonly end: number;
}

function takePart(syntax: CompiledSyntax, implied: boolean, arcs: readonly number[], at: number): Taken | undefined {
  switch (syntax.base) {
    case 'integer':
    case 'unsigned':
    case 'counter':
    case 'timeticks': {
      const number = arcs[at];
      return number === undefined
        ? undefined
        : { text: syntax.labels?.[String(number)] ?? String(number), end: at + 1 };
    }
    case 'ip':
      return takeAddress(arcs, at);
    case 'network':
      // Its kind comes first, and only that of the internet is defined.
      return arcs[at] === 1 ? takeAddress(arcs, at + 1) : undefined;
    case 'oid': {
      const span = spanOf(syntax, implied, arcs, at);
      return span && { text: arcs.slice(span.start, span.end).join('.'), end: span.end };
    }
    case 'octets':
    case 'bits':
    case 'opaque':
    default: {
      const span = spanOf(syntax, implied, arcs, at);
      const octets = span && octetsOf(arcs, span.start, span.end);
      return span && octets && { text: octetsText(syntax, octets), end: span.end };
    }
  }
}

function takeAddress(arcs: readonly number[], at: number): Taken | undefined {
  const octets = octetsOf(arcs, at, at + 4);
  return octets && { text: octets.join('.'), end: at + 4 };
}

/** Of fixed length: that many arcs; IMPLIED: all that are left; else the first arc is the length. */
function spanOf(syntax: CompiledSyntax, implied: boolean, arcs: readonly number[], at: number) {
  const [least, most] = syntax.size ?? [0, 65_535];
  if (implied) return at <= arcs.length ? { start: at, end: arcs.length } : undefined;
  const fixed = least === most;
  const length = fixed ? least : arcs[at];
  if (length === undefined) return undefined;
  const start = fixed ? at : at + 1;
  return start + length <= arcs.length ? { start, end: start + length } : undefined;
}

/** undefined when there are too few, or one is no octet. */
function octetsOf(arcs: readonly number[], start: number, end: number): Buffer | undefined {
  if (end > arcs.length) return undefined;
  const octets = Buffer.alloc(end - start);
  for (let at = start; at < end; at += 1) {
    const arc = arcs[at] ?? 0;
    if (arc > 255) return undefined;
    octets[at - start] = arc;
  }
  return octets;
}

/** Addresses as they are written everywhere, texts in quotes, anything else in hexadecimal. */
function octetsText(syntax: CompiledSyntax, octets: Buffer): string {
  if (syntax.convention?.startsWith('InetAddress') === true) {
    const address = inetAddressText(octets);
    if (address !== undefined) return address;
  }
  const isText = syntax.hint === undefined || isTextHint(syntax.hint);
  const text = isText ? printableText(octets) : valueTextOf(syntax).octets?.(octets);
  if (text === undefined) return `0x${octets.toString('hex')}`;
  return isText ? JSON.stringify(text) : text;
}
