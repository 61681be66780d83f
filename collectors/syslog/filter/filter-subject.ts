import type { SyslogTransport } from '../received.ts';

/**
 * What rules may ask of a message. Numbers and what every message has anyway are plain; the rest is made when a rule asks,
 * so that a message which no rule looks into costs no string; it is asked for once. May be reused for the next message.
 */
export interface FilterSubject {
  /** Source address, textual and normalised, as in `Datagram`. */
  readonly device: string;
  readonly transport: SyslogTransport;
  /** Microseconds since the Unix epoch; what rates are measured by. */
  readonly receivedAtMicros: number;
  /** 0–23, or -1 where the message told none. */
  readonly facility: number;
  /** 0 (emergency) – 7 (debug), or -1 where the message told none. */
  readonly severity: number;
  hostname(): string | undefined;
  appName(): string | undefined;
  /** Without Cisco's percent sign: `LINK-3-UPDOWN`. */
  mnemonic(): string | undefined;
  vendor(): string | undefined;
  /** The message part; of a message without a header, all of it. */
  text(): string | undefined;
}

/** What the rules say of one message. Belongs to the rules: copy, never change. */
export interface Verdict {
  readonly drop: boolean;
  /** In the order in which rules gave them, each once. */
  readonly tags: readonly string[];
}

/** Judges messages one by one. Never throws. */
export interface MessageJudge {
  judge(subject: FilterSubject): Verdict;
}
