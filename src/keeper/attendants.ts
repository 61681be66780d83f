import { fileURLToPath } from 'node:url';
import type { PairEpoch } from '../../storage/database/database.ts';
import type { Config } from '../config/schema.ts';
import type { ConsoleHears, ConsoleSays } from '../console/console-words.ts';
import type { CollectorStatus } from '../console/status.ts';
import { type MaintenanceReport, NO_MAINTENANCE } from '../maintenance/maintenance-report.ts';
import type { MaintenanceHears, MaintenanceSays } from '../maintenance/maintenance-words.ts';
import type { Notification } from '../notifications/channel.ts';
import type { Told } from '../notifications/tell-channels.ts';
import type { ProcessStart } from '../processes/starts.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { WatchedChild } from './watched-child.ts';
import type { Workers } from './workers.ts';

const CONSOLE_ENTRY = fileURLToPath(new URL('../console/console-process.ts', import.meta.url));
const MAINTENANCE_ENTRY = fileURLToPath(new URL('../maintenance/maintenance-process.ts', import.meta.url));
const STOP_MS = 2000;
const ASK_MS = 1000;
const BACKLOG_MS = 1000;

/** The processes beside the workers: one that answers HTTP, one that does what is due in the database now and then. */
export class Attendants implements Component {
  readonly name = 'console and maintenance';
  readonly console: WatchedChild<ConsoleSays, ConsoleHears>;
  readonly maintenance: WatchedChild<MaintenanceSays, MaintenanceHears>;
  readonly #workers: Workers;
  readonly #clock: Clock;
  readonly #log: Log;
  #lastReport: MaintenanceReport = NO_MAINTENANCE;
  #cancelTelling: (() => void) | undefined;
  #start: ProcessStart;
  readonly #isGated: boolean;
  /** Of the maintenance that is or was under way last, with `isGated`. */
  #epoch: PairEpoch | undefined;
  #isOwner = false;
  #change: Promise<void> = Promise.resolve();

  /**
   * @param isGated maintenance waits for `maintain`: this node may not be the active one of its pair
   * @param status what the console gives out
   * @param say takes what the processes say on standard error
   */
  constructor(
    start: ProcessStart,
    workers: Workers,
    status: () => Promise<CollectorStatus>,
    say: (text: string) => void,
    clock: Clock,
    log: Log,
    isGated = false,
  ) {
    this.#start = start;
    this.#isGated = isGated;
    this.#workers = workers;
    this.#clock = clock;
    this.#log = log;
    const forConsole = {
      name: 'console',
      entry: CONSOLE_ENTRY,
      say,
      stopMs: STOP_MS,
      assign: (channel: NonNullable<Attendants['console']['channel']>) => {
        channel.answer('console.status', status);
        channel.answer('console.exporters', () => workers.exporters());
        return this.#start;
      },
    };
    this.console = new WatchedChild<ConsoleSays, ConsoleHears>(forConsole, clock, log);
    const forMaintenance = {
      name: 'maintenance',
      entry: MAINTENANCE_ENTRY,
      say,
      stopMs: STOP_MS,
      assign: (): ProcessStart => {
        const begin = this.#start;
        return this.#epoch === undefined ? begin : { ...begin, database: { ...begin.database, epoch: this.#epoch } };
      },
    };
    this.maintenance = new WatchedChild<MaintenanceSays, MaintenanceHears>(forMaintenance, clock, log);
  }

  /** @throws DogwatchError of the one that does not start */
  async start(): Promise<void> {
    await Promise.all([this.console.start(), this.#isGated ? undefined : this.maintenance.start()]);
    this.#tellRegularly();
  }

  /** What needs a single owner is done here from now on, as long as the epoch lasts: with `isGated`. */
  maintain(epoch: PairEpoch): void {
    this.#epoch = epoch;
    this.#isOwner = true;
    this.#change = this.#beginAfter(this.#change, epoch);
  }

  /** Never rejects. */
  async #beginAfter(earlier: Promise<void>, epoch: PairEpoch): Promise<void> {
    await earlier;
    if (!this.#isOwner || this.#epoch !== epoch) return;
    await this.maintenance.end();
    try {
      await this.maintenance.start();
    } catch (error) {
      if (this.#isOwner) this.#log.error({ error: messageOf(error) }, 'maintenance does not start');
    }
  }

  /** A successor with this configuration. @throws DogwatchError when it does not start with it */
  async replaceConsole(config: Config): Promise<void> {
    this.#start = { ...this.#start, config };
    await this.console.replace(STOP_MS);
  }

  /** A successor with this configuration, where maintenance is done here. @throws DogwatchError when it does not start with it */
  async replaceMaintenance(config: Config): Promise<void> {
    this.#start = { ...this.#start, config };
    await this.#change;
    if (!this.#isGated || this.#isOwner) await this.maintenance.replace(STOP_MS);
  }

  /** It is done here no more; at once, since another node may do it already. */
  async rest(): Promise<void> {
    this.#isOwner = false;
    await this.maintenance.end();
  }

  async stop(): Promise<void> {
    this.#cancelTelling?.();
    await Promise.all([this.maintenance.stop(), this.console.stop()]);
  }

  /** Operators are told at once. @throws that the console is not there, or does not answer */
  async tell(notification: Notification, done: readonly string[], withinMs: number): Promise<Told> {
    const { channel } = this.console;
    if (channel === undefined) throw new Error('the console process is not there');
    return channel.request('console.tell', { notification, done }, withinMs);
  }

  /** What the maintenance process says, or said last. */
  async maintenanceReport(): Promise<MaintenanceReport> {
    try {
      const report = await this.maintenance.channel?.request('maintenance.report', undefined, ASK_MS);
      this.#lastReport = report ?? this.#lastReport;
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the maintenance process does not report');
    }
    return this.#lastReport;
  }

  #tellRegularly(): void {
    const oldestMs = Math.max(0, ...this.#workers.reports.map(({ journal }) => journal.oldestMs));
    this.maintenance.channel?.send('maintenance.backlog', oldestMs);
    this.#cancelTelling = this.#clock.after(BACKLOG_MS, () => this.#tellRegularly());
  }
}
