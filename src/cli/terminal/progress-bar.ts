import type { TerminalStream } from './live-line.ts';

const CLEAR = '\r\u001B[K';
const SMALLEST_BAR = 10;
const LARGEST_BAR = 40;

/** A bar with words behind it, redrawn on one line of a terminal and gone at the end; silent where there is no terminal. */
export class ProgressBar {
  readonly #stream: TerminalStream & { readonly isTTY?: boolean };
  #drawn = false;

  constructor(stream: TerminalStream & { readonly isTTY?: boolean }) {
    this.#stream = stream;
  }

  /** `fraction`: 0 to 1, NaN where the end is not known. */
  show(fraction: number, words: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#drawn = true;
    // The last column stays free: some terminals wrap when it is written.
    this.#stream.write(CLEAR + renderProgress(fraction, words, (this.#stream.columns ?? 80) - 1));
  }

  end(): void {
    if (this.#drawn) this.#stream.write(CLEAR);
    this.#drawn = false;
  }
}

/** `[████████      ]  57 %  words`, never wider than `width`; the bar goes first where room is short. */
export function renderProgress(fraction: number, words: string, width: number): string {
  if (Number.isNaN(fraction)) return words.slice(0, width);
  const part = Math.min(1, Math.max(0, fraction));
  const tail = ` ${String(Math.floor(part * 100)).padStart(3)} %  ${words}`;
  const room = Math.min(LARGEST_BAR, width - tail.length - 2);
  if (room < SMALLEST_BAR) return tail.trimStart().slice(0, width);
  return `[${bar(part, room)}]${tail}`;
}

// Eighths of a cell, so that a slow bar still moves.
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(part: number, cells: number): string {
  const eighths = Math.floor(part * cells * 8);
  return ('█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '')).padEnd(cells);
}
