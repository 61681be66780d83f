import { z } from 'zod';
import { facilityOf, severityOf } from '../../traffic/syslog/priority.ts';

/** Stands for messages that tell no facility, or no severity. */
const NONE = -1;
const LEAST_SEVERE = 7;
const COMPARISON = /^(<=|>=|<|>|≤|≥)\s*(\S+)$/;
/** `warning+`, as `dogwatch logs` understands it. */
const AND_WORSE = /^([^\s<>=≤≥]+)\+$/;

const FACILITY_ALLOWED = 'expected a facility such as local7, 23 or none, or a list of them';
const SEVERITY_ALLOWED =
  'expected a severity such as warning, 4, warning+ (and worse), ">=info" or none, or a list of names and numbers';

/** A facility, or several; the value is their numbers. */
export const facilityCodes = codes(FACILITY_ALLOWED, 'facility, one or a list', facilitiesOf);
/** A severity, a comparison, or several; the value is their numbers. */
export const severityCodes = codes(SEVERITY_ALLOWED, 'severity, comparison, or a list', severitiesOf);

function codes(allowed: string, kind: string, read: (word: string) => number[] | undefined) {
  const word = z.union([z.string(), z.number()]);
  return z
    .union([word, z.array(word).min(1)], { error: allowed })
    .transform((given, context) => {
      const found = [given].flat().map((each) => read(String(each).trim()));
      const known = found.flatMap((each) => each ?? []);
      if (!found.includes(undefined) && known.length > 0) return [...new Set(known)].sort((a, b) => a - b);
      context.issues.push({ code: 'custom', input: given, message: allowed });
      return z.NEVER;
    })
    .meta({ kind });
}

function facilitiesOf(word: string): number[] | undefined {
  const code = isNone(word) ? NONE : facilityOf(word);
  return code === undefined ? undefined : [code];
}

/** By number, as RFC 5424 has them: 0 is the worst, so that `<=warning` is warning and worse. */
function severitiesOf(word: string): number[] | undefined {
  if (isNone(word)) return [NONE];
  const [, operator = '=', name = word] = COMPARISON.exec(word.replace(AND_WORSE, '<=$1')) ?? [];
  const code = severityOf(name);
  if (code === undefined) return undefined;
  const all = Array.from({ length: LEAST_SEVERE + 1 }, (_, each) => each);
  return all.filter((each) => {
    if (operator === '<=' || operator === '≤') return each <= code;
    if (operator === '>=' || operator === '≥') return each >= code;
    if (operator === '<') return each < code;
    return operator === '>' ? each > code : each === code;
  });
}

function isNone(word: string): boolean {
  return word.toLowerCase() === 'none' || word === String(NONE);
}
