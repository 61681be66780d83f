import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

/** The kinds of value that settings have, beside zod's own. Each says what is allowed when it refuses. */

const SIZE_ALLOWED = 'a size such as 512KiB, 8MiB or 10GiB, or a number of bytes';
const DURATION_ALLOWED = 'a duration such as 250ms, 10s, 15m, 2h or 30d';

/** A duration between two bounds, themselves written as durations; its value is milliseconds. */
export function duration(least: string, most: string) {
  return quantity('duration', parseDuration, formatDuration, DURATION_ALLOWED, least, most);
}

/** A size between two bounds, themselves written as sizes; its value is bytes. */
export function size(least: string, most: string) {
  return quantity('size', parseSize, formatSize, SIZE_ALLOWED, least, most);
}

function quantity(
  kind: string,
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
  allowed: string,
  least: string,
  most: string,
) {
  const from = parse(least) ?? 0;
  const to = parse(most) ?? Infinity;
  const schema = z.union([z.string(), z.number()], { error: `expected ${allowed}` }).transform((written, context) => {
    const value = typeof written === 'number' ? written : parse(written);
    if (value === undefined) {
      context.issues.push({ code: 'custom', input: written, message: `expected ${allowed}` });
      return z.NEVER;
    }
    if (value < from || value > to) {
      context.issues.push({ code: 'custom', input: written, message: `expected ${format(from)} to ${format(to)}` });
      return z.NEVER;
    }
    return value;
  });
  return schema.meta({ kind: `${kind}, ${least} to ${most}` });
}

/** A UDP or TCP port; 0 lets the system choose. */
export const port = z
  .int({ error: 'expected a port, 0 to 65535 (0: the system chooses)' })
  .min(0, { error: 'expected a port, 0 to 65535 (0: the system chooses)' })
  .max(65_535, { error: 'expected a port, 0 to 65535 (0: the system chooses)' });

/** An IPv4 or IPv6 address of this machine, or `::` and `0.0.0.0` for all of them. */
export const address = z
  .string()
  .refine((text) => isIP(text) !== 0, {
    error: 'expected an IPv4 or IPv6 address; ::, 0.0.0.0 mean all of this machine',
  })
  .meta({ kind: 'IP address' });

/** An address or a prefix such as `192.0.2.0/24` or `2001:db8::/32`. */
export const prefix = z
  .string()
  .refine(isPrefix, { error: 'expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32' })
  .meta({ kind: 'address or prefix' });

/** Whether `text` is an address or a prefix of either family. */
export function isPrefix(text: string): boolean {
  const [host = '', length, ...more] = text.split('/');
  if (isIP(host) === 0 || more.length > 0) return false;
  if (length === undefined) return true;
  return /^\d{1,3}$/.test(length) && Number(length) <= (isIPv4(host) ? 32 : 128);
}

/** A whole number between two bounds. */
export function whole(least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}
