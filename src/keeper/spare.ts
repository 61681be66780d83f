import type { Clock } from '../runtime/clock.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Vocabulary } from '../processes/channel.ts';
import { type ChildProgram, type Death, ForkedChild } from './forked-child.ts';
import { RestartPace } from './restart-pace.ts';
import { Watchdog } from './watchdog.ts';

const STOP_MS = 1000;
const LOAD_MS = 20_000;

/**
 * One process more than there is work for, its modules loaded, that becomes the successor of the next that dies: what takes long
 * in a start is then done already.
 *
 *   idle ──start()──▶ loading ──▶ ready ──take()──▶ none ──refill()──▶ loading
 *                      ▲  └── dies, hangs ──┘
 *                      └──────────┘ pause of `RestartPace`
 */
export class Spare<Hears extends Vocabulary, Says extends Vocabulary> implements Component {
  readonly name: string;
  readonly #program: ChildProgram;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pace = new RestartPace();
  #child: ForkedChild<Hears, Says> | undefined;
  #watchdog: Watchdog | undefined;
  #cancelTimer: (() => void) | undefined;
  #isStopped = true;

  /** @param name as in the log: `spare worker` */
  constructor(name: string, program: ChildProgram, clock: Clock, log: Log) {
    this.name = name;
    this.#program = program;
    this.#clock = clock;
    this.#log = log.child({ process: name });
  }

  /** Does not wait until it is loaded. */
  async start(): Promise<void> {
    this.#isStopped = false;
    this.refill();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = this.#release();
    if (child === undefined) return;
    child.life.send('life.stop', undefined);
    const cancel = this.#clock.after(STOP_MS, () => child.kill('SIGKILL'));
    await child.died;
    cancel();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether `take` would give one that is loaded. */
  get isReady(): boolean {
    return this.#child?.isLoaded === true && this.#isAlive();
  }

  /**
   * The spare, from now on the caller's; undefined where there is none. One that still loads is given as well: it is further than a new one,
   * and hears its assignment when it has loaded. Call `refill` when the next may load.
   */
  take(): ForkedChild<Hears, Says> | undefined {
    return this.#isAlive() ? this.#release() : undefined;
  }

  /** Starts a new spare where there is none. */
  refill(): void {
    if (this.#isStopped || this.#child !== undefined) return;
    const child = new ForkedChild<Hears, Says>(this.#program);
    this.#child = child;
    const watchdog = new Watchdog(this.#clock, () => child.kill('SIGKILL'));
    this.#watchdog = watchdog;
    child.channel.onHeard = () => watchdog.heard();
    // While it loads, nothing but the load is expected of it.
    this.#cancelTimer = this.#clock.after(LOAD_MS, () => child.kill('SIGKILL'));
    void child.loaded.then(() => this.#child === child && this.#watch(watchdog));
    void child.died.then((death) => this.#child === child && this.#replace(death));
  }

  #isAlive(): boolean {
    return this.#child !== undefined && !this.#child.isDead && this.#child.life.isOpen;
  }

  #watch(watchdog: Watchdog): void {
    this.#cancelTimer?.();
    watchdog.start();
  }

  #replace({ code, signal, lastLines }: Death): void {
    this.#release();
    const { pauseMs, isTrouble } = this.#pace.died(this.#clock.monotonicMs(), 0);
    this.#log[isTrouble ? 'error' : 'warn']({ code, signal, lastLines }, 'a spare process died');
    this.#cancelTimer = this.#clock.after(pauseMs, () => this.refill());
  }

  #release(): ForkedChild<Hears, Says> | undefined {
    const child = this.#child;
    this.#cancelTimer?.();
    this.#watchdog?.stop();
    this.#child = undefined;
    return child;
  }
}
