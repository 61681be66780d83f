import type { Clock } from '../../../src/runtime/clock.ts';
import { nextEpoch } from '../epoch.ts';
import type { Heartbeat, HeartbeatStore, RoleOptions } from '../ports.ts';
import { longestGapMs, type DatabaseView } from '../view.ts';

/** What this node holds and knows, for a question to the database. */
export interface Standing {
  readonly epoch: number;
  readonly known: number;
}

export interface HeartbeatEvents {
  /** The database has answered: with this row. */
  answered(row: Heartbeat): void;
  /** The row is this node's, under `epoch`, as of a question sent at `sentMs`. */
  won(epoch: number, sentMs: number): void;
  /** A question has ended, with an answer or without. */
  settled(): void;
}

/** A claim of the row whose end is not known. */
interface Claim {
  readonly seen: Heartbeat;
  readonly next: Heartbeat;
}

/**
 * The database's vote: asks one question at a time, at most one a beat, and remembers what was answered when. A vote counts from before
 * the question was sent.
 */
export class HeartbeatVote {
  readonly #store: HeartbeatStore;
  readonly #options: RoleOptions;
  readonly #clock: Clock;
  readonly #events: HeartbeatEvents;

  #row: Heartbeat | undefined;
  #voteUntilMs = -Infinity;
  #answeredMs = -Infinity;
  #stillSinceMs = -Infinity;
  #stillAnswers = 0;
  #roundTripMs = 0;
  #peerRenewedMs = -Infinity;
  #claim: Claim | undefined;
  #busy = false;
  /** The highest that was ever asked for. */
  #counter = 0;
  /** No question before this moment. */
  #dueMs = -Infinity;
  #lastAsk = 'read';
  #mayVote = true;

  constructor(store: HeartbeatStore, options: RoleOptions, clock: Clock, events: HeartbeatEvents) {
    this.#store = store;
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
  }

  view(): DatabaseView {
    return {
      voteUntilMs: this.#voteUntilMs,
      answeredMs: this.#answeredMs,
      row: this.#row,
      stillSinceMs: this.#stillSinceMs,
      stillAnswers: this.#stillAnswers,
      roundTripMs: this.#roundTripMs,
      peerRenewedMs: this.#peerRenewedMs,
      claimPending: this.#claim !== undefined,
    };
  }

  /** The vote counts no longer, nor does that of a question that is on its way. */
  voidVote(): void {
    this.#voteUntilMs = Math.min(this.#voteUntilMs, this.#clock.monotonicMs());
    if (this.#busy) this.#mayVote = false;
  }

  /** Asks the next question, unless one is on its way or it is too early. */
  ask(kind: 'read' | 'renew' | 'claim', standing: Standing): void {
    const now = this.#clock.monotonicMs();
    const isUrgent = kind === 'claim' && this.#lastAsk !== 'claim';
    if (this.#busy || (now < this.#dueMs && !isUrgent)) return;
    this.#lastAsk = kind;
    // Half a pulse early: a timer that fires late must not cost a whole pulse each beat. Who reads does so at every pulse: that the row
    // moved is seen sooner, and so is that it stands still.
    this.#dueMs = now + this.#options.beatMs * (kind === 'read' ? 1 / 6 : 5 / 6);
    const next = kind === 'read' ? undefined : this.#nextRow(kind, standing);
    if (this.#row === undefined || next === undefined) this.#run(this.#store.read(), now, undefined);
    else {
      const seen = this.#row;
      if (kind === 'claim') this.#claim = { seen, next };
      this.#run(this.#store.replace(seen, next), now, next);
    }
  }

  /**
   * Replaces this node's row by `next`, which names another holder; tells no event, since what follows is for the caller to say. Neither this node's vote nor that of a question on its way counts from now.
   * @returns the row as it is after that; undefined where that is not known
   */
  async giveAway(next: Heartbeat): Promise<Heartbeat | undefined> {
    this.voidVote();
    // A question that is on its way ends within its bound; without its answer the row is not known.
    const untilMs = this.#clock.monotonicMs() + this.#options.beatMs;
    while (this.#busy && this.#clock.monotonicMs() < untilMs) await this.#wait(this.#options.beatMs / 20);
    const seen = this.#row;
    if (seen === undefined || this.#busy) return undefined;
    this.#busy = true;
    const sentMs = this.#clock.monotonicMs();
    try {
      const row = await this.#store.replace(seen, { ...next, counter: this.#nextCounter(seen) });
      this.#observe(row, sentMs);
      return row;
    } catch {
      return undefined;
    } finally {
      this.#busy = false;
      this.#mayVote = true;
    }
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  #nextRow(kind: 'renew' | 'claim', { epoch, known }: Standing): Heartbeat | undefined {
    const row = this.#row;
    if (row === undefined) return undefined;
    const { node, peer, session } = this.#options;
    const isOurs = row.holder === node && row.session === session;
    const counter = this.#nextCounter(row);
    if (isOurs && row.epoch === known) return { ...row, counter };
    // A database that was restored from an older backup: the row is written anew, over what the backup says.
    if (kind === 'renew') return row.epoch < epoch ? { epoch, holder: node, session, counter } : undefined;
    return { epoch: nextEpoch(Math.max(known, row.epoch), node, peer), holder: node, session, counter };
  }

  /** Never the same twice: else a row that an earlier question wrote, whose answer was lost, would pass for this one's. */
  #nextCounter(row: Heartbeat): number {
    this.#counter = Math.max(this.#counter, row.counter) + 1;
    return this.#counter;
  }

  #run(question: Promise<Heartbeat>, sentMs: number, next: Heartbeat | undefined): void {
    this.#busy = true;
    this.#mayVote = true;
    void this.#answer(question, sentMs, next);
  }

  async #answer(question: Promise<Heartbeat>, sentMs: number, next: Heartbeat | undefined): Promise<void> {
    try {
      this.#settle(await question, sentMs, next);
    } catch {
      // No answer: the vote runs out by itself, and a claim stays pending.
    }
    this.#busy = false;
    this.#events.settled();
  }

  #settle(row: Heartbeat, sentMs: number, next: Heartbeat | undefined): void {
    this.#claim = undefined;
    this.#observe(row, sentMs);
    this.#events.answered(row);
    if (next === undefined) return;
    if (!isSame(row, next)) {
      // Somebody else's row, or our own of a question whose answer was lost: ask again at once.
      this.#dueMs = -Infinity;
      return;
    }
    if (!this.#mayVote) return;
    this.#voteUntilMs = Math.max(this.#voteUntilMs, sentMs + this.#options.leaseMs);
    this.#events.won(row.epoch, sentMs);
  }

  #observe(row: Heartbeat, sentMs: number): void {
    const now = this.#clock.monotonicMs();
    const last = this.#row;
    // A slow answer is no gap as long as it is not slower than a window.
    const allowedMs = longestGapMs(this.#options) + Math.min(now - sentMs, this.#options.windowMs);
    const isBroken = now - this.#answeredMs > allowedMs;
    if (last === undefined || isBroken || !isSame(row, last)) {
      this.#stillSinceMs = now;
      this.#stillAnswers = 0;
    }
    if (!isBroken && last !== undefined && last.epoch === row.epoch && last.counter !== row.counter) {
      if (row.holder === this.#options.peer) this.#peerRenewedMs = now;
    }
    if (this.#claim !== undefined && !isSame(row, this.#claim.seen)) this.#claim = undefined;
    this.#stillAnswers += 1;
    this.#answeredMs = now;
    this.#roundTripMs = now - sentMs;
    this.#row = row;
  }
}

function isSame(a: Heartbeat, b: Heartbeat): boolean {
  return a.epoch === b.epoch && a.holder === b.holder && a.session === b.session && a.counter === b.counter;
}
