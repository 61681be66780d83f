import type { Config } from '../config/schema.ts';
import type { PairEvent } from '../pair/events/pair-event.ts';
import type { PairStatus } from '../pair/pair-status.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { inRounds } from '../runtime/rounds.ts';
import { pauseAfter } from './attempt-pause.ts';
import type { Notification } from './channel.ts';
import { planDeliveries } from './delivery-plan.ts';
import { nodesNow } from './nodes-now.ts';
import { notificationOf } from './notification-text.ts';
import type { Told } from './tell-channels.ts';

/** An event that the database has not taken yet. */
export interface WaitingEvent {
  readonly event: PairEvent;
  readonly waitedMs: number;
  /** Channels that have taken it. */
  readonly told: readonly string[];
}

/** Events of this node on their way into the database; `EventLog`. */
export interface WaitingEvents {
  readonly waiting: readonly WaitingEvent[];
  /** Keeps it from the database until `release`. @returns false: it is on its way there, or gone */
  hold(uid: string): boolean;
  /** @param isTold by every channel: it is stored as one that operators know */
  release(uid: string, told: readonly string[], isTold: boolean): void;
}

/** What it needs of the node. */
export interface TellingNode {
  /** Name of the pair, or of a node that is alone. */
  readonly pair: string;
  readonly notify: () => Config['notify'];
  /** Whether it is this node that tells; not on a standby. */
  readonly mayTell: () => boolean;
  readonly status: () => PairStatus | undefined;
  /** Tells it, in bounded time. @throws that nobody could be asked to */
  readonly tell: (notification: Notification, done: readonly string[]) => Promise<Told>;
}

const EVERY_MS = 1000;
/** A database that is only slow, or started again, gets it all the same. */
const PATIENCE_MS = 10_000;

interface Attempts {
  readonly count: number;
  readonly nextMs: number;
}

/**
 * Tells operators of this node's events while the database, and with it the queue of deliveries, is away. What was told so is stored
 * as told, under the same uid: nobody tells it again.
 *
 *   waiting ──10 s──▶ held ──every channel has it──▶ told ──database back──▶ stored, with notified_at
 *      ▲                └── one has not: again after 5 s, 10 s … 15 min, for a day
 *      └─ database back meanwhile: stored, and told to the other channels out of the queue
 *
 * What a quiet time holds back waits for the queue, or for the end of that time.
 */
export class DirectTelling implements Component {
  readonly name = 'notifications without the database';
  readonly #node: TellingNode;
  readonly #events: WaitingEvents;
  readonly #clock: Clock;
  readonly #log: Log;
  #attempts = new Map<string, Attempts>();
  #endRounds: (() => void) | undefined;
  #isStopped = false;

  constructor(node: TellingNode, events: WaitingEvents, clock: Clock, log: Log) {
    this.#node = node;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
  }

  start(): Promise<void> {
    this.#endRounds = inRounds(this.#clock, EVERY_MS, () => this.look());
    return Promise.resolve();
  }

  /** Does not wait for a mail server: what it does not take any more is told out of the queue. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#endRounds?.();
    return Promise.resolve();
  }

  /** One look; it happens by itself after `start`. Never rejects. */
  async look(): Promise<void> {
    const { waiting } = this.#events;
    const still = new Set(waiting.map(({ event }) => event.uid));
    this.#attempts = new Map([...this.#attempts].filter(([uid]) => still.has(uid)));
    const { email, webhooks } = this.#node.notify();
    if (email === undefined && webhooks.length === 0) return;
    for (const each of waiting) {
      if (this.#isStopped || !this.#node.mayTell()) return;
      // One that fails is as many time-outs as there are channels: the others wait for the next look.
      if (this.#isDue(each) && !(await this.#tell(each))) return;
    }
  }

  #isDue({ event, waitedMs }: WaitingEvent): boolean {
    const { nextMs } = this.#attempts.get(event.uid) ?? { nextMs: 0 };
    if (waitedMs < PATIENCE_MS || this.#clock.monotonicMs() < nextMs) return false;
    return planDeliveries([event], this.#node.notify(), this.#clock.nowMicros() / 1000).single.length > 0;
  }

  /** @returns whether all channels have it */
  async #tell({ event, told: before }: WaitingEvent): Promise<boolean> {
    const { uid } = event;
    if (!this.#events.hold(uid)) return true;
    const { count } = this.#attempts.get(uid) ?? { count: 0 };
    let outcome: Told = { told: before, failures: [] };
    try {
      outcome = await this.#node.tell(notificationOf(event, this.#node.pair, nodesNow(this.#node.status())), before);
    } catch (error) {
      outcome = { told: before, failures: [messageOf(error)] };
    }
    const { told, failures } = outcome;
    this.#attempts.set(uid, { count: count + 1, nextMs: this.#clock.monotonicMs() + pauseAfter(count + 1) });
    this.#events.release(uid, told, failures.length === 0);
    // One line an event: an outage is as many failures as there are attempts.
    if (failures.length > 0 && count === 0)
      this.#log.warn(
        { event: uid, failures },
        'operators cannot be told of what happens without the database; tried again',
      );
    return failures.length === 0;
  }
}
