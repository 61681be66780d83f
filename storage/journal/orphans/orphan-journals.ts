import { join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../../src/runtime/errors.ts';
import type { Component } from '../../../src/runtime/lifecycle.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { ProcessLock } from '../../process-lock.ts';
import { Writer, type WriterOptions } from '../../writer.ts';
import { ClaimWatch } from '../claim/claim-watch.ts';
import { Journal } from '../journal.ts';
import {
  isSibling,
  type JournalFolder,
  journalFolders,
  needsAdoption,
  removeFolder,
  workerFolder,
} from './journal-folders.ts';

export interface OrphanJournalsOptions {
  /** `journal.directory` of the configuration. */
  readonly root: string;
  /** Name of this node. */
  readonly node: string;
  /** How many workers this node has: folders from 0 on that are theirs to take. */
  readonly workers: number;
  /** `journal.claimTimeout`. */
  readonly claimTimeoutMs: number;
  readonly writer: WriterOptions;
  /**
   * Called when everything in a folder is written, before it is removed and while it is ours: for other things that its owner left.
   * It has to delete what it has dealt with.
   */
  readonly onDrained?: (directory: string, node: string | undefined) => Promise<void>;
}

/** What was found and written since the start. */
export interface Recovered {
  folders: number;
  batches: number;
  rows: number;
}

export interface OrphanStatus {
  /** The folder that is being written now. */
  readonly adopting:
    | { readonly directory: string; readonly node: string; readonly batches: number; readonly rows: number }
    | undefined;
  /** By the node that had received the rows. */
  readonly recovered: Readonly<Record<string, Recovered>>;
  /** Why the last folder could not be adopted; undefined since one could. */
  readonly trouble: string | undefined;
}

const LOOK_EVERY_MS = 10_000;
const POLL_MS = 100;
/** The name for whose folder has none. */
const EARLIER_VERSION = 'an earlier version';

/**
 * Finds journal folders that nobody owns, of this node and of others, and writes what is in them, one at a time.
 *
 *   looking ──free, with batches──▶ claimed ──▶ draining ──empty──▶ removed ──▶ looking
 *      ▲                               │           └── stopping, or lost to somebody else ──▶ left as it is
 *      └── every 10 s ◀── taken by another ┘
 *
 * A folder that a worker of this node is about to take, again, is left alone unless it is free twice in a row. Whoever dies
 * while draining leaves a folder that nobody owns; what was written twice then is known to the ledger.
 */
export class OrphanJournals implements Component {
  readonly name = 'orphan journals';
  readonly #options: OrphanJournalsOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watch: ClaimWatch;
  readonly #stopping = new AbortController();
  readonly #recovered = new Map<string, Recovered>();
  #freeBefore = new Set<string>();
  #running: Promise<void> | undefined;
  #adopting: { readonly journal: Journal; readonly node: string } | undefined;
  #trouble: string | undefined;

  constructor(options: OrphanJournalsOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#watch = new ClaimWatch(options.claimTimeoutMs, clock);
  }

  /** Resolves at once; the first look is on its way. */
  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  /** Finishes the batch in hand; the rest of the folder stays for whoever finds it next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  status(): OrphanStatus {
    const depth = this.#adopting?.journal.depth();
    const adopting = this.#adopting && {
      directory: this.#adopting.journal.directory,
      node: this.#adopting.node,
      batches: depth?.batches ?? 0,
      rows: depth?.rows ?? 0,
    };
    return { adopting, recovered: Object.fromEntries(this.#recovered), trouble: this.#trouble };
  }

  /** Looks once, and writes what it finds. Never throws. @returns how many folders were dealt with */
  async look(): Promise<number> {
    let count = 0;
    try {
      const freeNow = new Set<string>();
      for (const folder of await journalFolders(this.#options.root)) {
        if (this.#stopping.signal.aborted) break;
        if (!(await this.#isOrphan(folder, freeNow))) continue;
        if (await this.#adopt(folder)) count += 1;
      }
      this.#freeBefore = freeNow;
    } catch (error) {
      this.#report(error, this.#options.root);
    }
    return count;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.look();
      await this.#pause(LOOK_EVERY_MS);
    }
  }

  async #isOrphan(folder: JournalFolder, freeNow: Set<string>): Promise<boolean> {
    const { directory } = folder;
    // Looked at each time, also where it turns out to be empty: that is how long a claim stays unchanged.
    const { isFree } = await this.#watch.look(directory);
    if (!isFree || !(await needsAdoption(folder, this.#options.onDrained !== undefined))) return false;
    if (!this.#isOfOurWorkers(folder)) return true;
    freeNow.add(directory);
    return this.#freeBefore.has(directory);
  }

  #isOfOurWorkers(folder: JournalFolder): boolean {
    const { root, node, workers } = this.#options;
    if (folder.node !== node || isSibling(folder)) return false;
    return Array.from({ length: workers }, (_, worker) => workerFolder(root, node, worker)).includes(folder.directory);
  }

  /** @returns false where somebody else has it, or it could not be finished */
  async #adopt(folder: JournalFolder): Promise<boolean> {
    const { directory } = folder;
    // A program of an earlier version knows no claims.
    const lock = folder.node === undefined ? new ProcessLock(join(directory, 'owner')) : undefined;
    try {
      await lock?.take();
      const isDone = await this.#drain(folder);
      if (isDone) await this.#remove(folder);
      this.#trouble = undefined;
      return isDone;
    } catch (error) {
      if (!(error instanceof DogwatchError && error.code === 'LOCKED')) this.#report(error, directory);
      return false;
    } finally {
      await lock?.release();
    }
  }

  /** @returns whether nothing is left in it */
  async #drain(folder: JournalFolder): Promise<boolean> {
    const node = folder.node ?? EARLIER_VERSION;
    const journal = this.#journalIn(folder.directory);
    const writer = new Writer(journal, { ...this.#options.writer, connections: 1 }, this.#clock, this.#log);
    try {
      const { torn, ...found } = await journal.open();
      this.#adopting = { journal, node };
      const { directory } = folder;
      if (torn !== undefined) this.#log.warn({ directory, ...torn }, 'cut off a batch that was never accepted');
      if (found.batches > 0) this.#log.info({ directory, from: node, ...found }, 'writing a journal that nobody owns');
      await writer.start();
      const isEmpty = await this.#untilEmpty(journal);
      await writer.stop();
      if (isEmpty) await this.#options.onDrained?.(directory, folder.node);
      this.#count(node, writer, directory, isEmpty);
      return isEmpty;
    } finally {
      await writer.stop();
      await journal.close();
      this.#adopting = undefined;
    }
  }

  #journalIn(directory: string): Journal {
    const { node, claimTimeoutMs } = this.#options;
    // Its owner's bounds are none of ours: nothing is added but what the owner had in drafts.
    const bounds = { maxBytes: Number.MAX_SAFE_INTEGER, minFreeBytes: 0, segmentBytes: 64 << 20, memoryBytes: 0 };
    const claim = { node, claimTimeoutMs, claimWaitMs: 0, purpose: 'adopt' as const, watch: this.#watch };
    return new Journal({ directory, ...bounds, ...claim }, this.#clock, this.#log);
  }

  async #untilEmpty(journal: Journal): Promise<boolean> {
    while (journal.depth().batches > 0 && !this.#stopping.signal.aborted) await this.#pause(POLL_MS);
    return journal.depth().batches === 0 && !journal.isDisowned;
  }

  #count(node: string, { totals }: Writer, directory: string, isEmpty: boolean): void {
    const sum = this.#recovered.get(node) ?? { folders: 0, batches: 0, rows: 0 };
    if (isEmpty) sum.folders += 1;
    sum.batches += totals.batches;
    sum.rows += totals.rows;
    this.#recovered.set(node, sum);
    const { batches, rows, knownBatches, rejectedRows } = totals;
    const fields = { directory, from: node, batches, rows, knownBatches, rejectedRows };
    if (batches > 0)
      this.#log.info(fields, isEmpty ? 'wrote a journal that nobody owned' : 'wrote a part of a journal');
  }

  async #remove(folder: JournalFolder): Promise<void> {
    const left = await removeFolder(folder);
    const { directory } = folder;
    if (left.length > 0)
      this.#log.warn({ directory, files: left.slice(0, 10) }, 'a journal folder is kept for its files');
  }

  #report(error: unknown, directory: string): void {
    this.#trouble = messageOf(error);
    this.#log.error({ directory, error: messageOf(error) }, 'a journal that nobody owns cannot be written');
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#clock.after(ms, wake);
      signal.addEventListener('abort', wake);
    });
  }
}
