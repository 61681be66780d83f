import type { Clock } from '../../../src/runtime/clock.ts';
import type { DraftFile } from './draft-file.ts';

/** Syncs drafts to the disk that are not released in time, against a crash of the host. */
export class DraftSync {
  readonly #delayMs: number;
  readonly #clock: Clock;
  readonly #sync: (file: DraftFile) => Promise<void>;
  /** Files with rows that are not synced, and since when; the oldest first. */
  readonly #unsynced = new Map<DraftFile, number>();
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;

  /**
   * @param delayMs how long rows may stay unsynced; 0: they are never synced here
   * @param sync must not reject
   */
  constructor(delayMs: number, clock: Clock, sync: (file: DraftFile) => Promise<void>) {
    this.#delayMs = delayMs;
    this.#clock = clock;
    this.#sync = sync;
  }

  written(file: DraftFile): void {
    if (this.#delayMs === 0 || this.#unsynced.has(file)) return;
    this.#unsynced.set(file, this.#clock.monotonicMs());
    this.#arm(this.#delayMs);
  }

  released(file: DraftFile): void {
    this.#unsynced.delete(file);
  }

  /** No more syncs; one that runs has ended when this resolves. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#unsynced.clear();
    await this.#running;
  }

  // One round at a time: a slow disk is not helped by more of them.
  #arm(delayMs: number): void {
    if (this.#running === undefined) this.#cancel ??= this.#clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    this.#cancel = undefined;
    const now = this.#clock.monotonicMs();
    const due = [...this.#unsynced].filter(([, sinceMs]) => sinceMs + this.#delayMs <= now).map(([file]) => file);
    if (due.length > 0) this.#running = this.#run(due);
    else this.#armForOldest(now);
  }

  async #run(due: readonly DraftFile[]): Promise<void> {
    // Before the sync begins: what is written meanwhile may miss it.
    for (const file of due) this.#unsynced.delete(file);
    await Promise.all(due.map((file) => this.#sync(file)));
    this.#running = undefined;
    this.#armForOldest(this.#clock.monotonicMs());
  }

  #armForOldest(now: number): void {
    for (const sinceMs of this.#unsynced.values()) return this.#arm(Math.max(0, sinceMs + this.#delayMs - now));
  }
}
