import { z } from 'zod';
import type { Rate } from '../../../collectors/syslog/filter/rule-settings.ts';
import { messageOf } from '../../runtime/errors.ts';
import { formatDuration, parseDuration } from '../units.ts';

/** Settings that are written as texts of some form, beside those in `values.ts`. */

/** One value or a list of at least one; its value is the list. `allowed` completes "expected …". */
export function oneOrMore<T extends z.ZodType<string>>(item: T, allowed: string) {
  const kind = `one or a list: ${kindOf(item)}`;
  return z
    .union([item, z.array(item).min(1, { error: `expected ${allowed}` })], { error: `expected ${allowed}` })
    .transform((given) => [given].flat())
    .meta({ kind });
}

function kindOf(item: z.ZodType): string {
  if (item instanceof z.ZodEnum) return item.options.map((value) => `\`${value}\``).join(', ');
  const kind = item.meta()?.['kind'];
  return typeof kind === 'string' ? kind : 'text';
}

/** A text that `read` takes, or refuses by throwing; `refusal` is what is then said, of what was thrown. */
export function refusable(kind: string, read: (text: string) => unknown, refusal: (thrown: string) => string) {
  return z
    .string()
    .transform((text, context) => {
      try {
        read(text);
        return text;
      } catch (error) {
        context.issues.push({ code: 'custom', input: text, message: refusal(messageOf(error)) });
        return z.NEVER;
      }
    })
    .meta({ kind });
}

const RATE = /^(\d{1,9})\s*\/\s*(.+)$/;
const RATE_ALLOWED = 'expected a rate of 1/d to 1000000/s, such as 100/s, 1000/m or 5/10m';
/** A day, in ms; and the most messages in a millisecond. */
const LONGEST_MS = 86_400_000;
const MOST_MESSAGES = 1_000_000_000;
const MOST_PER_MS = 1000;

/** `100/s`, `1000/m`, `5/10m`. */
export const rate = z
  .string({ error: RATE_ALLOWED })
  .transform((text, context) => {
    const value = parseRate(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input: text, message: RATE_ALLOWED });
    return z.NEVER;
  })
  .meta({ kind: 'rate, 1/d to 1000000/s' });

function parseRate(text: string): Rate | undefined {
  const [, amount, span = ''] = RATE.exec(text.trim()) ?? [];
  const perMs = parseDuration(/^\d/.test(span) ? span : `1${span}`);
  const messages = Number(amount);
  if (perMs === undefined || !(perMs >= 1 && perMs <= LONGEST_MS)) return undefined;
  return messages >= 1 && messages <= MOST_MESSAGES && messages / perMs <= MOST_PER_MS
    ? { messages, perMs }
    : undefined;
}

/** `{messages: 100, perMs: 1000}` → `100/s`. */
export function formatRate({ messages, perMs }: Rate): string {
  return `${messages}/${formatDuration(perMs).replace(/^1(?=\D)/, '')}`;
}
