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
}

/** How long an orderly stop may take when the keeper is gone and nobody else would end us. */
const ORPHAN_STOP_MS = 3000;
/** The keeper's second word, not an echo of the signal that the whole group got. */
const INSIST_AFTER_MS = 1000;

/**
 * The life of a child of the keeper; called at the end of its entry file, when its modules are loaded.
 *
 *   loaded ──assignment──▶ starting ──▶ ready ──stop──▶ stopping ──▶ exit 0
 *     │                       └─ fails: exit 1             ▲ └─ SIGTERM, 1 s later or more: exit 1
 *     ├── stop: exit 0                                     │
 *     └── keeper gone: exit 0        keeper gone (3 s at most)
 *
 * SIGINT, SIGHUP and SIGTERM are not for us: a terminal and systemd send them to the whole group, and the keeper knows the order in
 * which to stop. Whatever nobody caught ends the process, with its stack on standard error, which the keeper reads.
 */
export function liveAsChild<Hears extends Vocabulary, Says extends Vocabulary, Start>(
  task: ChildTask<Hears, Says, Start>,
): void {
  process.title = 'dogwatch spare';
  const channel = new Channel<ParentSays<Hears>, ChildSays<Says>>(process);
  const sockets = new Map<number, SocketHandle>();
  const life = new Life(task.stop.bind(task));
  // Typed by the words of life alone, which every vocabulary has; what is assigned is what the keeper's half says.
  const own: Channel<ParentSays<LifeOnly>, ChildSays<LifeOnly>> = channel;
  const anyTask: ChildTask<Hears, Says, unknown> = task;
  own.on('life.socket', ({ listener }, handle) => {
    if (handle !== undefined) sockets.set(listener, handle);
  });
  own.on('life.assign', ({ name, start }: Assignment) => {
    process.title = `dogwatch ${name}`;
    life.isAssigned = true;
    const started = anyTask.start(start, channel, sockets, name);
    void started.then(
      () => own.send('life.ready', undefined),
      (error: unknown) => {
        own.send('life.failed', failureOf(error));
        void life.end(ORPHAN_STOP_MS, 1);
      },
    );
  });
  own.on('life.stop', () => void life.end(undefined, 0));
  channel.onClose = () => void life.end(ORPHAN_STOP_MS, 0);
  ignoreSignals(life);
  setInterval(() => own.send('life.sign', undefined), SIGN_EVERY_MS);
  if (channel.isOpen) own.send('life.loaded', undefined);
  else void life.end(ORPHAN_STOP_MS, 0);
}

class Life {
  isAssigned = false;
  stopAskedAt = Infinity;
  readonly #stop: () => Promise<void>;

  constructor(stop: () => Promise<void>) {
    this.#stop = stop;
  }

  /** Stops, within `limitMs` where there is a limit, and exits. */
  async end(limitMs: number | undefined, code: number): Promise<void> {
    if (limitMs !== undefined) setTimeout(() => process.exit(1), limitMs);
    if (this.stopAskedAt !== Infinity) return;
    this.stopAskedAt = performance.now();
    try {
      if (this.isAssigned) await this.#stop();
    } catch (error) {
      process.stderr.write(`did not stop cleanly: ${messageOf(error)}\n`);
      process.exit(1);
    }
    process.exit(code);
  }
}

function ignoreSignals(life: Life): void {
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => {
    if (performance.now() - life.stopAskedAt >= INSIST_AFTER_MS) process.exit(1);
  });
  // The keeper reads our standard error; when it is gone, our last words are nobody's trouble.
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
}

function failureOf(error: unknown): Failure {
  const known = error instanceof DogwatchError ? error : undefined;
  const message = known === undefined && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return { code: known?.code, message, remedy: known?.remedy };
}
