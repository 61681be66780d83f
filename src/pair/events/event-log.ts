import { randomUUID } from 'node:crypto';
import type { OpenSession, SqlSession } from '../../../ha/heartbeat/sql-session.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import { type Component, withTimeout } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import type { WaitingEvent, WaitingEvents } from '../../notifications/direct-telling.ts';
import { eventOfRow, type PairEvent, type PairEventKind } from './pair-event.ts';
import { openWithin } from '../sessions.ts';

export interface EventLogOptions {
  readonly pair: string;
  readonly node: string;
}

const INSERT = `
  INSERT INTO ha_events (uid, at, epoch, pair, node, kind, summary, details, notified_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $9::boolean THEN now() END)
  ON CONFLICT (uid) DO UPDATE SET details = EXCLUDED.details, notified_at = EXCLUDED.notified_at
  WHERE EXCLUDED.notified_at IS NOT NULL AND ha_events.notified_at IS NULL`;
const RECENT = `
  SELECT uid, at, epoch, node, kind, summary, details FROM ha_events WHERE pair = $1 ORDER BY at DESC LIMIT $2`;
const RETRY_MS = 2000;
const ANSWER_MS = 5000;
const STOP_MS = 1000;
/** While the database is away; then the oldest go, from the log they do not. */
const MAX_WAITING = 1000;
const MAX_RECENT = 50;
const GRAVE: ReadonlySet<PairEventKind> = new Set<PairEventKind>(['takeover', 'alarm', 'gap']);

/** An event that is not stored yet. */
interface Entry {
  readonly event: PairEvent;
  readonly sinceMs: number;
  /** Channels by which operators were told of it meanwhile. */
  told: readonly string[];
  /** Every channel was. */
  isTold: boolean;
  /** Operators are being told: it is stored when that is known. */
  isHeld: boolean;
  /** The database has it before it, and has not answered. */
  isOnItsWay: boolean;
}

/**
 * The pair's events: logged at once, shown in the status, told to the peer, and stored as soon as the database takes them.
 *
 *   add() ─▶ log, recent, onEvent ─▶ waiting ──stored──▶ gone
 *                                      ├── database away: again after 2 s
 *                                      └── held: operators are told of it without the database
 */
export class EventLog implements Component, WaitingEvents {
  readonly name = 'events of the pair';
  /** Events that could not be stored, for want of room while the database was away. */
  lost = 0;
  /** Called with each event of this node. */
  onEvent: ((event: PairEvent) => void) | undefined;
  readonly #options: EventLogOptions;
  readonly #open: OpenSession;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting: Entry[] = [];
  /** Latest last. */
  #recent: PairEvent[] = [];
  #session: SqlSession | undefined;
  #storing: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(options: EventLogOptions, open: OpenSession, clock: Clock, log: Log) {
    this.#options = options;
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
  }

  /** Does not wait for the database; what happened before the start is shown when it answers. */
  start(): Promise<void> {
    this.#storing = this.#loadRecent().then(() => this.#storeSoon());
    return Promise.resolve();
  }

  /** Stores what waits, as far as the database takes it within a second. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    // Perhaps told twice, but not forgotten.
    for (const entry of this.#waiting) entry.isHeld = false;
    const last = (this.#storing ?? Promise.resolve()).then(() => this.#store());
    await withTimeout(last, STOP_MS, this.name).catch(() => {});
    await this.#session?.close();
  }

  /** Latest first. */
  get recent(): readonly PairEvent[] {
    return this.#recent.toReversed();
  }

  add(kind: PairEventKind, epoch: number, summary: string, details: Readonly<Record<string, unknown>> = {}): PairEvent {
    const at = new Date(this.#clock.nowMicros() / 1000).toISOString();
    const event: PairEvent = { uid: randomUUID(), at, node: this.#options.node, epoch, kind, summary, details };
    this.#log[GRAVE.has(kind) ? 'warn' : 'info']({ event: kind, epoch, ...details }, summary);
    this.#remember(event);
    const sinceMs = this.#clock.monotonicMs();
    this.#waiting.push({ event, sinceMs, told: [], isTold: false, isHeld: false, isOnItsWay: false });
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.lost += 1;
    }
    this.onEvent?.(event);
    this.#storeSoon();
    return event;
  }

  /** Takes an event of the peer, which stores it itself. */
  hear(event: PairEvent): void {
    this.#remember(event);
  }

  get waiting(): readonly WaitingEvent[] {
    const now = this.#clock.monotonicMs();
    return this.#waiting.map(({ event, sinceMs, told }) => ({ event, waitedMs: now - sinceMs, told }));
  }

  hold(uid: string): boolean {
    const entry = this.#waiting.find(({ event }) => event.uid === uid);
    if (entry === undefined || entry.isTold || entry.isOnItsWay) return false;
    entry.isHeld = true;
    return true;
  }

  release(uid: string, told: readonly string[], isTold: boolean): void {
    const entry = this.#waiting.find(({ event }) => event.uid === uid);
    if (entry === undefined) return;
    Object.assign(entry, { told, isTold, isHeld: false });
    this.#storeSoon();
  }

  #remember(event: PairEvent): void {
    if (this.#recent.some(({ uid }) => uid === event.uid)) return;
    const all = [...this.#recent, event];
    all.sort((one, other) => one.at.localeCompare(other.at));
    this.#recent = all.slice(-MAX_RECENT);
  }

  #storeSoon(): void {
    if (this.#storing !== undefined || this.#isStopped || this.#nextToStore() === undefined) return;
    this.#cancelRetry?.();
    this.#storing = this.#store().then(
      () => this.#settle(),
      (error: unknown) => {
        this.#settle(error);
      },
    );
  }

  #settle(error?: unknown): void {
    this.#storing = undefined;
    if (error === undefined) return this.#storeSoon();
    this.#log.debug({ error: messageOf(error) }, 'events of the pair wait for the database');
    if (!this.#isStopped) this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.#storeSoon());
  }

  /** @throws what the database says */
  async #store(): Promise<void> {
    for (let entry = this.#nextToStore(); entry !== undefined; entry = this.#nextToStore()) {
      await this.#openSession();
      if (entry.isHeld) continue;
      const { uid, at, epoch, node, kind, summary, details } = entry.event;
      const withTold = entry.told.length === 0 ? details : { ...details, told: entry.told };
      const { pair } = this.#options;
      const values = [uid, at, epoch, pair, node, kind, summary, JSON.stringify(withTold), entry.isTold];
      entry.isOnItsWay = true;
      await this.#query(INSERT, values).finally(() => (entry.isOnItsWay = false));
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
  }

  #nextToStore(): Entry | undefined {
    return this.#waiting.find(({ isHeld }) => !isHeld);
  }

  async #loadRecent(): Promise<void> {
    try {
      const rows = await this.#query(RECENT, [this.#options.pair, MAX_RECENT]);
      for (const row of rows) this.#remember(eventOfRow(row));
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'earlier events of the pair are not known yet');
    } finally {
      this.#storing = undefined;
    }
  }

  async #query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    const session = await this.#openSession();
    try {
      return (await withTimeout(session.query(text, values), ANSWER_MS, 'the database')).rows;
    } catch (error) {
      void session.close();
      this.#session = undefined;
      throw error;
    }
  }

  /** @throws what the database says */
  async #openSession(): Promise<SqlSession> {
    this.#session ??= await openWithin(this.#open, ANSWER_MS);
    return this.#session;
  }
}
