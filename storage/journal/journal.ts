import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { SealedBatch } from '../batch/batch-format.ts';
import { type Bounds, JournalBound } from './bound.ts';
import { DraftStore } from './drafts/draft-store.ts';
import { draftIds, recoverDrafts } from './drafts/recover-drafts.ts';
import type { ClaimPurpose } from './claim/claim-record.ts';
import type { ClaimWatch } from './claim/claim-watch.ts';
import { ClaimedFolder } from './claim/claimed-folder.ts';
import type { ClaimOptions, FolderClaim } from './claim/folder-claim.ts';
import { fillAlarm } from './fill-alarm.ts';
import { FreeSpace } from './free-space.ts';
import { GroupSync } from './group-sync.ts';
import { HandedOut } from './handed-out.ts';
import type { OnLost } from './lost-batch.ts';
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
  /** Name of this node, for others that find the folder. Default: the name of the machine. */
  readonly node?: string;
  /** A folder whose owner gives no sign for so long is taken over. Default 30,000. */
  readonly claimTimeoutMs?: number;
  /** How long to wait for an owner of the folder that may be about to end. Default 10,000. */
  readonly claimWaitMs?: number;
  /** `adopt`: what is in the folder is only to be written, and nothing is to be appended. Default own. */
  readonly purpose?: ClaimPurpose;
  /** What is known of the claims of others already. */
  readonly watch?: ClaimWatch;
  /** Told once of all rows that are lost, with the rows where they are known. */
  readonly onLost?: OnLost;
}

/** What an earlier run left. */
export interface JournalFindings {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  readonly torn: TornTail | undefined;
  /** Segments of another version of the format, which are kept aside. */
  readonly otherVersions: number;
  /** Of these, batches that were open when the process died: as far as they had come. */
  readonly drafts: { readonly batches: number; readonly rows: number };
}

interface Pending {
  readonly batch: SealedBatch;
  readonly sinceMs: number;
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
  readonly #options: Required<Pick<JournalOptions, 'whenFull' | 'syncMs' | 'memoryBytes'>>;
  readonly #onLost: OnLost | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #folder: ClaimedFolder;
  readonly #troubleLimit = new RateLimit(1, 10_000);
  readonly #store: SegmentStore;
  readonly #reader: SegmentReader;
  readonly #groupSync: GroupSync;
  readonly #freeSpace: FreeSpace;
  readonly #bounds: Bounds;
  readonly #bound: JournalBound;
  readonly #handedOut = new HandedOut();
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  readonly #readMemory = new ReadMemory();
  #memoryBytes = 0;
  #waiters: ((batch: SealedBatch | undefined) => void)[] = [];
  #writing: Promise<void> | undefined;
  #pumping: Promise<void> | undefined;
  #moving: Promise<void> | undefined;
  #isWoken = false;
  #isOpen = false;
  #isTellingDropped = false;

  constructor(options: JournalOptions, clock: Clock, log: Log) {
    const maxBytes = options.maxBytes ?? 10 * 2 ** 30;
    // Several segments fit, so that the oldest can be dropped alone.
    const segmentBytes = options.segmentBytes ?? Math.min(64 << 20, Math.ceil(maxBytes / 8));
    this.#options = {
      whenFull: options.whenFull ?? 'dropNewest',
      syncMs: options.syncMs ?? 100,
      memoryBytes: options.memoryBytes ?? 32 << 20,
    };
    this.#onLost = options.onLost;
    this.#clock = clock;
    this.#log = log;
    this.#folder = new ClaimedFolder(options.directory, claimOptions(options), clock, log);
    this.#folder.onLost = (claim) => {
      this.#moveOut(claim).catch((error: unknown) =>
        this.#trouble({ error: messageOf(error) }, 'no fresh folder for the journal'),
      );
    };
    this.#store = new SegmentStore(options.directory, segmentBytes, clock, log);
    this.#reader = new SegmentReader(this.#store, log);
    this.#freeSpace = new FreeSpace(options.directory, clock);
    this.drafts = new DraftStore(join(options.directory, 'drafts'), this.#options.syncMs, clock, log);
    const minFreeBytes = options.minFreeBytes ?? 512 * 2 ** 20;
    this.#bounds = { maxBytes, minFreeBytes, maxPendingBytes: MAX_PENDING_BYTES };
    this.#bound = new JournalBound(this.#bounds, this.#store, this.#freeSpace);
    this.#groupSync = new GroupSync(this.#options.syncMs, clock, (error) =>
      this.#trouble({ error: messageOf(error) }, 'the journal cannot be synced'),
    );
  }

  /**
   * Takes the directory, creating it where it is missing, and finds what an earlier run left there.
   * @throws DogwatchError `LOCKED` while another process uses it, `JOURNAL_UNUSABLE` where nothing can be written there
   */
  async open(): Promise<JournalFindings> {
    const asked = this.directory;
    await this.#folder.open();
    if (this.directory !== asked) await this.#useFolder();
    const drafted = await draftIds(this.#draftDirectory);
    const whole = new Set<string>();
    const torn = await this.#store.open(
      (id) => drafted.has(id) && whole.add(id),
      ({ table, rows }) => this.#lose(table, rows, 'damaged on the disk'),
    );
    await this.#freeSpace.refresh();
    this.#isOpen = true;
    const drafts = await this.#takeDrafts(whole);
    this.drafts.open();
    const { batches, rows, bytes } = this.depth();
    return { batches, rows, bytes, torn, drafts, otherVersions: this.#store.otherVersions };
  }

  /** Why the last batch was lost; undefined while batches are accepted. */
  trouble: string | undefined;
  /** Batches that were damaged on the disk; their bytes are kept in `*.corrupt`. */
  get corruptBatches(): number {
    return this.#store.corruptBatches;
  }

  /** Segments of another version of the format that were found; they are kept, as `*.dwb0`, `*.dwb2` … */
  get otherVersions(): number {
    return this.#store.otherVersions;
  }

  /** The folder that it is in: another one than was asked for while that is, or may be, in the hand of somebody else. */
  get directory(): string {
    return this.#folder.directory;
  }

  /** Whether somebody else has taken the folder, and no other took its place. */
  get isDisowned(): boolean {
    return this.#folder.claim.isLost;
  }

  /** That it is nearly full, as `journal 83 % full: 8.3 of 10 GiB`; undefined while there is room. */
  get alarm(): string | undefined {
    void this.#freeSpace.refresh();
    return fillAlarm(this.#store.bytesOnDisk + this.#pendingBytes, this.#bounds, this.#freeSpace);
  }

  async append(batch: SealedBatch): Promise<boolean> {
    if (!this.#isOpen) throw new DogwatchError('JOURNAL_CLOSED', 'the journal is closed');
    const why = this.#whyRefused(batch.encoded.length);
    if (why !== undefined) {
      this.#lose(batch.table, batch.rows, why, batch);
      batch.release();
      return false;
    }
    this.#pendingBytes += batch.encoded.length;
    const sinceMs = this.#clock.monotonicMs();
    const accepted = new Promise<boolean>((settle) => this.#pending.push({ batch, sinceMs, settle }));
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
    const left = this.#handedOut.giveBack(id);
    if (left !== undefined) this.#forget(left);
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
    const sinceMs = this.#oldestSinceMs();
    const oldestMs = sinceMs === Infinity ? 0 : Math.max(0, this.#clock.monotonicMs() - sinceMs);
    return { batches, rows, bytes, oldestMs };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return this.#folder.close();
    this.#isOpen = false;
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
    await this.#writing;
    await this.#pumping;
    await this.#moving?.catch(() => undefined);
    for (const orphan of this.#handedOut.clear()) {
      this.#lose(orphan.table, orphan.rows, 'dropped, and not written before the end', orphan.batch);
      this.#forget(orphan);
    }
    await this.drafts.close();
    await this.#groupSync.flush();
    await this.#store.close();
    await this.#folder.close();
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
      const entries = await this.#writeGroup(group.map(({ batch }) => batch));
      this.#pending.splice(0, group.length);
      for (const [index, { batch, settle }] of group.entries()) {
        this.#pendingBytes -= batch.encoded.length;
        const entry = entries?.[index];
        if (entry === undefined) {
          this.#lose(batch.table, batch.rows, 'the journal cannot be written', batch);
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

  /** @returns undefined where the disk does not take them */
  async #writeGroup(batches: readonly SealedBatch[]): Promise<Entry[] | undefined> {
    for (;;) {
      const { claim } = this.#folder;
      let segment: Segment | undefined;
      try {
        segment = await this.#store.writable((full) => this.#onFull(full));
        await segment.write(batches);
        if (this.#options.syncMs === 0) await segment.sync();
        // Only now: what is accepted must not be in a folder that somebody else drains and deletes.
        const isOurs = await claim.holds();
        if (isOurs && claim === this.#folder.claim) return segment.add(batches, this.#clock.monotonicMs());
        await this.#moveOut(claim);
      } catch (error) {
        if (!(await this.#recover(error, claim, segment))) return undefined;
      }
    }
  }

  /** After a write that failed. @returns whether to try again */
  async #recover(thrown: unknown, claim: FolderClaim, segment: Segment | undefined): Promise<boolean> {
    // What was half written would be taken for damage at the next start; and it fills the disk.
    await segment?.undo().catch(() => undefined);
    this.#store.leaveActive();
    if (segment !== undefined) this.#store.removeIfDone(segment);
    // The folder may be gone because somebody else has emptied it.
    if (!(await claim.verify().catch(() => true)) && (await this.#moveOut(claim).then(isDone, isNotDone))) return true;
    const isFull =
      thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
    // It is looked at again in a moment; until then nothing more is tried.
    if (isFull) this.#freeSpace.bytes = 0;
    if (isFull && this.#options.whenFull === 'dropOldest' && this.#dropOldest('no space left on the disk')) {
      await this.#store.removed();
      return true;
    }
    this.#trouble({ error: messageOf(thrown) }, 'the journal cannot be written');
    return false;
  }

  async #onFull(full: Segment): Promise<void> {
    // The reader is behind: it will load the segment when it gets there.
    if (!this.#reader.isIn(full)) await this.#coolDown(full);
  }

  /** Goes on in a fresh folder, since `lost` is not ours any more; what waits in the old one is written by whoever has it. */
  async #moveOut(lost: FolderClaim): Promise<void> {
    if (lost !== this.#folder.claim) return this.#moving;
    this.#moving ??= this.#move().finally(() => (this.#moving = undefined));
    await this.#moving;
  }

  async #move(): Promise<void> {
    const { directory, isAdopted } = this.#folder;
    if (!isAdopted) await this.#folder.moveOut();
    for (const segment of this.#store.all) {
      const inHand = this.#handedOut.leaveSegment(segment);
      for (const entry of segment.entries ?? []) {
        if (inHand.has(entry)) continue;
        entry.done = true;
        this.#forget(entry);
      }
    }
    await this.#useFolder();
    const fields = { folder: directory, ...(isAdopted ? {} : { instead: this.directory }) };
    this.#log.warn(fields, 'the journal folder was taken by somebody else, who writes what is in it');
  }

  async #useFolder(): Promise<void> {
    await this.#store.moveTo(this.directory);
    this.#freeSpace.moveTo(this.directory);
    this.drafts.moveTo(this.#draftDirectory);
  }

  get #draftDirectory(): string {
    return join(this.directory, 'drafts');
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
    const { claim } = this.#folder;
    if (!(await claim.holds().catch(() => true))) {
      await this.#moveOut(claim).catch(() => undefined);
      return undefined; // somebody else has it
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
    for (const [table, rows] of waitingRows(segment, inHand)) if (rows > 0) this.#countLost(table, rows, why);
    const tellDropped = this.#dropTeller(segment, inHand, why);
    for (const entry of segment.entries ?? []) {
      if (inHand.has(entry)) continue;
      entry.done = true;
      this.#forget(entry);
    }
    this.#freeSpace.bytes += segment.size;
    this.#store.remove(segment, tellDropped);
    return true;
  }

  /** Tells of the batches that are lost with a segment, one after the other, from the file that has no name any more. */
  #dropTeller(segment: Segment, inHand: Set<Entry>, why: string): (() => Promise<void>) | undefined {
    if (this.#onLost === undefined) return undefined;
    const kept = new Set(Array.from(inHand, ({ id }) => id));
    const totals = waitingRows(segment, inHand);
    const waiting = segment.entries?.filter((entry) => !entry.done);
    const tellTotals = (): void => {
      for (const [table, rows] of totals) if (rows > 0) this.#onLost?.({ table, rows, why });
    };
    // Its room is not free before it is read: one at a time.
    if (this.#isTellingDropped) {
      tellTotals();
      return undefined;
    }
    this.#isTellingDropped = true;
    return async () => {
      const entries = waiting ?? segment.entries?.filter((entry) => !entry.done);
      if (entries === undefined) tellTotals();
      for (const entry of entries ?? []) if (!kept.has(entry.id)) await this.#tellEntry(entry, why);
      this.#isTellingDropped = false;
    };
  }

  async #tellEntry(entry: Entry, why: string): Promise<void> {
    const { table, rows } = entry;
    const batch = await entry.segment.read(entry, this.#readMemory).catch(() => undefined);
    this.#onLost?.({ table, rows, why, ...(batch === undefined ? {} : { batch }) });
    batch?.release();
  }

  #lose(table: string, rows: number, why: string, batch?: SealedBatch): void {
    this.#countLost(table, rows, why);
    this.#onLost?.({ table, rows, why, ...(batch === undefined ? {} : { batch }) });
  }

  #countLost(table: string, rows: number, why: string): void {
    this.lostRows.set(table, (this.lostRows.get(table) ?? 0) + rows);
    this.trouble = why;
    this.#trouble({ table, rows, why }, 'rows are lost');
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ ...fields, suppressed }, message);
  }

  #oldestSinceMs(): number {
    const pending = this.#pending[0]?.sinceMs ?? Infinity;
    return Math.min(pending, this.#handedOut.oldestSinceMs(), this.#reader.oldestSinceMs());
  }
}

function claimOptions({ node, claimTimeoutMs, claimWaitMs, purpose, watch }: JournalOptions): ClaimOptions {
  return {
    node: node ?? hostname(),
    timeoutMs: claimTimeoutMs ?? 30_000,
    waitMs: claimWaitMs ?? 10_000,
    purpose: purpose ?? 'own',
    ...(watch === undefined ? {} : { watch }),
  };
}

const isDone = (): boolean => true;
const isNotDone = (): boolean => false;
