import { type ChildProcess, fork } from 'node:child_process';

import { messageOf } from '../runtime/errors.ts';
import { Channel, type Vocabulary } from '../processes/channel.ts';
import type { ChildSays, Failure, LifeOnly, ParentSays } from '../processes/life.ts';
import { ErrorLines } from './error-lines.ts';

export interface ChildProgram {
  /** The module that the process runs; it ends with `liveAsChild`. Absolute. */
  readonly entry: string;
  /** For Node itself. */
  readonly execArgv?: readonly string[] | undefined;
  /** Takes what it says on standard error: log lines, and whatever else. Default: our own standard error. */
  readonly say?: ((text: string) => void) | undefined;
}

/** How a process ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines on standard error that are no log lines. */
  readonly lastLines: readonly string[];
  /** What it said of itself, where it did. */
  readonly failure: Failure | undefined;
}

const IGNORE_SIGNALS = new URL('../processes/ignore-signals.ts', import.meta.url).href;
/** How long what a process said is waited for when it has ended. */
const LAST_WORDS_MS = 250;

/** One process of a program, from its fork to its end. Its log lines go to our standard error as they come. */
export class ForkedChild<Hears extends Vocabulary, Says extends Vocabulary> {
  readonly channel: Channel<ChildSays<Hears>, ParentSays<Says>>;
  /** The same, for the words of life. */
  readonly life: Channel<ChildSays<LifeOnly>, ParentSays<LifeOnly>>;
  /** Resolves when the process is gone, and nothing of what it said is left unread. */
  readonly died: Promise<Death>;
  /** Resolves when its modules are loaded; never, where it dies before. */
  readonly loaded: Promise<void>;
  isLoaded = false;
  isDead = false;
  failure: Failure | undefined;
  readonly #process: ChildProcess;

  constructor(program: ChildProgram) {
    this.#process = fork(program.entry, [], {
      execArgv: ['--import', IGNORE_SIGNALS, ...(program.execArgv ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.channel = new Channel(this.#process);
    this.life = this.channel;
    const lines = new ErrorLines(program.say ?? ((text) => process.stderr.write(text)));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => lines.push(text));
    this.died = new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const die = (code: number | null, signal: NodeJS.Signals | null): void => {
        clearTimeout(timer);
        if (this.isDead) return;
        this.isDead = true;
        lines.end();
        resolve({ code, signal, lastLines: lines.last, failure: this.failure });
      };
      // `close` comes when also its last words are read: on standard error, and in the channel. A process of its own that
      // outlives it would hold that up.
      this.#process.once('close', die);
      this.#process.once('exit', (code, signal) => (timer = setTimeout(die, LAST_WORDS_MS, code, signal)));
      // A fork that failed (no memory, no descriptors) has no `exit`.
      this.#process.on('error', (error) => {
        if (this.pid !== undefined) return;
        lines.push(`${messageOf(error)}\n`);
        die(null, null);
      });
    });
    this.life.on('life.failed', (failure) => (this.failure = failure));
    this.loaded = new Promise((resolve) => {
      this.life.on('life.loaded', () => {
        this.isLoaded = true;
        resolve();
      });
    });
  }

  /** Undefined where the fork failed. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#process.kill(signal);
  }
}
