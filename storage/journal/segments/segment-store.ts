import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { messageOf } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { BatchHeader } from '../../batch/batch-format.ts';
import { type Entry, Segment } from './segment.ts';

const SEGMENT_NAME = /^(\d{16})\.journal$/;
/** A segment that a program of another version put aside for us. */
const OWN_VERSION_NAME = /^\d{16}\.journal(?=\.dwb1$)/;
const COPY_BYTES = 1 << 20;

/** The end of a batch that was being written when the process or the machine died; it had not been accepted. */
export interface TornTail {
  readonly file: string;
  readonly bytes: number;
}

/** The segments of a journal's directory, oldest first: found, begun, and deleted when all in them is done. */
export class SegmentStore {
  /** Batches that were damaged on the disk; their bytes are kept in `*.corrupt`. */
  corruptBatches = 0;
  /** Segments with something of another version of the format: they are kept, as `*.dwb0`, `*.dwb2` … */
  otherVersions = 0;
  #directory: string;
  readonly #segmentBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #segments: Segment[] = [];
  #active: Segment | undefined;
  #nextSequence = 1;
  readonly #removals = new Set<Promise<void>>();

  /** @param segmentBytes size at which a new segment is begun */
  constructor(directory: string, segmentBytes: number, clock: Clock, log: Log) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#clock = clock;
    this.#log = log;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** The one that is being written, if any. */
  get active(): Segment | undefined {
    return this.#active;
  }

  get bytesOnDisk(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  /**
   * Finds what an earlier run left.
   * @param onBatch told of the id of every batch, also of those that are done
   * @param onDamaged told what a damaged batch, which is put aside, says of itself
   * @param onUnreadable told of a file that is left as it is, since the system does not let us read it
   * @returns what was cut off the end of the last segment
   */
  async open(
    onBatch: (id: string) => void = () => {},
    onDamaged: (header: BatchHeader) => void = () => {},
    onUnreadable: (file: string, error: unknown) => void = (_file, error) => {
      throw error;
    },
  ): Promise<TornTail | undefined> {
    const files = await this.#files();
    // Not from one on: a process that was paused, and has lost the folder without knowing it yet, must not find a file of a
    // name that was its own.
    this.#nextSequence = Math.max(1, Math.floor(this.#clock.nowMicros() / 1000));
    const names = files.filter((name) => SEGMENT_NAME.test(name)).toSorted();
    // Left alone, it would pass for that of a new segment of the same name.
    const orphans = files.filter((name) => name.endsWith('.done') && !names.includes(name.slice(0, -'.done'.length)));
    for (const orphan of orphans) await rm(join(this.#directory, orphan));
    let torn: TornTail | undefined;
    for (const name of names) {
      try {
        const bytes = await this.#openSegment(name, name === names.at(-1), onBatch, onDamaged);
        if (bytes > 0) torn = { file: name, bytes };
      } catch (error) {
        onUnreadable(join(this.#directory, name), error);
      }
    }
    return torn;
  }

  /**
   * The segment to write to; a new one when the last is full.
   * @param onLeft told of the full one, which is not written any more
   */
  async writable(onLeft: (full: Segment) => Promise<void>): Promise<Segment> {
    const full = this.#active;
    if (full !== undefined && full.size < this.#segmentBytes) return full;
    if (full !== undefined) {
      this.leaveActive();
      this.removeIfDone(full);
      if (this.#segments.includes(full)) await onLeft(full);
    }
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const segment = new Segment(join(this.#directory, `${String(sequence).padStart(16, '0')}.journal`), sequence);
    await segment.create();
    this.#segments.push(segment);
    this.#active = segment;
    return segment;
  }

  /** Writes no more to the active segment. */
  leaveActive(): void {
    this.#active = undefined;
  }

  /** The first segment behind number `sequence`. */
  after(sequence: number): Segment | undefined {
    return this.#segments.find((segment) => segment.sequence > sequence);
  }

  removeIfDone(segment: Segment): void {
    const isKept = segment === this.#active || segment.waitingBatches > 0;
    if (!isKept && this.#segments.includes(segment)) this.remove(segment);
  }

  /** @param whenUnlinked called while the file has no name any more, and can still be read */
  remove(segment: Segment, whenUnlinked?: () => Promise<void>): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
    const removal = this.#delete(segment, whenUnlinked);
    this.#removals.add(removal);
    void removal.finally(() => this.#removals.delete(removal));
  }

  /** Waits until what was removed is gone, and its room free. */
  async removed(): Promise<void> {
    await Promise.all(this.#removals);
  }

  /** Leaves all segments to somebody else, and goes on in another directory, which exists. */
  async moveTo(directory: string): Promise<void> {
    this.leaveActive();
    const left = this.#segments;
    this.#segments = [];
    this.#directory = directory;
    await Promise.all(left.map((segment) => segment.abandon().catch(() => undefined)));
  }

  /** Writes a damaged batch into a file of its own. */
  async keepAside(segment: Segment, offset: number, length: number): Promise<void> {
    this.corruptBatches += 1;
    const file = `${segment.path}.${offset}.corrupt`;
    this.#log.error({ file, bytes: length }, 'a damaged batch in the journal was put aside');
    try {
      await using aside = await open(file, 'w', 0o600);
      for (let at = 0; at < length; at += COPY_BYTES) {
        await aside.writeFile(await segment.readBytes(offset + at, Math.min(COPY_BYTES, length - at)));
      }
    } catch (error) {
      this.#log.error({ file, error: messageOf(error) }, 'a damaged batch could not be put aside');
    }
  }

  async close(): Promise<void> {
    this.leaveActive();
    for (const segment of this.#segments.slice()) this.removeIfDone(segment);
    await Promise.all(this.#removals);
    for (const segment of this.#segments) await segment.close();
  }

  /** Names in the directory; what a program of another version put aside for this one has its own name again. */
  async #files(): Promise<string[]> {
    const files = await readdir(this.#directory);
    for (const [index, file] of files.entries()) {
      const [name] = OWN_VERSION_NAME.exec(file) ?? [];
      if (name === undefined || files.includes(name)) continue;
      await rename(join(this.#directory, file), join(this.#directory, name));
      files[index] = name;
    }
    return files;
  }

  /** @returns bytes that were cut off its end */
  async #openSegment(
    name: string,
    isLast: boolean,
    onBatch: (id: string) => void,
    onDamaged: (header: BatchHeader) => void,
  ): Promise<number> {
    const sequence = Number(SEGMENT_NAME.exec(name)?.[1]);
    const segment = new Segment(join(this.#directory, name), sequence);
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    let cut = 0;
    for (const { offset, bytes, kind, header } of await segment.load(isLast, (micros) => this.#sinceOf(micros))) {
      if (isLast && kind === 'torn') {
        cut = bytes;
      } else if (kind !== 'otherVersion') {
        await this.keepAside(segment, offset, bytes);
        if (header !== undefined) onDamaged(header);
      }
    }
    if (segment.otherVersion !== undefined) this.#reportVersion(segment);
    for (const { id } of segment.entries ?? []) onBatch(id);
    if (cut > 0) await segment.undo();
    if (segment.waitingBatches === 0) {
      await segment.remove();
    } else {
      await segment.coolDown();
      this.#segments.push(segment);
    }
    return cut;
  }

  #reportVersion({ path, otherVersion }: Segment): void {
    this.otherVersions += 1;
    this.#log.error(
      { file: path, version: otherVersion, remedy: 'start a dogwatch of that version on this folder once' },
      'a segment of the journal is of another version, and is kept aside',
    );
  }

  #sinceOf(earliestMicros: number): number {
    return this.#clock.monotonicMs() - Math.max(0, this.#clock.nowMicros() - earliestMicros) / 1000;
  }

  async #delete(segment: Segment, whenUnlinked: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await segment.remove(whenUnlinked);
    } catch (error) {
      this.#log.error({ file: segment.path, error: messageOf(error) }, 'a segment cannot be deleted');
    }
  }
}

/** Rows of `segment` that wait, by table, without those of `except`. */
export function waitingRows(segment: Segment, except: Iterable<Entry>): Map<string, number> {
  const rows = new Map(segment.waitingRowsByTable);
  for (const entry of except) {
    if (entry.segment === segment) rows.set(entry.table, (rows.get(entry.table) ?? 0) - entry.rows);
  }
  return rows;
}
