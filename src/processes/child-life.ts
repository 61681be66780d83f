import { setTimeout as pause } from 'node:timers/promises';

import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { Channel, type SocketHandle, type Vocabulary } from './channel.ts';
import {
  type Assignment,
  type ChildSays,
  type Failure,
  type LifeOnly,
  type ParentSays,
  SIGN_EVERY_MS,
} from './life.ts';

/** What a child is for. */
export interface ChildTask<Hears extends Vocabulary, Says extends Vocabulary, Start> {
  /**
   * Starts what was assigned. A rejection is told to the keeper, and ends the process.
   * @param sockets those that the keeper holds open, by the listener's position in the configuration
   */
  start(
    start: Start,
    channel: Channel<ParentSays<Hears>, ChildSays<Says>>,
    sockets: ReadonlyMap<number, SocketHandle>,
    name: string,
  ): Promise<void>;
  /** Stops it in order. Called once, also while `start` is under way. */
  stop(): Promise<void>;
  /** Told that there is no keeper any more. */
  orphan?(): void;
  /** How long it goes on without a keeper, where nobody tells it to end: until the next keeper may be there. Default: not at all. */
  readonly orphanMs?: number;
}

/** How long an orphan may live at most: nobody else would end it, and the next keeper wants its ports. */
const ORPHAN_LIFE_MS = 3000;
/** A signal so long before the keeper's end was meant for all of us. */
const SAME_END_MS = 1000;
/** The keeper's second word, not an echo of the signal that the whole group got. */
const INSIST_AFTER_MS = 1000;

/**
 * The life of a child of the keeper; called at the end of its entry file, when its modules are loaded.
 *
 *   loaded ──assignment──▶ starting ──▶ ready ──stop──────▶ stopping ──▶ exit 0
 *     │                    │  └─ fails: exit 1               ▲    └─ SIGTERM, 1 s later or more: exit 1
 *     ├── stop: exit 0     └── keeper gone ──▶ orphaned ─────┘
 *     └── keeper gone: exit 0                  was ready: until `orphanMs` are over, or a signal comes;
 *                                              was starting: until it has started. 3 s at most, with the stop: exit 1
 *
 * SIGINT, SIGHUP and SIGTERM are not for us while there is a keeper: a terminal and systemd send them to the whole group, and the
 * keeper knows the order in which to stop. Whatever nobody caught ends the process, with its stack on standard error, which the
 * keeper reads.
 */
export function liveAsChild<Hears extends Vocabulary, Says extends Vocabulary, Start>(
  task: ChildTask<Hears, Says, Start>,
): void {
  process.title = 'dogwatch spare';
  const channel = new Channel<ParentSays<Hears>, ChildSays<Says>>(process);
  const sockets = new Map<number, SocketHandle>();
  const life = new Life(task.stop.bind(task), task.orphanMs ?? 0);
  // Typed by the words of life alone, which every vocabulary has; what is assigned is what the keeper's half says.
  const own: Channel<ParentSays<LifeOnly>, ChildSays<LifeOnly>> = channel;
  const anyTask: ChildTask<Hears, Says, unknown> = task;
  own.on('life.socket', ({ listener }, handle) => {
    if (handle !== undefined) sockets.set(listener, handle);
  });
  own.on('life.assign', ({ name, start }: Assignment) => {
    process.title = `dogwatch ${name}`;
    const started = anyTask.start(start, channel, sockets, name);
    life.started = started;
    const tellReady = (): void => {
      life.isReady = true;
      own.send('life.ready', undefined);
    };
    void started.then(tellReady, (error: unknown) => {
      own.send('life.failed', failureOf(error));
      void life.end(ORPHAN_LIFE_MS, 1);
    });
  });
  own.on('life.stop', () => void life.end(undefined, 0));
  channel.onClose = () => {
    task.orphan?.();
    void life.endAsOrphan();
  };
  takeSignals(life);
  setInterval(() => own.send('life.sign', undefined), SIGN_EVERY_MS);
  if (channel.isOpen) own.send('life.loaded', undefined);
  else void life.endAsOrphan();
}

class Life {
  /** Settles when what was assigned has started; undefined before the assignment. */
  started: Promise<void> | undefined;
  isReady = false;
  readonly #stop: () => Promise<void>;
  readonly #orphanMs: number;
  #stopAskedAt = Infinity;
  #signalAt = -Infinity;
  #isSignalled: (() => void) | undefined;

  constructor(stop: () => Promise<void>, orphanMs: number) {
    this.#stop = stop;
    this.#orphanMs = orphanMs;
  }

  /** Stops, within `limitMs` where there is a limit, and exits. */
  async end(limitMs: number | undefined, code: number): Promise<void> {
    if (limitMs !== undefined) setTimeout(() => process.exit(1), limitMs);
    if (this.#stopAskedAt !== Infinity) return;
    this.#stopAskedAt = performance.now();
    try {
      if (this.started !== undefined) await this.#stop();
    } catch (error) {
      process.stderr.write(`did not stop cleanly: ${messageOf(error)}\n`);
      process.exit(1);
    }
    process.exit(code);
  }

  /** Ends without a keeper, who cannot be asked any more: what it holds of the sockets is all that is left of them. */
  async endAsOrphan(): Promise<void> {
    setTimeout(() => process.exit(1), ORPHAN_LIFE_MS);
    if (this.started !== undefined && this.#orphanMs > 0) {
      const signalled = new Promise<void>((resolve) => (this.#isSignalled = resolve));
      const isSignalled = performance.now() - this.#signalAt <= SAME_END_MS;
      if (this.isReady && !isSignalled) await Promise.race([signalled, pause(this.#orphanMs)]);
      // What a successor has not read yet would go with its socket: it starts, reads, and ends. It does not stay: what its keeper
      // would have taught it is gone, and without its socket the kernel gives to the others.
      await this.started.catch(() => {});
    }
    await this.end(undefined, 0);
  }

  signalled(signal: NodeJS.Signals): void {
    this.#signalAt = performance.now();
    this.#isSignalled?.();
    if (signal === 'SIGTERM' && this.#signalAt - this.#stopAskedAt >= INSIST_AFTER_MS) process.exit(1);
  }
}

function takeSignals(life: Life): void {
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => life.signalled(signal));
  // The keeper reads our standard error; when it is gone, our last words are nobody's trouble.
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
}

function failureOf(error: unknown): Failure {
  const known = error instanceof DogwatchError ? error : undefined;
  const message = known === undefined && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return { code: known?.code, message, remedy: known?.remedy };
}
