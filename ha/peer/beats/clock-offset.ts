/** Of so many samples the one with the shortest round trip is believed, as NTP does (RFC 5905, section 10). */
const SAMPLES = 16;

interface Sample {
  readonly roundTripMicros: number;
  readonly offsetMicros: number;
}

/** Round trip, and how far the peer's wall clock is ahead of ours. For the reader only: no decision uses it. */
export class ClockOffset {
  #samples: Sample[] = [];

  /**
   * @param roundTripMicros between our beat and the peer's that echoed it, without the time that the peer held it
   * @param peerWallMicros the peer's wall clock when it sent
   * @param ownWallMicros ours when that arrived
   */
  add(roundTripMicros: number, peerWallMicros: number, ownWallMicros: number): void {
    if (roundTripMicros < 0) return;
    const offsetMicros = peerWallMicros + roundTripMicros / 2 - ownWallMicros;
    this.#samples.push({ roundTripMicros, offsetMicros });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Undefined until a beat came back. Milliseconds, the offset positive where the peer is ahead. */
  get best(): { readonly roundTripMs: number; readonly offsetMs: number } | undefined {
    if (this.#samples.length === 0) return undefined;
    const best = this.#samples.reduce((a, b) => (b.roundTripMicros <= a.roundTripMicros ? b : a));
    return { roundTripMs: best.roundTripMicros / 1000, offsetMs: best.offsetMicros / 1000 };
  }
}
