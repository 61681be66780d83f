import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findCommand } from './packages.ts';

/** A program on a terminal of its own: a pty of script(1), in util-linux. */
export class Terminal {
  readonly #child: ChildProcess;
  /** Its exit code. */
  readonly exited: Promise<number | null>;
  #text = '';
  #seen = 0;

  constructor(command: readonly string[]) {
    const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    this.#child = spawn(
      findCommand('script') ?? '',
      ['--quiet', '--return', '--echo', 'never', '--command', line, '/dev/null'],
      {
        env: { ...process.env, TERM: 'dumb', NO_COLOR: '1' },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    this.#child.stdout?.on('data', (part: Buffer) => (this.#text += part.toString().replaceAll('\r', '')));
    this.exited = once(this.#child, 'close').then(() => this.#child.exitCode);
  }

  /** All that was on it. */
  get text(): string {
    return this.#text;
  }

  /** Waits for `question` in what came since the last answer, then types `line` and Enter. @throws when it ends before */
  answer(question: RegExp, line: string): Promise<void> {
    return this.type(question, `${line}\r`);
  }

  /** Likewise, without Enter. */
  async type(question: RegExp, keys: string): Promise<void> {
    const stdout = this.#child.stdout;
    if (stdout === null) throw new Error('no output');
    while (!question.test(this.#text.slice(this.#seen))) {
      if (this.#child.exitCode !== null) throw new Error(`it ended before it said ${question}:\n${this.#text}`);
      await Promise.race([once(stdout, 'data'), this.exited]);
    }
    this.#seen = this.#text.length;
    this.#child.stdin?.write(keys);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
