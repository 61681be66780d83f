import type { DatabaseClient } from '../../storage/database/database.ts';
import { BATCH_CHANNEL } from '../../storage/database/insert-batch.ts';
import type { Clock } from '../runtime/clock.ts';
import { DogwatchError } from '../runtime/errors.ts';

/** A batch that was committed; its times are microseconds since the Unix epoch. */
export interface AnnouncedBatch {
  readonly id: string;
  /** Its rows have the transaction of its ledger entry; else a later one, of its subtransactions. */
  readonly isWhole: boolean;
  readonly rows: number;
  readonly earliest: number;
  readonly latest: number;
}

/** Hours of batches, for somebody who stopped the terminal. */
const MOST_PENDING = 10_000;

/** What the database says of new batches of one table, kept until somebody takes it. */
export class Announcements {
  readonly #table: string;
  readonly #clock: Clock;
  #pending: AnnouncedBatch[] = [];
  #forgottenRows = 0;
  #isLost = false;
  #isPausing = false;
  #wake: (() => void) | undefined;

  constructor(table: string, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** From when this resolves on every commit is heard of. `client` must not be in a transaction, then or when one waits. */
  async listen(client: DatabaseClient): Promise<void> {
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    client.on('end', () => {
      this.#isLost = true;
      this.#wake?.();
    });
    await client.query(`LISTEN ${BATCH_CHANNEL}`);
  }

  /** Resolves when there is something to take, or at the signal. @throws DogwatchError `NOT_RUNNING`: the connection broke */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#pending.length === 0 && !this.#isLost) await this.#sleep(undefined, signal);
    if (this.#isLost) throw connectionLost(undefined);
  }

  /** Lets `ms` pass, less where the signal or the end of the connection comes first. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#isLost ? Promise.resolve() : this.#sleep(ms, signal);
  }

  /** What has come since the last time, and the rows of batches that were too many to keep. */
  take(): { batches: AnnouncedBatch[]; forgottenRows: number } {
    const taken = { batches: this.#pending, forgottenRows: this.#forgottenRows };
    this.#pending = [];
    this.#forgottenRows = 0;
    return taken;
  }

  #hear(payload: string): void {
    const [table, id = '', written, rows, earliest, latest] = payload.split(' ');
    if (table !== this.#table) return;
    const numbers = { rows: Number(rows), earliest: Number(earliest), latest: Number(latest) };
    this.#pending.push({ id, isWhole: written === 'whole', ...numbers });
    if (this.#pending.length > MOST_PENDING) this.#forgottenRows += this.#pending.shift()?.rows ?? 0;
    if (!this.#isPausing) this.#wake?.();
  }

  /** Until woken, and where `ms` is given no longer than that. */
  async #sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#isPausing = ms !== undefined;
    let cancel = (): void => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (ms !== undefined) cancel = this.#clock.after(ms, resolve);
    });
    cancel();
    this.#wake = undefined;
    this.#isPausing = false;
  }
}

/** What to say where no answer came, as opposed to one that refuses. */
export function connectionLost(cause: unknown): DogwatchError {
  const remedy = '"dogwatch check" says more about it.';
  return new DogwatchError('NOT_RUNNING', 'the connection to the database broke', { cause, remedy });
}
