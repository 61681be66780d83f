import { LossTally } from '../../accounts/loss-tally.ts';
import type { AccountLog } from '../../accounts/logged-account.ts';
import type { Datagram } from '../../datagram.ts';
import { inetField, parseAddress, unmapped } from '../../ip-address.ts';
import type { RowSink } from '../../row-sink.ts';
import type { DecodeReason } from '../decode-trouble.ts';

/** Senders that are told apart; what others send counts for nobody. */
const MAX_STRANGERS = 1000;
const NOBODY = '::';

/** Senders of datagrams that are of no protocol, or too short to tell who exports: by address, for the loss ledger. */
export class Strangers {
  #tallies = new Map<string, LossTally>();

  /** A datagram that could not be decoded, as a whole. */
  count({ sourceAddress, receivedAtMicros }: Datagram, reason: DecodeReason, sink: RowSink, log?: AccountLog): void {
    const tally = this.#tallyOf(sourceAddress);
    tally.arrive(sink, receivedAtMicros, log);
    tally.countUndecodable(reason);
  }

  /** Writes what was counted, and forgets who was not heard since the last time. */
  write(sink: RowSink): void {
    for (const [address, tally] of this.#tallies) {
      if (tally.recentDatagrams === 0) this.#tallies.delete(address);
      else tally.write(sink);
    }
  }

  tallies(): Iterable<LossTally> {
    return this.#tallies.values();
  }

  #tallyOf(address: string): LossTally {
    const key = this.#tallies.size < MAX_STRANGERS || this.#tallies.has(address) ? address : NOBODY;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = new LossTally('flow', inetField(unmapped(parseAddress(key) ?? Buffer.alloc(16))));
      this.#tallies.set(key, tally);
    }
    return tally;
  }
}
