import { isPrefix } from '../config/values.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { protocolNumber } from './protocols.ts';

/** Single numbers, ranges of them, and `none` for "the exporter did not say". */
export interface NumberChoice {
  readonly single: readonly number[];
  readonly ranges: readonly (readonly [number, number])[];
  readonly none: boolean;
  /** What is neither. */
  readonly words: readonly string[];
}

/** `S/SA`: of the flags in `mask`, those in `set` and no other. */
export interface FlagChoice {
  readonly set: number;
  readonly mask: number;
}

/** RFC 9293 section 3.1, the bits of `tcp_flags`; N is the nonce sum of RFC 3540. */
const TCP_FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128, N: 256 };

/** The parts of a list with commas. @throws DogwatchError `USAGE` when one is empty */
export function parseList(option: string, words: string): string[] {
  const parts = words.split(',').map((part) => part.trim());
  if (parts.includes('')) throw usage(option, words, 'is no list', 'Write values with commas between, 80,443');
  return parts;
}

/** Addresses and prefixes of either family. */
export function parseAddresses(option: string, words: string): string[] {
  for (const part of parseList(option, words)) {
    // The scope of a link-local address is of this machine, and not of the exporter.
    if (isPrefix(part) && !part.includes('%')) continue;
    throw usage(
      option,
      part,
      'is no address or prefix',
      'Write it as 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32',
    );
  }
  return parseList(option, words);
}

/** Numbers up to `largest`; other words are returned as such where they are `wordsAllowed`. */
export function parseNumbers(option: string, list: string, largest: number, wordsAllowed = false): NumberChoice {
  const choice = { single: [] as number[], ranges: [] as [number, number][], none: false, words: [] as string[] };
  for (const part of parseList(option, list)) {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (part === 'none') choice.none = true;
    else if (from === undefined && wordsAllowed) choice.words.push(part);
    else if (from === undefined || Number(to ?? from) > largest || Number(from) > Number(to ?? from)) {
      throw usage(option, part, 'does not fit', `Write a number up to ${largest}, a range such as 1-99, or none`);
    } else if (to === undefined) choice.single.push(Number(from));
    else choice.ranges.push([Number(from), Number(to)]);
  }
  return choice;
}

/** Protocols by their IANA name or number. */
export function parseProtocols(option: string, list: string): number[] {
  return parseList(option, list).map((part) => {
    const number = protocolNumber(part);
    if (number === undefined)
      throw usage(option, part, 'is no protocol', 'Write tcp, udp, icmp, esp or a number from 0 to 255');
    return number;
  });
}

/** `S/SA`, `R` (the same as `R/R`), `0/FSRPAUEC` (none at all). */
export function parseTcpFlags(option: string, words: string): FlagChoice {
  const [first = '', second = first, ...more] = words.toUpperCase().split('/');
  const set = first === '0' ? 0 : flagBits(first);
  const mask = flagBits(second);
  if (set !== undefined && mask !== undefined && (set & ~mask) === 0 && more.length === 0) return { set, mask };
  throw usage(option, words, 'are no flags', 'Write flags set / flags looked at, of FSRPAUECN: S/SA, RA, 0/SAR');
}

function flagBits(letters: string): number | undefined {
  if (!/^[FSRPAUECN]+$/.test(letters)) return undefined;
  return letters.split('').reduce((bits, letter) => bits | (TCP_FLAGS[letter] ?? 0), 0);
}

export function usage(option: string, found: string, problem: string, remedy: string): DogwatchError {
  return new DogwatchError('USAGE', `--${option}: "${found}" ${problem}`, { remedy: `${remedy}.` });
}
