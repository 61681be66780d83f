import type { Config } from '../config/schema.ts';
import type { PairEvent } from '../pair/events/pair-event.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Channel } from './channel.ts';
import { type Delivery, type DeliveryQueue, openDeliveryQueue } from './delivery-queue.ts';
import { planDeliveries } from './delivery-plan.ts';
import { EventStore } from './event-store.ts';
import { notificationOf, summaryOf } from './notification-text.ts';

export interface NotifierOptions {
  /** The pair, or a node that is alone. */
  readonly pair: string;
  readonly notify: Config['notify'];
}

const EVERY_MS = 2000;
const DAY_MS = 86_400_000;

/**
 * Tells operators of events, once each and by each channel: what is in `ha_events` without `notified_at` becomes a delivery of a queue
 * in the database, under its uid, and is marked when every channel has taken it. Whoever is active goes on where another node stopped.
 *
 *   pending ──dropped: of no wanted kind, or old────────────────────────────────▶ marked
 *      └──queued ──each channel that has not taken it──▶ all have ─────────────────▶ marked
 *                     └── one has not: again after 5 s, 10 s … 15 min; a day: given up ──┘
 *
 * Without channels all is marked, so that a first one is not told of the past.
 */
export class Notifier implements Component {
  readonly name = 'notifications';
  readonly #options: NotifierOptions;
  readonly #channels: readonly Channel[];
  readonly #address: DatabaseAddress;
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #queue: DeliveryQueue | undefined;
  #isQueueLost = false;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  readonly #failing = new Set<string>();

  constructor(
    options: NotifierOptions,
    channels: readonly Channel[],
    address: DatabaseAddress,
    clock: Clock,
    log: Log,
  ) {
    this.#options = options;
    this.#channels = channels;
    this.#address = address;
    this.#store = new EventStore(address, options.pair);
    this.#clock = clock;
    this.#log = log;
  }

  start(): Promise<void> {
    this.#goOn();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
    await this.#queue?.close();
    await this.#store.close();
  }

  #goOn(): void {
    this.#running = this.#round()
      .catch((error: unknown) => this.#log.debug({ error: messageOf(error) }, 'notifications wait for the database'))
      .finally(() => {
        if (!this.#isStopped) this.#cancel = this.#clock.after(EVERY_MS, () => this.#goOn());
      });
  }

  /** @throws what the database says */
  async #round(): Promise<void> {
    const events = await this.#store.pending();
    if (this.#channels.length === 0) return this.#store.mark(events.map(({ uid }) => uid));
    const { dropped, single, summary } = planDeliveries(events, this.#options.notify, this.#clock.nowMicros() / 1000);
    await this.#store.mark(dropped.map(({ uid }) => uid));
    const queue = await this.#open();
    for (const { uid, details } of single)
      await queue.add(uid, { uids: [uid], isSummary: false, done: toldBefore(details) });
    const [first] = summary;
    if (first === undefined) return;
    await queue.add(`summary-${first.uid}`, { uids: summary.map(({ uid }) => uid), isSummary: true, done: [] });
  }

  async #open(): Promise<DeliveryQueue> {
    if (this.#isQueueLost) {
      await this.#queue?.close();
      this.#queue = undefined;
      this.#isQueueLost = false;
    }
    this.#queue ??= await openDeliveryQueue(this.#address, this.#options.pair, {
      deliver: (delivery, queuedMs, note) => this.#deliver(delivery, queuedMs, note),
      onTrouble: () => (this.#isQueueLost = true),
    });
    return this.#queue;
  }

  async #deliver(
    { uids, isSummary, done }: Delivery,
    queuedMs: number,
    note: (done: readonly string[]) => Promise<void>,
  ) {
    const events = await this.#store.untold(uids);
    const [first] = events;
    if (first === undefined) return;
    const { pair } = this.#options;
    const nodes = await this.#store.nodes();
    const notification =
      isSummary && events.length > 1 ? summaryOf(events, pair, nodes) : notificationOf(first, pair, nodes);
    const taken = new Set(done);
    const failures: string[] = [];
    for (const channel of this.#channels) {
      if (taken.has(channel.name)) continue;
      try {
        const answer = await channel.send(notification);
        taken.add(channel.name);
        await note([...taken]);
        this.#worked(channel, notification.uid, answer);
      } catch (error) {
        failures.push(`${channel.name}: ${messageOf(error)}`);
        this.#failed(channel, notification.uid, error);
      }
    }
    const isOver = this.#clock.nowMicros() / 1000 - queuedMs > DAY_MS;
    if (failures.length > 0 && !isOver) throw new Error(failures.join('; '));
    if (isOver && failures.length > 0)
      this.#log.error({ event: first.uid, failures }, 'nobody could be told for a day: given up');
    await this.#store.mark(events.map(({ uid }) => uid));
  }

  #worked({ name, target }: Channel, event: string, answer: string): void {
    this.#failing.delete(name);
    this.#log.info({ channel: name, target, event, answer }, 'told operators');
  }

  // One line a change: an outage is as many failures as there are attempts.
  #failed({ name, target }: Channel, event: string, error: unknown): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    this.#log.warn({ channel: name, target, event, error: messageOf(error) }, 'operators cannot be told; tried again');
  }
}

/** Channels that had it while the database was away. */
function toldBefore({ told }: PairEvent['details']): string[] {
  return Array.isArray(told) ? told.map(String) : [];
}
