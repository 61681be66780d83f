import type { Clock } from '../../src/runtime/clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { encodeInFront, type SealedBatch } from '../../storage/batch/batch-format.ts';
import { uuidV7 } from '../../storage/batch/uuid.ts';
import type { Journal } from '../../storage/journal/journal.ts';

const BODY_START = 1000;

/** A batch of `bytes` of body that says it has `rows` rows; the journal does not look into the body. */
export function batchOf(rows: number, bytes = 100, table = 'flows', now = systemClock.nowMicros()): SealedBatch {
  const memory = Buffer.alloc(BODY_START + bytes, rows);
  const header = { id: uuidV7(now), table, columns: ['a'], rows, earliestMicros: now, latestMicros: now };
  const encoded = encodeInFront(header, memory, BODY_START, BODY_START + bytes);
  return { ...header, encoded, body: memory.subarray(BODY_START), release: () => {} };
}

/** Everything that is in the journal now, unacknowledged. */
export async function takeAll(journal: Journal): Promise<SealedBatch[]> {
  const batches: SealedBatch[] = [];
  while (batches.length < journal.depth().batches) {
    const batch = await journal.next(AbortSignal.timeout(2000));
    if (batch === undefined) break;
    batches.push(batch);
  }
  return batches;
}

export const rowsOf = (batches: readonly SealedBatch[]): number[] => batches.map((batch) => batch.rows);

/** The clocks of a machine that a test moves: steps of the wall clock, and time that passes while a process sleeps. */
export interface SteppedClock extends Clock {
  /** Sets the wall clock to another time. */
  stepBy(ms: number): void;
  /** Time passes; no timer runs, as while a process is stopped. */
  sleepFor(ms: number): void;
}

/** @param withTimers whether timers run at all; they follow real time */
export function steppedClock(withTimers = true): SteppedClock {
  let [stepMs, sleptMs] = [0, 0];
  return {
    nowMicros: () => systemClock.nowMicros() + (stepMs + sleptMs) * 1000,
    monotonicMs: () => systemClock.monotonicMs() + sleptMs,
    after: (ms, run) => (withTimers ? systemClock.after(ms, run) : () => {}),
    stepBy: (ms) => void (stepMs += ms),
    sleepFor: (ms) => void (sleptMs += ms),
  };
}
