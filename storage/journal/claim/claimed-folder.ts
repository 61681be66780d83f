import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { type ClaimOptions, FolderClaim } from './folder-claim.ts';

/**
 * The folder of a journal, claimed: the one that is asked for, or a fresh one beside it, `<folder>.<random>`, while that is in the
 * hand of somebody who may be dead, and after it was lost. What is left behind is found and written by others.
 *
 *   closed ──open()──▶ held ──lost──▶ moveOut() ──▶ held, in a fresh folder
 *                       └──close()──▶ closed
 */
export class ClaimedFolder {
  readonly #home: string;
  readonly #options: ClaimOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #claim: FolderClaim;
  /** Called when the claim was found to be lost. */
  onLost: (claim: FolderClaim) => void = () => {};

  constructor(directory: string, options: ClaimOptions, clock: Clock, log: Log) {
    this.#home = directory;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#claim = new FolderClaim(directory, options, clock);
  }

  get directory(): string {
    return this.#claim.directory;
  }

  get claim(): FolderClaim {
    return this.#claim;
  }

  /** Whether what is in the folder is only to be written: then no other folder is taken. */
  get isAdopted(): boolean {
    return this.#options.purpose === 'adopt';
  }

  /** @throws DogwatchError `LOCKED` while a living process has it, `JOURNAL_UNUSABLE` where nothing can be written there */
  async open(): Promise<void> {
    try {
      if (await this.#take(this.#home)) return;
      await this.moveOut();
      const fields = { folder: this.#home, instead: this.directory };
      this.#log.warn(fields, 'the journal folder may be in use elsewhere: what is in it is written later');
    } catch (error) {
      if (error instanceof DogwatchError) throw error;
      throw new DogwatchError('JOURNAL_UNUSABLE', `the journal folder ${this.#home} cannot be used`, {
        cause: error,
        remedy:
          'Let the account of dogwatch write there, make room on the disk, or set journal.directory to another folder.',
      });
    }
  }

  /** Goes on in a fresh folder. @throws what the file system says */
  async moveOut(): Promise<void> {
    const sibling = `${this.#home}.${randomBytes(4).toString('hex')}`;
    if (!(await this.#take(sibling))) throw new DogwatchError('LOCKED', `${sibling} is in use`);
  }

  close(): Promise<void> {
    return this.#claim.release();
  }

  async #take(directory: string): Promise<boolean> {
    const claim = new FolderClaim(directory, this.#options, this.#clock);
    claim.onLost = () => this.onLost(claim);
    const isTaken = await claim.take();
    if (!isTaken) return false;
    await this.#claim.release();
    this.#claim = claim;
    return true;
  }
}
