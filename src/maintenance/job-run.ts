import { messageOf } from '../runtime/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Job } from './job.ts';

/** What is known of a job; runs are those of this process since its start. */
export interface JobStatus {
  readonly name: string;
  readonly everyMs: number;
  readonly isRunning: boolean;
  readonly runs: number;
  readonly failures: number;
  /** ISO 8601; undefined while it has not run here. */
  readonly lastStartedAt: string | undefined;
  /** Of the last run that ended, milliseconds. */
  readonly lastDurationMs: number | undefined;
  /** Of the last run; undefined where it went well. */
  readonly lastError: string | undefined;
  /** When it is due, here or in another process, ISO 8601; undefined while the schedule is out of reach. */
  readonly nextAt: string | undefined;
}

/** A job with the record of its runs. */
export class RecordedJob {
  readonly #job: Job;
  readonly #clock: Clock;
  readonly #log: Log;
  #status: JobStatus;

  constructor(job: Job, clock: Clock, log: Log) {
    this.#job = job;
    this.#clock = clock;
    this.#log = log;
    const { name, everyMs } = job;
    const never = { lastStartedAt: undefined, lastDurationMs: undefined, lastError: undefined, nextAt: undefined };
    this.#status = { name, everyMs, isRunning: false, runs: 0, failures: 0, ...never };
  }

  get status(): JobStatus {
    return this.#status;
  }

  expect(nextMs: number | undefined): void {
    this.#status = { ...this.#status, nextAt: nextMs === undefined ? undefined : new Date(nextMs).toISOString() };
  }

  /** Never rejects. What a job says that was told to stop is no failure. Does nothing while an earlier run has not ended. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#status.isRunning) return;
    const beganMs = this.#clock.monotonicMs();
    const lastStartedAt = new Date(this.#clock.nowMicros() / 1000).toISOString();
    this.#status = { ...this.#status, isRunning: true, runs: this.#status.runs + 1, lastStartedAt };
    let error: string | undefined;
    try {
      await this.#job.run(signal);
    } catch (thrown) {
      error = signal.aborted ? undefined : messageOf(thrown);
    }
    if (!signal.aborted) this.#tell(error);
    const { failures } = this.#status;
    this.#status = {
      ...this.#status,
      isRunning: false,
      failures: error === undefined ? failures : failures + 1,
      lastDurationMs: Math.round(this.#clock.monotonicMs() - beganMs),
      lastError: error,
    };
  }

  // One line a change: the same trouble comes again at the next time.
  #tell(error: string | undefined): void {
    const job = this.#job.name;
    const wasFailing = this.#status.lastError !== undefined;
    if (error !== undefined && !wasFailing)
      this.#log.warn({ job, error }, 'a maintenance job failed, it is tried again when it is due');
    if (error === undefined && wasFailing) this.#log.info({ job }, 'a maintenance job works again');
  }
}
