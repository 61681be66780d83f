import type { RowSink } from '../row-sink.ts';
import type { LoggedAccount } from './logged-account.ts';
import { describeSender } from './loss-account.ts';
import { COUNTED, type LossSender, newAccountNumber, writeLossRow } from './loss-row.ts';

/** Rows of a sender that were lost behind the decoder, of one minute of arrival; for one row of the ledger. */
export class DroppedMinute implements LoggedAccount {
  logNumber = 0;
  logSerial = 0;
  isLogDue = false;
  dropped = 0;
  readonly #sender: LossSender;
  readonly #minuteMicros: number;
  readonly #number = newAccountNumber();
  #rowsWritten = 0;

  constructor(sender: LossSender, minuteMicros: number) {
    this.#sender = sender;
    this.#minuteMicros = minuteMicros;
  }

  write(sink: RowSink): void {
    this.#rowsWritten += 1;
    const minute = { minuteMicros: this.#minuteMicros, account: this.#number, version: 2 * this.#rowsWritten };
    writeLossRow(sink, this.#sender, { ...minute, counts: this.#counts(), reasons: '{}' });
  }

  describe(): string {
    return describeSender(this.#sender);
  }

  /** As `LossAccount` does. */
  writeState(out: Float64Array, at: number): number {
    const numbers = [this.#minuteMicros, this.#number, this.#rowsWritten, ...this.#counts()];
    out.set(numbers, at);
    return at + numbers.length;
  }

  takeNote(): undefined {
    return undefined;
  }

  #counts(): number[] {
    return COUNTED.map((name) => (name === 'dropped' ? this.dropped : 0));
  }
}
