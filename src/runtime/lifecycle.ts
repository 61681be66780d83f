import { DogwatchError, messageOf } from './errors.ts';
import type { Log } from './log.ts';

/** A part of the program with an explicit life. Constructors are inert: nothing happens before `start`. */
export interface Component {
  /** As it appears in the log. */
  readonly name: string;
  start(): Promise<void>;
  /** Called once, also after a `start` that failed half-way. Must not throw for what was never started. */
  stop(): Promise<void>;
}

/**
 * Starts components in order and stops them in reverse, each stop bounded in time.
 *
 *   idle ──start()──▶ running ──stop()──▶ stopped
 *     └── a start fails: those that were started are stopped, the error is rethrown
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #stopTimeoutMs: number;
  readonly #started: Component[] = [];

  constructor(log: Log, stopTimeoutMs: number) {
    this.#log = log;
    this.#stopTimeoutMs = stopTimeoutMs;
  }

  /** Starts `component` and takes on the duty to stop it. */
  async start(component: Component): Promise<void> {
    this.#started.push(component);
    const beganAt = performance.now();
    await component.start();
    this.#log.debug({ component: component.name, ms: Math.round(performance.now() - beganAt) }, 'started');
  }

  /** Stops everything that was started, last first. Never throws: what fails or hangs is logged and passed over. */
  async stop(): Promise<void> {
    for (let component = this.#started.pop(); component !== undefined; component = this.#started.pop()) {
      try {
        await withTimeout(component.stop(), this.#stopTimeoutMs, component.name);
        this.#log.debug({ component: component.name }, 'stopped');
      } catch (error) {
        this.#log.error({ component: component.name, error: messageOf(error) }, 'did not stop cleanly');
      }
    }
  }
}

/**
 * `promise`, or a rejection after `ms`.
 * @throws DogwatchError `TIMED_OUT`
 */
export async function withTimeout<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DogwatchError('TIMED_OUT', `${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
