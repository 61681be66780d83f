import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './postgres.ts';

const CHILD = fileURLToPath(new URL('queue-child.ts', import.meta.url));

/** A process that has a queue on `url` open, as queue-child.ts tells; ready when this resolves. */
export async function startQueueProcess(
  context: TestContext,
  mode: 'hold' | 'write' | 'rest',
  url: string,
  database = '',
): Promise<QueueProcess> {
  const parameters = [CHILD, mode, url, await temporaryDirectory(), database];
  const started = new QueueProcess(spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'inherit'] }));
  context.after(() => started.kill());
  await started.says(/ready/);
  return started;
}

export class QueueProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Waits for `pattern` on its standard output. @throws Error where it ends before */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) throw new Error(`it ended before it said ${pattern}: ${this.#output}`);
      await Promise.race([this.#child.stdout && once(this.#child.stdout, 'data'), this.#ended]);
    }
  }

  /** Asks it to close its queue. */
  close(): void {
    this.#child.stdin?.end('\n');
  }

  /** @returns whether it ends by itself, successfully, within `limitMs` */
  async endsWithin(limitMs: number): Promise<boolean> {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    await this.#ended;
    clearTimeout(limit);
    return this.#child.exitCode === 0;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#ended;
  }
}
