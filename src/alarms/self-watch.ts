import { statfs } from 'node:fs/promises';
import type { CollectorStatus } from '../console/status.ts';
import { datagramListeners } from '../console/status.ts';
import type { PairEventKind } from '../pair/events/pair-event.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { inRounds } from '../runtime/rounds.ts';
import type { AlarmStatus } from './alarm.ts';
import { AlarmBook, type AlarmChange } from './alarm-book.ts';
import { alarmSigns, type AlarmFacts } from './alarm-rules.ts';
import { Growth } from './growth.ts';

export interface SelfWatchOptions {
  readonly node: string;
  readonly journalDirectory: string;
  /** 0: never. */
  readonly lossPerMinute: number;
  /** An alarm that goes on is told of again; 0: it is not. */
  readonly repeatAfterMs: number;
}

/** Where events go: the pair's log of them, which a node that is alone has too. */
export interface AlarmEvents {
  add(kind: PairEventKind, epoch: number, summary: string, details: Readonly<Record<string, unknown>>): unknown;
}

const EVERY_MS = 5000;
const MINUTE_MS = 60_000;
const RESTARTS_WINDOW_MS = 600_000;

/**
 * Looks at the node's own status every five seconds, and makes an event of each alarm that begins, goes on for long, or is over.
 *
 *   idle ──start()──▶ looking ──stop()──▶ stopped
 */
export class SelfWatch implements Component {
  readonly name = 'self-monitoring';
  #options: SelfWatchOptions;
  readonly #status: () => Promise<CollectorStatus>;
  readonly #events: AlarmEvents;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #book: AlarmBook;
  readonly #lostRows = new Growth(MINUTE_MS);
  readonly #lost = new Growth(MINUTE_MS);
  readonly #restarts = new Map<string, Growth>();
  #endRounds: (() => void) | undefined;
  #isStopped = false;

  constructor(
    options: SelfWatchOptions,
    status: () => Promise<CollectorStatus>,
    events: AlarmEvents,
    clock: Clock,
    log: Log,
  ) {
    this.#options = options;
    this.#status = status;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
    this.#book = new AlarmBook(options.repeatAfterMs);
  }

  /** Another threshold, from the next look on. */
  change(lossPerMinute: number): void {
    this.#options = { ...this.#options, lossPerMinute };
  }

  /** Those that are on now, the oldest first. */
  get alarms(): readonly AlarmStatus[] {
    return this.#book.alarms;
  }

  start(): Promise<void> {
    this.#endRounds = inRounds(this.#clock, EVERY_MS, () => this.#lookIfPossible());
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#endRounds?.();
    return Promise.resolve();
  }

  /** One look; it happens by itself after `start`. */
  async look(): Promise<void> {
    const status = await this.#status();
    const journalDiskPart = await diskPart(this.#options.journalDirectory);
    if (this.#isStopped) return;
    const nowMs = this.#clock.monotonicMs();
    const signs = alarmSigns(this.#facts(status, journalDiskPart, nowMs), this.#options);
    const at = new Date(this.#clock.nowMicros() / 1000).toISOString();
    for (const change of this.#book.look(signs, nowMs, at)) this.#tell(change, status.pair?.own.epoch ?? 0);
  }

  async #lookIfPossible(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the node cannot look at itself');
    }
  }

  #facts(status: CollectorStatus, journalDiskPart: number | undefined, nowMs: number): AlarmFacts {
    const restarts = status.processes.map(({ name, restarts: count }): [string, number] => {
      const growth = this.#restarts.get(name) ?? new Growth(RESTARTS_WINDOW_MS);
      this.#restarts.set(name, growth);
      return [name, growth.look(count, nowMs)];
    });
    return {
      status,
      journalDiskPart,
      lostRows: this.#lostRows.look(status.journal.lostRows, nowMs),
      lostOnTheWay: this.#lost.look(lostOnTheWay(status), nowMs),
      restarts: new Map(restarts),
    };
  }

  #tell({ what, alarm, sign, lastedMs }: AlarmChange, epoch: number): void {
    const { node } = this.#options;
    const { kind, subject, since, remedy } = alarm;
    const details = { alarm: kind, ...(subject === '' ? {} : { subject }), since };
    if (what === 'over') {
      const summary = `${node} ${sign.wellAgain}, after ${minutesText(lastedMs)}`;
      this.#events.add('alarm-over', epoch, summary, { ...details, lastedMs: Math.round(lastedMs) });
      return;
    }
    const still = what === 'goes-on' ? `, still after ${minutesText(lastedMs)}` : '';
    this.#events.add('alarm', epoch, `${node} ${alarm.summary}${still}`, { ...details, remedy });
  }
}

/** By the senders' sequence numbers; of what has none, by what the kernel dropped. */
function lostOnTheWay(status: CollectorStatus): number {
  const dropped = datagramListeners(status).filter(({ family }) => family !== 'flow');
  return status.flow.lost + dropped.reduce((sum, { kernelDrops }) => sum + kernelDrops, 0);
}

/** What is not free for who is not root, of all there is for them. */
async function diskPart(directory: string): Promise<number | undefined> {
  try {
    const { blocks, bfree, bavail } = await statfs(directory);
    const usable = blocks - bfree + bavail;
    return usable === 0 ? undefined : 1 - bavail / usable;
  } catch {
    return undefined;
  }
}

function minutesText(ms: number): string {
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / MINUTE_MS);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
