import type { LoggedAccount } from '../../collectors/accounts/logged-account.ts';
import {
  CHUNK_HEAD,
  DESCRIPTION,
  ENTRY_HEAD,
  MAGIC,
  NOTE,
  STATE,
  writeTextEntry,
  writeTurnEntry,
} from './account-chunks.ts';

const CHUNK_NUMBERS = 1 << 16;
/** As `LoggedAccount.writeState` promises. */
const MAX_LOGGED_NUMBERS = 256;
/** The longest texts of an account, in numbers; longer ones are left out. */
const MAX_TEXT_NUMBERS = 1024;
const MAX_ENTRY_NUMBERS = 3 * ENTRY_HEAD + MAX_LOGGED_NUMBERS + 2 * MAX_TEXT_NUMBERS;

/** A chunk of an account log that is being made; its memory is used again for the next. */
export class AccountChunk {
  readonly #numbers = new Float64Array(CHUNK_NUMBERS);
  readonly #bytes = Buffer.from(this.#numbers.buffer);
  #position = CHUNK_HEAD;

  begin(log: number, turn: number): void {
    this.#position = writeTurnEntry(this.#numbers, CHUNK_HEAD, log, turn);
  }

  hasRoom(): boolean {
    return this.#position + MAX_ENTRY_NUMBERS < CHUNK_NUMBERS;
  }

  /** Adds what an account stands at; `isDescribed`: with its description, and its note in any case. */
  add(account: LoggedAccount, isDescribed: boolean): void {
    if (isDescribed) this.#addText(account.logNumber, DESCRIPTION, account.describe());
    const note = account.takeNote(isDescribed);
    if (note !== undefined) this.#addText(account.logNumber, NOTE, note);
    const numbers = this.#numbers;
    const at = this.#position;
    const end = account.writeState(numbers, at + ENTRY_HEAD);
    numbers[at] = account.logNumber;
    numbers[at + 1] = STATE;
    numbers[at + 2] = end - at - ENTRY_HEAD;
    this.#position = end;
  }

  /** The chunk, a view that the next one changes. */
  end(): Buffer {
    const size = this.#position - CHUNK_HEAD;
    this.#numbers[0] = MAGIC;
    this.#numbers[1] = size;
    this.#numbers[this.#position] = -size;
    return this.#bytes.subarray(0, 8 * (this.#position + 1));
  }

  #addText(account: number, kind: number, text: string): void {
    // UTF-8 has three bytes for a UTF-16 unit at most.
    if (text.length * 3 > MAX_TEXT_NUMBERS * 8) return;
    this.#position = writeTextEntry(this.#numbers, this.#position, account, kind, text);
  }
}
