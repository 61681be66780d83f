/** What became of the messages of one outlet, or of all. */
export interface OutletCounts {
  /** Handed over. */
  messages: number;
  payloadBytes: number;
  /** Of these, taken by the kernel. That says nothing about their arrival. */
  written: number;
  /** By the collector, which only RELP does. */
  acknowledged: number;
  /** Refused by the collector, over RELP. */
  refused: number;
  /** Sent once more after a connection was lost; the collector may have had them already. */
  resent: number;
  /** Connections made anew. */
  reconnects: number;
}

export function emptyCounts(): OutletCounts {
  return { messages: 0, payloadBytes: 0, written: 0, acknowledged: 0, refused: 0, resent: 0, reconnects: 0 };
}

/** One sender's way to the collector: a socket, or a connection that is made again when it breaks. */
export interface Outlet {
  readonly counts: Readonly<OutletCounts>;
  /** Whether it takes a message now. */
  readonly ready: boolean;
  /** It will never be ready again. */
  readonly ended: boolean;
  /** The local end, for the report; undefined while there is none. */
  readonly local: { readonly address: string; readonly port: number } | undefined;
  /** @throws DogwatchError `SOCKET_FAILED`, `CONNECT_FAILED` */
  start(): Promise<void>;
  /** Takes a message, only while `ready`. The bytes may be overwritten afterwards. */
  send(bytes: Buffer): void;
  /** Sends what was put together. */
  flush(): void;
  /** Waits until all is written, and acknowledged where there are acknowledgements, or until `signal`; then ends. */
  finish(signal: AbortSignal): Promise<void>;
}
