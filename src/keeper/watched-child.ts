import type { Clock } from '../runtime/clock.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Channel, Vocabulary } from '../processes/channel.ts';
import type { ChildSays, ParentSays } from '../processes/life.ts';
import { type ChildProgram, type Death, ForkedChild } from './forked-child.ts';
import { RestartPace } from './restart-pace.ts';
import type { Spare } from './spare.ts';
import { Watchdog } from './watchdog.ts';

export interface WatchedChildOptions<Hears extends Vocabulary, Says extends Vocabulary> extends ChildProgram {
  /** As in the log, in the status and in the process list: `worker 1`. */
  readonly name: string;
  /**
   * Called for each process, before its assignment: listens to its channel, sends its sockets.
   * @returns what its task is started with
   */
  readonly assign: (channel: Channel<ChildSays<Hears>, ParentSays<Says>>) => unknown;
  /** Called with each channel whose process has become ready. */
  readonly onReady?: (channel: Channel<ChildSays<Hears>, ParentSays<Says>>) => void;
  /** Called when a process is gone, before the next is started. */
  readonly onDeath?: () => void;
  /** Where a process that is loaded already may be had. */
  readonly spare?: Spare<Hears, Says> | undefined;
  /** How long an orderly stop may take before SIGTERM; SIGKILL follows a second later. */
  readonly stopMs: number;
}

export type ChildState = 'idle' | 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped';

/** Then its trouble is over. */
const CLEAN_AFTER_MS = 10_000;
const READY_MS = 20_000;
const KILL_AFTER_TERM_MS = 1000;

/**
 * A process that is there: started, watched, and started again.
 *
 *   idle ─start()─▶ starting ──ready──▶ running ──stop()──▶ stopping ──exit, SIGTERM, SIGKILL──▶ stopped
 *                    ▲    │ exits,         │ exits,                                                ▲
 *                    │    │ 20 s (SIGKILL) │ silent or deaf (SIGKILL)                              │
 *                    │    ▼                │                                                       │
 *                    └── waiting ◀─────────┘  (0, then 0.1 … 5 s) ──────────── stop() ─────────────┘
 *
 * A first start that fails by the child's own word ends it: `start` rejects with that. Later failures are tried again. What was
 * stopped may be started again.
 */
export class WatchedChild<Hears extends Vocabulary, Says extends Vocabulary> implements Component {
  readonly name: string;
  state: ChildState = 'idle';
  /** Processes that took the place of one that died. */
  restarts = 0;
  /** For the status: what is wrong when it dies again and again; undefined when it has lived for ten seconds. */
  trouble: string | undefined;
  /** When the process that runs now became ready; undefined while none is. */
  readySince: string | undefined;
  readonly #options: WatchedChildOptions<Hears, Says>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pace = new RestartPace();
  readonly #watchdog: Watchdog;
  #child: ForkedChild<Hears, Says> | undefined;
  #cancelTimer: (() => void) | undefined;
  #readyAtMs = 0;
  #wasReady = false;
  /** Why we killed it, where we did. */
  #killedFor: string | undefined;
  #settleStart: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #settleStop: (() => void) | undefined;

  constructor(options: WatchedChildOptions<Hears, Says>, clock: Clock, log: Log) {
    this.name = options.name;
    this.#options = options;
    this.#clock = clock;
    this.#log = log.child({ process: options.name });
    this.#watchdog = new Watchdog(clock, () => this.#kill('no sign of life for two seconds'));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** To the process that is there now; undefined while none is. */
  get channel(): Channel<ChildSays<Hears>, ParentSays<Says>> | undefined {
    return this.#child?.channel;
  }

  /**
   * Resolves when it is ready for the first time.
   * @throws DogwatchError what the child says of its failure, or `CHILD_FAILED` where it dies three times without a word
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settleStart = { resolve, reject };
      this.#launch();
    });
  }

  /** Asks it to stop; by force where it does not. Resolves when it is gone. */
  stop(): Promise<void> {
    if (this.state === 'idle' || this.state === 'stopped') return Promise.resolve();
    this.#cancelTimer?.();
    this.#watchdog.stop();
    const child = this.#child;
    if (child === undefined) {
      this.#end();
      return Promise.resolve();
    }
    this.state = 'stopping';
    child.life.send('life.stop', undefined);
    this.#cancelTimer = this.#clock.after(this.#options.stopMs, () => this.#insist(child));
    return new Promise((resolve) => (this.#settleStop = resolve));
  }

  /**
   * Lets a successor take its place, that is assigned anew; resolves when that is ready.
   * @param patienceMs how long an orderly stop may take
   * @param ended called between the two
   * @throws DogwatchError what the successor says of its failure; it is stopped then
   */
  async replace(patienceMs: number, ended: () => void = () => {}): Promise<void> {
    const stopped = this.stop();
    const child = this.#child;
    const cancel = this.#clock.after(patienceMs, () => child?.kill('SIGKILL'));
    await stopped;
    cancel();
    ended();
    this.#wasReady = false;
    await this.start();
  }

  /** Ends it without waiting for an orderly stop. Resolves when it is gone. */
  async end(): Promise<void> {
    const stopped = this.stop();
    this.#child?.kill('SIGKILL');
    await stopped;
  }

  #insist(child: ForkedChild<Hears, Says>): void {
    this.#log.warn({ stopMs: this.#options.stopMs }, 'a process does not stop in time');
    child.kill('SIGTERM');
    this.#cancelTimer = this.#clock.after(KILL_AFTER_TERM_MS, () => child.kill('SIGKILL'));
  }

  #launch(): void {
    this.state = 'starting';
    this.#killedFor = undefined;
    const child = this.#options.spare?.take() ?? new ForkedChild<Hears, Says>(this.#options);
    this.#child = child;
    child.channel.onHeard = () => this.#watchdog.heard();
    child.channel.onFull = () => this.#kill('it does not read what it is told');
    child.life.on('life.ready', () => this.#becomeReady());
    void child.died.then((death) => this.#bury(death));
    this.#cancelTimer = this.#clock.after(READY_MS, () => this.#kill(`not ready within ${READY_MS / 1000} s`));
    // Also before it is loaded: the channel keeps it until it is.
    const start = this.#options.assign(child.channel);
    child.life.send('life.assign', { name: this.name, start });
  }

  #becomeReady(): void {
    const child = this.#child;
    if (this.state !== 'starting' || child === undefined) return;
    this.#cancelTimer?.();
    this.state = 'running';
    this.#wasReady = true;
    this.#readyAtMs = this.#clock.monotonicMs();
    this.readySince = new Date(this.#clock.nowMicros() / 1000).toISOString();
    this.#watchdog.start();
    this.#cancelTimer = this.#clock.after(CLEAN_AFTER_MS, () => this.#recover());
    this.#log.debug({ pid: child.pid }, 'ready');
    this.#options.spare?.refill();
    this.#options.onReady?.(child.channel);
    this.#settleStart?.resolve();
    this.#settleStart = undefined;
  }

  #recover(): void {
    if (this.trouble !== undefined) this.#log.info({}, 'a process that kept dying lives');
    this.trouble = undefined;
  }

  #kill(reason: string): void {
    if (this.#child === undefined || this.state === 'stopping') return;
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  #bury(death: Death): void {
    const wasRunning = this.state === 'running';
    this.#cancelTimer?.();
    this.#watchdog.stop();
    this.#child = undefined;
    this.readySince = undefined;
    if (this.state === 'stopping') return this.#end();
    this.state = 'waiting';
    this.#options.onDeath?.();
    const { failure } = death;
    if (!this.#wasReady && failure !== undefined) return this.#giveUp(failureError(this.name, failure));
    const livedMs = wasRunning ? this.#clock.monotonicMs() - this.#readyAtMs : 0;
    const { pauseMs, isTrouble } = this.#pace.died(this.#clock.monotonicMs(), livedMs);
    this.#report(death, isTrouble, pauseMs);
    if (!this.#wasReady && isTrouble) {
      return this.#giveUp(new DogwatchError('CHILD_FAILED', `${this.name} does not start: ${this.trouble}`));
    }
    this.restarts += 1;
    if (pauseMs === 0) this.#launch();
    else this.#cancelTimer = this.#clock.after(pauseMs, () => this.#launch());
  }

  #report(death: Death, isTrouble: boolean, pauseMs: number): void {
    const how = this.#killedFor ?? describe(death);
    if (isTrouble) this.trouble = `died three times in quick succession; last: ${how}`;
    const { code, signal, lastLines } = death;
    const message = isTrouble ? 'a process dies again and again' : 'a process died';
    this.#log.error({ reason: how, code, signal, lastLines, pauseMs }, message);
  }

  #giveUp(error: Error): void {
    this.#settleStart?.reject(error);
    this.#settleStart = undefined;
    this.#end();
  }

  #end(): void {
    this.#cancelTimer?.();
    this.state = 'stopped';
    this.#settleStart?.reject(new DogwatchError('CHILD_FAILED', `${this.name} was stopped before it was ready`));
    this.#settleStart = undefined;
    this.#settleStop?.();
  }
}

function failureError(name: string, { code, message, remedy }: NonNullable<Death['failure']>): DogwatchError {
  if (code === undefined) return new DogwatchError('CHILD_FAILED', `${name} does not start: ${message}`);
  return new DogwatchError(code, message, remedy === undefined ? {} : { remedy });
}

function describe({ code, signal, failure, lastLines }: Death): string {
  if (failure !== undefined) return failure.message;
  const how = signal === null ? `exit code ${code}` : signal;
  const said = lastLines.find((line) => /error/i.test(line)) ?? lastLines.at(-1);
  return said === undefined ? how : `${how}: ${said.trim()}`;
}
