import { fileURLToPath } from 'node:url';
import type { SharedEngine } from '../../collectors/snmp/usm/engines/engine-identity.ts';
import type { WarmEntry } from '../../collectors/warm-state.ts';
import type { Config } from '../config/schema.ts';
import type { Channel } from '../processes/channel.ts';
import type { ChildSays, ParentSays } from '../processes/life.ts';
import type { ProcessStart } from '../processes/starts.ts';
import { type Clock, machineMs } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { inRounds } from '../runtime/rounds.ts';
import type { ExporterReport, WorkerReport } from '../worker/worker-report.ts';
import type { Hearing, Opening, WorkerHears, WorkerSays, WorkerStart } from '../worker/worker-words.ts';
import { addReports, besideThose, countsOf } from './add-reports.ts';
import type { HeldSockets } from './held-sockets.ts';
import { Spare } from './spare.ts';
import { inMessages, type WarmStore } from './warm-store.ts';
import type { WatchedProcess } from './process-status.ts';
import { WatchedChild } from './watched-child.ts';

type WorkerChannel = Channel<ChildSays<WorkerSays>, ParentSays<WorkerHears>>;

const ENTRY = fileURLToPath(new URL('../worker/worker-process.ts', import.meta.url));
const REPORT_MS = 1000;
const STOP_MS = 6000;
/** So often a worker that does not listen is asked to. */
const ASK_AGAIN_MS = 500;
const LISTEN_MS = 3000;
const HUSH_MS = 3000;
/** Once hushed, it has nothing left to lose: what is not written is written by its successor. */
const REPLACE_MS = 1000;
const SPARE_AFTER_MS = 2000;

/**
 * The workers: started together, each with its sockets and with what all of them have learnt; what one learns, the others are
 * told. One that dies is replaced by the spare.
 */
export class Workers implements Component {
  readonly name = 'workers';
  readonly children: readonly WatchedChild<WorkerSays, WorkerHears>[];
  readonly spare: Spare<WorkerSays, WorkerHears>;
  readonly #sockets: HeldSockets;
  readonly #warm: WarmStore;
  readonly #clock: Clock;
  #start: ProcessStart & Pick<WorkerStart, 'engine' | 'isGated'>;
  readonly #log: Log;
  /** What each said last; of those that have ended, the counts. */
  readonly #last = new Map<number, WorkerReport>();
  #ended: WorkerReport | undefined;
  #engine: SharedEngine;
  /** With `isGated`: while they may listen. */
  #hearing: Hearing | undefined;
  /** Whose settings are the former ones still: sockets are told by their place among the listeners. */
  readonly #outdated = new Set<number>();
  /** Channels whose worker has said that it listens. */
  #listening = new WeakSet<WorkerChannel>();
  /** When each was asked to. */
  readonly #askedMs = new WeakMap<WorkerChannel, number>();
  /** Of the sockets of workers that have ended. */
  readonly #kernelDrops = new Map<number, readonly number[]>();
  #endAsking: (() => void) | undefined;
  #cancelSpare: (() => void) | undefined;

  /** @param say takes what the processes say on standard error */
  constructor(
    start: ProcessStart & Pick<WorkerStart, 'engine' | 'isGated'>,
    workers: number,
    sockets: HeldSockets,
    warm: WarmStore,
    say: (text: string) => void,
    clock: Clock,
    log: Log,
  ) {
    this.#start = start;
    this.#engine = start.engine;
    this.#sockets = sockets;
    this.#warm = warm;
    this.#clock = clock;
    this.#log = log;
    const program = { entry: ENTRY, say };
    this.spare = new Spare('spare worker', program, clock, log);
    this.children = Array.from({ length: workers }, (_, index) => {
      const options = {
        ...program,
        name: `worker ${index + 1}`,
        spare: this.spare,
        stopMs: STOP_MS,
        assign: (channel: WorkerChannel): WorkerStart =>
          this.#assign(channel, index, { ...this.#start, index, workers }),
        onReady: (channel: WorkerChannel) => this.#letListen(channel, index),
        onDeath: () => this.#bury(index),
      };
      return new WatchedChild<WorkerSays, WorkerHears>(options, clock, log);
    });
  }

  /** @throws DogwatchError of the first worker that does not start */
  async start(): Promise<void> {
    await Promise.all(this.children.map((child) => child.start()));
    await this.ask();
    this.#endAsking = inRounds(this.#clock, REPORT_MS, () => this.ask());
    // What starts beside the workers comes first.
    this.#cancelSpare = this.#clock.after(SPARE_AFTER_MS, () => void this.spare.start());
  }

  async stop(): Promise<void> {
    this.#endAsking?.();
    this.#cancelSpare?.();
    await this.spare.stop();
    await Promise.all(this.children.map((child) => child.stop()));
  }

  /**
   * Successors with this configuration, one after the other: what comes meanwhile waits in the sockets, what had come is in the journals.
   * @throws DogwatchError of the first that does not start with it
   */
  async replace(config: Config): Promise<void> {
    this.#start = { ...this.#start, config };
    for (const index of this.children.keys()) this.#outdated.add(index);
    for (const [index, child] of this.children.entries()) {
      await child.channel?.request('worker.hush', undefined, HUSH_MS).catch(() => undefined);
      await child.replace(REPLACE_MS, () => this.#bury(index));
    }
  }

  /**
   * Sends every worker its sockets, and lets it listen, with `isGated`.
   * @throws DogwatchError of the first worker that cannot; one that is being started again listens when it is ready
   */
  async listen(hearing: Opening): Promise<void> {
    this.#hearing = hearing;
    await Promise.all(
      this.children.map(async ({ state, channel }, index) => {
        if (state !== 'running' || channel === undefined || this.#outdated.has(index)) return;
        this.#sockets.handOver(channel, index + 1);
        await this.#askToListen(channel, hearing);
      }),
    );
  }

  /** Whether all of them have said that they listen, with `isGated`. */
  get isListening(): boolean {
    return this.children.every(
      ({ state, channel }) => state === 'running' && channel !== undefined && this.#listening.has(channel),
    );
  }

  /** Tells all of them what was learnt elsewhere. */
  tell(entries: readonly WarmEntry[]): void {
    for (const { channel } of this.children) channel?.send('worker.warm', entries);
  }

  /** What another node was to its senders, this one is from now on: its SNMP engine, and what its workers had for themselves. */
  inherit(engine: SharedEngine): void {
    this.#engine = engine;
    for (const { channel } of this.children) channel?.send('worker.engine', engine);
    this.inheritHeld();
  }

  /** What workers of another node had for themselves is the first worker's from now on; what it has already it passes over. */
  inheritHeld(): void {
    const channel = this.children[0]?.channel;
    for (const entries of inMessages(this.#warm.inherit(0))) channel?.send('worker.warm', entries);
  }

  /** Until when they may listen. */
  hearUntil(hearing: Hearing): void {
    if (this.#hearing === undefined) return;
    this.#hearing = hearing;
    for (const [index, { state, channel }] of this.children.entries()) {
      channel?.send('worker.hear-until', hearing);
      // One that was late, at a moment at which nobody knew that it would go on.
      if (state === 'running' && channel !== undefined && this.#isDeaf(channel)) this.#letListen(channel, index);
    }
  }

  /** They listen no more when this resolves, and what they had heard is in their journals; never rejects. */
  async hush(): Promise<void> {
    this.#hearing = undefined;
    this.#listening = new WeakSet();
    await Promise.all(
      this.children.map(async ({ name, channel }) => {
        try {
          await channel?.request('worker.hush', undefined, HUSH_MS);
        } catch (error) {
          this.#log.warn(
            { process: name, error: messageOf(error) },
            'a worker does not say that it has stopped listening',
          );
        }
      }),
    );
  }

  /** As the status shows them. */
  get processes(): WatchedProcess[] {
    const { spare } = this;
    const state = spare.isReady ? 'running' : 'starting';
    return [...this.children, { name: spare.name, pid: spare.pid, state, restarts: 0, trouble: undefined }];
  }

  /** What they said last, and the counts of those that have ended; at least one, once started. */
  get reports(): WorkerReport[] {
    const running = [...this.#last.values()];
    return this.#ended === undefined ? running : [besideThose(this.#ended, running), ...running];
  }

  /** Brings `reports` up to date, as far as they answer. */
  async ask(): Promise<WorkerReport[]> {
    await Promise.all(
      this.children.map(async ({ channel }, index) => {
        try {
          const report = await channel?.request('worker.report', undefined, REPORT_MS);
          if (report !== undefined && this.children[index]?.channel === channel) this.#last.set(index, report);
        } catch (error) {
          this.#log.debug({ worker: index + 1, error: messageOf(error) }, 'a worker does not report');
        }
      }),
    );
    return this.reports;
  }

  async exporters(): Promise<ExporterReport[]> {
    const answers = this.children.map(
      async ({ channel }) => (await channel?.request('worker.exporters', undefined, REPORT_MS).catch(() => [])) ?? [],
    );
    return (await Promise.all(answers)).flat();
  }

  /** A successor, or one that had to close its listeners since its time was over, which it is not any more. */
  #letListen(channel: WorkerChannel, index: number): void {
    const hearing = this.#hearing;
    if (hearing === undefined || hearing.untilMs < machineMs() || this.#outdated.has(index)) return;
    this.#sockets.handOver(channel, index + 1);
    // What it went on with is in the file of its predecessor's accounts.
    this.#askToListen(channel, { ...hearing, after: 'ourselves' }).catch((error: unknown) => {
      this.#log.error({ worker: index + 1, error: messageOf(error) }, 'a worker cannot listen');
    });
  }

  /** It has not said that it listens, nor been asked to just now. */
  #isDeaf(channel: WorkerChannel): boolean {
    if (this.#listening.has(channel)) return false;
    return this.#clock.monotonicMs() - (this.#askedMs.get(channel) ?? -Infinity) >= ASK_AGAIN_MS;
  }

  async #askToListen(channel: WorkerChannel, opening: Opening): Promise<void> {
    this.#askedMs.set(channel, this.#clock.monotonicMs());
    await channel.request('worker.listen', opening, LISTEN_MS);
    if (this.#hearing !== undefined) this.#listening.add(channel);
  }

  #assign(channel: WorkerChannel, index: number, start: Omit<WorkerStart, 'kernelDrops'>): WorkerStart {
    this.#outdated.delete(index);
    if (!start.isGated) this.#sockets.handOver(channel, index + 1);
    channel.on('worker.late', () => {
      this.#listening.delete(channel);
      this.#letListen(channel, index);
    });
    channel.answer('worker.warm-up', () => {
      for (const known of [this.#warm.all(), this.#warm.ownedBy(index)]) {
        for (const entries of inMessages(known)) channel.send('worker.warm', entries);
      }
      return undefined;
    });
    channel.answer('worker.learnt', (entries) => {
      const forwarded = this.#warm.take(index, entries);
      if (forwarded.length === 0) return undefined;
      for (const [other, child] of this.children.entries()) {
        if (other !== index) child.channel?.send('worker.warm', forwarded);
      }
      return undefined;
    });
    channel.on('worker.last', (report) => this.#last.set(index, report));
    return { ...start, engine: this.#engine, kernelDrops: this.#kernelDrops.get(index) ?? [] };
  }

  #bury(index: number): void {
    const last = this.#last.get(index);
    if (last === undefined) return;
    this.#last.delete(index);
    this.#kernelDrops.set(
      index,
      last.listeners.flatMap((listener) => (listener.transport === 'udp' ? [listener.kernelDrops] : [])),
    );
    const counts = countsOf(last);
    this.#ended = this.#ended === undefined ? counts : addReports([this.#ended, counts]);
  }
}
