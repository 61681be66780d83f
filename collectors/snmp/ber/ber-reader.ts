import { INTEGER } from './tags.ts';

/**
 * Why bytes are no BER that SNMP could mean.
 *
 * - `truncated`: a length beyond the end of what holds it, or no room for a header
 * - `indefinite-length`: X.690 8.1.3.6, which SNMP forbids (RFC 3417 section 8)
 * - `length-form`: a length of more than four octets that are not zero
 * - `tag`: another tag than the one that must stand here, or one of more than an octet
 * - `integer-size`: an integer wider than its type
 * - `oid`: an unfinished sub-identifier, one above 2^32-1, or more than 128 of them
 */
export type BerFailure = 'truncated' | 'indefinite-length' | 'length-form' | 'tag' | 'integer-size' | 'oid';

const NOTHING = Buffer.alloc(0);
const LONG_FORM = 0x80;
const HIGH_TAG = 0x1f;

/** Leading zeros of a length are no sin, but there is no reason for many. */
const MAX_LENGTH_OCTETS = 8;

/**
 * Owns every offset into a datagram. `next` reads an identifier and a length within `limit`, leaves tag and content in `tag`,
 * `start`, `stop`, and moves `at` behind the element; `into` goes inside instead. The first failure stays: from then on
 * `next` says no. Nothing recurses, so nesting costs nothing.
 */
export class BerReader {
  bytes: Buffer = NOTHING;
  /** Where the next element starts. */
  at = 0;
  /** Of the element that was read last. */
  tag = 0;
  start = 0;
  stop = 0;
  failure: BerFailure | undefined;

  /** Starts anew, at `at`. */
  open(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.failure = undefined;
  }

  /** Reads the header of an element that ends at or before `limit`, itself at most the end of `bytes`. */
  next(limit: number): boolean {
    if (this.failure !== undefined) return false;
    const { bytes } = this;
    let at = this.at;
    if (at + 2 > limit) return this.fail('truncated');
    const tag = bytes[at] ?? 0;
    if ((tag & HIGH_TAG) === HIGH_TAG) return this.fail('tag');
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= LONG_FORM) {
      const octets = length & 0x7f;
      length = this.#longLength(at, octets, limit);
      if (length < 0) return false;
      at += octets;
    }
    if (length > limit - at) return this.fail('truncated');
    this.tag = tag;
    this.start = at;
    this.stop = at + length;
    this.at = this.stop;
    return true;
  }

  /** `next`, and the tag must be this one. */
  expect(tag: number, limit: number): boolean {
    return this.next(limit) && (this.tag === tag || this.fail('tag'));
  }

  /** Expects a constructed element and goes inside: returns where it ends, or -1. */
  into(tag: number, limit: number): number {
    if (!this.expect(tag, limit)) return -1;
    this.at = this.start;
    return this.stop;
  }

  /** An INTEGER of at most 48 significant bits; 0 after a failure. */
  integer(limit: number): number {
    return this.expect(INTEGER, limit) ? this.integerValue() : 0;
  }

  /** The element that was read last, as a signed integer of at most 48 significant bits. An empty one is 0. */
  integerValue(): number {
    const start = significantStart(this.bytes, this.start, this.stop);
    const length = this.stop - start;
    if (length === 0) return 0;
    if (length > 6) {
      this.fail('integer-size');
      return 0;
    }
    return this.bytes.readIntBE(start, length);
  }

  /** Always false. The first reason is the one that counts. */
  fail(reason: BerFailure): false {
    this.failure ??= reason;
    return false;
  }

  /** X.690 8.1.3.5; devices send `82 00 2d` and `81 05`. -1 after a failure. */
  #longLength(at: number, octets: number, limit: number): number {
    if (octets === 0) return this.#noLength('indefinite-length');
    if (octets > MAX_LENGTH_OCTETS) return this.#noLength('length-form');
    if (octets > limit - at) return this.#noLength('truncated');
    let length = 0;
    for (let index = at; index < at + octets; index += 1) length = length * 256 + (this.bytes[index] ?? 0);
    return length > 0xff_ff_ff_ff ? this.#noLength('length-form') : length;
  }

  #noLength(reason: BerFailure): -1 {
    this.fail(reason);
    return -1;
  }
}

/** Where an integer starts without the octets that only repeat its sign: X.690 8.3.2 forbids them, devices send them. */
export function significantStart(bytes: Buffer, start: number, stop: number): number {
  let at = start;
  while (at + 1 < stop) {
    const first = bytes[at];
    const negative = (bytes[at + 1] ?? 0) >= 0x80;
    if (first !== (negative ? 0xff : 0)) break;
    at += 1;
  }
  return at;
}
