import { join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { messageOf } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { FreeSpace } from '../bounds/free-space.ts';
import type { DraftStore } from '../drafts/draft-store.ts';
import type { HandedOut } from '../giving/handed-out.ts';
import type { KeptBatches } from '../giving/kept-batches.ts';
import type { LossTeller } from '../losing/loss-teller.ts';
import type { SegmentStore } from '../segments/segment-store.ts';
import { ClaimedFolder } from './claimed-folder.ts';
import type { ClaimOptions, FolderClaim } from './folder-claim.ts';

interface JournalHomeParts {
  readonly store: SegmentStore;
  readonly drafts: DraftStore;
  readonly freeSpace: FreeSpace;
  readonly handedOut: HandedOut;
  readonly kept: KeptBatches;
  readonly losses: LossTeller;
}

/** The folder that a journal lives in, and its move to a fresh one when somebody else has taken it. */
export class JournalHome {
  readonly #parts: JournalHomeParts;
  readonly #log: Log;
  readonly #folder: ClaimedFolder;
  #moving: Promise<void> | undefined;

  constructor(directory: string, options: ClaimOptions, parts: JournalHomeParts, clock: Clock, log: Log) {
    this.#parts = parts;
    this.#log = log;
    this.#folder = new ClaimedFolder(directory, options, clock, log);
    this.#folder.onLost = (claim) => {
      this.moveOut(claim).catch((error: unknown) =>
        parts.losses.logTrouble({ error: messageOf(error) }, 'no fresh folder for the journal'),
      );
    };
  }

  /** Another one than was asked for while that is, or may be, in the hand of somebody else. */
  get directory(): string {
    return this.#folder.directory;
  }

  get draftDirectory(): string {
    return draftDirectory(this.directory);
  }

  get claim(): FolderClaim {
    return this.#folder.claim;
  }

  /** @throws as `ClaimedFolder.open` */
  async open(): Promise<void> {
    const asked = this.directory;
    await this.#folder.open();
    if (this.directory !== asked) await this.#use();
  }

  /** Resolves when it is not on the move. Never rejects. */
  async settled(): Promise<void> {
    await this.#moving?.catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#folder.close();
  }

  /** Goes on in a fresh folder, since `lost` is not ours any more; what waits in the old one is written by whoever has it. */
  async moveOut(lost: FolderClaim): Promise<void> {
    if (lost !== this.#folder.claim) return this.#moving;
    this.#moving ??= this.#move().finally(() => (this.#moving = undefined));
    await this.#moving;
  }

  async #move(): Promise<void> {
    const { store, handedOut, kept } = this.#parts;
    const { directory, isAdopted } = this.#folder;
    if (!isAdopted) await this.#folder.moveOut();
    for (const segment of store.all) {
      const inHand = handedOut.leaveSegment(segment);
      for (const entry of segment.entries ?? []) {
        if (inHand.has(entry)) continue;
        entry.done = true;
        kept.forget(entry);
      }
    }
    await this.#use();
    const fields = { folder: directory, ...(isAdopted ? {} : { instead: this.directory }) };
    this.#log.warn(fields, 'the journal folder was taken by somebody else, who writes what is in it');
  }

  async #use(): Promise<void> {
    const { store, freeSpace, drafts } = this.#parts;
    await store.moveTo(this.directory);
    freeSpace.moveTo(this.directory);
    drafts.moveTo(this.draftDirectory);
  }
}

/** Where drafts are, of a journal in `directory`. */
export function draftDirectory(directory: string): string {
  return join(directory, 'drafts');
}
