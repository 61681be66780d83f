/** Of the lines that are no log lines: as many as a stack trace needs. */
const KEPT_LINES = 24;
const MAX_LINE_LENGTH = 500;
/** A line without an end is given out in pieces. */
const MAX_PENDING = 64 * 1024;

/**
 * Standard error of a child, by whole lines, so that those of several children do not run into each other. Log lines are JSON;
 * what else comes is the last word of a process that dies (Node's stack trace, V8's complaint), and the end of it is kept.
 */
export class ErrorLines {
  readonly last: string[] = [];
  readonly #write: (lines: string) => void;
  #pending = '';

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  push(text: string): void {
    this.#pending += text;
    const end = this.#pending.length > MAX_PENDING ? this.#pending.length : this.#pending.lastIndexOf('\n') + 1;
    if (end > 0) this.#give(end);
  }

  end(): void {
    if (this.#pending !== '') this.#give(this.#pending.length);
  }

  #give(end: number): void {
    const lines = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end);
    this.#write(lines.endsWith('\n') ? lines : `${lines}\n`);
    for (const line of lines.split('\n')) {
      if (line.trim() === '' || line.startsWith('{')) continue;
      this.last.push(line.slice(0, MAX_LINE_LENGTH));
      if (this.last.length > KEPT_LINES) this.last.shift();
    }
  }
}
