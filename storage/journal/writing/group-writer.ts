import type { Clock } from '../../../src/runtime/clock.ts';
import { messageOf } from '../../../src/runtime/errors.ts';
import type { SealedBatch } from '../../batch/batch-format.ts';
import type { FreeSpace } from '../bounds/free-space.ts';
import type { FolderClaim } from '../claim/folder-claim.ts';
import type { JournalHome } from '../claim/journal-home.ts';
import type { KeptBatches } from '../giving/kept-batches.ts';
import type { LossTeller } from '../losing/loss-teller.ts';
import type { OldestSegments } from '../losing/oldest-segments.ts';
import type { Entry, Segment } from '../segments/segment.ts';
import type { SegmentReader } from '../segments/segment-reader.ts';
import type { SegmentStore } from '../segments/segment-store.ts';

interface GroupWriterParts {
  readonly store: SegmentStore;
  readonly reader: SegmentReader;
  readonly kept: KeptBatches;
  readonly freeSpace: FreeSpace;
  readonly home: JournalHome;
  readonly losses: LossTeller;
  /** Where a full disk costs the oldest. */
  readonly oldest: OldestSegments | undefined;
}

/** Writes batches behind the last ones, in one go, into a folder that is ours. */
export class GroupWriter {
  readonly #parts: GroupWriterParts;
  readonly #isSynced: boolean;
  readonly #clock: Clock;

  /** @param isSynced whether batches have to be on the disk before they are accepted */
  constructor(parts: GroupWriterParts, isSynced: boolean, clock: Clock) {
    this.#parts = parts;
    this.#isSynced = isSynced;
    this.#clock = clock;
  }

  /** @returns undefined where the disk does not take them */
  async write(batches: readonly SealedBatch[]): Promise<Entry[] | undefined> {
    const { store, home } = this.#parts;
    for (;;) {
      const { claim } = home;
      let segment: Segment | undefined;
      try {
        segment = await store.writable((full) => this.#onFull(full));
        await segment.write(batches);
        if (this.#isSynced) await segment.sync();
        // Only now: what is accepted must not be in a folder that somebody else drains and deletes.
        const isOurs = await claim.holds();
        if (isOurs && claim === home.claim) return segment.add(batches, this.#clock.monotonicMs());
        await home.moveOut(claim);
      } catch (error) {
        if (!(await this.#recover(error, claim, segment))) return undefined;
      }
    }
  }

  /** After a write that failed. @returns whether to try again */
  async #recover(thrown: unknown, claim: FolderClaim, segment: Segment | undefined): Promise<boolean> {
    const { store, home, freeSpace, oldest, losses } = this.#parts;
    // What was half written would be taken for damage at the next start; and it fills the disk.
    await segment?.undo().catch(() => undefined);
    store.leaveActive();
    if (segment !== undefined) store.removeIfDone(segment);
    // The folder may be gone because somebody else has emptied it.
    if (!(await claim.verify().catch(() => true)) && (await home.moveOut(claim).then(isDone, isNotDone))) return true;
    const isFull =
      thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
    // It is looked at again in a moment; until then nothing more is tried.
    if (isFull) freeSpace.bytes = 0;
    if (isFull && oldest?.drop('no space left on the disk') === true) {
      await store.removed();
      return true;
    }
    losses.logTrouble({ error: messageOf(thrown) }, 'the journal cannot be written');
    return false;
  }

  async #onFull(full: Segment): Promise<void> {
    const { reader, kept } = this.#parts;
    // The reader is behind: it will load the segment when it gets there.
    if (reader.isIn(full)) return;
    for (const entry of full.entries ?? []) kept.forget(entry);
    await full.coolDown();
  }
}

const isDone = (): boolean => true;
const isNotDone = (): boolean => false;
