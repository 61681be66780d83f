import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../src/runtime/errors.ts';
import type { Log } from '../src/runtime/log.ts';
import { RateLimit } from '../src/runtime/rate-limit.ts';
import type { SealedBatch } from './batch-format.ts';
import { FreeSpace } from './free-space.ts';
import { GroupSync } from './group-sync.ts';
import { ProcessLock } from './process-lock.ts';
import type { Queue, QueueDepth } from './queue.ts';
import { type Entry, Segment } from './segment.ts';

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
  /** Bytes at which a new file is begun. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Bound on the waiting bytes that are kept in memory as well. Default 64 MiB. */
  readonly memoryBytes?: number;
}

/** What an earlier run left. */
export interface JournalFindings {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  /** The end of a batch that was being written when the process or the machine died; it had not been accepted. */
  readonly torn: { readonly file: string; readonly bytes: number } | undefined;
}

interface Pending {
  readonly batch: SealedBatch;
  readonly settle: (accepted: boolean) => void;
}

const MAX_GROUP_BATCHES = 64;
const MAX_GROUP_BYTES = 16 << 20;
const SEGMENT_NAME = /^(\d{16})\.journal$/;

/**
 * The queue of batches on disk: a directory of segments, written at the end, deleted when all of a segment is acknowledged.
 *
 *   append ─▶ pending ─▶ written (accepted) ─▶ given by next ─▶ acknowledged
 *                │                                  └── giveBack: again, first
 *                └── full: lost, counted
 */
export class Journal implements Queue {
  /** Totals since the start, by table. Every row in here was received and is gone. */
  readonly lostRows = new Map<string, number>();
  /** Batches that were damaged on the disk; their bytes are kept in `*.corrupt`. */
  corruptBatches = 0;
  readonly #options: Required<JournalOptions>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lock: ProcessLock;
  readonly #troubleLimit = new RateLimit(1, 10_000);
  readonly #groupSync: GroupSync;
  readonly #freeSpace: FreeSpace;
  #segments: Segment[] = [];
  #active: Segment | undefined;
  #reading: Segment | undefined;
  #cursor = 0;
  #nextSequence = 1;
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  #memoryBytes = 0;
  readonly #inFlight = new Map<string, Entry>();
  readonly #returned: Entry[] = [];
  #waiters: ((batch: SealedBatch | undefined) => void)[] = [];
  #writing: Promise<void> | undefined;
  #pumping: Promise<void> | undefined;
  #isWoken = false;
  #readSequence = 0;
  readonly #removals = new Set<Promise<void>>();
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
      segmentBytes: Math.min(options.segmentBytes ?? 64 << 20, Math.ceil(maxBytes / 8)),
      memoryBytes: options.memoryBytes ?? 64 << 20,
    };
    this.#clock = clock;
    this.#log = log;
    this.#lock = new ProcessLock(join(options.directory, 'owner'));
    this.#freeSpace = new FreeSpace(options.directory, clock);
    this.#groupSync = new GroupSync(this.#options.syncMs, clock, (error) =>
      this.#trouble({ error: messageOf(error) }, 'the journal cannot be synced'),
    );
  }

  /**
   * Takes the directory, creating it where it is missing, and finds what an earlier run left there.
   * @throws DogwatchError `LOCKED` while another process uses it
   */
  async open(): Promise<JournalFindings> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await this.#lock.take();
    const files = await readdir(directory);
    const names = files.filter((name) => SEGMENT_NAME.test(name)).toSorted();
    // Left alone, it would pass for that of a new segment of the same name.
    const orphans = files.filter((name) => name.endsWith('.done') && !names.includes(name.slice(0, -'.done'.length)));
    for (const orphan of orphans) await rm(join(directory, orphan));
    let torn: JournalFindings['torn'];
    for (const name of names) {
      const cut = await this.#openSegment(name, name === names.at(-1));
      if (cut > 0) torn = { file: name, bytes: cut };
    }
    await this.#freeSpace.refresh();
    this.#isOpen = true;
    const { batches, rows, bytes } = this.depth();
    return { batches, rows, bytes, torn };
  }

  async append(batch: SealedBatch): Promise<boolean> {
    if (!this.#isOpen) throw new DogwatchError('JOURNAL_CLOSED', 'the journal is closed');
    if (!this.#hasRoom(batch.encoded.length)) {
      this.#lose(batch.table, batch.rows, 'the journal is full');
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
    const entry = this.#inFlight.get(id);
    if (entry === undefined) return;
    this.#inFlight.delete(id);
    this.#forget(entry);
    entry.segment.markDone(entry);
    this.#removeIfDone(entry.segment);
  }

  giveBack(id: string): void {
    const entry = this.#inFlight.get(id);
    if (entry === undefined) return;
    this.#inFlight.delete(id);
    this.#returned.push(entry);
    this.#wake();
  }

  depth(): QueueDepth {
    let [batches, rows, bytes] = [this.#pending.length, 0, this.#pendingBytes];
    for (const pending of this.#pending) rows += pending.batch.rows;
    for (const segment of this.#segments) {
      batches += segment.waitingBatches;
      rows += segment.waitingRows;
      bytes += segment.waitingBytes;
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
    await this.#groupSync.flush();
    this.#active = undefined;
    for (const segment of this.#segments.slice()) this.#removeIfDone(segment);
    await Promise.all(this.#removals);
    for (const segment of this.#segments) await segment.close();
    await this.#lock.release();
  }

  /** @returns bytes that were cut off its end */
  async #openSegment(name: string, isLast: boolean): Promise<number> {
    const sequence = Number(SEGMENT_NAME.exec(name)?.[1]);
    const segment = new Segment(join(this.#options.directory, name), sequence);
    this.#nextSequence = sequence + 1;
    let cut = 0;
    for (const { offset, bytes } of await segment.load(isLast)) {
      if (isLast && offset >= segment.size) cut = bytes;
      else await this.#keepAside(segment, offset, bytes);
    }
    if (cut > 0) await segment.truncate();
    if (segment.waitingBatches === 0) {
      await segment.remove();
    } else {
      await segment.coolDown();
      this.#segments.push(segment);
    }
    return cut;
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#nextGroup();
      let entries: Entry[] = [];
      try {
        const segment = await this.#writableSegment();
        entries = await segment.write(group.map(({ batch }) => batch));
        if (this.#options.syncMs === 0) await segment.sync();
      } catch (error) {
        // What was half written is behind the end of the segment, and cut off at the next start.
        this.#active = undefined;
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

  async #writableSegment(): Promise<Segment> {
    const full = this.#active;
    if (full !== undefined && full.size < this.#options.segmentBytes) return full;
    if (full !== undefined) {
      this.#active = undefined;
      this.#removeIfDone(full);
      // The reader is behind: it will load the segment when it gets there.
      if (full !== this.#reading && this.#segments.includes(full)) await this.#coolDown(full);
    }
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const name = `${String(sequence).padStart(16, '0')}.journal`;
    const segment = new Segment(join(this.#options.directory, name), sequence);
    await segment.create();
    this.#segments.push(segment);
    this.#active = segment;
    return segment;
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
        const entry = this.#returned.shift() ?? (await this.#advance());
        if (entry === undefined) break;
        const batch = entry.batch ?? (await this.#readBack(entry));
        if (batch === undefined) continue;
        const waiter = this.#waiters.shift();
        if (waiter === undefined) {
          this.#returned.unshift(entry);
        } else {
          this.#inFlight.set(entry.id, entry);
          waiter(batch);
        }
      }
    }
    this.#pumping = undefined;
  }

  /** The next entry in the order of the segments, or undefined when all that were accepted have been given out. */
  async #advance(): Promise<Entry | undefined> {
    for (;;) {
      this.#reading ??= this.#segments.find((segment) => segment.sequence > this.#readSequence);
      const segment = this.#reading;
      if (segment === undefined) return undefined;
      if (segment.sequence !== this.#readSequence) this.#cursor = 0;
      this.#readSequence = segment.sequence;
      try {
        if (segment.entries === undefined) await segment.load(false);
      } catch (error) {
        this.#log.error({ file: segment.path, error: messageOf(error) }, 'a segment of the journal cannot be read');
        this.#reading = undefined;
        continue;
      }
      for (const entries = segment.entries ?? []; this.#cursor < entries.length;) {
        const entry = entries[this.#cursor];
        this.#cursor += 1;
        if (entry?.done === false) return entry;
      }
      if (segment === this.#active || segment === this.#segments.at(-1)) return undefined;
      this.#reading = undefined;
      this.#removeIfDone(segment);
    }
  }

  async #readBack(entry: Entry): Promise<SealedBatch | undefined> {
    const batch = await entry.segment.read(entry).catch(() => undefined);
    if (batch !== undefined) {
      entry.batch = batch;
      this.#memoryBytes += entry.bytes;
      return batch;
    }
    if (entry.done) return undefined; // dropped in the meantime
    await this.#keepAside(entry.segment, entry.offset, entry.bytes);
    this.#lose(entry.table, entry.rows, 'damaged on the disk');
    entry.segment.markDone(entry);
    this.#removeIfDone(entry.segment);
    return undefined;
  }

  async #keepAside(segment: Segment, offset: number, length: number): Promise<void> {
    this.corruptBatches += 1;
    const file = `${segment.path}.${offset}.corrupt`;
    this.#log.error({ file, bytes: length }, 'a damaged batch in the journal was put aside');
    try {
      await writeFile(file, await segment.readBytes(offset, length), { mode: 0o600 });
    } catch (error) {
      this.#log.error({ file, error: messageOf(error) }, 'a damaged batch could not be put aside');
    }
  }

  #removeIfDone(segment: Segment): void {
    if (segment === this.#active || segment.waitingBatches > 0) return;
    this.#remove(segment);
  }

  #remove(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
    if (this.#reading === segment) this.#reading = undefined;
    const removal = segment
      .remove()
      .catch((error: unknown) => this.#trouble({ error: messageOf(error) }, 'a segment cannot be deleted'));
    this.#removals.add(removal);
    void removal.then(() => this.#removals.delete(removal));
  }

  #hasRoom(bytes: number): boolean {
    // Nothing waits for long to be written, unless the disk is stuck.
    if (this.#pendingBytes + bytes > Math.max(this.#options.memoryBytes, MAX_GROUP_BYTES)) return false;
    if (this.#fits(bytes)) return true;
    void this.#freeSpace.refresh();
    if (this.#options.whenFull === 'dropNewest') return false;
    while (this.#dropOldest()) if (this.#fits(bytes)) return true;
    return false;
  }

  #fits(bytes: number): boolean {
    const wanted = this.#pendingBytes + bytes;
    const onDisk = this.#segments.reduce((sum, segment) => sum + segment.size, 0);
    return onDisk + wanted <= this.#options.maxBytes && this.#freeSpace.bytes - wanted >= this.#options.minFreeBytes;
  }

  /** Drops the oldest segment that is not being written. Batches of it that the writer has in hand are not lost. */
  #dropOldest(): boolean {
    const [segment] = this.#segments;
    if (segment === undefined || segment === this.#active) return false;
    const lost = new Map(segment.waitingRowsByTable);
    for (const { segment: home, table, rows } of this.#inFlight.values()) {
      if (home === segment) lost.set(table, (lost.get(table) ?? 0) - rows);
    }
    for (const [table, rows] of lost) if (rows > 0) this.#lose(table, rows, 'the journal is full');
    const inHand = new Set(this.#inFlight.values());
    for (const entry of segment.entries ?? []) {
      if (inHand.has(entry)) continue;
      entry.done = true;
      this.#forget(entry);
    }
    for (let index = this.#returned.length - 1; index >= 0; index -= 1) {
      if (this.#returned[index]?.segment === segment) this.#returned.splice(index, 1);
    }
    this.#freeSpace.bytes += segment.size;
    this.#remove(segment);
    return true;
  }

  #lose(table: string, rows: number, why: string): void {
    this.lostRows.set(table, (this.lostRows.get(table) ?? 0) + rows);
    this.#trouble({ table, rows, why }, 'rows are lost');
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ ...fields, suppressed }, message);
  }

  #oldestMicros(): number {
    let oldest = this.#pending[0]?.batch.earliestMicros ?? Infinity;
    for (const entry of this.#inFlight.values()) oldest = Math.min(oldest, entry.earliestMicros);
    for (const entry of this.#returned) oldest = Math.min(oldest, entry.earliestMicros);
    const unread = this.#reading?.entries?.[this.#cursor]?.earliestMicros;
    const nextSegment = this.#segments.find((segment) => segment.sequence > this.#readSequence && segment.size > 0);
    return Math.min(oldest, unread ?? nextSegment?.firstMicros ?? Infinity);
  }
}
