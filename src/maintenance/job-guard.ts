import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../storage/database/database.ts';

const PING_EVERY_MS = 2000;
const ANSWER_MS = 5000;
const TRY_EVERY_MS = 500;
// A host that is gone without a word: its locks are free again after about ten seconds.
const NOTICE_DEAD_PEERS = `
  SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000`;

/**
 * Sees to it that a job never runs twice at once, whatever the queue believes: clocks of two nodes may differ, Redis may forget.
 * Each job is an advisory lock of one session, and whoever loses the session has lost its jobs.
 *
 *   open() ──▶ held ──the connection ends, or gives no answer for 5 s──▶ onLost()
 */
export class JobGuard {
  readonly #client: DatabaseClient;
  readonly #clock: Clock;
  readonly #onLost: (error: Error) => void;
  #last: Promise<void> = Promise.resolve();
  #isClosing = false;
  #cancelPing: (() => void) | undefined;

  private constructor(client: DatabaseClient, clock: Clock, onLost: (error: Error) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /** @throws what the database says */
  static async open(address: DatabaseAddress, clock: Clock, onLost: (error: Error) => void): Promise<JobGuard> {
    const client = await connect({ ...address, applicationName: 'dogwatch job locks' });
    try {
      await withTimeout(client.query(NOTICE_DEAD_PEERS), ANSWER_MS, 'the database');
    } catch (error) {
      await disconnect(client);
      throw error;
    }
    const guard = new JobGuard(client, clock, onLost);
    client.once('end', () => guard.#lose(new Error('the connection to the database ended')));
    guard.#pingLater();
    return guard;
  }

  /**
   * Whether `name` may run here now. Another process may still hold it that has just died, so it is tried for `patienceMs`.
   * @throws what the database says
   */
  async take(name: string, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const untilMs = this.#clock.monotonicMs() + patienceMs;
    for (;;) {
      if (await this.#ask(`SELECT pg_try_advisory_lock(hashtext('dogwatch job'), hashtext($1)) AS is`, name))
        return true;
      if (signal.aborted || this.#clock.monotonicMs() >= untilMs) return false;
      await new Promise<void>((resolve) => void this.#clock.after(TRY_EVERY_MS, resolve));
    }
  }

  /** Never rejects: without a connection there is no lock either. */
  async release(name: string): Promise<void> {
    await this.#ask(`SELECT pg_advisory_unlock(hashtext('dogwatch job'), hashtext($1)) AS is`, name).catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#cancelPing?.();
    await disconnect(this.#client);
  }

  async #ask(sql: string, name: string): Promise<boolean> {
    const { rows } = await this.#inTurn(() => this.#client.query<{ is: boolean }>(sql, [name]));
    return rows[0]?.is === true;
  }

  /** One at a time: jobs share the connection. */
  async #inTurn<T>(question: () => Promise<T>): Promise<T> {
    const answer = this.#last.then(() => withTimeout(question(), ANSWER_MS, 'the database'));
    this.#last = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  #pingLater(): void {
    this.#cancelPing = this.#clock.after(PING_EVERY_MS, () => {
      void this.#inTurn(() => this.#client.query('SELECT')).then(
        () => (this.#isClosing ? undefined : this.#pingLater()),
        (error: unknown) => this.#lose(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  #lose(error: Error): void {
    if (!this.#isClosing) this.#onLost(error);
  }
}
