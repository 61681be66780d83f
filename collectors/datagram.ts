/** One UDP payload as it was received. `bytes` belongs to the receiver: a decoder copies what it keeps. */
export interface Datagram {
  readonly bytes: Buffer;
  /** Textual; IPv4-mapped IPv6 addresses are already written as IPv4. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** The local UDP port that it was sent to. */
  readonly localPort: number;
  /** Microseconds since the Unix epoch. */
  readonly receivedAtMicros: number;
}
