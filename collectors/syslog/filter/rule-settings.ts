import type { SyslogTransport } from '../received.ts';

export const RULE_ACTIONS = ['drop', 'keep', 'limit', 'tag'] as const;
export type RuleAction = (typeof RULE_ACTIONS)[number];

/** So many messages in so long. */
export interface Rate {
  readonly messages: number;
  readonly perMs: number;
}

/**
 * One rule as it is configured and checked. A condition that is left out is met by every message, a list by any of its
 * entries; a message must meet all conditions.
 */
export interface RuleSettings {
  /** Unique; in counts and log lines. */
  readonly name: string;
  /** Addresses and prefixes. */
  readonly from?: readonly string[] | undefined;
  readonly transport?: readonly SyslogTransport[] | undefined;
  /** 0–23, -1 for messages without one. */
  readonly facility?: readonly number[] | undefined;
  /** 0–7, -1 for messages without one. */
  readonly severity?: readonly number[] | undefined;
  /** Globs, whatever the case; `app` is matched with APP-NAME or the tag, `host` with HOSTNAME. */
  readonly app?: readonly string[] | undefined;
  readonly host?: readonly string[] | undefined;
  readonly vendor?: readonly string[] | undefined;
  readonly mnemonic?: readonly string[] | undefined;
  /** Parts of the text, case and all. */
  readonly contains?: readonly string[] | undefined;
  /** A regular expression of RE2, somewhere in the text. */
  readonly pattern?: string | undefined;
  readonly action: RuleAction;
  /** Given to messages that the rule lets pass. */
  readonly tags?: readonly string[] | undefined;
  /** What `limit` lets pass: a burst of so many, then so many in so long. */
  readonly rate?: Rate | undefined;
  /** Whether each device has a rate of its own, or all share one. */
  readonly by?: 'device' | 'rule' | undefined;
}
