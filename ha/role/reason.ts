/** Why a node has the role that it has. Stable, safe to match in scripts. */
export type ReasonCode =
  // active
  | 'BOTH_VOTES'
  | 'DATABASE_VOTE'
  | 'PEER_VOTE'
  | 'ADDRESS_CONTESTED'
  // collecting
  | 'ISOLATED'
  | 'SWITCHOVER_UNANSWERED'
  // standby
  | 'STARTING'
  | 'HIGHER_EPOCH'
  | 'PAUSED'
  | 'VOTES_LOST'
  | 'HANDED_OVER'
  | 'PROMISED'
  | 'PEER_ACTIVE'
  | 'PEER_RENEWS'
  | 'PEER_COLLECTS'
  | 'PEER_HAS_ADDRESS'
  | 'FOREIGN_OWNER'
  | 'SEGMENT_SILENT'
  | 'NOT_PROBED'
  | 'PROBING'
  | 'CLAIMING'
  | 'NOT_READY'
  | 'QUARANTINED'
  | 'MOVED_LATELY'
  | 'DATABASE_UNREACHABLE'
  | 'STOPPED';

/** A code, and a sentence for whoever was woken by it. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

export function because(code: ReasonCode, text: string): Reason {
  return { code, text };
}

/** A span for a reader: `3.2 s`, or `never` for what never was. */
export function spanText(ms: number): string {
  return Number.isFinite(ms) ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : 'ever';
}
