import { COLON, DOT, MINUS, NUL, PLUS, SPACE, ZERO, isDigit, isLetter, isUpper, readDigits } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { Fraction } from './fraction.ts';

const UPPER_T = 0x54;
const UPPER_Z = 0x5a;
const LOWER_M = 0x6d;
const LOWER_Z = 0x7a;
const microsADay = 86_400_000_000;
/** A day without a year may be taken for the one that was read last while the arrival is so near to it. */
const nearMicros = 30 * microsADay;

/**
 * The stamps that nearly all messages have: of the day that was read last, in one of three forms, with nothing behind that
 * might belong to them. Read with few calls from one function to the next, since the calls are what such a stamp costs; anything else
 * is left to `StampReader`, and what it found is remembered here.
 */
export class UsualStamp {
  end = 0;
  micros = Number.NaN;
  yearGuessed = false;
  zoneGuessed = false;

  readonly #fraction = new Fraction();
  /** The last day with a month's name, in the bytes that wrote it: `Mar`, ` 5`, and `2026` where there was a year. */
  #month = -1;
  #day = -1;
  #year = -1;
  /** Its midnight (UTC), without a year and with that year. */
  #midnight = Number.NaN;
  #midnightOfYear = Number.NaN;
  /** The same of ISO 8601: `2026`, `0305`. */
  #isoYear = -1;
  #isoDay = -1;
  #isoMidnight = Number.NaN;

  /** `Mar  5 11:22:33` or `Mar 05 2026 11:22:33.456`. */
  readNamed(bytes: Buffer, at: number, arrival: Arrival): boolean {
    if (twoBytes(bytes, at + 4) !== this.#day || threeBytes(bytes, at) !== this.#month) return false;
    if (bytes[at + 3] !== SPACE || bytes[at + 6] !== SPACE) return false;
    const hasYear = bytes[at + 11] === SPACE;
    if (hasYear && fourBytes(bytes, at + 7) !== this.#year) return false;
    const time = hasYear ? at + 12 : at + 7;
    const second = secondOfDay(bytes, time);
    if (second < 0) return false;
    const end = this.#readFraction(bytes, time + 8);
    if (!endsStamp(bytes, end)) return false;
    const midnight = hasYear ? this.#midnightOfYear : this.#midnight;
    const micros = midnight + (second - arrival.zoneOffsetMinutes * 60) * 1e6 + this.#fraction.micros;
    if (!hasYear && !(Math.abs(micros - arrival.receivedAtMicros) < nearMicros)) return false;
    this.micros = micros;
    this.yearGuessed = !hasYear;
    this.zoneGuessed = true;
    this.end = end;
    return Number.isSafeInteger(micros);
  }

  /** `2026-03-05T11:22:33.456Z` and a space. */
  readIso(bytes: Buffer, at: number): boolean {
    if (fourBytes(bytes, at) !== this.#isoYear || isoDay(bytes, at) !== this.#isoDay) return false;
    if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS || bytes[at + 10] !== UPPER_T) return false;
    const second = secondOfDay(bytes, at + 11);
    if (second < 0) return false;
    const end = this.#readFraction(bytes, at + 19);
    if (bytes[end] !== UPPER_Z || bytes[end + 1] !== SPACE) return false;
    this.micros = this.#isoMidnight + second * 1e6 + this.#fraction.micros;
    this.yearGuessed = false;
    this.zoneGuessed = false;
    this.end = end + 1;
    return true;
  }

  /** Keeps the day of a stamp that was read from `at` on. `midnight`: of that day, microseconds since the epoch. */
  remember(bytes: Buffer, at: number, midnight: number, yearGuessed: boolean): void {
    if (isDigit(bytes[at]!)) {
      if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS || bytes[at + 10] !== UPPER_T) return;
      this.#isoYear = fourBytes(bytes, at);
      this.#isoDay = isoDay(bytes, at);
      this.#isoMidnight = midnight;
      return;
    }
    // Behind a day of the week, or with a day of one digit, they are read the other way.
    if (bytes[at + 3] !== SPACE || bytes[at + 6] !== SPACE || isLetter(bytes[at + 4]!)) return;
    const day = twoBytes(bytes, at + 4);
    const month = threeBytes(bytes, at);
    if (day !== this.#day || month !== this.#month) {
      this.#midnight = Number.NaN;
      this.#midnightOfYear = Number.NaN;
    }
    this.#day = day;
    this.#month = month;
    if (yearGuessed) this.#midnight = midnight;
    else if (bytes[at + 11] === SPACE && readDigits(bytes, at + 7, 4) >= 0) {
      this.#year = fourBytes(bytes, at + 7);
      this.#midnightOfYear = midnight;
    }
  }

  #readFraction(bytes: Buffer, at: number): number {
    if (bytes[at] === DOT) return this.#fraction.read(bytes, at);
    this.#fraction.micros = 0;
    return at;
  }
}

/** `11:22:33`, or -1: not 24 hours, but a leap second. */
function secondOfDay(bytes: Buffer, at: number): number {
  const hour = twoDigits(bytes, at);
  const minute = twoDigits(bytes, at + 3);
  const second = twoDigits(bytes, at + 6);
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
  return hour <= 23 && minute <= 59 && second <= 60 ? hour * 3600 + minute * 60 + second : -1;
}

/** 100 where there are no two digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >>> 0 <= 9 && ones >>> 0 <= 9 ? tens * 10 + ones : 100;
}

/** Whether neither a year, a zone nor half of the day can follow: a colon, or a space and a word that begins like none of them. */
function endsStamp(bytes: Buffer, at: number): boolean {
  const code = bytes[at]!;
  if (code === COLON || code === NUL) return true;
  if (code !== SPACE) return false;
  const next = bytes[at + 1]!;
  if (isUpper(next) || isDigit(next) || next === PLUS || next === MINUS || next === LOWER_Z) return false;
  return (bytes[at + 2]! | 0x20) !== LOWER_M;
}

/** Month and day of `2026-03-05`. */
function isoDay(bytes: Buffer, at: number): number {
  return (twoBytes(bytes, at + 5) << 16) | twoBytes(bytes, at + 8);
}

function twoBytes(bytes: Buffer, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function threeBytes(bytes: Buffer, at: number): number {
  return (twoBytes(bytes, at) << 8) | bytes[at + 2]!;
}

function fourBytes(bytes: Buffer, at: number): number {
  return (twoBytes(bytes, at) << 16) | twoBytes(bytes, at + 2);
}
