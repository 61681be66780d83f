import { setImmediate } from 'node:timers/promises';
import { writeFieldCount, writeInt4, writeText, writeTimestamp } from '../../collectors/copy-format.ts';
import type { RowTable } from '../../collectors/row-sink.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import type { OpenBatch } from '../../storage/batch/batch.ts';
import { readRows } from '../../storage/batch/copy-reader.ts';
import { Journal, type JournalFindings, type JournalOptions } from '../../storage/journal/journal.ts';

/** A table whose rows are told apart by a number, and may be of any length. */
export function numberedTable(table: string): RowTable {
  return {
    table,
    columns: [
      { name: 'received_at', type: 'timestamptz' },
      { name: 'number', type: 'int4' },
      { name: 'note', type: 'text' },
    ],
  };
}

export function commitNumber(sink: OpenBatch, number: number, note = ''): void {
  sink.reserve(64 + note.length);
  let at = writeFieldCount(sink.bytes, sink.position, 3);
  at = writeTimestamp(sink.bytes, at, systemClock.nowMicros());
  at = writeInt4(sink.bytes, at, number);
  sink.commit(writeText(sink.bytes, at, note), 1);
}

/** The numbers of a batch's rows, as they are in its bytes. */
export function numbersOf(batch: SealedBatch): number[] {
  return readRows(batch.body, numberedTable(batch.table).columns).map((row) => Number(row.number));
}

/** This turn of the event loop has ended, and drafts are written. */
export async function endOfTurn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

export async function openJournal(
  directory: string,
  options: Partial<JournalOptions> = {},
): Promise<{ journal: Journal; found: JournalFindings }> {
  const journal = new Journal({ directory, minFreeBytes: 0, ...options }, systemClock, silentLog);
  return { journal, found: await journal.open() };
}

/** Takes everything that is in the journal, and acknowledges it. */
export async function drain(journal: Journal): Promise<SealedBatch[]> {
  const batches: SealedBatch[] = [];
  while (journal.depth().batches > 0) {
    const batch = await journal.next(AbortSignal.timeout(5000));
    if (batch === undefined) break;
    // Its memory is used again once it is acknowledged.
    const encoded = Buffer.from(batch.encoded);
    batches.push({ ...batch, encoded, body: encoded.subarray(encoded.length - batch.body.length) });
    journal.acknowledge(batch.id);
  }
  return batches;
}
