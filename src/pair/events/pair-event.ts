/** What an event is about; `ha_events.kind`. */
export type PairEventKind =
  | 'takeover'
  | 'switchover'
  | 'role'
  | 'vote'
  | 'readiness'
  | 'gap'
  | 'address'
  | 'settings'
  | 'alarm'
  | 'alarm-over';

/** What happened to the pair, or to one of its nodes. */
export interface PairEvent {
  /** A UUID: an event that is sent twice is stored once. */
  readonly uid: string;
  /** ISO 8601, by the clock of the node. */
  readonly at: string;
  readonly node: string;
  readonly epoch: number;
  /** A `PairEventKind`; of another version of the program perhaps another. */
  readonly kind: string;
  /** A sentence. */
  readonly summary: string;
  /** What it was seen by; plain JSON. */
  readonly details: Readonly<Record<string, unknown>>;
}
