import type { Config } from '../../config/schema.ts';
import type { CollectorStatus } from '../../console/status.ts';

/** One thing that was looked at. */
export interface CheckResult {
  /** What was looked at, such as `port 2055`. */
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; may have several lines. */
  readonly remedy?: string;
}

/** What a check may know. */
export interface CheckContext {
  readonly config: Config;
  /** The status of a collector that runs with this configuration already. */
  readonly running: CollectorStatus | undefined;
}

/** Looks at one side of the machine. Never rejects for what it came to look for. */
export type Check = (context: CheckContext) => Promise<CheckResult[]>;
