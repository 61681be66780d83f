import { RE2JS, RE2JSException } from 're2js';
import { DogwatchError } from '../../../../src/runtime/errors.ts';

const MAX_PATTERN_LENGTH = 1000;
/** Instructions: each character of a text may cost a step of all of them. `x.{0,200}y` has about 400. */
const MAX_PROGRAM_SIZE = 500;
/** Characters of a text that are looked at, for the same reason. */
const MAX_TEXT_LENGTH = 2048;

/** A compiled regular expression whose cost is linear in the length of the text, whoever wrote the text. */
export interface LinearPattern {
  /** Whether it matches somewhere in the beginning of `text`. */
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
  const pattern = compile(source);
  if (pattern.programSize() > MAX_PROGRAM_SIZE) {
    throw new DogwatchError('BAD_PATTERN', 'too large; smaller numbers in {…} make it smaller', {
      remedy: 'write smaller numbers in {…}, or * in place of them',
    });
  }
  return { test: (text) => pattern.test(text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text) };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new DogwatchError('BAD_PATTERN', error.message.replace(/^error parsing regexp: /, ''), {
      remedy: 'the syntax is that of RE2, without look-around and back references',
    });
  }
}
