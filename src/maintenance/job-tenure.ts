import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { JobGuard } from './job-guard.ts';
import { type JobQueue, type JobQueuePlace, openJobQueue } from './job-queue.ts';
import type { RecordedJob } from './job-run.ts';

/** Longer than a dead process's connection takes to be noticed on the same host. */
const PATIENCE_MS = 3000;
const MEND_EVERY_MS = 60_000;
/** How long jobs may take to end when they are told to. */
const ABORT_MS = 3000;
/** The schedule is one short statement; where the network is silent none of them ever ends. */
const ANSWER_MS = 10_000;

/**
 * The time in which this process may run jobs: the schedule and the guard are both open. It ends with the first trouble of either,
 * and never comes back; the next one is opened anew.
 *
 *   open() ──▶ jobs run as they are due ──trouble, or close()──▶ aborted ──all jobs are over, or 3 s──▶ closed
 */
export class JobTenure {
  /** Resolves at the first trouble, or when it is closed. */
  readonly ended: Promise<void>;
  readonly #jobs: ReadonlyMap<string, RecordedJob>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #over = new AbortController();
  #end: () => void = () => {};
  #guard: JobGuard | undefined;
  #queue: JobQueue | undefined;
  #trouble: Error | undefined;
  readonly #clock: Clock;
  #cancelMending: (() => void) | undefined;

  private constructor(jobs: readonly RecordedJob[], clock: Clock) {
    this.#clock = clock;
    this.#jobs = new Map(jobs.map((job) => [job.status.name, job]));
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** @throws what PostgreSQL or Redis says, or that they say nothing: it takes half a minute at most */
  static async open(
    jobs: readonly RecordedJob[],
    place: JobQueuePlace,
    address: DatabaseAddress,
    clock: Clock,
  ): Promise<JobTenure> {
    const tenure = new JobTenure(jobs, clock);
    const onTrouble = (error: Error): void => tenure.#lose(error);
    try {
      tenure.#guard = await JobGuard.open(address, clock, onTrouble);
      const intervals = jobs.map(({ status: { name, everyMs } }) => ({ name, everyMs }));
      tenure.#queue = await openJobQueue(place, intervals, { run: (name) => tenure.#run(name), onTrouble });
      await tenure.#lookAround();
    } catch (error) {
      tenure.#lose(error);
      await tenure.close();
      throw error;
    }
    return tenure;
  }

  /**
   * Aborts what runs, waits for it, and gives everything back. Never rejects.
   * @returns what ended it
   */
  async close(): Promise<Error> {
    this.#over.abort();
    this.#cancelMending?.();
    this.#end();
    await withTimeout(Promise.all(this.#running.values()), ABORT_MS, 'jobs').catch(() => {});
    // Jobs are over, or will be when the process is: the queue may give them to others, the guard not before we are gone.
    await this.#queue?.close(this.#trouble !== undefined || this.#running.size > 0);
    for (const job of this.#jobs.values()) job.expect(undefined);
    await this.#guard?.close();
    return this.#trouble ?? new Error('stopped');
  }

  #lose(error: unknown): void {
    this.#trouble ??= error instanceof Error ? error : new Error(String(error));
    this.#over.abort();
    this.#end();
  }

  /** Never rejects. */
  async #run(name: string): Promise<void> {
    const job = this.#jobs.get(name);
    // Unknown here: of another version of the program. Or the run before this one is still going on.
    if (job === undefined || this.#running.has(name) || this.#over.signal.aborted) return;
    const run = this.#runGuarded(job);
    this.#running.set(name, run);
    await run;
    this.#running.delete(name);
  }

  async #runGuarded(job: RecordedJob): Promise<void> {
    const { name } = job.status;
    try {
      await this.#lookAhead(job);
      if ((await this.#guard?.take(name, PATIENCE_MS, this.#over.signal)) !== true) return;
    } catch (error) {
      this.#lose(error);
      return;
    }
    // A signal of its own: what a run leaves listening on it goes with it.
    await job.run(AbortSignal.any([this.#over.signal]));
    await this.#guard?.release(name);
  }

  async #lookAround(): Promise<void> {
    for (const job of this.#jobs.values()) await this.#lookAhead(job);
    if (this.#over.signal.aborted) return;
    this.#cancelMending = this.#clock.after(MEND_EVERY_MS, () => {
      this.#mend().catch((error: unknown) => this.#lose(error));
    });
  }

  async #mend(): Promise<void> {
    await this.#answered(this.#queue?.mend());
    await this.#lookAround();
  }

  async #lookAhead(job: RecordedJob): Promise<void> {
    job.expect(await this.#answered(this.#queue?.next(job.status.name)));
  }

  #answered<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
    return withTimeout(Promise.resolve(answer), ANSWER_MS, 'the schedule of jobs');
  }
}
