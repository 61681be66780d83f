import type { Clock } from '../../../src/runtime/clock.ts';
import type { Component } from '../../../src/runtime/lifecycle.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { connect, type DatabaseAddress, type DatabaseClient, describeDatabaseError, disconnect } from '../database.ts';
import { sqlFile } from '../sql.ts';

const EVERY_MS = 5000;
const AFTER_TROUBLE_MS = 60_000;
const SUMMARIZE_RECENT = sqlFile('summarize-recent');

/**
 * Keeps the index of arrival times up to the last seconds. PostgreSQL does so by itself once a minute; in a storm of
 * messages that is millions of rows, which every question about what goes on now would read.
 *
 *   waiting ──5 s──▶ summarizing ──▶ waiting
 *                       └── trouble: a new connection after a minute
 */
export class RecentTimesUpkeep implements Component {
  readonly name = 'recent times upkeep';
  readonly #address: DatabaseAddress;
  readonly #clock: Clock;
  readonly #log: Log;
  #isStopping = false;
  #restUntilMs = -Infinity;
  #client: DatabaseClient | undefined;
  #running: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  constructor(address: DatabaseAddress, clock: Clock, log: Log) {
    this.#address = { ...address, applicationName: 'dogwatch recent times' };
    this.#clock = clock;
    this.#log = log;
  }

  start(): Promise<void> {
    this.#schedule(EVERY_MS);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelTimer?.();
    await this.#running;
    if (this.#client !== undefined) await disconnect(this.#client);
  }

  /** One round, in place of `start`, for who has a schedule of its own. Never rejects; after trouble it does nothing for a minute. */
  async runRound(): Promise<void> {
    if (this.#clock.monotonicMs() < this.#restUntilMs) return;
    const summarizing = this.#summarize();
    this.#running = summarizing.then(() => undefined);
    if ((await summarizing) === AFTER_TROUBLE_MS) this.#restUntilMs = this.#clock.monotonicMs() + AFTER_TROUBLE_MS;
  }

  #schedule(afterMs: number): void {
    if (this.#isStopping) return;
    this.#cancelTimer = this.#clock.after(afterMs, () => {
      this.#running = this.#summarize().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Never rejects. @returns when to do it again */
  async #summarize(): Promise<number> {
    try {
      this.#client ??= await this.#connect();
      await this.#client.query(SUMMARIZE_RECENT, [new Date(this.#clock.nowMicros() / 1000)]);
      return EVERY_MS;
    } catch (error) {
      // A lock that others hold, or a database that is away: questions are slower meanwhile, and nothing is wrong.
      this.#log.debug({ error: describeDatabaseError(error) }, 'cannot index recent times');
      if (this.#client !== undefined) await disconnect(this.#client);
      this.#client = undefined;
      return AFTER_TROUBLE_MS;
    }
  }

  async #connect(): Promise<DatabaseClient> {
    const client = await connect(this.#address);
    // Shorter than deadlock_timeout: whoever waits longer for autovacuum makes the server end it.
    await client.query(`SET lock_timeout = '200ms'`);
    return client;
  }
}
