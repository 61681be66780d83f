import { writeDigits } from './json-number.ts';

/** Points in time as RFC 3339 text in UTC, with quotes, without allocation. */

/** The longest text: "9999-12-31T23:59:59.999999999Z" in quotes. */
export const MAX_TIME_BYTES = 32;

/** 9999-12-31T23:59:59Z: RFC 3339 has four digits for the year. */
export const LAST_SECOND = 253_402_300_799;

const QUOTE = 34;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const UPPER_T = 84;
const UPPER_Z = 90;

const TWO_POW_32 = 4_294_967_296;
/** From NTP's epoch (1900-01-01) to Unix's, RFC 5905 section 6. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const SECONDS_A_DAY = 86_400;
const DAYS_TO_YEAR_0 = 719_468; // from 0000-03-01 to 1970-01-01
const DAYS_AN_ERA = 146_097; // 400 years

/**
 * `seconds`: since the Unix epoch, 0 to `LAST_SECOND`. `fraction`: below 10^`digits`; `digits`: 0, 3, 6 or 9.
 */
export function writeTime(seconds: number, fraction: number, digits: number, out: Buffer, at: number): number {
  const days = Math.floor(seconds / SECONDS_A_DAY);
  const second = seconds - days * SECONDS_A_DAY;
  out[at] = QUOTE;
  let next = writeDate(days, out, at + 1);
  out[next++] = UPPER_T;
  next = writeDigits(second / 3600, 2, out, next);
  out[next++] = COLON;
  next = writeDigits((second / 60) % 60, 2, out, next);
  out[next++] = COLON;
  next = writeDigits(second % 60, 2, out, next);
  if (digits > 0) {
    out[next++] = DOT;
    next = writeDigits(fraction, digits, out, next);
  }
  out[next++] = UPPER_Z;
  out[next++] = QUOTE;
  return next;
}

/**
 * dateTimeMicroseconds and dateTimeNanoseconds: 8 bytes in the NTP format, seconds and their 2^32nd parts. Seconds
 * without the top bit belong to the era that begins in 2036 (RFC 4330 section 3). `digits`: 6 or 9.
 */
export function writeNtpTime(source: Buffer, offset: number, digits: 6 | 9, out: Buffer, at: number): number {
  const ntpSeconds = source.readUInt32BE(offset);
  let seconds = (ntpSeconds >= 0x80_00_00_00 ? ntpSeconds : ntpSeconds + TWO_POW_32) - NTP_TO_UNIX_SECONDS;
  const parts = source.readUInt32BE(offset + 4);
  // RFC 7011 section 6.1.9: of microseconds the lowest 11 bits of the fraction are to be ignored. To round what is left
  // gives back each microsecond that an exporter cut off to 21 bits.
  const scale = digits === 6 ? 1_000_000 : 1_000_000_000;
  let fraction = Math.round(((digits === 6 ? (parts & 0xff_ff_f8_00) >>> 0 : parts) * scale) / TWO_POW_32);
  if (fraction === scale) {
    fraction = 0;
    seconds += 1;
  }
  return writeTime(seconds, fraction, digits, out, at);
}

/**
 * `days` since 1970-01-01, not negative. Years are counted from 1 March, so that the leap day is the last of its year
 * and months have regular lengths: 153 days for each five.
 */
function writeDate(days: number, out: Buffer, at: number): number {
  const day = days + DAYS_TO_YEAR_0;
  const era = Math.floor(day / DAYS_AN_ERA);
  const dayOfEra = day - era * DAYS_AN_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  let next = writeDigits(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4, out, at);
  out[next++] = MINUS;
  next = writeDigits(month, 2, out, next);
  out[next++] = MINUS;
  return writeDigits(dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1, 2, out, next);
}
