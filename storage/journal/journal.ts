import { hostname } from 'node:os';
import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { SealedBatch } from '../batch/batch-format.ts';
import type { BatchDraft, Queue, QueueDepth } from '../queue.ts';
import { type Bounds, JournalBound } from './bounds/bound.ts';
import { fillAlarm } from './bounds/fill-alarm.ts';
import { FreeSpace } from './bounds/free-space.ts';
import type { ClaimPurpose } from './claim/claim-record.ts';
import type { ClaimWatch } from './claim/claim-watch.ts';
import type { ClaimOptions } from './claim/folder-claim.ts';
import { draftDirectory, JournalHome } from './claim/journal-home.ts';
import { DraftStore } from './drafts/draft-store.ts';
import { addToAccounts } from '../losses/add-to-accounts.ts';
import { draftIds, recoverDrafts, RestingDraft } from './drafts/recover-drafts.ts';
import { Delivery } from './giving/delivery.ts';
import { HandedOut } from './giving/handed-out.ts';
import { KeptBatches } from './giving/kept-batches.ts';
import { type Passing, PassingBatches } from './giving/passing-batches.ts';
import { GroupSync } from './group-sync.ts';
import { LossTeller } from './losing/loss-teller.ts';
import { OldestSegments } from './losing/oldest-segments.ts';
import type { OnLost } from './lost-batch.ts';
import { ReadMemory } from './segments/read-memory.ts';
import type { Entry } from './segments/segment.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import { SegmentStore, type TornTail } from './segments/segment-store.ts';
import { GroupWriter } from './writing/group-writer.ts';
import { PendingBatches } from './writing/pending-batches.ts';

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

// What a disk that stalls may leave unwritten before rows are lost: more than a second at full rate.
const MAX_PENDING_BYTES = 128 << 20;
/** One part in so many of the journal is for the files of drafts that are kept for the next ones. */
const IDLE_DRAFTS_SHARE = 16;
/** How long a batch whose draft is whole may wait for the writer before it is written a second time, into a segment. */
const PASSING_MS = 1000;

/**
 * The queue of batches on disk: a directory of segments, written at the end, deleted when all of a segment is acknowledged.
 *
 *      ┌──▶ passing, on its draft (accepted) ──┐
 *      │         │ nobody took it in 1 s         ▼
 *   append ─▶ pending ─▶ written (accepted) ─▶ given by next ─▶ acknowledged
 *                │                                  └── giveBack: again, first
 *                └── full: lost, counted
 *
 * One that is given out while the oldest are dropped is kept in memory; it is lost, and counted, if it is still not
 * acknowledged when the journal closes.
 */
export class Journal implements Queue {
  /** Totals since the start, by table. Every row in here was received and is gone. */
  readonly lostRows: ReadonlyMap<string, number>;
  /** Rows of open batches: what is to become batches of this journal, and must survive the process until then. */
  readonly drafts: DraftStore;
  /** Files that could not be read at the start, and were left as they are. */
  unreadableFiles = 0;
  readonly #isAdopted: boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bounds: Bounds;
  readonly #store: SegmentStore;
  readonly #reader: SegmentReader;
  readonly #freeSpace: FreeSpace;
  readonly #bound: JournalBound;
  readonly #handedOut = new HandedOut();
  readonly #pending = new PendingBatches();
  readonly #kept: KeptBatches;
  readonly #passing: PassingBatches;
  readonly #losses: LossTeller;
  /** Where the oldest are dropped at a bound. */
  readonly #oldest: OldestSegments | undefined;
  readonly #home: JournalHome;
  readonly #delivery: Delivery;
  readonly #writer: GroupWriter;
  readonly #groupSync: GroupSync | undefined;
  #writing: Promise<void> | undefined;
  #isOpen = false;

  constructor(options: JournalOptions, clock: Clock, log: Log) {
    const { directory, maxBytes = 10 * 2 ** 30, minFreeBytes = 512 * 2 ** 20, syncMs = 100 } = options;
    // Several segments fit, so that the oldest can be dropped alone.
    const segmentBytes = options.segmentBytes ?? Math.min(64 << 20, Math.ceil(maxBytes / 8));
    this.#isAdopted = options.purpose === 'adopt';
    this.#clock = clock;
    this.#log = log;
    this.#bounds = { maxBytes, minFreeBytes, maxPendingBytes: MAX_PENDING_BYTES };
    const losses = new LossTeller(options.onLost, clock, log);
    const store = new SegmentStore(directory, segmentBytes, clock, log);
    const reader = new SegmentReader(store, log);
    const freeSpace = new FreeSpace(directory, clock);
    const drafts = new DraftStore(draftDirectory(directory), syncMs, clock, log, maxBytes / IDLE_DRAFTS_SHARE);
    const kept = new KeptBatches(options.memoryBytes ?? 32 << 20);
    const passing = new PassingBatches(kept, PASSING_MS, clock, (overdue) => this.#putDown(overdue));
    const parts = { store, reader, freeSpace, drafts, kept, passing, losses, handedOut: this.#handedOut };
    const readMemory = new ReadMemory();
    const oldest = options.whenFull === 'dropOldest' ? new OldestSegments({ ...parts, readMemory }) : undefined;
    const home = new JournalHome(directory, claimOptions(options), parts, clock, log);
    this.lostRows = losses.rows;
    this.drafts = drafts;
    [this.#store, this.#reader, this.#freeSpace] = [store, reader, freeSpace];
    [this.#kept, this.#losses, this.#oldest, this.#home] = [kept, losses, oldest, home];
    this.#passing = passing;
    this.#bound = new JournalBound(this.#bounds, store, drafts, freeSpace);
    this.#delivery = new Delivery({ ...parts, readMemory, home });
    this.#writer = new GroupWriter({ ...parts, home, oldest }, syncMs === 0, clock);
    const onTrouble = (error: unknown): void =>
      losses.logTrouble({ error: messageOf(error) }, 'the journal cannot be synced');
    this.#groupSync = syncMs === 0 ? undefined : new GroupSync(syncMs, clock, onTrouble);
  }

  /**
   * Takes the directory, creating it where it is missing, and finds what an earlier run left there.
   * @throws DogwatchError `LOCKED` while another process uses it, `JOURNAL_UNUSABLE` where nothing can be written there
   */
  async open(): Promise<JournalFindings> {
    await this.#home.open();
    const drafted = await draftIds(this.#home.draftDirectory);
    const whole = new Set<string>();
    const torn = await this.#store.open(
      (id) => drafted.has(id) && whole.add(id),
      ({ table, rows }) => this.#losses.lose(table, rows, 'damaged on the disk'),
      (file, error) => this.#leaveUnread(file, error),
    );
    await this.#freeSpace.refresh();
    this.#isOpen = true;
    const drafts = await this.#takeDrafts(whole);
    this.drafts.open();
    const { batches, rows, bytes } = this.depth();
    return { batches, rows, bytes, torn, drafts, otherVersions: this.#store.otherVersions };
  }

  /** Why the last batch was lost; undefined while batches are accepted. */
  get trouble(): string | undefined {
    return this.#losses.trouble;
  }

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
    return this.#home.directory;
  }

  /** Whether somebody else has taken the folder, and no other took its place. */
  get isDisowned(): boolean {
    return this.#home.claim.isLost;
  }

  /** That it is nearly full, as `journal 83 % full: 8.3 of 10 GiB`; undefined while there is room. */
  get alarm(): string | undefined {
    void this.#freeSpace.refresh();
    return fillAlarm(this.#bound.bytesOnDisk + this.#pending.bytes, this.#bounds, this.#freeSpace);
  }

  async append(batch: SealedBatch, draft?: BatchDraft): Promise<boolean> {
    if (!this.#isOpen) throw new DogwatchError('JOURNAL_CLOSED', 'the journal is closed');
    if (draft !== undefined && this.#passes(batch, draft)) return true;
    const why = this.#whyRefused(batch.encoded.length);
    if (why !== undefined) {
      this.#losses.lose(batch.table, batch.rows, why, batch);
      batch.release();
      return false;
    }
    const accepted = this.#pending.add(batch, this.#clock.monotonicMs());
    this.#writing ??= this.#write();
    return accepted;
  }

  next(signal?: AbortSignal): Promise<SealedBatch | undefined> {
    if (!this.#isOpen || signal?.aborted) return Promise.resolve(undefined);
    return this.#delivery.next(signal);
  }

  acknowledge(id: string): void {
    if (this.#passing.acknowledge(id)) return;
    const entry = this.#handedOut.acknowledge(id);
    if (entry === undefined) return;
    this.#kept.forget(entry);
    entry.segment.markDone(entry);
    this.#store.removeIfDone(entry.segment);
  }

  giveBack(id: string): void {
    const left = this.#passing.giveBack(id) ? undefined : this.#handedOut.giveBack(id);
    if (left !== undefined) this.#kept.forget(left);
    this.#delivery.wake();
  }

  hasRoom(): boolean {
    if (!this.#isOpen || this.#bound.hasRoom(this.#pending.bytes + this.#passing.bytes)) return this.#isOpen;
    // Nothing may be written meanwhile that would look again.
    void this.#freeSpace.refresh();
    return false;
  }

  depth(): QueueDepth {
    let [batches, rows, bytes] = [this.#pending.length, this.#pending.rows, this.#pending.bytes];
    for (const segment of this.#store.all) {
      batches += segment.waitingBatches;
      rows += segment.waitingRows;
      bytes += segment.waitingBytes;
    }
    for (const { batch } of this.#passing.all()) {
      batches += 1;
      rows += batch.rows;
      bytes += batch.encoded.length;
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
    if (!this.#isOpen) return this.#home.close();
    this.#isOpen = false;
    this.#delivery.dismiss();
    await this.#writing;
    await this.#delivery.settled();
    await this.#home.settled();
    this.#putDown(this.#passing.clear());
    await this.#writing;
    for (const orphan of this.#handedOut.clear()) {
      this.#losses.lose(orphan.table, orphan.rows, 'dropped, and not written before the end', orphan.batch);
      this.#kept.forget(orphan);
    }
    // First, since it lets go of drafts.
    await this.#groupSync?.flush();
    await this.drafts.close();
    await this.#store.close();
    await this.#home.close();
  }

  /** What is there is no reason not to collect; whoever adopts a folder has nothing else to do in it. */
  #leaveUnread(file: string, error: unknown): void {
    if (this.#isAdopted) throw error;
    this.unreadableFiles += 1;
    const remedy = 'let the account of dogwatch read the file, or look after the disk; it is read at the next start';
    this.#log.error({ file, error: messageOf(error), remedy }, 'a segment of the journal cannot be read');
  }

  /**
   * Takes what an earlier process had in drafts, but for batches of `whole`. It was accepted: no bound holds for it, and it keeps its file
   * until it is in a segment, or in the database where the disk has no room for one.
   */
  async #takeDrafts(whole: ReadonlySet<string>): Promise<JournalFindings['drafts']> {
    const found = { batches: 0, rows: 0 };
    for await (const { path, batch, notes } of recoverDrafts(this.#home.draftDirectory, whole)) {
      const draft = new RestingDraft(path);
      if (notes.length > 0) await this.#keepNotes(notes);
      if (batch === undefined) {
        draft.release();
        continue;
      }
      this.#putDown([{ batch, draft, sinceMs: this.#clock.monotonicMs() }]);
      await this.#writing;
      found.batches += 1;
      found.rows += batch.rows;
    }
    await this.#groupSync?.flush();
    return found;
  }

  /** What had been counted of the rows. Where there is no room for it, rows come first; whoever adopts a folder may come again. */
  async #keepNotes(notes: readonly Buffer[]): Promise<void> {
    try {
      await addToAccounts(this.#home.directory, notes);
    } catch (error) {
      if (this.#isAdopted) throw error;
      this.#log.error({ error: messageOf(error) }, 'what an earlier run counted of its last rows cannot be kept');
    }
  }

  /** Whether a batch is accepted without being in a segment. */
  #passes(batch: SealedBatch, draft: BatchDraft): boolean {
    // Only where it would find room in a segment, and its draft is in a folder that nobody else drains and deletes.
    const bytes = this.#pending.bytes + this.#passing.bytes + batch.encoded.length;
    if (this.#groupSync === undefined || !this.#home.claim.isFresh || this.#bound.whyFull(bytes) !== undefined)
      return false;
    if (!this.#passing.add(batch, draft)) return false;
    this.#losses.trouble = undefined;
    this.#delivery.wake();
    void this.#freeSpace.refresh();
    return true;
  }

  /** Into a segment, with batches that could go there only. */
  #putDown(batches: readonly Passing[]): void {
    for (const passing of batches) this.#pending.addPassing(passing);
    if (batches.length > 0) this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#pending.nextGroup();
      const entries = await this.#writer.write(group.map(({ batch }) => batch));
      this.#pending.remove(group.length);
      for (const [index, { batch, settle, passing }] of group.entries()) {
        this.#pending.bytes -= batch.encoded.length;
        const entry = entries?.[index];
        if (entry === undefined && passing !== undefined) {
          // It has its draft; after the end, that is found at the next start.
          if (this.#isOpen) this.#passing.putBack(passing);
        } else if (entry === undefined) {
          this.#losses.lose(batch.table, batch.rows, 'the journal cannot be written', batch);
          batch.release();
        } else {
          this.#accept(entry, passing);
        }
        settle(entry !== undefined);
      }
      this.#delivery.wake();
      await this.#freeSpace.refresh();
    }
    this.#writing = undefined;
  }

  #accept(entry: Entry, passing: Passing | undefined): void {
    this.#losses.trouble = undefined;
    this.#kept.take(entry);
    // The draft may be on the disk already: not before the segment is.
    const whenSafe = passing && (() => passing.draft.release());
    if (this.#groupSync === undefined) whenSafe?.();
    else this.#groupSync.add(entry, whenSafe);
  }

  /** Why `bytes` more are not accepted, after dropping what may be dropped for them; undefined where they are. */
  #whyRefused(bytes: number): string | undefined {
    const wanted = this.#pending.bytes + this.#passing.bytes + bytes;
    if (this.#bound.isStuck(wanted)) return 'the disk does not keep up';
    for (;;) {
      const why = this.#bound.whyFull(wanted);
      if (why === undefined) return undefined;
      void this.#freeSpace.refresh();
      if (this.#oldest?.drop(why) !== true) return why;
    }
  }

  #oldestSinceMs(): number {
    let oldestMs = Infinity;
    for (const { sinceMs } of this.#passing.all()) oldestMs = Math.min(oldestMs, sinceMs);
    return Math.min(
      oldestMs,
      this.#pending.oldestSinceMs,
      this.#handedOut.oldestSinceMs(),
      this.#reader.oldestSinceMs(),
    );
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
