/** How a message reached us. */
export type SyslogTransport = 'udp' | 'tcp' | 'tls' | 'relp';

/** Where and when a message was received; reused by the caller for the next one, so copy what is kept. */
export interface SyslogReceived {
  /** Textual and normalised, as in `Datagram`. */
  readonly sourceAddress: string;
  readonly transport: SyslogTransport;
  /** Microseconds since the Unix epoch. */
  readonly receivedAtMicros: number;
  /** The message was longer than allowed; its rest is gone. */
  readonly cut: boolean;
}

/** Takes one message without its framing. `bytes` may be overwritten afterwards. Never throws. */
export type ReceiveSyslog = (bytes: Buffer, received: SyslogReceived) => void;
