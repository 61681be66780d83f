import type { Acceptance } from '../acceptance.ts';
import type { RowSink } from '../row-sink.ts';
import type { Reply } from './inform/inform-desk.ts';
import type { SnmpNaming } from './naming.ts';
import type { SecurityProcessor } from './security.ts';
import type { SnmpTrouble } from './trouble.ts';

/** Community bytes, as a latin1 string, to the name that rows show instead. */
export type Communities = ReadonlyMap<string, string>;

/** Every bound has a default that suits a collector of some thousand devices. */
export interface SnmpDecoderOptions {
  /** Empty: all are accepted, and have no name. */
  readonly communities?: Communities;
  /** Senders of whom trouble is counted. */
  readonly maxSources?: number;
  /** Rows of what could not be decoded: of one sender, and of all together. Beyond that it is counted alone. */
  readonly rawPerMinutePerSource?: number;
  readonly rawPerMinute?: number;
  /** The most bytes that are kept of one. */
  readonly maxRawBytes?: number;
  /** Informs that are known again when they are retransmitted, and for how long. */
  readonly maxInforms?: number;
  readonly informSeconds?: number;
  /** Responses that wait until their rows are safe. */
  readonly informWaitingBytes?: number;
}

export const SNMP_DECODER_DEFAULTS: Required<SnmpDecoderOptions> = {
  communities: new Map(),
  maxSources: 10_000,
  rawPerMinutePerSource: 10,
  rawPerMinute: 600,
  maxRawBytes: 4096,
  maxInforms: 65_536,
  informSeconds: 600,
  informWaitingBytes: 64 << 20,
};

/** What the decoder works with. */
export interface SnmpDecoderParts {
  readonly traps: RowSink;
  readonly losses: RowSink;
  readonly acceptance: Acceptance;
  /** Sends an answer. It may be called later than `decode`. */
  readonly reply: Reply;
  /** Without it SNMPv3 is refused. */
  readonly security?: SecurityProcessor | undefined;
  readonly naming?: SnmpNaming | undefined;
  readonly report?: (trouble: SnmpTrouble) => void;
}

/** Plain numbers since the start. */
export interface SnmpTotals {
  datagrams: number;
  bytes: number;
  /** Stored. */
  traps: number;
  informs: number;
  /** Copies of informs that were known. */
  informRetransmissions: number;
  /** Responses that were sent, also to copies. */
  acknowledged: number;
  /** Informs whose rows the queue lost; they were not answered. */
  informsLost: number;
  undecodable: number;
  /** Requests and responses, which are no business of a collector. */
  notNotifications: number;
  unknownCommunity: number;
  /** SNMPv3 that security refused, answered with a report, or had seen before. */
  refused: number;
  reports: number;
  replays: number;
  /** Undecodable datagrams that are rows, and those above the allowance. */
  storedRaw: number;
  rawSuppressed: number;
  sources: number;
  sourceEvictions: number;
}
