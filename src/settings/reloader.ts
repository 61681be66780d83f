import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { changesBetween, changeText, type SettingChange } from './setting-changes.ts';
import { effectOf, readersOf, type Replaced, withWaiting } from './setting-effects.ts';

/** What a reload works on. */
export interface Reloadable {
  /** The file and the environment, as at the start. @throws ConfigError with everything that is wrong */
  load(): Config;
  /** The settings as the processes take them: with the listeners of the virtual IP. */
  effective(config: Config): Config;
  /** Opens the sockets that are new; those that are no longer wanted stay until `prune`. @throws DogwatchError: nothing has changed */
  openSockets(config: Config): Promise<void>;
  pruneSockets(): Promise<void>;
  /** Successors with this configuration. @throws DogwatchError of one that does not start with it */
  replaceWorkers(config: Config): Promise<void>;
  replaceConsole(config: Config): Promise<void>;
  replaceMaintenance(config: Config): Promise<void>;
  /** What the keeper itself does by them: its log, its alarms, the virtual addresses. Before the sockets are opened on these. */
  takeHere(config: Config): Promise<void>;
}

export interface ReloadOutcome {
  readonly applied: readonly string[];
  /** From the next start on. */
  readonly waiting: readonly string[];
  readonly replaced: readonly Replaced[];
}

/**
 * Takes the settings anew while the collector runs.
 *
 *   idle ──reload()──▶ loading ──wrong──▶ idle, nothing has changed
 *                        └──▶ new sockets ──▶ successors, one by one ──▶ old sockets closed ──▶ idle
 *                                                  └── one does not start: all back to the former settings ──▶ idle
 */
export class Reloader {
  /** The file that was taken last, with what waits for the next start. */
  accepted: Config;
  #running: Config;
  readonly #parts: Reloadable;
  readonly #log: Log;
  #isBusy = false;
  #isEnded = false;

  constructor(started: Config, parts: Reloadable, log: Log) {
    this.accepted = started;
    this.#running = started;
    this.#parts = parts;
    this.#log = log;
  }

  /** The collector stops: a reload that is under way goes no further, and starts nothing again. */
  end(): void {
    this.#isEnded = true;
  }

  /** Whether a running collector could take these. @throws DogwatchError `RELOAD_REFUSED` */
  check(wanted: Config): void {
    refuse(changesBetween(this.#running, wanted).filter((change) => effectOf(change) === 'refused'));
  }

  /** @throws DogwatchError `RELOAD_BUSY`, `RELOAD_REFUSED`, `RELOAD_FAILED`, or ConfigError; the former settings are in effect then */
  async reload(): Promise<ReloadOutcome> {
    if (this.#isBusy || this.#isEnded) throw new DogwatchError('RELOAD_BUSY', 'another reload is under way');
    this.#isBusy = true;
    try {
      const outcome = await this.#take(this.#parts.load());
      this.#log.info({ ...outcome }, 'settings were loaded again');
      return outcome;
    } finally {
      this.#isBusy = false;
    }
  }

  async #take(wanted: Config): Promise<ReloadOutcome> {
    // Against what runs: what waits is said again until it is in effect.
    this.check(wanted);
    const changes = changesBetween(this.#running, wanted);
    const next = withWaiting(this.#running, wanted);
    const now = changesBetween(this.#running, next);
    const replaced = readersOf(now);
    if (now.length > 0) await this.#apply(next, replaced);
    this.#running = next;
    this.accepted = wanted;
    const waiting = changes.filter((change) => effectOf(change) === 'waits');
    return { applied: now.map(changeText), waiting: waiting.map(changeText), replaced: [...replaced] };
  }

  async #apply(next: Config, replaced: ReadonlySet<Replaced>): Promise<void> {
    try {
      await this.#change(next, replaced);
    } catch (error) {
      if (this.#isEnded) throw error;
      this.#log.error({ error: messageOf(error) }, 'new settings cannot be used, going back to the former ones');
      await this.#change(this.#running, replaced);
      const remedy = error instanceof DogwatchError ? error.remedy : undefined;
      throw new DogwatchError(
        'RELOAD_FAILED',
        `the former settings are in effect again, since with the new ones: ${messageOf(error)}`,
        remedy === undefined ? {} : { remedy },
      );
    }
  }

  async #change(config: Config, replaced: ReadonlySet<Replaced>): Promise<void> {
    const effective = this.#parts.effective(config);
    await this.#parts.takeHere(effective);
    await this.#parts.openSockets(effective);
    if (replaced.has('workers')) await this.#parts.replaceWorkers(effective);
    if (!this.#isEnded && replaced.has('console')) await this.#parts.replaceConsole(effective);
    if (!this.#isEnded && replaced.has('maintenance')) await this.#parts.replaceMaintenance(effective);
    await this.#parts.pruneSockets();
  }
}

function refuse(changes: readonly SettingChange[]): void {
  if (changes.length === 0) return;
  throw new DogwatchError(
    'RELOAD_REFUSED',
    `a running collector keeps these: ${changes.map(changeText).join('; ')}; nothing was changed`,
    { remedy: 'put them back, or start the collector again' },
  );
}
