/**
 * What a decoder has learnt from its senders and would be blind without: templates, sampling rates, names of options, engines.
 * It follows the senders: to the other workers, to the successor of one that died, to the other node.
 */
export interface WarmEntry {
  /** What it is, as `family.kind`, such as `flow.template`. Unknown ones are passed over. */
  readonly kind: string;
  /** Tells it from others of its kind. A later entry with the same kind and key takes its place. */
  readonly key: string;
  /** In the form that its kind prescribes, versioned by its first byte; undefined: it is not known any more. */
  readonly value: Uint8Array | undefined;
}

/** Implemented by decoders. */
export interface WarmState {
  /** Called with each entry that is new or changed, at once and in order. Set before the first datagram. */
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  /**
   * Called where what was told must be on its way before the rows that follow are anywhere: another process would make them, too.
   * States that have no such thing leave it out.
   */
  onWarmUrgent?: (() => void) | undefined;
  /** All that is known now. */
  warmEntries(): Iterable<WarmEntry>;
  /** Takes an entry of another process. Never throws: what cannot be read is passed over. It is not told to `onWarmChange`. */
  restoreWarm(entry: WarmEntry): void;
}
