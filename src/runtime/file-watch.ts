import { stat } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import type { Component } from './lifecycle.ts';
import type { Log } from './log.ts';

export interface FileWatchOptions {
  /** What the files hold, for the log: `certificates`. */
  readonly what: string;
  /** Absolute. */
  readonly files: readonly string[];
  /** Time between two looks. */
  readonly pollMs?: number;
}

const POLL_MS = 3000;

/**
 * Has files read again when they change, or when the process gets SIGHUP. Looks at them every few seconds instead of asking
 * the kernel to tell, since that works on every file system, and through the links by which secrets are mounted.
 *
 *   as loaded ──one is different──▶ settling ──same at the next look──▶ reload() ──▶ as loaded
 *       └── SIGHUP ──▶ reload()        └── different again, or gone: wait
 *
 * A reload that fails is logged; whoever reloads keeps what it had, and is asked again after the next change.
 */
export class FileWatch implements Component {
  readonly name: string;
  /** Reloads since start, and those that failed. */
  reloads = 0;
  failures = 0;
  readonly #options: FileWatchOptions;
  readonly #reload: () => void | Promise<void>;
  readonly #clock: Clock;
  readonly #log: Log;
  #loaded = '';
  #seen = '';
  #isGone = false;
  #isStopped = false;
  #cancel: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #onSignal = (): void => {
    void this.#inTurn(() => this.#load());
  };

  /** `reload` throws, or rejects, when what it reads is not usable. */
  constructor(options: FileWatchOptions, reload: () => void | Promise<void>, clock: Clock, log: Log) {
    this.name = `watch of ${options.what}`;
    this.#options = options;
    this.#reload = reload;
    this.#clock = clock;
    this.#log = log.child({ watch: options.what });
  }

  /** Takes what is there now as loaded. */
  async start(): Promise<void> {
    this.#loaded = await this.#signature();
    this.#seen = this.#loaded;
    process.on('SIGHUP', this.#onSignal);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    process.off('SIGHUP', this.#onSignal);
    await this.#last;
  }

  /** One look, as there is one every few seconds. */
  poll(): Promise<void> {
    return this.#inTurn(() => this.#look());
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(this.#options.pollMs ?? POLL_MS, () => {
      void this.poll().then(() => this.#schedule());
    });
  }

  /** One after the other: a signal may come in the middle of a look. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(() => (this.#isStopped ? undefined : step()));
    return this.#last;
  }

  async #look(): Promise<void> {
    const now = await this.#signature();
    const isSettled = now === this.#seen;
    this.#seen = now;
    if (now === this.#loaded) return;
    if (this.#isGone !== now.includes(GONE)) {
      this.#isGone = !this.#isGone;
      if (this.#isGone) this.#log.warn({ files: this.#options.files }, 'a file is gone; what was loaded stays');
    }
    // Files of one set are written one after the other: they are read when nothing moves any more.
    if (isSettled && !this.#isGone) await this.#load();
  }

  async #load(): Promise<void> {
    this.#loaded = await this.#signature();
    this.#seen = this.#loaded;
    this.reloads += 1;
    try {
      await this.#reload();
      this.#log.info({ files: this.#options.files }, 'reloaded');
    } catch (error) {
      this.failures += 1;
      this.#log.error({ files: this.#options.files, error: messageOf(error) }, 'not reloaded; what was loaded stays');
    }
  }

  /** Changes with every file that is written, replaced or removed. */
  async #signature(): Promise<string> {
    const states = this.#options.files.map(async (file) => {
      try {
        const { ino, size, mtimeMs } = await stat(file);
        return `${ino} ${size} ${mtimeMs}`;
      } catch {
        return GONE;
      }
    });
    return (await Promise.all(states)).join('\n');
  }
}

const GONE = 'gone';
