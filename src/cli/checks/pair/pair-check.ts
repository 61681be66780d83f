import type { Config } from '../../../config/schema.ts';
import type { CheckContext, CheckResult } from '../check-result.ts';

export type Ha = NonNullable<Config['ha']>;

/** One look at what a pair needs of this machine. Never rejects for what it came to look for. */
export type PairCheck = (ha: Ha, context: CheckContext) => Promise<CheckResult[]>;

export function ok(name: string, found: string): CheckResult {
  return { name, state: 'ok', found };
}

export function warn(name: string, found: string, remedy: string): CheckResult {
  return { name, state: 'warn', found, remedy };
}

export function fail(name: string, found: string, remedy: string): CheckResult {
  return { name, state: 'fail', found, remedy };
}

/** The addresses without their prefix lengths. */
export function virtualIps({ virtualAddresses }: Ha): string[] {
  return virtualAddresses.map((written) => written.split('/')[0] ?? '');
}
