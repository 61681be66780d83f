// Stores batches of 100 flows as fast as it can, and names on standard output each batch that the journal has accepted,
// until it is killed. With `drain` as third argument it stores what is left and ends.
import { writeSync } from 'node:fs';
import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from './batches.ts';

const [directory = '', connectionString = '', mode] = process.argv.slice(2);
const journal = new Journal({ directory, minFreeBytes: 0, segmentBytes: 200_000 }, systemClock, silentLog);
await journal.open();
const writer = new Writer(
  journal,
  { address: { connectionString }, node: 'child', partitionBy: 'hour' },
  systemClock,
  silentLog,
);
await writer.start();

if (mode === 'drain') {
  if (!(await writer.drain(30_000))) process.exitCode = 1;
  await writer.stop();
  await journal.close();
} else {
  const rows = Array.from({ length: 100 }, (_, bytes) => {
    return { received_at: systemClock.nowMicros(), exporter: '192.0.2.1', bytes };
  });
  for (;;) {
    const batch = sealedBatch(FLOWS, rows);
    if (!(await journal.append(batch))) throw new Error('not accepted');
    writeSync(1, `${batch.id}\n`);
    // Not far ahead of the writer, so that every round dies in another place of the way.
    if (journal.depth().batches > 50) await writer.drain(20);
  }
}
