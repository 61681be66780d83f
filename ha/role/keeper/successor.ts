import type { Clock } from '../../../src/runtime/clock.ts';
import { nextEpoch } from '../epoch.ts';
import type { HandOver, Preparation, Prepared, RoleOptions } from '../ports.ts';
import type { View } from '../view.ts';
import type { PeerVote } from './peer-vote.ts';

/**
 * The node that is to be active after a switchover. Its lease counts from when it agreed: the word that makes it active was sent after
 * that, and binds the sender for a lease from then. A word that comes later than that lease is refused.
 */
export class Successor {
  readonly #options: RoleOptions;
  readonly #peer: PeerVote;
  readonly #clock: Clock;
  #leaseUntilMs = -Infinity;

  constructor(options: RoleOptions, peer: PeerVote, clock: Clock) {
    this.#options = options;
    this.#peer = peer;
    this.#clock = clock;
  }

  /** Until when the word makes this node active. */
  get leaseUntilMs(): number {
    return this.#leaseUntilMs;
  }

  prepare(request: Preparation, view: View): Prepared {
    const reason = refusalToPrepare(request, view);
    if (reason === '') {
      this.#peer.beginPreparation();
      this.#leaseUntilMs = this.#clock.monotonicMs() + this.#options.leaseMs;
    }
    return { accepted: reason === '', reason, session: this.#options.session };
  }

  /** Why the word is not taken; empty where it is. */
  refusal(word: HandOver, view: View): string {
    const { node, peer } = this.#options;
    if (view.role === 'active' && view.epoch === word.epoch) return '';
    if (view.role !== 'standby') return `${node} is ${view.role}, not standby`;
    if (this.#clock.monotonicMs() >= this.#leaseUntilMs) return `the word came too late for ${node}`;
    if (this.#peer.granted > word.afterBeat) return `${node} has granted a later beat of ${peer}`;
    const isOurs = nextEpoch(word.epoch - 1, node, peer) === word.epoch;
    return word.epoch >= view.known && isOurs ? '' : `epoch ${word.epoch} is not for ${node} to hold`;
  }
}

function refusalToPrepare(request: Preparation, view: View): string {
  if (view.role !== 'standby' || view.handOver !== 'none') return `${view.node} is ${view.role}`;
  if (request.epoch < view.known) return `${view.node} knows of epoch ${view.known}`;
  return view.isReady || request.force ? '' : `${view.node} is not ready to take over`;
}
