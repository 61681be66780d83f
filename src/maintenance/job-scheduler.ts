import { describeDatabaseError, type DatabaseAddress } from '../../storage/database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Job } from './job.ts';
import type { JobQueuePlace } from './job-queue.ts';
import { type JobStatus, RecordedJob } from './job-run.ts';
import { JobTenure } from './job-tenure.ts';

export interface JobSchedulerOptions {
  /** Where the schedule is kept. */
  readonly place: JobQueuePlace;
  /** The database that jobs work on; who runs one holds a lock there. */
  readonly address: DatabaseAddress;
  /** Why jobs cannot run yet, in words; undefined when they can. Asked again every two seconds. */
  readonly holdBack?: () => string | undefined;
}

/** What can be said of maintenance. */
export interface JobSchedulerStatus {
  /** Why no job runs from here; undefined while they do. */
  readonly trouble: string | undefined;
  readonly jobs: readonly JobStatus[];
}

const RETRY_MS = 2000;

/**
 * Runs jobs when they are due: each in one process of all that share the schedule, never twice at once. A process that dies leaves
 * its jobs to the others within seconds.
 *
 *   start() ──▶ opening ──▶ open: jobs run ──trouble of the queue or the database──▶ closing ──2 s──▶ opening
 *                 └── database or Redis away, or held back: again after 2 s
 *   stop()  ──▶ running jobs are aborted and waited for
 *
 * Nothing piles up meanwhile: the schedule knows one next time a job.
 */
export class JobScheduler implements Component {
  readonly name = 'maintenance jobs';
  readonly #options: JobSchedulerOptions;
  readonly #jobs: readonly RecordedJob[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #trouble: string | undefined = 'starting';
  /** The log has been told of trouble, and not yet of its end. */
  #isTold = false;
  /** Ends the wait that `stop` must not sit through. */
  #wake: () => void = () => {};

  constructor(jobs: readonly Job[], options: JobSchedulerOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#jobs = jobs.map((job) => new RecordedJob(job, clock, log));
    this.#clock = clock;
    this.#log = log;
  }

  /** As of now. */
  get status(): JobSchedulerStatus {
    return { trouble: this.#trouble, jobs: this.#jobs.map(({ status }) => status) };
  }

  /** Resolves at once: the database may still be away. */
  start(): Promise<void> {
    this.#running = this.#keepOpen();
    return Promise.resolve();
  }

  /** Running jobs have three seconds to end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #keepOpen(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const held = this.#options.holdBack?.();
      this.#trouble = held ?? (await this.#openUntilTrouble());
      if (this.#stopping.signal.aborted) return;
      if (held === undefined && !this.#isTold) {
        this.#log.warn({ error: this.#trouble }, 'maintenance jobs wait');
        this.#isTold = true;
      }
      await this.#untilWoken((wake) => this.#clock.after(RETRY_MS, wake));
    }
  }

  /** @returns what ended it */
  async #openUntilTrouble(): Promise<string> {
    const { place, address } = this.#options;
    let tenure: JobTenure;
    try {
      tenure = await JobTenure.open(this.#jobs, place, address, this.#clock);
    } catch (error) {
      return describeDatabaseError(error);
    }
    if (this.#isTold) this.#log.info({}, 'maintenance jobs go on');
    this.#isTold = false;
    this.#trouble = undefined;
    await this.#untilWoken((wake) => void tenure.ended.then(wake));
    const reason = await tenure.close();
    return describeDatabaseError(reason);
  }

  /** Until `begin` says so, or `stop`. */
  async #untilWoken(begin: (wake: () => void) => void): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      begin(resolve);
    });
  }
}
