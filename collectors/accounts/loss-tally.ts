import type { RowSink } from '../row-sink.ts';
import { type LossAccount, type LossCounts, MINUTE_MICROS, writeLossRow } from './loss-row.ts';

/** What was counted at one sender without sequence numbers. Totals since it was first heard; rows of `losses` have what is new. */
export class LossTally {
  /** Datagrams, and messages over connections. */
  datagrams = 0;
  rows = 0;
  undecodable = 0;
  filtered = 0;
  /** Its share of an estimate. */
  kernelDrops = 0;
  readonly #account: LossAccount;
  readonly #written: Partial<LossCounts> = {};
  #minuteMicros = 0;

  constructor(family: 'syslog' | 'snmp', senderField: Buffer) {
    this.#account = { family, protocol: '', observationDomain: 0, senderField };
  }

  /** One more datagram. What was counted until now is written where it was in an earlier minute. */
  arrive(sink: RowSink, nowMicros: number): void {
    const sinceMicros = nowMicros - this.#minuteMicros;
    if (sinceMicros >= MINUTE_MICROS || sinceMicros < 0) {
      this.write(sink);
      this.#minuteMicros = nowMicros - (nowMicros % MINUTE_MICROS);
    }
    this.datagrams += 1;
  }

  /** Datagrams that are in no row yet: heard of late. */
  get recentDatagrams(): number {
    return this.datagrams - (this.#written.datagrams ?? 0);
  }

  write(sink: RowSink): void {
    writeLossRow(sink, this.#account, this, this.#written, this.#minuteMicros);
  }
}
