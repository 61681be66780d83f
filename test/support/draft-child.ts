// Commits numbered rows to two tables until it is killed, and names on standard output, after each turn of the event loop, the
// numbers up to which it has come: `<first table> <second table>`. A writer of its own takes batches out of the journal, and
// puts each into a ledger, a file of lines, as a transaction would.
//
//   arguments: directory of the journal, file of the ledger, number to begin with
import { appendFileSync, writeSync } from 'node:fs';
import { RowIntake } from '../../src/collector/pipelines/row-intake.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { commitNumber, numberedTable, numbersOf } from './drafted-rows.ts';

const [directory = '', ledger = '', start = '1'] = process.argv.slice(2);
const options = { directory, minFreeBytes: 0, segmentBytes: 100_000, syncMs: 10 };
const journal = new Journal(options, systemClock, silentLog);
await journal.open();
const limits = { maxRows: 1200, maxAgeMs: 30 };
const sizes = { limits, batchBytes: 2 << 20, queueMemoryBytes: 2 << 20 };
const intake = new RowIntake(sizes, journal, systemClock, silentLog, journal.drafts);
const many = intake.open(numberedTable('many'), 'large');
const few = intake.open(numberedTable('few'), 'small');

let manyNumber = Number(start) - 1;
let fewNumber = Number(start) - 1;
const LONG = 'x'.repeat(700_000);

setImmediate(turn);
for (;;) {
  const batch = await journal.next();
  if (batch === undefined) break;
  // A line of its own also where an earlier process died in the middle of one.
  appendFileSync(ledger, `\n${JSON.stringify({ id: batch.id, table: batch.table, numbers: numbersOf(batch) })}\n`);
  journal.acknowledge(batch.id);
}

function turn(): void {
  const rows = Math.floor(Math.random() * 150);
  for (let row = 0; row < rows; row += 1) {
    manyNumber += 1;
    commitNumber(many, manyNumber, manyNumber % 997 === 0 ? LONG : 'a row');
    if (row % 40 !== 7) continue;
    fewNumber += 1;
    commitNumber(few, fewNumber);
  }
  // In the same phase of the event loop, behind the drafts.
  setImmediate(() => {
    writeSync(1, `${manyNumber} ${fewNumber}\n`);
    setTimeout(turn, 1);
  });
}
