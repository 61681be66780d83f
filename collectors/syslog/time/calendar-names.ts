/** 1–12, whatever the case, or 0. */
export function monthAt(bytes: Buffer, at: number): number {
  return months.get(threeLetters(bytes, at)) ?? 0;
}

/** Whether the first three letters of a day of the week stand at `at`. */
export function isWeekday(bytes: Buffer, at: number): boolean {
  return weekdays.has(threeLetters(bytes, at));
}

/** Three letters in one number, whatever the case. */
function threeLetters(bytes: Buffer, at: number): number {
  return ((bytes[at]! | 0x20) << 16) | ((bytes[at + 1]! | 0x20) << 8) | (bytes[at + 2]! | 0x20);
}

const months = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, index) => [
    threeLetters(Buffer.from(name), 0),
    index + 1,
  ]),
);
const weekdays = new Set(
  ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((name) => threeLetters(Buffer.from(name), 0)),
);
