const microsADay = 86_400_000_000;

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar; `month` is 1–12. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The year in UTC of a time in microseconds since the epoch. */
export function yearOf(micros: number): number {
  const days = Math.floor(micros / microsADay) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Years of this reckoning begin on the first of March, which is day 0.
  return yearOfEra + era * 400 + (dayOfYear >= 306 ? 1 : 0);
}

/** Microseconds since the epoch of midnight (UTC) of a date, or undefined where that date does not exist. */
export function midnightMicros(year: number, month: number, day: number): number | undefined {
  if (day > daysOfMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day) * microsADay;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
