/** A frame of RELP that came from the server. */
export interface RelpAnswer {
  readonly transaction: number;
  readonly command: string;
  /** `200 OK` and the like; of `open`, the offers follow on lines of their own. */
  readonly data: string;
}

// An answer is a line or a few; more is no RELP.
const MAX_ANSWER_BYTES = 64 << 10;
const HEADER = /^(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,6})([ \n])/;

/** Takes a stream of RELP frames apart: `TXNR SP COMMAND SP DATALEN [SP DATA] LF` (librelp, relp.html). */
export class RelpAnswers {
  #pending = '';

  /** The frames that `chunk` completes. @throws Error where the stream is no RELP */
  push(chunk: Buffer): RelpAnswer[] {
    this.#pending += chunk.toString('latin1');
    const answers: RelpAnswer[] = [];
    for (;;) {
      const match = HEADER.exec(this.#pending);
      if (match === null) break;
      const [header, transaction, command = '', length] = match;
      // `rsp 0` has neither the space nor data.
      const start = match[4] === '\n' ? header.length - 1 : header.length;
      const end = start + Number(length);
      if (this.#pending.length <= end) break;
      answers.push({ transaction: Number(transaction), command, data: this.#pending.slice(start, end) });
      this.#pending = this.#pending.slice(end + 1);
    }
    const isHeader = /^(?:\d{0,9}|\d{1,9} [A-Za-z]{0,32}|\d{1,9} [A-Za-z]{1,32} \d{0,6}(?:[ \n].*)?)$/s.test(
      this.#pending,
    );
    if (!isHeader || this.#pending.length > MAX_ANSWER_BYTES) throw new Error('the answer is not RELP');
    return answers;
  }
}
