import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { SealedBatch } from '../batch/batch-format.ts';
import { JournalBound } from './bound.ts';
import { DraftStore } from './drafts/draft-store.ts';
import { draftIds, recoverDrafts } from './drafts/recover-drafts.ts';
import { FreeSpace } from './free-space.ts';
import { GroupSync } from './group-sync.ts';
import { HandedOut } from './handed-out.ts';
import { ProcessLock } from '../process-lock.ts';
import { ReadMemory } from './read-memory.ts';
import type { Queue, QueueDepth } from '../queue.ts';
import type { Entry, Segment } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentStore, type TornTail, waitingRows } from './segment-store.ts';

export interface JournalOptions {
  readonly directory: string;
  /** Bound on the bytes on disk. Default 10 GiB. */
  readonly maxBytes?: number;
  /** Bytes of the disk that are left to others. Default 512 MiB. */
  readonly minFreeBytes?: number;
  /** Which batch is lost at a bound. Default dropNewest. */
  readonly whenFull?: 'dropNewest' | 'dropOldest';
  /**
   * A batch that is not yet in the database after so long is synced to the disk, which saves it from a power cut; a crash
   * of the process never costs an accepted batch. 0: every batch is synced before it is accepted. Default 100.
   */
  readonly syncMs?: number;
  /** Bytes at which a new file is begun. Default 64 MiB, at most an eighth of `maxBytes`. */
  readonly segmentBytes?: number;
  /** Bound on the waiting bytes that are kept in memory as well. Default 32 MiB. */
  readonly memoryBytes?: number;
}

/** What an earlier run left. */
export interface JournalFindings {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  readonly torn: TornTail | undefined;
  /** Of these, batches that were open when the process died: as far as they had come. */
  readonly drafts: { readonly batches: number; readonly rows: number };
}

interface Pending {
  readonly batch: SealedBatch;
  readonly settle: (accepted: boolean) => void;
}

const MAX_GROUP_BATCHES = 64;
const MAX_GROUP_BYTES = 16 << 20;
// What a disk that stalls may leave unwritten before rows are lost: more than a second at full rate.
const MAX_PENDING_BYTES = 128 << 20;

/**
 * The queue of batches on disk: a directory of segments, written at the end, deleted when all of a segment is acknowledged.
 *
 *   append ─▶ pending ─▶ written (accepted) ─▶ given by next ─▶ acknowledged
 *                │                                  └── giveBack: again, first
 *                └── full: lost, counted
 *
 * One that is given out while the oldest are dropped is kept in memory; it is lost, and counted, if it is still not
 * acknowledged when the journal closes.
 */
export class Journal implements Queue {
  /** Totals since the start, by table. Every row in here was received and is gone. */
  readonly lostRows = new Map<string, number>();
  /** Rows of open batches: what is to become batches of this journal, and must survive the process until then. */
  readonly drafts: DraftStore;
  readonly #options: Required<JournalOptions>;
  readonly #draftDirectory: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lock: ProcessLock;
  readonly #troubleLimit = new RateLimit(1, 10_000);
  readonly #store: SegmentStore;
  readonly #reader: SegmentReader;
  readonly #groupSync: GroupSync;
  readonly #freeSpace: FreeSpace;
  readonly #bound: JournalBound;
  readonly #handedOut = new HandedOut();
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  readonly #readMemory = new ReadMemory();
  #memoryBytes = 0;
  #waiters: ((batch: SealedBatch | undefined) => void)[] = [];
  #writing: Promise<void> | undefined;
  #pumping: Promise<void> | undefined;
  #isWoken = false;
  #isOpen = false;

  constructor(options: JournalOptions, clock: Clock, log: Log) {
    const maxBytes = options.maxBytes ?? 10 * 2 ** 30;
    this.#options = {
      directory: options.directory,
      maxBytes,
      minFreeBytes: options.minFreeBytes ?? 512 * 2 ** 20,
      whenFull: options.whenFull ?? 'dropNewest',
      syncMs: options.syncMs ?? 100,
      // Several segments fit, so that the oldest can be dropped alone.
      segmentBytes: options.segmentBytes ?? Math.min(64 << 20, Math.ceil(maxBytes / 8)),
      memoryBytes: options.memoryBytes ?? 32 << 20,
    };
    this.#clock = clock;
    this.#log = log;
    this.#lock = new ProcessLock(join(options.directory, 'owner'));
    this.#store = new SegmentStore(options.directory, this.#options.segmentBytes, log);
    this.#reader = new SegmentReader(this.#store, log);
    this.#freeSpace = new FreeSpace(options.directory, clock);
    this.#draftDirectory = join(options.directory, 'drafts');
    this.drafts = new DraftStore(this.#draftDirectory, this.#options.syncMs, clock, log);
    const { minFreeBytes } = this.#options;
    const bounds = { maxBytes, minFreeBytes, maxPendingBytes: MAX_PENDING_BYTES };
    this.#bound = new JournalBound(bounds, this.#store, this.#freeSpace);
    this.#groupSync = new GroupSync(this.#options.syncMs, clock, (error) =>
      this.#trouble({ error: messageOf(error) }, 'the journal cannot be synced'),
    );
  }

  /**
   * Takes the directory, creating it where it is missing, and finds what an earlier run left there.
   * @throws DogwatchError `LOCKED` while another process uses it
   */
  async open(): Promise<JournalFindings> {
    await this.#store.createDirectory();
    await this.#lock.take();
    const drafted = await draftIds(this.#draftDirectory);
    const whole = new Set<string>();
    const torn = await this.#store.open((id) => drafted.has(id) && whole.add(id));
    await this.#freeSpace.refresh();
    this.#isOpen = true;
    const drafts = await this.#takeDrafts(whole);
    this.drafts.open();
    const { batches, rows, bytes } = this.depth();
    return { batches, rows, bytes, torn, drafts };
  }

  /** Why the last batch was lost; undefined while batches are accepted. */
  trouble: string | undefined;
  /** Batches that were damaged on the disk; their bytes are kept in `*.corrupt`. */
  get corruptBatches(): number {
    return this.#store.corruptBatches;
  }

  async append(batch: SealedBatch): Promise<boolean> {
    if (!this.#isOpen) throw new DogwatchError('JOURNAL_CLOSED', 'the journal is closed');
    const why = this.#whyRefused(batch.encoded.length);
    if (why !== undefined) {
      this.#lose(batch.table, batch.rows, why);
      batch.release();
      return false;
    }
    this.#pendingBytes += batch.encoded.length;
    const accepted = new Promise<boolean>((settle) => this.#pending.push({ batch, settle }));
    this.#writing ??= this.#write();
    return accepted;
  }

  next(signal?: AbortSignal): Promise<SealedBatch | undefined> {
    if (!this.#isOpen || signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter = (batch: SealedBatch | undefined): void => {
        signal?.removeEventListener('abort', abort);
        resolve(batch);
      };
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(undefined);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      this.#wake();
    });
  }

  acknowledge(id: string): void {
    const entry = this.#handedOut.acknowledge(id);
    if (entry === undefined) return;
    this.#forget(entry);
    entry.segment.markDone(entry);
    this.#store.removeIfDone(entry.segment);
  }

  giveBack(id: string): void {
    this.#handedOut.giveBack(id);
    this.#wake();
  }

  hasRoom(): boolean {
    if (!this.#isOpen || this.#bound.hasRoom(this.#pendingBytes)) return this.#isOpen;
    // Nothing may be written meanwhile that would look again.
    void this.#freeSpace.refresh();
    return false;
  }

  depth(): QueueDepth {
    let [batches, rows, bytes] = [this.#pending.length, 0, this.#pendingBytes];
    for (const pending of this.#pending) rows += pending.batch.rows;
    for (const segment of this.#store.all) {
      batches += segment.waitingBatches;
      rows += segment.waitingRows;
      bytes += segment.waitingBytes;
    }
    for (const orphan of this.#handedOut.orphans) {
      batches += 1;
      rows += orphan.rows;
      bytes += orphan.bytes;
    }
    const oldest = this.#oldestMicros();
    const oldestMs = oldest === Infinity ? 0 : Math.max(0, (this.#clock.nowMicros() - oldest) / 1000);
    return { batches, rows, bytes, oldestMs };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return this.#lock.release();
    this.#isOpen = false;
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
    await this.#writing;
    await this.#pumping;
    for (const orphan of this.#handedOut.clear()) {
      this.#lose(orphan.table, orphan.rows, 'dropped, and not written before the end');
      this.#forget(orphan);
    }
    await this.drafts.close();
    await this.#groupSync.flush();
    await this.#store.close();
    await this.#lock.release();
  }

  /** Appends what an earlier process had in drafts, but for batches of `whole`, and deletes the files once that is safe. */
  async #takeDrafts(whole: ReadonlySet<string>): Promise<JournalFindings['drafts']> {
    const found = { batches: 0, rows: 0 };
    const paths: string[] = [];
    for await (const { path, batch } of recoverDrafts(this.#draftDirectory, whole)) {
      paths.push(path);
      if (batch === undefined || !(await this.append(batch))) continue;
      found.batches += 1;
      found.rows += batch.rows;
    }
    if (paths.length > 0) await this.#groupSync.flush();
    for (const path of paths) await rm(path, { force: true });
    return found;
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#nextGroup();
      let entries: Entry[] = [];
      try {
        const segment = await this.#store.writable(async (full) => {
          // The reader is behind: it will load the segment when it gets there.
          if (!this.#reader.isIn(full)) await this.#coolDown(full);
        });
        entries = await segment.write(group.map(({ batch }) => batch));
        if (this.#options.syncMs === 0) await segment.sync();
      } catch (error) {
        // What was half written is behind the end of the segment, and cut off at the next start.
        this.#store.leaveActive();
        entries = [];
        this.#trouble({ error: messageOf(error) }, 'the journal cannot be written');
      }
      this.#pending.splice(0, group.length);
      for (const [index, { batch, settle }] of group.entries()) {
        this.#pendingBytes -= batch.encoded.length;
        const entry = entries[index];
        if (entry === undefined) {
          this.#lose(batch.table, batch.rows, 'the journal cannot be written');
          batch.release();
        } else {
          this.trouble = undefined;
          this.#accept(entry);
        }
        settle(entry !== undefined);
      }
      this.#wake();
      await this.#freeSpace.refresh();
    }
    this.#writing = undefined;
  }

  #nextGroup(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { batch } of this.#pending) {
      bytes += batch.encoded.length;
      if (count > 0 && (bytes > MAX_GROUP_BYTES || count === MAX_GROUP_BATCHES)) break;
      count += 1;
    }
    return this.#pending.slice(0, count);
  }

  async #coolDown(segment: Segment): Promise<void> {
    for (const entry of segment.entries ?? []) this.#forget(entry);
    await segment.coolDown();
  }

  #accept(entry: Entry): void {
    if (this.#memoryBytes + entry.bytes <= this.#options.memoryBytes) {
      this.#memoryBytes += entry.bytes;
    } else {
      entry.batch?.release();
      entry.batch = undefined;
    }
    if (this.#options.syncMs > 0) this.#groupSync.add(entry);
  }

  /** Lets go of the copy in memory. */
  #forget(entry: Entry): void {
    if (entry.batch === undefined) return;
    entry.batch.release();
    entry.batch = undefined;
    this.#memoryBytes -= entry.bytes;
  }

  #wake(): void {
    this.#isWoken = true;
    this.#pumping ??= this.#pump();
  }

  /** Hands batches to those who wait for one. */
  async #pump(): Promise<void> {
    await Promise.resolve(); // so that `#pumping` is set before it is cleared
    while (this.#isWoken) {
      this.#isWoken = false;
      while (this.#waiters.length > 0) {
        const entry = this.#handedOut.takeReturned() ?? (await this.#reader.next());
        if (entry === undefined) break;
        const batch = entry.batch ?? (await this.#readBack(entry));
        if (batch === undefined) continue;
        const waiter = this.#waiters.shift();
        if (waiter === undefined) {
          this.#handedOut.putBack(entry);
        } else {
          this.#handedOut.give(entry);
          waiter(batch);
        }
      }
    }
    this.#pumping = undefined;
  }

  async #readBack(entry: Entry): Promise<SealedBatch | undefined> {
    const batch = await entry.segment.read(entry, this.#readMemory).catch(() => undefined);
    if (entry.done) {
      batch?.release();
      return undefined; // dropped in the meantime, and counted
    }
    if (batch !== undefined) {
      entry.batch = batch;
      this.#memoryBytes += entry.bytes;
      return batch;
    }
    await this.#store.keepAside(entry.segment, entry.offset, entry.bytes);
    this.#lose(entry.table, entry.rows, 'damaged on the disk');
    entry.segment.markDone(entry);
    this.#store.removeIfDone(entry.segment);
    return undefined;
  }

  /** Why `bytes` more are not accepted, after dropping what may be dropped for them; undefined where they are. */
  #whyRefused(bytes: number): string | undefined {
    const wanted = this.#pendingBytes + bytes;
    if (this.#bound.isStuck(wanted)) return 'the disk does not keep up';
    for (;;) {
      const why = this.#bound.whyFull(wanted);
      if (why === undefined) return undefined;
      void this.#freeSpace.refresh();
      if (this.#options.whenFull === 'dropNewest' || !this.#dropOldest(why)) return why;
    }
  }

  /** Drops the oldest segment that is not being written. Batches of it that the writer has in hand are not lost yet. */
  #dropOldest(why: string): boolean {
    const [segment] = this.#store.all;
    if (segment === undefined || segment === this.#store.active) return false;
    const inHand = this.#handedOut.dropSegment(segment);
    for (const [table, rows] of waitingRows(segment, inHand)) if (rows > 0) this.#lose(table, rows, why);
    for (const entry of segment.entries ?? []) {
      if (inHand.has(entry)) continue;
      entry.done = true;
      this.#forget(entry);
    }
    this.#freeSpace.bytes += segment.size;
    this.#store.remove(segment);
    return true;
  }

  #lose(table: string, rows: number, why: string): void {
    this.lostRows.set(table, (this.lostRows.get(table) ?? 0) + rows);
    this.trouble = why;
    this.#trouble({ table, rows, why }, 'rows are lost');
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ ...fields, suppressed }, message);
  }

  #oldestMicros(): number {
    const pending = this.#pending[0]?.batch.earliestMicros ?? Infinity;
    return Math.min(pending, this.#handedOut.oldestMicros(), this.#reader.oldestMicros());
  }
}
