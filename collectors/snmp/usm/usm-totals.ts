import type { SecurityLevel } from '../security.ts';
import type { UsmStat } from './message/v3-message.ts';
import type { RefusalReason } from './refusal.ts';

/** What the security room counts. Plain numbers that only grow. */
export interface UsmTotals {
  messages: number;
  readonly accepted: Record<SecurityLevel, number>;
  /** Of the accepted ones, those whose time was out of the ordinary. */
  flagged: number;
  replays: number;
  readonly refused: Partial<Record<RefusalReason, number>>;
  /** RFC 3414 section 5; what reports tell. */
  readonly stats: Record<UsmStat, number>;
  reportsSent: number;
  /** Reports that were due and not sent, for the sake of whoever owns the source address. */
  reportsSuppressed: number;
  /** Engines that were authenticated for the first time. */
  enginesLearnt: number;
}

export function createUsmTotals(): UsmTotals {
  return {
    messages: 0,
    accepted: { noAuthNoPriv: 0, authNoPriv: 0, authPriv: 0 },
    flagged: 0,
    replays: 0,
    refused: {},
    stats: {
      unsupportedSecLevels: 0,
      notInTimeWindows: 0,
      unknownUserNames: 0,
      unknownEngineIDs: 0,
      wrongDigests: 0,
      decryptionErrors: 0,
    },
    reportsSent: 0,
    reportsSuppressed: 0,
    enginesLearnt: 0,
  };
}
