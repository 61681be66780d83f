import type { Clock } from '../../../src/runtime/clock.ts';
import type { Beat, Heartbeat, PeerAnswers, RoleOptions, Timing } from '../../../ha/role/ports.ts';
import { RoleKeeper, type RoleChange } from '../../../ha/role/keeper/role-keeper.ts';
import type { SwitchOverOutcome } from '../../../ha/role/keeper/switch-over.ts';
import type { Random } from './random.ts';
import type { SimDatabase } from './sim-database.ts';
import type { SimLink } from './sim-link.ts';
import type { SimSegment } from './sim-segment.ts';
import type { Timeline } from './timeline.ts';

export interface Surroundings {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly database: SimDatabase;
  readonly link: SimLink;
  readonly segment: SimSegment;
  /** Told of each change of a role. */
  readonly changed: (node: SimNode, change: RoleChange) => void;
  readonly trace: (node: string, text: string) => void;
}

export interface NodeSettings extends Timing {
  readonly name: string;
  readonly peer: string;
  readonly whenIsolated: RoleOptions['whenIsolated'];
  /** How fast its clock runs. */
  readonly rate: number;
}

/** What of a node is gone when its keeper is killed. */
interface Run {
  readonly number: number;
  keeper: RoleKeeper | undefined;
  onBeat: ((beat: Beat) => void) | undefined;
  answers: PeerAnswers | undefined;
  isStopping: boolean;
  earsOpen: boolean;
  earsUntilMs: number;
}

/** One server: a clock that is a little off, a disk, and runs of the keeper, which can be paused and killed. */
export class SimNode {
  readonly name: string;
  peer: SimNode | undefined;
  isReady = true;
  /** When it last woke from a suspension that its clock did not show. */
  unfrozeMs = -Infinity;
  /** When its keeper started or went on last. */
  awakeSinceMs = 0;
  readonly #settings: NodeSettings;
  readonly #world: Surroundings;
  readonly #clock: Clock;
  #run: Run | undefined;
  #runs = 0;
  #disk = 0;
  #isPaused = false;
  #isFrozen = false;
  #frozenAtMs = 0;
  #lostMs = 0;
  #deferred: (() => void)[] = [];

  constructor(settings: NodeSettings, world: Surroundings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#world = world;
    this.#clock = {
      nowMicros: () => this.#localMs() * 1000,
      monotonicMs: () => this.#localMs(),
      after: (delayMs, run) => {
        const mine = this.#run?.number ?? this.#runs;
        return world.timeline.after(delayMs / settings.rate, () => this.#deliver(mine, run));
      },
    };
  }

  get keeper(): RoleKeeper | undefined {
    return this.#run?.keeper;
  }

  /** Runs and is not paused. */
  get isAwake(): boolean {
    return this.#run !== undefined && !this.#isPaused;
  }

  /** Takes datagrams: the sockets are open, the lease in their path is fresh, and somebody reads them. */
  get listens(): boolean {
    const run = this.#run;
    return run !== undefined && this.isAwake && run.earsOpen && this.#localMs() < run.earsUntilMs;
  }

  start(): void {
    if (this.#run?.isStopping === true) this.kill();
    if (this.#run !== undefined) return;
    this.#runs += 1;
    this.#world.segment.of(this.name).isUp = true;
    this.awakeSinceMs = this.#world.timeline.nowMs;
    const { name, peer, whenIsolated, beatMs, leaseMs, windowMs } = this.#settings;
    const session = `${name}#${this.#runs}`;
    const run: Run = {
      number: this.#runs,
      keeper: undefined,
      onBeat: undefined,
      answers: undefined,
      isStopping: false,
      earsOpen: false,
      earsUntilMs: -Infinity,
    };
    this.#run = run;
    const options = { node: name, peer, session, whenIsolated, beatMs, leaseMs, windowMs };
    run.keeper = new RoleKeeper(options, this.#ports(run), this.#clock);
    run.keeper.onChange = (change) => this.#world.changed(this, change);
    run.keeper.start();
  }

  /** SIGKILL of the keeper: the kernel keeps the address for its lifetime. */
  kill(): void {
    this.#run = undefined;
    this.#isPaused = this.#isFrozen = false;
    this.#deferred = [];
  }

  /** SIGTERM: gives up what it holds, then ends. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run !== undefined) run.isStopping = true;
    await run?.keeper?.stop();
    if (this.#run === run) this.kill();
  }

  powerOff(): void {
    this.kill();
    this.#world.segment.release(this.name);
    this.#world.segment.of(this.name).isUp = false;
  }

  pause(): void {
    if (this.#run !== undefined) this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused || this.#isFrozen) return;
    this.#isPaused = false;
    this.awakeSinceMs = this.#world.timeline.nowMs;
    const waiting = this.#deferred;
    this.#deferred = [];
    const run = this.#run?.number ?? 0;
    for (const each of waiting) this.#world.timeline.after(0, () => this.#deliver(run, each));
  }

  /** A virtual machine that is suspended: its clock stops with it. */
  freeze(): void {
    if (this.#run === undefined || this.#isPaused) return;
    this.pause();
    this.#isFrozen = true;
    this.#frozenAtMs = this.#world.timeline.nowMs;
    this.#world.segment.of(this.name).isUp = false;
  }

  unfreeze(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    const sleptMs = this.#world.timeline.nowMs - this.#frozenAtMs;
    this.#lostMs += sleptMs;
    const own = this.#world.segment.of(this.name);
    own.isUp = true;
    if (own.heldUntilMs > this.#frozenAtMs) own.heldUntilMs += sleptMs;
    this.unfrozeMs = this.#world.timeline.nowMs;
    this.resume();
  }

  async switchOver(): Promise<SwitchOverOutcome | undefined> {
    return await this.#run?.keeper?.switchOver();
  }

  #localMs(): number {
    const trueMs = this.#isFrozen ? this.#frozenAtMs : this.#world.timeline.nowMs;
    return 1000 + (trueMs - this.#lostMs) * this.#settings.rate;
  }

  /** Lets a run see something: at once, after its pause, or never where it was killed. */
  #deliver(run: number, see: () => void): void {
    if (this.#run?.number !== run) return;
    if (this.#isPaused) this.#deferred.push(() => this.#deliver(run, see));
    else see();
  }

  #ports(run: Run): ConstructorParameters<typeof RoleKeeper>[1] {
    const { database, segment, timeline, random } = this.#world;
    const { name } = this;
    const ask = <T>(execute: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        database.ask(
          name,
          execute,
          (value) => this.#deliver(run.number, () => resolve(value)),
          (thrown) => this.#deliver(run.number, () => reject(thrown)),
        );
      });
    const takes = (lowMs: number, highMs: number, act: () => void): Promise<void> =>
      new Promise((resolve) => {
        timeline.after(random.between(lowMs, highMs), () =>
          this.#deliver(run.number, () => {
            act();
            resolve();
          }),
        );
      });
    return {
      isReady: () => this.isReady,
      heartbeat: {
        read: () => ask(() => database.row),
        replace: (seen: Heartbeat, next: Heartbeat) => ask(() => database.replace(seen, next)),
        fence: () => ask(() => undefined),
      },
      link: this.#link(run),
      requests: this.#requests(run),
      address: {
        hold: (spanMs) => takes(1, 12, () => segment.hold(name, spanMs)),
        announce: () => segment.announce(name),
        release: () => takes(1, 12, () => segment.release(name)),
        linger: (spanMs) => takes(1, 12, () => segment.linger(name, spanMs)),
        probe: (withinMs) =>
          new Promise((resolve) => {
            segment.probe(name, withinMs, (probe) => this.#deliver(run.number, () => resolve(probe)));
          }),
      },
      ears: {
        open: () => takes(2, 30, () => (run.earsOpen = true)),
        extend: (untilMs) => (run.earsUntilMs = untilMs),
        close: () => takes(2, 30, () => (run.earsOpen = false)),
      },
      memory: { load: () => this.#disk, save: (epoch) => (this.#disk = epoch) },
    };
  }

  #link(run: Run): ConstructorParameters<typeof RoleKeeper>[1]['link'] {
    const { link } = this.#world;
    return {
      get onBeat() {
        return run.onBeat;
      },
      set onBeat(handler) {
        run.onBeat = handler;
      },
      send: (beat) => {
        const { peer } = this;
        const other = peer === undefined ? undefined : peer.#run;
        // What was meant for an earlier run of the peer, or sent by one of this node, is not delivered.
        link.datagram(this.name, () => {
          if (peer === undefined || other === undefined || this.#run !== run) return;
          peer.#deliver(other.number, () => other.onBeat?.(beat));
        });
      },
    };
  }

  #requests(run: Run): ConstructorParameters<typeof RoleKeeper>[1]['requests'] {
    const request = <T>(act: (answers: PeerAnswers) => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const { peer } = this;
        if (peer === undefined) return;
        const other = peer.#run;
        this.#world.link.request<T>(
          this.name,
          peer.name,
          (done) => {
            if (other === undefined) return;
            peer.#deliver(other.number, () => {
              if (other.answers !== undefined) done(act(other.answers));
            });
          },
          (value) => this.#deliver(run.number, () => resolve(value)),
          (thrown) => this.#deliver(run.number, () => reject(thrown)),
        );
      });
    return {
      get answers() {
        return run.answers;
      },
      set answers(answers) {
        run.answers = answers;
      },
      prepare: (preparation) => request((answers) => answers.prepare(preparation)),
      handOver: (word) => request((answers) => answers.handOver(word)),
    };
  }
}
