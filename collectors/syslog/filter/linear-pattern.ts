import { RE2JS, RE2JSException } from 're2js';
import { DogwatchError } from '../../../src/runtime/errors.ts';

/** The longest pattern that is taken: programs grow with it, and each character of a text may cost a step of all of it. */
export const MAX_PATTERN_LENGTH = 1000;

/** A compiled regular expression whose cost is linear in the length of the text, whoever wrote the text. */
export interface LinearPattern {
  /** Whether it matches somewhere in `text`. */
  test(text: string): boolean;
}

/**
 * The door to `re2js`: compiles a regular expression of RE2's syntax (no look-around, no back references).
 * @throws DogwatchError `BAD_PATTERN` with what is wrong in it
 */
export function compilePattern(source: string): LinearPattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new DogwatchError('BAD_PATTERN', `longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new DogwatchError('BAD_PATTERN', error.message.replace(/^error parsing regexp: /, ''), {
      remedy: 'the syntax is that of RE2, without look-around and back references',
    });
  }
}
