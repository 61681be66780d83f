import { MibSyntaxError } from './finding.ts';
import type { Token } from './tokens.ts';

const END: Token = { kind: 'symbol', text: '', line: 0 };

/** Goes over the tokens of a file. Reading beyond the end gives a symbol with an empty text. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  /** The next token's place. */
  at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.at >= this.#tokens.length;
  }

  /** The line of the next token, or of the last one. */
  get line(): number {
    return (this.#tokens[this.at] ?? this.#tokens.at(-1) ?? END).line;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.at + ahead] ?? END;
  }

  next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }

  /** Whether the next tokens, texts apart, are these. */
  sees(...texts: readonly string[]): boolean {
    return texts.every((text, ahead) => {
      const token = this.peek(ahead);
      return token.text === text && token.kind !== 'text';
    });
  }

  /** Takes these tokens if they are the next. */
  takes(...texts: readonly string[]): boolean {
    if (!this.sees(...texts)) return false;
    this.at += texts.length;
    return true;
  }

  /** @throws MibSyntaxError when the next token is another */
  expect(text: string): void {
    if (!this.takes(text)) throw this.error(text);
  }

  /** @throws MibSyntaxError when the next token is none of that kind */
  expectKind(kind: Token['kind'], what: string): Token {
    if (this.peek().kind !== kind || this.done) throw this.error(what);
    return this.next();
  }

  error(expected: string): MibSyntaxError {
    const { kind, text } = this.peek();
    const found = this.done ? 'the end of the file' : kind === 'text' ? 'a quoted text' : `"${text.slice(0, 64)}"`;
    return new MibSyntaxError(this.line, `${expected} expected, but there is ${found}`);
  }
}
