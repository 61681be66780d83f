import { COMMA, DOT, ZERO, isDigit } from '../characters.ts';

const DIGITS = 6;

/** The fraction of a second behind a time, in microseconds; finer digits are cut. */
export class Fraction {
  micros = 0;

  /** The position behind `.456` or `,456` at `at`, or `at` where there is none. */
  read(bytes: Buffer, at: number): number {
    this.micros = 0;
    const mark = bytes[at];
    if ((mark !== DOT && mark !== COMMA) || !isDigit(bytes[at + 1]!)) return at;
    let micros = 0;
    let digits = 0;
    let position = at + 1;
    for (; ; position++) {
      const code = bytes[position]!;
      if (!isDigit(code)) break;
      if (digits === DIGITS) continue;
      micros = micros * 10 + code - ZERO;
      digits++;
    }
    for (; digits < DIGITS; digits++) micros *= 10;
    this.micros = micros;
    return position;
  }
}
