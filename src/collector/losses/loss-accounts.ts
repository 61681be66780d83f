import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { UdpListener } from '../../../collectors/listener/udp-listener.ts';
import type { RowSink } from '../../../collectors/row-sink.ts';
import type { Queue } from '../../../storage/queue.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Component } from '../../runtime/lifecycle.ts';
import { inRounds } from '../../runtime/rounds.ts';
import type { RowIntake } from '../pipelines/row-intake.ts';
import type { DroppedRows } from './dropped-rows.ts';

/** Spreads datagrams that the kernel dropped over the senders of a family. */
export type SpreadDrops = (drops: number) => void;

const LOOK_MS = 1000;

/**
 * What no decoder sees: datagrams that the kernel dropped at our sockets, and rows that the journal lost. Brings both into the
 * loss ledger, the first as an estimate, the second when there is room for it.
 */
export class LossAccounts implements Component {
  readonly name = 'loss accounts';
  readonly #listeners: readonly UdpListener[];
  readonly #spread: Readonly<Record<string, SpreadDrops>>;
  readonly #dropped: DroppedRows;
  readonly #queue: Queue;
  readonly #intake: RowIntake;
  readonly #sink: RowSink;
  readonly #clock: Clock;
  /** What was brought into account already, by listener. */
  readonly #accounted = new Map<UdpListener, number>();
  #endRounds: (() => void) | undefined;

  /** @param accounted of sockets that were read before: what an earlier worker brought into account, in the order of `listeners` */
  constructor(
    listeners: readonly UdpListener[],
    spread: Readonly<Record<string, SpreadDrops>>,
    dropped: DroppedRows,
    queue: Queue,
    intake: RowIntake,
    clock: Clock,
    accounted: readonly number[],
  ) {
    this.#listeners = listeners;
    this.#spread = spread;
    this.#dropped = dropped;
    this.#queue = queue;
    this.#intake = intake;
    this.#sink = intake.open(LOSSES, 'small');
    this.#clock = clock;
    for (const [index, listener] of listeners.entries()) this.#accounted.set(listener, accounted[index] ?? 0);
  }

  async start(): Promise<void> {
    this.#endRounds = inRounds(this.#clock, LOOK_MS, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#endRounds?.();
    await this.#look();
    this.#dropped.write(this.#sink);
    await this.#intake.settle();
  }

  async #look(): Promise<void> {
    for (const listener of this.#listeners) {
      if (listener.address() === undefined) continue;
      await listener.readKernelDrops();
      const drops = listener.kernelDrops - (this.#accounted.get(listener) ?? 0);
      this.#accounted.set(listener, listener.kernelDrops);
      if (drops > 0) this.#spread[listener.options.family]?.(drops);
    }
    if (this.#queue.hasRoom()) this.#dropped.write(this.#sink);
  }
}
