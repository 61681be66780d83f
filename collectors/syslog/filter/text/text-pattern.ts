import type { Clock } from '../../../../src/runtime/clock.ts';
import { compilePattern, type LinearPattern } from './linear-pattern.ts';
import { requiredWords, type RequiredWords } from './required-words.ts';

const WINDOW_MS = 1000;
/** A tenth of the time, whatever is sent. */
const BUDGET_MS = 100;

/**
 * The pattern of one rule, asked as seldom as possible: the words that it requires are looked for first. It may not take
 * more than a tenth of the time: linear is not cheap, counted repetitions such as `x.{0,200}y` were measured at tens of
 * microseconds a character of texts that are made for them, and who sends decides about the texts.
 *
 *   within budget ──100 ms of a second spent──▶ spent: matches nothing, counted ──second over──▶ within budget
 */
export class TextPattern {
  /** Texts that were not looked at, for want of time. */
  skipped = 0;
  readonly #pattern: LinearPattern;
  readonly #required: RequiredWords | undefined;
  readonly #clock: Clock;
  #windowStartMs = -Infinity;
  #spentMs = 0;

  /** @throws DogwatchError `BAD_PATTERN` */
  constructor(source: string, clock: Clock) {
    this.#pattern = compilePattern(source);
    this.#required = requiredWords(source);
    this.#clock = clock;
  }

  test(text: string): boolean {
    if (this.#required !== undefined && !hasAny(text, this.#required)) return false;
    const beganMs = this.#clock.monotonicMs();
    if (beganMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = beganMs;
      this.#spentMs = 0;
    } else if (this.#spentMs >= BUDGET_MS) {
      this.skipped += 1;
      return false;
    }
    const isMatch = this.#pattern.test(text);
    this.#spentMs += this.#clock.monotonicMs() - beganMs;
    return isMatch;
  }
}

function hasAny(text: string, { words, anyCase }: RequiredWords): boolean {
  const searched = anyCase ? lowerCaseOf(text) : text;
  for (const word of words) if (searched.includes(word)) return true;
  return false;
}

// Several patterns look at the same text one after the other.
let lastText = '';
let lastLowerCase = '';

/** For comparing with ASCII: the one letter that matches s in any case, and whose lower case is not s, becomes it. */
function lowerCaseOf(text: string): string {
  if (text !== lastText) {
    lastText = text;
    lastLowerCase = text.toLowerCase().replaceAll('\u017F', 's');
  }
  return lastLowerCase;
}
