import { fileURLToPath } from 'node:url';
import type { ConsoleHears, ConsoleSays } from '../console/console-words.ts';
import type { CollectorStatus } from '../console/status.ts';
import { type MaintenanceReport, NO_MAINTENANCE } from '../maintenance/maintenance-report.ts';
import type { MaintenanceHears, MaintenanceSays } from '../maintenance/maintenance-words.ts';
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

  /**
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
  ) {
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
        return start;
      },
    };
    this.console = new WatchedChild<ConsoleSays, ConsoleHears>(forConsole, clock, log);
    const forMaintenance = { name: 'maintenance', entry: MAINTENANCE_ENTRY, say, stopMs: STOP_MS, assign: () => start };
    this.maintenance = new WatchedChild<MaintenanceSays, MaintenanceHears>(forMaintenance, clock, log);
  }

  /** @throws DogwatchError of the one that does not start */
  async start(): Promise<void> {
    await Promise.all([this.console.start(), this.maintenance.start()]);
    this.#tellRegularly();
  }

  async stop(): Promise<void> {
    this.#cancelTelling?.();
    await Promise.all([this.maintenance.stop(), this.console.stop()]);
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
