import { z } from 'zod';
import { parseFacility, parseSeverities } from '../../query/logs/severities.ts';

/** Stands for messages that tell no facility, or no severity. */
const NONE = -1;

const FACILITY_ALLOWED = 'expected a facility such as local7, 23 or none, or a list of them';
const SEVERITY_ALLOWED =
  'expected a severity such as warning, 4, warning+ (and worse), err..crit, ">=info" or none, or a list of them';

/** A facility, or several; the value is their numbers. */
export const facilityCodes = codes(FACILITY_ALLOWED, 'facility, one or a list', (word) => [parseFacility('', word)]);
/** A severity, a comparison, or several; the value is their numbers. In the words of `dogwatch logs`. */
export const severityCodes = codes(SEVERITY_ALLOWED, 'severity, one or a list', (word) => {
  const { numbers, none } = parseSeverities('', word);
  return none ? [NONE, ...numbers] : numbers;
});

function codes(allowed: string, kind: string, read: (word: string) => readonly number[]) {
  const word = z.union([z.string(), z.number()]);
  return z
    .union([word, z.array(word).min(1)], { error: allowed })
    .transform((given, context) => {
      const numbers = [given].flat().flatMap((each) => codesOf(String(each).trim(), read));
      if (numbers.length > 0 && !numbers.includes(undefined)) {
        return [...new Set(numbers.filter((each) => each !== undefined))].sort((a, b) => a - b);
      }
      context.issues.push({ code: 'custom', input: given, message: allowed });
      return z.NEVER;
    })
    .meta({ kind });
}

/** Undefined among the numbers: the word means nothing. */
function codesOf(word: string, read: (word: string) => readonly number[]): readonly (number | undefined)[] {
  if (word.toLowerCase() === 'none' || word === String(NONE)) return [NONE];
  try {
    return read(word);
  } catch {
    return [undefined];
  }
}
