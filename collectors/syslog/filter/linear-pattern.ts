import { RE2JS, RE2JSException } from 're2js';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import { requiredWords, type RequiredWords } from './required-words.ts';

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
    return withRequiredWords(RE2JS.compile(source), requiredWords(source));
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new DogwatchError('BAD_PATTERN', error.message.replace(/^error parsing regexp: /, ''), {
      remedy: 'the syntax is that of RE2, without look-around and back references',
    });
  }
}

function withRequiredWords(pattern: LinearPattern, required: RequiredWords | undefined): LinearPattern {
  if (required === undefined) return pattern;
  const { words, anyCase } = required;
  return {
    test(text) {
      const searched = anyCase ? lowerCaseOf(text) : text;
      for (const word of words) if (searched.includes(word)) return pattern.test(text);
      return false;
    },
  };
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
