import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { SNMP_DECODER_DEFAULTS } from '../../../collectors/snmp/decoder-options.ts';
import type { DatabaseAddress } from '../../../storage/database/database.ts';
import { listRecentInforms, type StoredInform } from '../../../storage/database/recent-informs.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import { type Component, withTimeout } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import { journaledInforms } from './journaled-informs.ts';

export interface InformHistoryOptions {
  readonly database: DatabaseAddress;
  /** Informs in there may not be in the database yet. */
  readonly journalDirectory: string;
  /** Whether batches of an earlier run still wait to be written: informs in them cannot be read yet. */
  readonly hasLeftovers: () => boolean;
}

/** The listeners open after twice this at the latest. */
const FIRST_LOOK_MS = 3000;
const AGAIN_MS = 1000;
/** Journals of a node's workers are named by number, those that one went to instead of its own as well: `0.7f3a9b21`. */
const WORKER_FOLDER = /^\d/;

/**
 * Tells the decoder which informs an earlier run stored, or another worker: one that died between storing and answering gets them
 * again, or another worker does, to whose socket the kernel moves their senders; they shall be answered, but not stored twice.
 *
 *   start() ──▶ read the journals ──▶ read the database ──leftovers in the journal, or no database──▶ again after 1 s
 *                                             └── all read ──▶ done
 *
 * In this order: what leaves a journal meanwhile is in the database.
 */
export class InformHistory implements Component {
  readonly name = 'inform history';
  readonly #options: InformHistoryOptions;
  readonly #restore: (inform: StoredInform) => void;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: InformHistoryOptions, restore: (inform: StoredInform) => void, clock: Clock, log: Log) {
    this.#options = options;
    this.#restore = restore;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves after the first look, or when it takes too long. */
  async start(): Promise<void> {
    const journals = this.#lookIntoJournals();
    await withTimeout(journals, FIRST_LOOK_MS, this.name).catch(() => {});
    const database = journals.then(() => this.#look());
    await withTimeout(database, FIRST_LOOK_MS, this.name).catch(() => {});
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    return Promise.resolve();
  }

  /**
   * Reads what the other workers of this node have accepted, and those that are gone: without a keeper nobody tells us, and the kernel
   * gives us their senders when their sockets close. Never rejects.
   */
  async lookAtOthers(): Promise<void> {
    await this.#lookIntoSiblings();
    await this.#look();
  }

  /** Never rejects. */
  async #lookIntoSiblings(): Promise<void> {
    const { journalDirectory } = this.#options;
    const parent = dirname(journalDirectory);
    const folders = await readdir(parent, { withFileTypes: true }).catch(() => []);
    for (const folder of folders) {
      const path = join(parent, folder.name);
      if (folder.isDirectory() && WORKER_FOLDER.test(folder.name) && path !== journalDirectory)
        await this.#lookIntoJournal(path);
    }
  }

  /** Never rejects. */
  async #lookIntoJournals(): Promise<void> {
    await this.#lookIntoJournal(this.#options.journalDirectory);
    await this.#lookIntoSiblings();
  }

  /** Never rejects. */
  async #lookIntoJournal(journalDirectory: string): Promise<void> {
    try {
      const sinceMicros = this.#clock.nowMicros() - SNMP_DECODER_DEFAULTS.informSeconds * 1_000_000;
      for await (const inform of journaledInforms(journalDirectory, sinceMicros)) this.#restore(inform);
    } catch (error) {
      this.#log.warn({ journalDirectory, error: messageOf(error) }, 'informs in the journal cannot be read');
    }
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    // Asked before reading: what was written in between is read the next time.
    const isLast = !this.#options.hasLeftovers();
    try {
      const { informSeconds, maxInforms } = SNMP_DECODER_DEFAULTS;
      for (const inform of await listRecentInforms(this.#options.database, informSeconds, maxInforms >> 1))
        this.#restore(inform);
      if (isLast) return;
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'informs of an earlier run cannot be read yet');
    }
    if (!this.#isStopped) this.#cancel = this.#clock.after(AGAIN_MS, () => void this.#look());
  }
}
