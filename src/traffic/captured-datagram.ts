/** One UDP payload as a capture shows it. Addresses are textual, IPv4-mapped ones written as IPv4. */
export interface CapturedDatagram {
  /** Microseconds since the Unix epoch. */
  readonly timeMicros: number;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  readonly payload: Buffer;
}
