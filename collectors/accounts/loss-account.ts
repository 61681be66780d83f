import type { RowSink } from '../row-sink.ts';
import type { LeftAccount, LoggedAccount } from './logged-account.ts';
import {
  COUNTED,
  copyCounts,
  type LossCounts,
  type LossSender,
  MINUTE_MICROS,
  newAccountNumber,
  writeLossRow,
} from './loss-row.ts';

/** Reasons that are told apart in a minute; any kind has fewer. */
const MAX_REASONS = 64;
const FIRST_WORD = 'losses';
/** Numbers in front of the counts in what is logged. */
const HEAD_NUMBERS = 3;
const NOTHING = new Float64Array(COUNTED.length);
/** What is being written, while it is. */
const counted = new Float64Array(COUNTED.length);

/**
 * The account of one sender in the loss ledger, a row a minute: what was counted since the minute began. The row is written again, as a
 * whole, whenever somebody asks and it has changed; the last one counts, so that it may be written twice, by whoever has it.
 *
 *   version of a row:    2, 4, 6 …  as it is written
 *   version of what a successor finds in the log: one more than the last row that was written before. It so takes the place of
 *   that row, and not of a later one that the log did not come to know.
 */
export class LossAccount implements LoggedAccount {
  logNumber = 0;
  logSerial = 0;
  isLogDue = false;
  readonly #sender: LossSender;
  readonly #totals: Readonly<LossCounts>;
  #number = newAccountNumber();
  /** The totals when the minute began. */
  readonly #base = new Float64Array(COUNTED.length);
  /** What the last row of this minute says. */
  readonly #written = new Float64Array(COUNTED.length);
  #minuteMicros = 0;
  #rowsWritten = 0;
  #reasons: Map<string, number> | undefined;
  #hasNote = false;

  /** @param totals what is counted since ever, in place */
  constructor(sender: LossSender, totals: Readonly<LossCounts>) {
    this.#sender = sender;
    this.#totals = totals;
  }

  /** Before something is counted: what was counted in an earlier minute is written there. */
  atTime(sink: RowSink, nowMicros: number): void {
    const sinceMicros = nowMicros - this.#minuteMicros;
    if (sinceMicros >= MINUTE_MICROS || sinceMicros < 0) this.#begin(sink, nowMicros - (nowMicros % MINUTE_MICROS));
  }

  countReason(reason: string): void {
    this.#reasons ??= new Map();
    if (this.#reasons.size >= MAX_REASONS && !this.#reasons.has(reason)) return;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#hasNote = true;
  }

  /** Datagrams that are in no row yet: heard of late. */
  get recentDatagrams(): number {
    return this.#totals.datagrams - (this.#base[0] ?? 0) - (this.#written[0] ?? 0);
  }

  /**
   * Writes the row of the minute if it has changed since.
   * @param nowMicros of an account that has counted something and has heard nobody yet, as data that another process held
   */
  write(sink: RowSink, nowMicros = 0): void {
    if (this.#minuteMicros === 0) this.#minuteMicros = nowMicros - (nowMicros % MINUTE_MICROS);
    if (this.#minuteMicros === 0) return;
    copyCounts(this.#totals, this.#base, counted, 0);
    if (counted.every((count, index) => count === this.#written[index])) return;
    this.#written.set(counted);
    this.#rowsWritten += 1;
    writeLossRow(sink, this.#sender, {
      minuteMicros: this.#minuteMicros,
      account: this.#number,
      version: 2 * this.#rowsWritten,
      counts: counted,
      reasons: this.#reasonsText(),
    });
  }

  describe(): string {
    return describeSender(this.#sender);
  }

  writeState(out: Float64Array, at: number): number {
    out[at] = this.#minuteMicros;
    out[at + 1] = this.#number;
    out[at + 2] = this.#rowsWritten;
    copyCounts(this.#totals, this.#base, out, at + HEAD_NUMBERS);
    return at + HEAD_NUMBERS + COUNTED.length;
  }

  takeNote(isAnew: boolean): string | undefined {
    if (!this.#hasNote && !(isAnew && this.#reasons !== undefined)) return undefined;
    this.#hasNote = false;
    return this.#reasonsText();
  }

  #begin(sink: RowSink, minuteMicros: number): void {
    if (this.#minuteMicros === 0) {
      this.#minuteMicros = minuteMicros;
      return;
    }
    this.write(sink);
    // A clock that was set back comes to the same minutes again: what was counted in them stays.
    if (minuteMicros < this.#minuteMicros) this.#number = newAccountNumber();
    this.#minuteMicros = minuteMicros;
    copyCounts(this.#totals, NOTHING, this.#base, 0);
    this.#written.fill(0);
    if (this.#reasons === undefined) return;
    this.#reasons = undefined;
    this.#hasNote = true;
  }

  #reasonsText(): string {
    return this.#reasons === undefined ? '{}' : JSON.stringify(Object.fromEntries(this.#reasons));
  }
}

/** Writes what a process that ended had counted last. @returns whether it was a loss account with something in it */
export function writeLeftLosses(sink: RowSink, { description, note, state }: LeftAccount): boolean {
  const sender = senderOf(description);
  const [minuteMicros = 0, account = 0, rowsWritten = 0] = state;
  const counts = state.subarray(HEAD_NUMBERS);
  const isWhole = counts.length === COUNTED.length && state.every((number) => Number.isSafeInteger(number));
  if (sender === undefined || !isWhole || minuteMicros <= 0 || counts.every((count) => count === 0)) return false;
  const reasons = isReasons(note) ? note : '{}';
  writeLossRow(sink, sender, { minuteMicros, account, version: 2 * rowsWritten + 1, counts, reasons });
  return true;
}

/** As `writeLeftLosses` reads it. */
export function describeSender({ family, protocol, observationDomain, senderField }: LossSender): string {
  return JSON.stringify([FIRST_WORD, family, protocol, observationDomain, senderField.toString('hex')]);
}

function senderOf(description: string): LossSender | undefined {
  const [word, family, protocol, observationDomain, field] = parsed(description);
  if (word !== FIRST_WORD || !isFamily(family)) return undefined;
  if (typeof protocol !== 'string' || typeof observationDomain !== 'number' || typeof field !== 'string') {
    return undefined;
  }
  return { family, protocol, observationDomain, senderField: Buffer.from(field, 'hex') };
}

function isFamily(word: unknown): word is LossSender['family'] {
  return word === 'flow' || word === 'syslog' || word === 'snmp';
}

function isReasons(note: string): boolean {
  return /^\{("[\w -]+":\d+(,(?="))?)*\}$/.test(note);
}

/** An empty list where it is no list. */
export function parsed(description: string): unknown[] {
  try {
    const value: unknown = JSON.parse(description);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
