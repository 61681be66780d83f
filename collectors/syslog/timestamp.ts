import { midnightMicros, yearOf } from './calendar.ts';
import {
  COLON,
  COMMA,
  DOT,
  MINUS,
  PLUS,
  SLASH,
  SPACE,
  ZERO,
  isDigit,
  isLetter,
  isUpper,
  readDigits,
  skipSpaces,
  codeAt,
} from './characters.ts';
import type { Arrival } from './message.ts';
import { zoneOffsetMinutes } from './zone-names.ts';

const microsADay = 86_400_000_000;
/** A stamp without a year may lie this far ahead of the arrival before it is taken for last year's. */
const furthestAheadMicros = 31 * microsADay;
const furthestBehindMicros = 334 * microsADay;

/** Reads every form of time stamp that devices send; the fields hold what the last successful `read` found. */
export class StampReader {
  /** The position after the stamp. */
  end = 0;
  /** Microseconds since the epoch; undefined for a date that does not exist, such as 30 February, or lies beyond the year 2255. */
  micros: number | undefined = undefined;
  yearGuessed = false;
  zoneGuessed = false;

  #year = -1;
  #month = 0;
  #day = 0;
  #secondOfDay = 0;
  #fractionMicros = 0;
  #zoneMinutes = 0;
  #zoneKnown = false;
  #arrivalYear = 0;
  #arrivalYearStart = 0;
  #arrivalYearEnd = 0;

  /** Whether a stamp starts at `at`. Digits beyond microseconds are cut; a leap second becomes the next minute's first. */
  read(text: string, at: number, arrival: Arrival): boolean {
    this.#year = -1;
    this.#fractionMicros = 0;
    this.#zoneKnown = false;
    const first = codeAt(text, at);
    const end = isDigit(first) ? this.#readNumeric(text, at) : isLetter(first) ? this.#readNamed(text, at) : -1;
    if (end < 0) return false;
    this.end = end;
    this.#resolve(arrival);
    return true;
  }

  /** `2026-03-05T11:22:33`, `2026/03/05 11:22:33`, `2026 Mar  5 11:22:33`, `05 Mar 2026 11:22:33`, or seconds since the epoch. */
  #readNumeric(text: string, at: number): number {
    const separator = codeAt(text, at + 4);
    if (separator === MINUS || separator === SLASH) return this.#readIso(text, at, separator);
    if (separator === SPACE && isLetter(codeAt(text, at + 5))) {
      this.#year = readDigits(text, at, 4);
      return this.#year < 0 ? -1 : this.#readMonthDayTime(text, at + 5);
    }
    if (isDigit(separator)) return this.#readEpoch(text, at);
    return this.#readDayFirst(text, at);
  }

  #readIso(text: string, at: number, separator: number): number {
    this.#year = readDigits(text, at, 4);
    this.#month = readDigits(text, at + 5, 2);
    let after = at + 7;
    if (this.#month < 0) {
      // 2026-Mar-05, as printers of HP write it.
      this.#month = monthAt(text, at + 5);
      after = at + 8;
    }
    this.#day = readDigits(text, after + 1, 2);
    if (this.#year < 0 || codeAt(text, after) !== separator || !this.#isDate()) return -1;
    const between = codeAt(text, after + 3) | 0x20;
    if (between !== 0x74 && between !== SPACE) return -1;
    return this.#readTime(text, after + 4);
  }

  #readEpoch(text: string, at: number): number {
    const seconds = readDigits(text, at, 10);
    if (seconds < 0 || isDigit(codeAt(text, at + 10))) return -1;
    const end = this.#readFraction(text, at + 10);
    const next = codeAt(text, end);
    if (end < text.length && next !== SPACE && next !== COLON) return -1;
    this.#year = 1970;
    this.#month = 1;
    this.#day = 1;
    this.#secondOfDay = seconds;
    this.#zoneMinutes = 0;
    this.#zoneKnown = true;
    return end;
  }

  #readDayFirst(text: string, at: number): number {
    const width = isDigit(codeAt(text, at + 1)) ? 2 : 1;
    const month = at + width + 1;
    const separator = codeAt(text, month - 1);
    if ((separator !== SPACE && separator !== MINUS) || codeAt(text, month + 3) !== separator) return -1;
    this.#day = readDigits(text, at, width);
    this.#month = monthAt(text, month);
    this.#year = readDigits(text, month + 4, 4);
    if (this.#year < 0 || !this.#isDate() || codeAt(text, month + 8) !== SPACE) return -1;
    return this.#readTime(text, month + 9);
  }

  /** `Mar  5 11:22:33`, and behind a day of the week: `Thu, 05 Mar 2026 11:22:33`. */
  #readNamed(text: string, at: number): number {
    const end = this.#readMonthDayTime(text, at);
    if (end >= 0 || monthAt(text, at) > 0) return end;
    const comma = codeAt(text, at + 3) === COMMA ? 1 : 0;
    if (codeAt(text, at + 3 + comma) !== SPACE || !isWeekday(text, at)) return -1;
    const next = skipSpaces(text, at + 3 + comma);
    return isDigit(codeAt(text, next)) ? this.#readDayFirst(text, next) : this.#readMonthDayTime(text, next);
  }

  #readMonthDayTime(text: string, at: number): number {
    this.#month = monthAt(text, at);
    if (this.#month === 0 || codeAt(text, at + 3) !== SPACE) return -1;
    let position = skipSpaces(text, at + 4);
    const width = isDigit(codeAt(text, position + 1)) ? 2 : 1;
    this.#day = readDigits(text, position, width);
    if (!this.#isDate()) return -1;
    position += width;
    if (codeAt(text, position) === COMMA) position++;
    if (codeAt(text, position) !== SPACE) return -1;
    position = skipSpaces(text, position);
    if (this.#year < 0 && codeAt(text, position + 4) === SPACE) {
      this.#year = readDigits(text, position, 4);
      if (this.#year < 0) return -1;
      position = skipSpaces(text, position + 4);
    }
    return this.#readTime(text, position);
  }

  #isDate(): boolean {
    return this.#month >= 1 && this.#month <= 12 && this.#day >= 1 && this.#day <= 31;
  }

  #readTime(text: string, at: number): number {
    const width = codeAt(text, at + 1) === COLON ? 1 : 2;
    const hour = readDigits(text, at, width);
    const minute = readDigits(text, at + width + 1, 2);
    if (codeAt(text, at + width) !== COLON || hour < 0 || hour > 23 || minute < 0 || minute > 59) return -1;
    let position = at + width + 3;
    let second = 0;
    if (codeAt(text, position) === COLON) {
      second = readDigits(text, position + 1, 2);
      // 60 is a leap second; RFC 5424 (6.2.3) forbids it, RFC 3339 and real clocks know it.
      if (second < 0 || second > 60) return -1;
      position = this.#readFraction(text, position + 3);
    }
    this.#secondOfDay = hour * 3600 + minute * 60 + second;
    return this.#readTail(text, position, hour);
  }

  /** What may follow the time: AM or PM, a fraction behind it, a zone, the year. */
  #readTail(text: string, at: number, hour: number): number {
    let position = at;
    const code = codeAt(text, position);
    if (code === SPACE && (codeAt(text, position + 2) | 0x20) === 0x6d) {
      const half = codeAt(text, position + 1) | 0x20;
      if ((half === 0x61 || half === 0x70) && !isLetter(codeAt(text, position + 3)) && hour >= 1 && hour <= 12) {
        this.#secondOfDay += ((half === 0x70 ? 12 : 0) + (hour === 12 ? -12 : 0)) * 3600;
        position = this.#readFraction(text, position + 3);
      }
    }
    position = this.#readZone(text, position);
    for (let turn = 0; turn < 2; turn++) {
      const next = this.#readTailWord(text, position);
      if (next === position) break;
      position = next;
    }
    return position;
  }

  #readTailWord(text: string, at: number): number {
    if (codeAt(text, at) !== SPACE) return at;
    const word = at + 1;
    if (this.#year < 0 && isDigit(codeAt(text, word))) {
      const year = readDigits(text, word, 4);
      if (year < 1970 || year > 2199 || !endsYear(text, word + 4)) return at;
      this.#year = year;
      return word + 4;
    }
    if (this.#zoneKnown) return at;
    const zone = this.#readZone(text, word);
    return zone === word || !endsStampWord(text, zone) ? at : zone;
  }

  /** `Z`, `+01:00`, `-0700`, `+08`, `CEST`, `UTC+8`, `GMT+01:00`; gives `at` back where there is none. */
  #readZone(text: string, at: number): number {
    const code = codeAt(text, at);
    if (code === PLUS || code === MINUS) return this.#readOffset(text, at);
    // Zone names are capitals, but for the z of RFC 3339; a host name in small letters need not be looked up.
    if (!isUpper(code) && code !== 0x7a) return at;
    let end = at + 1;
    while (end < at + 6 && isLetter(codeAt(text, end))) end++;
    const named = zoneOffsetMinutes(text.slice(at, end));
    if (named === undefined || !endsStampWord(text, end)) return at;
    const sign = codeAt(text, end);
    const withOffset = sign === PLUS || sign === MINUS ? this.#readOffset(text, end) : end;
    if (withOffset > end) return withOffset;
    this.#zoneMinutes = named;
    this.#zoneKnown = true;
    return end;
  }

  #readOffset(text: string, at: number): number {
    const width = isDigit(codeAt(text, at + 2)) ? 2 : 1;
    const hours = readDigits(text, at + 1, width);
    if (hours < 0 || hours > 14) return at;
    let end = at + 1 + width;
    const minutesAt = codeAt(text, end) === COLON ? end + 1 : end;
    let minutes = readDigits(text, minutesAt, 2);
    if (minutes >= 0 && minutes < 60) end = minutesAt + 2;
    else minutes = 0;
    this.#zoneMinutes = (codeAt(text, at) === MINUS ? -1 : 1) * (hours * 60 + minutes);
    this.#zoneKnown = true;
    return end;
  }

  #readFraction(text: string, at: number): number {
    const mark = codeAt(text, at);
    if ((mark !== DOT && mark !== COMMA) || !isDigit(codeAt(text, at + 1))) return at;
    let micros = 0;
    let scale = 100_000;
    let position = at + 1;
    for (; ; position++) {
      const code = codeAt(text, position);
      if (!isDigit(code)) break;
      if (scale >= 1) micros += (code - ZERO) * scale;
      scale /= 10;
    }
    this.#fractionMicros = micros;
    return position;
  }

  #resolve(arrival: Arrival): void {
    this.yearGuessed = this.#year < 0;
    this.zoneGuessed = !this.#zoneKnown;
    const zoneMinutes = this.#zoneKnown ? this.#zoneMinutes : arrival.zoneOffsetMinutes;
    const inDay = (this.#secondOfDay - zoneMinutes * 60) * 1e6 + this.#fractionMicros;
    const micros = this.#year >= 0 ? this.#inYear(this.#year, inDay) : this.#nearest(inDay, arrival.receivedAtMicros);
    this.micros = Number.isSafeInteger(micros) ? micros : undefined;
  }

  #inYear(year: number, inDay: number): number | undefined {
    const midnight = midnightMicros(year, this.#month, this.#day);
    return midnight === undefined ? undefined : midnight + inDay;
  }

  /** The year that the arrival suggests: a stamp of December that arrives in January is last year's. */
  #nearest(inDay: number, receivedAtMicros: number): number | undefined {
    const year = this.#yearAt(receivedAtMicros);
    for (let turn = 0; turn < 3; turn++) {
      const micros = this.#inYear(turn === 0 ? year : turn === 1 ? year - 1 : year + 1, inDay);
      if (micros === undefined) continue;
      const ahead = micros - receivedAtMicros;
      if (ahead <= furthestAheadMicros && ahead >= -furthestBehindMicros) return micros;
    }
    return undefined;
  }

  /** Messages arrive in order: the year of the last one is nearly always the year of this one. */
  #yearAt(receivedAtMicros: number): number {
    if (!(receivedAtMicros >= this.#arrivalYearStart && receivedAtMicros < this.#arrivalYearEnd)) {
      this.#arrivalYear = yearOf(receivedAtMicros);
      this.#arrivalYearStart = midnightMicros(this.#arrivalYear, 1, 1) ?? 0;
      this.#arrivalYearEnd = midnightMicros(this.#arrivalYear + 1, 1, 1) ?? 0;
    }
    return this.#arrivalYear;
  }
}

function endsStampWord(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const code = codeAt(text, at);
  return !isLetter(code) && !isDigit(code) && code !== DOT && code < 0x80;
}

/** A colon may end the stamp; in the middle of a word it makes an IPv6 address of the number. */
function endsYear(text: string, at: number): boolean {
  const next = codeAt(text, codeAt(text, at) === COLON ? at + 1 : at);
  return next === SPACE || !(next >= 0);
}

/** 1–12, whatever the case, or 0. */
function monthAt(text: string, at: number): number {
  const letters =
    ((codeAt(text, at) | 0x20) << 16) | ((codeAt(text, at + 1) | 0x20) << 8) | (codeAt(text, at + 2) | 0x20);
  return months.get(letters) ?? 0;
}

function isWeekday(text: string, at: number): boolean {
  return weekdays.has(text.slice(at, at + 3).toLowerCase());
}

const months = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, index) => [
    (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    index + 1,
  ]),
);
const weekdays = new Set(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
