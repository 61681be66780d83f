import type { Clock } from '../../../src/runtime/clock.ts';
import type { Beat, RoleOptions } from '../ports.ts';
import { promiseMs } from '../timing.ts';
import type { PeerView } from '../view.ts';

/** What a node says of itself in a beat. */
export type Words = Pick<Beat, 'role' | 'epoch' | 'wantsGrant' | 'seesDatabase' | 'isReady'>;

/**
 * The peer's vote. A grant counts for the lease from when this node *sent* the beat that it answers; a promise binds this node from when
 * it *received* the beat that it grants. Every beat has the newest grant, so any later one makes up for those that are lost.
 */
export class PeerVote {
  readonly #options: RoleOptions;
  readonly #clock: Clock;

  #number = 0;
  /** When the beats that ask for a grant were sent, those of the last lease. */
  readonly #sentMs = new Map<number, number>();
  #voteUntilMs = -Infinity;
  #promiseUntilMs = -Infinity;
  /** Of the word that gives the role away: it may yet arrive at a peer that still says `standby`. */
  #wordUntilMs = -Infinity;
  /** Number of the peer's beat that is granted at present; 0: none. */
  #grants = 0;
  /** Highest of the peer's beats that was granted since it asked for a switchover. */
  #granted = 0;
  #heardMs = -Infinity;
  #standbySinceMs = Infinity;
  #beat: Beat | undefined;

  constructor(options: RoleOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  view(): PeerView {
    return {
      voteUntilMs: this.#voteUntilMs,
      promiseUntilMs: Math.max(this.#promiseUntilMs, this.#wordUntilMs),
      heardMs: this.#heardMs,
      standbySinceMs: this.#standbySinceMs,
      beat: this.#beat,
    };
  }

  /** Number of the last beat that was sent. */
  get lastNumber(): number {
    return this.#number;
  }

  /** Highest beat of the peer that was granted since `beginPreparation`. */
  get granted(): number {
    return this.#granted;
  }

  beginPreparation(): void {
    this.#granted = 0;
  }

  /** The next beat to send. */
  speak(words: Words): Beat {
    const now = this.#clock.monotonicMs();
    this.#number += 1;
    if (words.wantsGrant) this.#sentMs.set(this.#number, now);
    for (const [number, sentMs] of this.#sentMs) {
      if (now - sentMs < this.#options.leaseMs) break;
      this.#sentMs.delete(number);
    }
    return { ...words, node: this.#options.node, number: this.#number, grants: this.#grants };
  }

  /** Takes in what the peer says of itself, and its grant. */
  hear(beat: Beat): void {
    const now = this.#clock.monotonicMs();
    this.#heardMs = now;
    this.#beat = beat;
    if (beat.role !== 'standby') this.#standbySinceMs = Infinity;
    else if (this.#standbySinceMs === Infinity) this.#standbySinceMs = now;
    const sentMs = this.#sentMs.get(beat.grants);
    if (sentMs !== undefined) {
      this.#voteUntilMs = Math.max(this.#voteUntilMs, sentMs + this.#options.leaseMs);
      // Who grants is not active, and refuses a word that was sent before the beat that it grants: what this node promised it is void.
      this.#promiseUntilMs = this.#wordUntilMs = -Infinity;
    }
    // A node that says it is standby has given up its votes; a beat that was overtaken says nothing of the kind.
    if (beat.role === 'standby' && beat.number > this.#grants) this.#promiseUntilMs = -Infinity;
  }

  /** Grants a beat: this node does not take over for a lease from now. */
  grant(beat: Beat): void {
    this.#grants = beat.number;
    this.#granted = Math.max(this.#granted, beat.number);
    this.#promiseUntilMs = Math.max(this.#promiseUntilMs, this.#clock.monotonicMs() + promiseMs(this.#options.leaseMs));
  }

  /** Grants nothing more. What was promised binds all the same. */
  stopGranting(): void {
    this.#grants = 0;
  }

  /** The word that gives the role away is sent: for a lease this node is not active, whatever the peer says of itself meanwhile. */
  promiseByWord(): void {
    this.#wordUntilMs = this.#clock.monotonicMs() + promiseMs(this.#options.leaseMs);
  }

  /** The vote counts no longer, nor do grants of the beats so far. @returns until when it would have */
  voidVote(): number {
    const untilMs = this.#voteUntilMs;
    this.#voteUntilMs = Math.min(untilMs, this.#clock.monotonicMs());
    this.#sentMs.clear();
    return untilMs;
  }

  /** The word was refused: nothing was given away, and nothing promised. */
  restoreVote(untilMs: number): void {
    this.#voteUntilMs = Math.max(this.#voteUntilMs, untilMs);
    this.#promiseUntilMs = this.#wordUntilMs = -Infinity;
  }

  /** The peer's word counts as its vote, until then. */
  vote(untilMs: number): void {
    this.#voteUntilMs = Math.max(this.#voteUntilMs, untilMs);
  }
}
