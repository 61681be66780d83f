import type { LoggedAccount } from '../../accounts/logged-account.ts';

/** What the sequence numbers of an exporter tell, in the unit of its protocol (records or datagrams). */
export interface SequenceCounts {
  /** What arrived, each once, as far as its amount is known; with `lost` it is what was sent. */
  received: number;
  /** Numbers that were skipped, less those that came late. */
  lost: number;
  /** Datagrams that came after a later one. */
  reordered: number;
  /** Datagrams whose numbers had been seen. */
  duplicates: number;
  restarts: number;
}

/** A datagram with data that wait for their template: how far it advances the sequence numbers is known when all are decoded. */
export class HeldArrival {
  /** Sets of it that still wait. */
  waiting = 0;
  /** Known by now. */
  records = 0;
  /** Some will never be known. */
  isGivenUp = false;
  /** From its number to that of the next datagram, all of which is taken for received; -1: none has come yet. */
  span = -1;

  /** A set of it was decoded. What the span has more than the records was lost, after all. */
  decoded(records: number, counts: SequenceCounts): void {
    this.records += records;
    this.waiting -= 1;
    if (!this.isKnown || this.span <= this.records) return;
    const excess = this.span - this.records;
    counts.received -= excess;
    counts.lost += excess;
  }

  giveUp(): void {
    this.waiting -= 1;
    this.isGivenUp = true;
  }

  get isKnown(): boolean {
    return this.waiting === 0 && !this.isGivenUp;
  }
}

/** A late datagram is looked for this far back, in the protocol's unit; further back the exporter has restarted. */
export const REORDER_WINDOW = 65_536;
/** A gap of more than this is no loss: the counter was set anew. */
export const MAX_GAP = 100_000_000;
/** A sysUptime that goes back by more than this, without a wrap, is a restart, not a late datagram. */
const UPTIME_TOLERANCE_MS = 10_000;
/** Gaps that a late datagram can fill; older ones stay lost. */
const MAX_OPEN_GAPS = 64;
/** Datagrams in a row that must agree before a suspicion (another unit, a silent restart) is believed. */
const CONVINCING_RUN = 8;

/** Numbers in front of the gaps in what is logged. */
const HEAD_NUMBERS = 9;
/** A successor that comes later than this begins anew: an exporter may have counted anything meanwhile. */
const MAX_PAUSE_MICROS = 3_600_000_000;

interface Gap {
  start: number;
  length: number;
}

/**
 * Follows one stream of sequence numbers (modulo 2^32).
 *
 *   unknown ──first datagram──▶ following ──resync──▶ unknown
 *   following: number expected           → go on
 *              ahead, at most MAX_GAP    → lost += gap, which stays open for late ones
 *              behind, in an open gap    → reordered, lost -= units
 *              behind, within the window → duplicate; eight consecutive ones continuing each other → restart
 *              anything else, number 0, or sysUptime went back → restart
 *
 * Some exporters count datagrams where the RFC says records, or the reverse. When eight datagrams in a row fit
 * the other unit and not the prescribed one, the other one is followed, and what the error had counted is taken back.
 *
 * Where it stands is logged, so that a successor goes on: what came in between is lost, or in the kernel still.
 */
export class SequenceTracker implements LoggedAccount {
  logNumber = 0;
  logSerial = 0;
  isLogDue = false;
  /** Of the session that it follows, as `describe` shall say it. */
  sessionKey = -1;
  description = '';
  readonly #counts: SequenceCounts;
  #next = -1;
  /** Of the last datagram, where its amount was not known; -1: it was. */
  #heldFrom = -1;
  #held: HeldArrival | undefined;
  #seenAtMicros = 0;
  #gaps: Gap[] = [];
  #uptimeMs = -1;
  #arrivedAtMicros = 0;
  // What a stream of stale numbers would continue with, and for how long it has done so.
  #staleNext = -1;
  #staleRun = 0;
  // The suspicion that the exporter counts in the other unit.
  #last = -1;
  #lastUnits = 0;
  #lastOther = 0;
  #otherUnit = false;
  #otherRun = 0;
  #doubtful: SequenceCounts = { received: 0, lost: 0, reordered: 0, duplicates: 0, restarts: 0 };

  constructor(counts: SequenceCounts) {
    this.#counts = counts;
  }

  /**
   * One datagram. `units`: by how much it advances the counter as its protocol prescribes, `other`: in the other unit
   * (NaN: not known, since data waits for its template: then `held` will know). `uptimeMs`: -1 where the header has none.
   */
  arrive(
    sequence: number,
    units: number,
    other: number,
    uptimeMs: number,
    receivedAtMicros: number,
    held?: HeldArrival,
  ): void {
    this.#seenAtMicros = receivedAtMicros;
    const restarted = this.#uptimeWentBack(uptimeMs, receivedAtMicros);
    this.#suspectUnit(sequence, units, other);
    const advance = this.#otherUnit ? other : units;
    if (this.#heldFrom >= 0 && !restarted && this.#isBeforeHeld(sequence)) return;
    if (restarted) this.#restart(sequence, advance);
    else if (this.#next < 0) this.#follow(sequence, advance);
    else this.#compare(sequence, advance);
    this.#held = this.#heldFrom < 0 ? undefined : held;
  }

  /** Whether `sequence` may continue this stream: used to recognise an exporter that changed its port. */
  continues(sequence: number): boolean {
    return this.#next >= 0 && (sequence - this.#next) >>> 0 <= REORDER_WINDOW;
  }

  describe(): string {
    return this.description;
  }

  /** When its last datagram came; 0: none has come. */
  get seenAtMicros(): number {
    return this.#seenAtMicros;
  }

  /** Begins anew: others have followed the numbers meanwhile, and what they skipped was counted there. */
  forget(): void {
    this.#next = -1;
    this.#heldFrom = -1;
    this.#held = undefined;
    this.#uptimeMs = -1;
    this.#last = -1;
    this.#gaps = [];
    this.#staleRun = 0;
    this.#otherRun = 0;
  }

  takeNote(): undefined {
    return undefined;
  }

  writeState(out: Float64Array, start: number): number {
    out[start] = this.#seenAtMicros;
    out[start + 1] = this.#next;
    out[start + 2] = this.#heldFrom;
    out[start + 3] = this.#uptimeMs;
    out[start + 4] = this.#arrivedAtMicros;
    out[start + 5] = this.#last;
    out[start + 6] = this.#lastUnits;
    out[start + 7] = this.#lastOther;
    out[start + 8] = this.#otherUnit ? 1 : 0;
    let at = start + HEAD_NUMBERS;
    for (const { start: first, length } of this.#gaps) {
      out[at] = first;
      out[at + 1] = length;
      at += 2;
    }
    return at;
  }

  /** Goes on where another process stood; it does not where that is too long ago to mean anything, or cannot be read. */
  restore(state: Float64Array, nowMicros: number): void {
    const [seenAt = 0, next = -1, heldFrom = -1, uptimeMs = -1, arrivedAt = 0, last = -1] = state;
    const [lastUnits = 0, lastOther = 0, otherUnit = 0] = state.subarray(6);
    if (![next, heldFrom, uptimeMs, last].every(isNumberOrNone) || Math.abs(nowMicros - seenAt) > MAX_PAUSE_MICROS)
      return;
    this.#seenAtMicros = seenAt;
    this.#next = next;
    this.#heldFrom = heldFrom;
    this.#uptimeMs = uptimeMs;
    this.#arrivedAtMicros = arrivedAt;
    this.#last = last;
    this.#lastUnits = lastUnits;
    this.#lastOther = lastOther;
    this.#otherUnit = otherUnit === 1;
    const gaps = state.subarray(HEAD_NUMBERS);
    this.#gaps = [];
    for (let at = 0; at + 1 < gaps.length && this.#gaps.length < MAX_OPEN_GAPS; at += 2) {
      const gap = { start: gaps[at] ?? -1, length: gaps[at + 1] ?? 0 };
      if (isNumberOrNone(gap.start) && gap.start >= 0 && gap.length > 0 && gap.length <= MAX_GAP) this.#gaps.push(gap);
    }
  }

  #compare(sequence: number, units: number): void {
    const ahead = (sequence - this.#next) >>> 0;
    if (ahead === 0) return this.#follow(sequence, units);
    if (ahead <= MAX_GAP) {
      this.#add('lost', ahead);
      if (this.#gaps.length >= MAX_OPEN_GAPS) this.#gaps.shift();
      this.#gaps.push({ start: this.#next, length: ahead });
      return this.#follow(sequence, units);
    }
    if (this.#fillGap(sequence, units)) return;
    const behind = (this.#next - sequence) >>> 0;
    if (behind > REORDER_WINDOW || sequence === 0) return this.#restart(sequence, units);
    this.#stale(sequence, units);
  }

  #follow(sequence: number, units: number): void {
    if (!Number.isNaN(units)) this.#add('received', units);
    this.#next = Number.isNaN(units) ? -1 : (sequence + units) >>> 0;
    this.#heldFrom = Number.isNaN(units) ? sequence : -1;
    this.#staleRun = 0;
  }

  /**
   * The datagram before is of unknown amount: as much as up to this one, or what was decoded of it meanwhile.
   * @returns whether this one is late, and so tells nothing
   */
  #isBeforeHeld(sequence: number): boolean {
    const [from, held] = [this.#heldFrom, this.#held];
    if (held?.isKnown === true) {
      this.#add('received', held.records);
      this.#next = (from + held.records) >>> 0;
      return false;
    }
    const ahead = (sequence - from) >>> 0;
    if (ahead <= MAX_GAP) {
      this.#add('received', ahead);
      this.#next = sequence;
      if (held !== undefined) held.span = ahead;
      return false;
    }
    if (sequence === 0 || (from - sequence) >>> 0 > REORDER_WINDOW) return false;
    this.#add('reordered', 1);
    return true;
  }

  #restart(sequence: number, units: number): void {
    this.#add('restarts', 1);
    this.#gaps = [];
    this.#follow(sequence, units);
  }

  #stale(sequence: number, units: number): void {
    this.#add('duplicates', 1);
    this.#staleRun = sequence === this.#staleNext ? this.#staleRun + 1 : 1;
    this.#staleNext = (sequence + units) >>> 0;
    if (this.#staleRun < CONVINCING_RUN) return;
    this.#add('duplicates', -CONVINCING_RUN);
    this.#restart(sequence, units);
  }

  #fillGap(sequence: number, units: number): boolean {
    const index = this.#gaps.findIndex((gap) => (sequence - gap.start) >>> 0 < gap.length);
    const gap = this.#gaps[index];
    if (gap === undefined) return false;
    const before = (sequence - gap.start) >>> 0;
    // Of unknown length (NaN): at least one.
    const filled = Math.min(Number.isNaN(units) ? 1 : units, gap.length - before);
    const after = gap.length - before - filled;
    const rest: Gap[] = [];
    if (before > 0) rest.push({ start: gap.start, length: before });
    if (after > 0) rest.push({ start: (sequence + filled) >>> 0, length: after });
    this.#gaps.splice(index, 1, ...rest);
    if (this.#gaps.length > MAX_OPEN_GAPS) this.#gaps.shift();
    this.#add('reordered', 1);
    this.#add('lost', -filled);
    this.#add('received', filled);
    return true;
  }

  #uptimeWentBack(uptimeMs: number, receivedAtMicros: number): boolean {
    const last = this.#uptimeMs;
    const elapsedMs = (receivedAtMicros - this.#arrivedAtMicros) / 1000;
    if (uptimeMs < 0) return false;
    if (last < 0 || uptimeMs >= last) {
      this.#uptimeMs = uptimeMs;
      this.#arrivedAtMicros = receivedAtMicros;
      return false;
    }
    if (last - uptimeMs <= UPTIME_TOLERANCE_MS) return false; // a late datagram
    this.#uptimeMs = uptimeMs;
    this.#arrivedAtMicros = receivedAtMicros;
    const wrapped = last + elapsedMs + UPTIME_TOLERANCE_MS >= 2 ** 32;
    return !wrapped;
  }

  #suspectUnit(sequence: number, units: number, other: number): void {
    if (this.#last >= 0) {
      const advanced = (sequence - this.#last) >>> 0;
      const [followed, alternative] = this.#otherUnit
        ? [this.#lastOther, this.#lastUnits]
        : [this.#lastUnits, this.#lastOther];
      if (advanced === followed) this.#trust();
      else if (advanced === alternative) this.#otherRun += 1;
      if (this.#otherRun >= CONVINCING_RUN) this.#switchUnit(sequence);
    }
    this.#last = sequence;
    this.#lastUnits = units;
    this.#lastOther = other;
  }

  #switchUnit(sequence: number): void {
    this.#otherUnit = !this.#otherUnit;
    this.#next = sequence;
    this.#gaps = [];
    this.#counts.received -= this.#doubtful.received;
    this.#counts.lost -= this.#doubtful.lost;
    this.#counts.reordered -= this.#doubtful.reordered;
    this.#counts.duplicates -= this.#doubtful.duplicates;
    this.#counts.restarts -= this.#doubtful.restarts;
    this.#trust();
  }

  #trust(): void {
    this.#doubtful.received = 0;
    if (this.#otherRun === 0 && this.#doubtful.lost === 0 && this.#doubtful.duplicates === 0) return;
    this.#otherRun = 0;
    this.#doubtful = { received: 0, lost: 0, reordered: 0, duplicates: 0, restarts: 0 };
  }

  #add(kind: keyof SequenceCounts, amount: number): void {
    this.#counts[kind] += amount;
    this.#doubtful[kind] += amount;
  }
}

/** Of 32 bits; or -1. */
function isNumberOrNone(value: number): boolean {
  return Number.isInteger(value) && value >= -1 && value < 2 ** 32;
}
