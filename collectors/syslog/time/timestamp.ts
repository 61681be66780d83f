import { midnightMicros, yearOf } from './calendar.ts';
import {
  COLON,
  COMMA,
  DOT,
  MINUS,
  NUL,
  PLUS,
  SLASH,
  SPACE,
  isDigit,
  isLetter,
  isUpper,
  readDigits,
  skipSpaces,
} from '../characters.ts';
import type { Arrival } from '../message.ts';
import { Fraction } from './fraction.ts';
import { isWeekday, monthAt } from './calendar-names.ts';
import { UsualStamp } from './usual-stamp.ts';
import { zoneOffsets } from './zone-names.ts';

const DATES_A_YEAR = 16 * 32;
const microsADay = 86_400_000_000;
/** A stamp without a year may lie this far ahead of the arrival before it is taken for last year's. */
const furthestAheadMicros = 31 * microsADay;
const furthestBehindMicros = 334 * microsADay;

/** Reads every form of time stamp that devices send; the fields hold what the last successful `read` found. */
export class StampReader {
  /** The position after the stamp. */
  end = 0;
  /** Microseconds since the epoch; NaN for a date that does not exist, such as 30 February, or lies beyond the year 2255. */
  micros = Number.NaN;
  yearGuessed = false;
  zoneGuessed = false;

  #year = -1;
  #month = 0;
  #day = 0;
  #secondOfDay = 0;
  readonly #fraction = new Fraction();
  #zoneMinutes = 0;
  #zoneKnown = false;
  readonly #usual = new UsualStamp();
  #lastDate = -1;
  #lastMidnight = Number.NaN;
  #arrivalYear = 0;
  #arrivalYearStart = 0;
  #arrivalYearEnd = 0;

  /**
   * Whether a stamp starts at `at`; `bytes` are those of a parser, where zeros follow what is read. Digits beyond microseconds are cut; a leap
   * second becomes the next minute's first.
   */
  read(bytes: Buffer, at: number, arrival: Arrival): boolean {
    this.#year = -1;
    this.#fraction.micros = 0;
    this.#zoneKnown = false;
    const first = bytes[at]!;
    if (isLetter(first) ? this.#usual.readNamed(bytes, at, arrival) : isDigit(first) && this.#usual.readIso(bytes, at))
      return this.#takeUsual();
    const end = isDigit(first) ? this.#readNumeric(bytes, at) : isLetter(first) ? this.#readNamed(bytes, at) : -1;
    if (end < 0) return false;
    this.end = end;
    this.#resolve(arrival);
    if (!Number.isNaN(this.micros)) this.#usual.remember(bytes, at, this.#lastMidnight, this.yearGuessed);
    return true;
  }

  #takeUsual(): true {
    const usual = this.#usual;
    this.end = usual.end;
    this.micros = usual.micros;
    this.yearGuessed = usual.yearGuessed;
    this.zoneGuessed = usual.zoneGuessed;
    return true;
  }

  /** `2026-03-05T11:22:33`, `2026/03/05 11:22:33`, `2026 Mar  5 11:22:33`, `05 Mar 2026 11:22:33`, or seconds since the epoch. */
  #readNumeric(bytes: Buffer, at: number): number {
    const separator = bytes[at + 4]!;
    if (separator === MINUS || separator === SLASH) return this.#readIso(bytes, at, separator);
    if (separator === SPACE && isLetter(bytes[at + 5]!)) {
      this.#year = readDigits(bytes, at, 4);
      return this.#year < 0 ? -1 : this.#readMonthDayTime(bytes, at + 5);
    }
    if (isDigit(separator)) return this.#readEpoch(bytes, at);
    return this.#readDayFirst(bytes, at);
  }

  #readIso(bytes: Buffer, at: number, separator: number): number {
    this.#year = readDigits(bytes, at, 4);
    this.#month = readDigits(bytes, at + 5, 2);
    let after = at + 7;
    if (this.#month < 0) {
      // 2026-Mar-05, as printers of HP write it.
      this.#month = monthAt(bytes, at + 5);
      after = at + 8;
    }
    this.#day = readDigits(bytes, after + 1, 2);
    if (this.#year < 0 || bytes[after] !== separator || !this.#isDate()) return -1;
    const between = bytes[after + 3]! | 0x20;
    if (between !== 0x74 && between !== SPACE) return -1;
    return this.#readTime(bytes, after + 4);
  }

  #readEpoch(bytes: Buffer, at: number): number {
    const seconds = readDigits(bytes, at, 10);
    if (seconds < 0 || isDigit(bytes[at + 10]!)) return -1;
    const end = this.#fraction.read(bytes, at + 10);
    const next = bytes[end]!;
    if (next !== NUL && next !== SPACE && next !== COLON) return -1;
    this.#year = 1970;
    this.#month = 1;
    this.#day = 1;
    this.#secondOfDay = seconds;
    this.#zoneMinutes = 0;
    this.#zoneKnown = true;
    return end;
  }

  #readDayFirst(bytes: Buffer, at: number): number {
    const width = isDigit(bytes[at + 1]!) ? 2 : 1;
    const month = at + width + 1;
    const separator = bytes[month - 1]!;
    if ((separator !== SPACE && separator !== MINUS) || bytes[month + 3] !== separator) return -1;
    this.#day = readDigits(bytes, at, width);
    this.#month = monthAt(bytes, month);
    this.#year = readDigits(bytes, month + 4, 4);
    if (this.#year < 0 || !this.#isDate() || bytes[month + 8] !== SPACE) return -1;
    return this.#readTime(bytes, month + 9);
  }

  /** `Mar  5 11:22:33`, and behind a day of the week: `Thu, 05 Mar 2026 11:22:33`. */
  #readNamed(bytes: Buffer, at: number): number {
    const end = this.#readMonthDayTime(bytes, at);
    if (end >= 0 || monthAt(bytes, at) > 0) return end;
    const comma = bytes[at + 3] === COMMA ? 1 : 0;
    if (bytes[at + 3 + comma] !== SPACE || !isWeekday(bytes, at)) return -1;
    const next = skipSpaces(bytes, at + 3 + comma);
    return isDigit(bytes[next]!) ? this.#readDayFirst(bytes, next) : this.#readMonthDayTime(bytes, next);
  }

  #readMonthDayTime(bytes: Buffer, at: number): number {
    this.#month = monthAt(bytes, at);
    if (this.#month === 0 || bytes[at + 3] !== SPACE) return -1;
    let position = skipSpaces(bytes, at + 4);
    const width = isDigit(bytes[position + 1]!) ? 2 : 1;
    this.#day = readDigits(bytes, position, width);
    if (!this.#isDate()) return -1;
    position += width;
    if (bytes[position] === COMMA) position++;
    if (bytes[position] !== SPACE) return -1;
    position = skipSpaces(bytes, position);
    if (this.#year < 0 && bytes[position + 4] === SPACE) {
      this.#year = readDigits(bytes, position, 4);
      if (this.#year < 0) return -1;
      position = skipSpaces(bytes, position + 4);
    }
    return this.#readTime(bytes, position);
  }

  #isDate(): boolean {
    return this.#month >= 1 && this.#month <= 12 && this.#day >= 1 && this.#day <= 31;
  }

  #readTime(bytes: Buffer, at: number): number {
    const width = bytes[at + 1] === COLON ? 1 : 2;
    const hour = readDigits(bytes, at, width);
    const minute = readDigits(bytes, at + width + 1, 2);
    if (bytes[at + width] !== COLON || hour < 0 || hour > 23 || minute < 0 || minute > 59) return -1;
    let position = at + width + 3;
    let second = 0;
    if (bytes[position] === COLON) {
      second = readDigits(bytes, position + 1, 2);
      // 60 is a leap second; RFC 5424 (6.2.3) forbids it, RFC 3339 and real clocks know it.
      if (second < 0 || second > 60) return -1;
      position = this.#fraction.read(bytes, position + 3);
    }
    this.#secondOfDay = hour * 3600 + minute * 60 + second;
    return this.#readTail(bytes, position, hour);
  }

  /** What may follow the time: AM or PM, a fraction behind it, a zone, the year. */
  #readTail(bytes: Buffer, at: number, hour: number): number {
    let position = at;
    const code = bytes[position]!;
    if (code === SPACE && (bytes[position + 2]! | 0x20) === 0x6d) {
      const half = bytes[position + 1]! | 0x20;
      if ((half === 0x61 || half === 0x70) && !isLetter(bytes[position + 3]!) && hour >= 1 && hour <= 12) {
        this.#secondOfDay += ((half === 0x70 ? 12 : 0) + (hour === 12 ? -12 : 0)) * 3600;
        position = this.#fraction.read(bytes, position + 3);
      }
    }
    position = this.#readZone(bytes, position);
    for (let turn = 0; turn < 2; turn++) {
      const next = this.#readTailWord(bytes, position);
      if (next === position) break;
      position = next;
    }
    return position;
  }

  #readTailWord(bytes: Buffer, at: number): number {
    if (bytes[at] !== SPACE) return at;
    const word = at + 1;
    if (this.#year < 0 && isDigit(bytes[word]!)) {
      const year = readDigits(bytes, word, 4);
      if (year < 1970 || year > 2199 || !endsYear(bytes, word + 4)) return at;
      this.#year = year;
      return word + 4;
    }
    if (this.#zoneKnown) return at;
    const zone = this.#readZone(bytes, word);
    return zone === word || !endsStampWord(bytes, zone) ? at : zone;
  }

  /** `Z`, `+01:00`, `-0700`, `+08`, `CEST`, `UTC+8`, `GMT+01:00`; gives `at` back where there is none. */
  #readZone(bytes: Buffer, at: number): number {
    const code = bytes[at]!;
    if (code === PLUS || code === MINUS) return this.#readOffset(bytes, at);
    // Zone names are capitals, but for the z of RFC 3339; a host name in small letters need not be looked up.
    if (!isUpper(code) && code !== 0x7a) return at;
    let end = at + 1;
    while (end < at + 6 && isLetter(bytes[end]!)) end++;
    const named = zoneOffsets.find(bytes, at, end);
    if (named === undefined || !endsStampWord(bytes, end)) return at;
    const sign = bytes[end]!;
    const withOffset = sign === PLUS || sign === MINUS ? this.#readOffset(bytes, end) : end;
    if (withOffset > end) return withOffset;
    this.#zoneMinutes = named;
    this.#zoneKnown = true;
    return end;
  }

  #readOffset(bytes: Buffer, at: number): number {
    const width = isDigit(bytes[at + 2]!) ? 2 : 1;
    const hours = readDigits(bytes, at + 1, width);
    if (hours < 0 || hours > 14) return at;
    let end = at + 1 + width;
    const minutesAt = bytes[end] === COLON ? end + 1 : end;
    let minutes = readDigits(bytes, minutesAt, 2);
    if (minutes >= 0 && minutes < 60) end = minutesAt + 2;
    else minutes = 0;
    this.#zoneMinutes = (bytes[at] === MINUS ? -1 : 1) * (hours * 60 + minutes);
    this.#zoneKnown = true;
    return end;
  }

  #resolve(arrival: Arrival): void {
    this.yearGuessed = this.#year < 0;
    this.zoneGuessed = !this.#zoneKnown;
    const zoneMinutes = this.#zoneKnown ? this.#zoneMinutes : arrival.zoneOffsetMinutes;
    const inDay = (this.#secondOfDay - zoneMinutes * 60) * 1e6 + this.#fraction.micros;
    const micros = this.#year >= 0 ? this.#inYear(this.#year, inDay) : this.#nearest(inDay, arrival.receivedAtMicros);
    this.micros = Number.isSafeInteger(micros) ? micros : Number.NaN;
  }

  /** Messages arrive in order: the day of the last one is nearly always the day of this one. */
  #inYear(year: number, inDay: number): number {
    const date = year * DATES_A_YEAR + this.#month * 32 + this.#day;
    if (date !== this.#lastDate) {
      this.#lastDate = date;
      this.#lastMidnight = midnightMicros(year, this.#month, this.#day) ?? Number.NaN;
    }
    return this.#lastMidnight + inDay;
  }

  /** The year that the arrival suggests: a stamp of December that arrives in January is last year's. */
  #nearest(inDay: number, receivedAtMicros: number): number {
    const year = this.#yearAt(receivedAtMicros);
    for (let turn = 0; turn < 3; turn++) {
      const micros = this.#inYear(turn === 0 ? year : turn === 1 ? year - 1 : year + 1, inDay);
      const ahead = micros - receivedAtMicros;
      if (ahead <= furthestAheadMicros && ahead >= -furthestBehindMicros) return micros;
    }
    return Number.NaN;
  }

  /** The year of an arrival; that of the last one is nearly always that of this one. */
  #yearAt(receivedAtMicros: number): number {
    if (!(receivedAtMicros >= this.#arrivalYearStart && receivedAtMicros < this.#arrivalYearEnd)) {
      this.#arrivalYear = yearOf(receivedAtMicros);
      this.#arrivalYearStart = midnightMicros(this.#arrivalYear, 1, 1) ?? 0;
      this.#arrivalYearEnd = midnightMicros(this.#arrivalYear + 1, 1, 1) ?? 0;
    }
    return this.#arrivalYear;
  }
}

function endsStampWord(bytes: Buffer, at: number): boolean {
  const code = bytes[at]!;
  return !isLetter(code) && !isDigit(code) && code !== DOT && code < 0x80;
}

/** A colon may end the stamp; in the middle of a word it makes an IPv6 address of the number. */
function endsYear(bytes: Buffer, at: number): boolean {
  const next = bytes[bytes[at] === COLON ? at + 1 : at]!;
  return next === SPACE || next === NUL;
}
