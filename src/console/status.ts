/** What a running collector says of itself: `GET /api/status`, the status line, `dogwatch status`. Totals since start. */
export interface CollectorStatus {
  readonly node: string;
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  readonly listeners: readonly ListenerStatus[];
  readonly flow: FlowStatus;
  readonly journal: JournalStatus;
  readonly writer: WriterStatus;
  readonly database: { readonly description: string; readonly psql: string | undefined };
}

export interface ListenerStatus {
  readonly family: string;
  readonly address: string;
  readonly port: number;
  /** What the kernel granted, and what the configuration asks for. */
  readonly receiveBufferBytes: number;
  readonly wantedReceiveBufferBytes: number;
  readonly datagrams: number;
  readonly bytes: number;
  /** Datagrams from senders outside the allow-list. */
  readonly refused: number;
  /** Datagrams that the kernel dropped at this socket, for want of room in the receive buffer. */
  readonly kernelDrops: number;
}

export interface FlowStatus {
  readonly datagrams: number;
  readonly records: number;
  readonly rows: number;
  /** Definitions received, repeated ones included. */
  readonly templates: number;
  readonly undecodable: number;
  /** Sets that wait for their template now, and those that were given up. */
  readonly held: number;
  readonly heldExpired: number;
  /** Lost on the way, by the exporters' own sequence numbers, each protocol in its own unit; a late one gives back. */
  readonly lost: number;
  readonly reordered: number;
  readonly duplicates: number;
  readonly exporters: number;
  /** Forgotten for want of room, the least recently used first. */
  readonly exporterEvictions: number;
  readonly templateEvictions: number;
  /** Templates that had to wait for the compiler's budget. */
  readonly compilationsDeferred: number;
}

export interface JournalStatus {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Age of the oldest batch that is not written yet, milliseconds. */
  readonly oldestMs: number;
  /** Rows given up at the journal's bound. */
  readonly lostRows: number;
  /** Batches that were damaged on the disk. */
  readonly corruptBatches: number;
}

export interface WriterStatus {
  readonly state: 'connecting' | 'writing' | 'waiting';
  readonly batches: number;
  readonly rows: number;
  /** Batches that the ledger had already. */
  readonly duplicates: number;
  readonly rejectedRows: number;
  /** Attempts to write a batch that failed, also those that went well later. */
  readonly failures: number;
  /** Of the last attempt that failed; cleared by success. */
  readonly error: string | undefined;
}
