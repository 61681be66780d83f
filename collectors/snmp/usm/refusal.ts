import type { TimeTrouble } from './engines/engine-time.ts';
import type { UsmStat } from './message/v3-message.ts';

/** Why a message was not taken. */
export type RefusalReason =
  /** No UsmSecurityParameters (RFC 3414 section 2.4). */
  | 'malformed-parameters'
  /** Another model than USM. */
  | 'security-model'
  /** Privacy without authentication (RFC 3412 section 7.2 step 5), or data that is not what the flags say. */
  | 'invalid-flags'
  /** No engine id: somebody asks for ours. Nothing is wrong. */
  | 'discovery'
  /** A message that asks for an answer, for an engine that we are not. */
  | 'unknown-engine-id'
  | 'unknown-user'
  /** The user has no keys for this level. */
  | 'unsupported-level'
  /** The user may not speak at so low a level. */
  | 'below-minimum-level'
  /** Engines that nobody knows have used up their share; whether this one is real was not looked at. */
  | 'first-contact-budget'
  | 'wrong-digest'
  /** For our engine, but not with its boots and time. */
  | 'not-in-time-window'
  /** Of notifications, where the time window is strict. */
  | TimeTrouble
  | 'decryption-error';

/** The counter of RFC 3414 that a reason counts in, and that a report names. The others are answered by nothing. */
export const STAT_OF_REASON: Readonly<Partial<Record<RefusalReason, UsmStat>>> = {
  discovery: 'unknownEngineIDs',
  'unknown-engine-id': 'unknownEngineIDs',
  'unknown-user': 'unknownUserNames',
  'unsupported-level': 'unsupportedSecLevels',
  'below-minimum-level': 'unsupportedSecLevels',
  'wrong-digest': 'wrongDigests',
  'not-in-time-window': 'notInTimeWindows',
  'time-window': 'notInTimeWindows',
  'time-not-advancing': 'notInTimeWindows',
  'boots-zero': 'notInTimeWindows',
  'decryption-error': 'decryptionErrors',
};
