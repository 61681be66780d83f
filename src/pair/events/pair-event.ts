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

/** An event out of a row of `ha_events`. */
export function eventOfRow(row: Readonly<Record<string, unknown>>): PairEvent {
  const { uid, at, epoch, node, kind, summary, details } = row;
  return {
    uid: String(uid),
    at: at instanceof Date ? at.toISOString() : String(at),
    node: String(node),
    epoch: Number(epoch),
    kind: String(kind),
    summary: String(summary),
    details: typeof details === 'object' && details !== null ? { ...details } : {},
  };
}
