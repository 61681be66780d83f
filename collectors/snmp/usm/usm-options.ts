import type { Ration } from './sources/source-budget.ts';
import type { UsmUserOptions } from './users/user-options.ts';

export interface UsmOptions {
  readonly users: readonly UsmUserOptions[];
  /**
   * Notifications whose engine boots or time are not what RFC 3414 asks for: `lenient` (default) takes and flags them, since real
   * devices send boots of 0 or a time that stands still; `strict` refuses them.
   */
  readonly timeWindow?: 'lenient' | 'strict' | undefined;
  /** Sending engines that are remembered; some 3 KB each with the keys of one user. */
  readonly maxEngines?: number | undefined;
  /** Messages by which a replay is recognised: at least so many, at most twice as many. Some 60 bytes each. */
  readonly replayMemory?: number | undefined;
  /** Messages with a digest from engines that are not known yet. Each costs some small hashes. */
  readonly firstContacts?: { readonly eachSource: Ration; readonly overall: Ration } | undefined;
  /** Reports that we answer with. One is at most twice as long as the shortest message that asks for it. */
  readonly reports?: { readonly eachSource: Ration; readonly overall: Ration } | undefined;
}

export const USM_DEFAULTS = {
  timeWindow: 'lenient',
  maxEngines: 20_000,
  replayMemory: 100_000,
  // A burst lets thousands of devices behind one address come back after our restart.
  firstContacts: { eachSource: { perSecond: 500, burst: 2_000 }, overall: { perSecond: 5_000, burst: 10_000 } },
  // A sender of informs needs one or two reports in its life.
  reports: { eachSource: { perSecond: 10, burst: 50 }, overall: { perSecond: 500, burst: 2_000 } },
} as const satisfies Omit<Required<UsmOptions>, 'users'>;
