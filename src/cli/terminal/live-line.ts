/** The part of a terminal stream that is needed; `process.stdout` is one. */
export interface TerminalStream {
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR = '\r\u001B[K';

/** One line at the foot of a terminal that is drawn again and again, with other output scrolling above it. */
export class LiveLine {
  readonly #stream: TerminalStream;
  #text = '';

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** Replaces the line. What does not fit the terminal's width is cut off. */
  show(text: string): void {
    // The last column stays free: some terminals wrap when it is written.
    this.#text = text.slice(0, this.width());
    this.#stream.write(CLEAR + this.#text);
  }

  /** Writes something that ends with a newline above the line. */
  above(write: () => void): void {
    if (this.#text === '') return write();
    this.#stream.write(CLEAR);
    write();
    this.#stream.write(this.#text);
  }

  /** Leaves the line as it is and goes on below it. */
  end(): void {
    if (this.#text !== '') this.#stream.write('\n');
    this.#text = '';
  }

  /** Characters that fit; a terminal that does not know its width says 0. */
  width(): number {
    return Math.max(20, this.#stream.columns || 80) - 1;
  }
}
