import type { FreeSpace } from './free-space.ts';
import type { SegmentStore } from '../segments/segment-store.ts';

export interface Bounds {
  /** Of the journal on disk. */
  readonly maxBytes: number;
  /** Bytes of the disk that are left to others. */
  readonly minFreeBytes: number;
  /** Of what waits to be written. */
  readonly maxPendingBytes: number;
}

/** One part in so many of the journal is not for senders that can wait; */
const RESERVED_SHARE = 16;
/** more of a small one, since a batch that is open has to fit as well. */
const LEAST_RESERVE_BYTES = 16 << 20;

/** Says whether a journal may take more, and if not, which of its bounds is reached. */
export class JournalBound {
  readonly #bounds: Bounds;
  readonly #store: SegmentStore;
  readonly #drafts: { readonly bytes: number };
  readonly #freeSpace: FreeSpace;

  /** @param drafts what open batches take on the disk */
  constructor(bounds: Bounds, store: SegmentStore, drafts: { readonly bytes: number }, freeSpace: FreeSpace) {
    this.#bounds = bounds;
    this.#store = store;
    this.#drafts = drafts;
    this.#freeSpace = freeSpace;
  }

  /** Of the journal on the disk: batches, and those that are open yet. */
  get bytesOnDisk(): number {
    return this.#store.bytesOnDisk + this.#drafts.bytes;
  }

  /** Whether the disk is stuck: nothing waits for long to be written otherwise. */
  isStuck(pendingBytes: number): boolean {
    return pendingBytes > this.#bounds.maxPendingBytes;
  }

  /** Whether a sender that can wait may go on, with `pendingBytes` on their way: a reserve is left to those that cannot. */
  hasRoom(pendingBytes: number): boolean {
    const { maxBytes, minFreeBytes, maxPendingBytes } = this.#bounds;
    // Of a disk that is small beside the bound, the reserve would be more than there ever is.
    const roomBytes = Math.max(0, this.bytesOnDisk + this.#freeSpace.bytes - minFreeBytes);
    const most = Math.min(maxBytes, roomBytes);
    const reserve = Math.min(Math.max(most / RESERVED_SHARE, LEAST_RESERVE_BYTES), most / 4);
    return pendingBytes <= maxPendingBytes / 2 && this.whyFull(pendingBytes + reserve) === undefined;
  }

  /** Why `bytes` more than what is on the disk would be too many; undefined where there is room. */
  whyFull(bytes: number): string | undefined {
    if (this.bytesOnDisk + bytes > this.#bounds.maxBytes) return 'the journal is full';
    if (this.#freeSpace.bytes - bytes < this.#bounds.minFreeBytes) return 'too little of the disk is free';
    return undefined;
  }
}
